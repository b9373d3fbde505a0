"""Facts of a text that is lowered to C: each stands where the source says it, and what was not understood is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from caplint.c.conditions import Problem
from caplint.c.syntax import UnreadableError
from caplint.facts.extract import extract
from caplint.facts.lowered import facts_of, rust_facts
from caplint.facts.store.records import (
    BlindSpot,
    Call,
    FileFacts,
    Function,
    Macro,
    MacroUse,
    NameIndex,
    Outline,
    Record,
    ReturnValue,
    Token,
)  # fmt: skip
from caplint.rust.output import OriginMap, Output

R = TypeVar("R", bound=Record)

RUST = b"""\
use kvm_bindings::*;

impl Vmm {
    fn f(&self, vm: &VmFd) -> u32 {
        vm
            .check_extension(KVM_CAP_A)?;
        g(
            self.h(KVM_CAP_B),
        );
        0
    }
}
fn ! {}
const B: u32 = 1;
"""


@dataclass
class _Text:
    """A source of lines of ten bytes, some of which are written as C."""

    out: Output = field(default_factory=Output)
    problems: list[Problem] = field(default_factory=list)
    line_starts: list[int] = field(default_factory=lambda: [10 * line for line in range(20)])

    @property
    def file(self) -> _Text:
        return self

    @property
    def text(self) -> bytes:
        return self.out.text()

    @property
    def origins(self) -> OriginMap:
        return OriginMap(self.out.starts, self.out.origins)

    def position(self, offset: int) -> tuple[int, int]:
        return offset // 10 + 1, offset % 10 + 1


def _c(text: bytes) -> FileFacts:
    return extract(text, "c")


def _of(kind: type[R], source: bytes = RUST) -> list[R]:
    return [record for record in rust_facts(source, _c).records if isinstance(record, kind)]


def _with(problems: list[tuple[int, int]]) -> list[tuple[int, int, int]]:
    text = _Text(problems=[Problem(start, end, "why") for start, end in problems])
    records = facts_of(text, _c).records
    assert all(isinstance(record, BlindSpot) and record.reason == "why" for record in records)
    return [record[:3] for record in records if isinstance(record, BlindSpot)]


def test_a_fact_with_a_column_stands_at_its_own_name() -> None:
    assert [(call.callee, call.line, call.column) for call in _of(Call)] == [
        ("check_extension", 6, 14),
        ("g", 7, 9),
        ("h", 8, 18),
    ]
    assert [(macro.name, macro.line, macro.column) for macro in _of(Macro)] == [("B", 14, 7)]


def test_a_fact_without_one_stands_where_its_line_begins() -> None:
    assert [(function.name, function.line) for function in _of(Function)] == [("f", 4)]
    assert [(value.value, value.line) for value in _of(ReturnValue)] == [("-1", 5), ("0", 10)]


def test_offsets_are_those_of_the_c_text() -> None:
    """They tell what lies within what, and are no places in the source."""
    (function,) = _of(Function)
    assert all(function.start < call.start < function.stop for call in _of(Call))


def test_the_ledger_is_read_from_the_source_if_it_is_asked_for() -> None:
    assert [(token.name, token.line, token.column) for token in _of(Token)] == [
        ("KVM_CAP_A", 6, 30),
        ("KVM_CAP_B", 8, 20),
    ]
    assert not [record for record in rust_facts(RUST, _c, ledger=False).records if isinstance(record, Token)]


def test_rust_that_is_not_understood_is_a_blind_spot_of_the_source() -> None:
    (spot,) = _of(BlindSpot)
    assert spot.line == 13
    assert RUST.index(b"fn !") <= spot.start < spot.stop <= RUST.index(b"\nconst")


def test_counts_of_functions_are_those_of_the_c_text() -> None:
    facts = facts_of(_Text(), lambda _: FileFacts([], functions=5, damaged=2))
    assert (facts.functions, facts.damaged) == (5, 2)


def test_a_file_that_cannot_be_read_raises() -> None:
    with pytest.raises(UnreadableError, match="NUL"):
        rust_facts(b"const A: u32 = 1;\0", _c)


def test_a_line_that_is_indented_stands_at_its_first_piece() -> None:
    text = _Text()
    text.out.put("int f(void)\n{\n", origin=20)
    text.out.put("\t", origin=20)
    text.out.put("return 1;\n", origin=73)
    text.out.put("}\n")
    records = facts_of(text, _c).records
    assert [(record.value, record.line) for record in records if isinstance(record, ReturnValue)] == [("1", 8)]


def test_c_text_that_is_not_understood_is_told_with_the_extent_of_its_source() -> None:
    text = _Text()
    text.out.put("int a;\n", origin=10)
    text.out.put("int = =;\n", origin=42)
    text.out.put("int b;\n", origin=95)
    spots = facts_of(text, lambda _: FileFacts([BlindSpot(7, 16, 2, "no C")])).records
    assert spots == [BlindSpot(42, 42, 5, "not understood when written as C: no C")]
    spots = facts_of(text, lambda _: FileFacts([BlindSpot(0, 17, 1, "no C")])).records
    assert spots == [BlindSpot(10, 95, 2, "not understood when written as C: no C")]


def test_an_extent_never_ends_before_it_begins() -> None:
    """Pieces may be written in another order than that of the source."""
    text = _Text()
    text.out.put("later ", origin=90)
    text.out.put("earlier\n", origin=30)
    (spot,) = facts_of(text, lambda _: FileFacts([BlindSpot(0, 12, 1, "x")])).records
    assert spot[:3] == (90, 90, 10)


def test_what_speaks_of_the_c_text_alone_is_left_out_and_indices_stay() -> None:
    text = _Text()
    text.out.put("int a;\n", origin=10)
    index = [Outline("x"), NameIndex("y")]
    dropped = [Token("A", "call", 1, 1, 1), MacroUse(None, "A", "file", "[]", 1, 1, 0, 1, "1")]
    assert facts_of(text, lambda _: FileFacts([*dropped, *index])).records == index


@pytest.mark.parametrize(
    ("problems", "spots"),
    [
        ([(5, 9)], [(5, 9, 1)]),
        ([(30, 40), (5, 9)], [(5, 9, 1), (30, 40, 4)]),
        ([(5, 9), (5, 9)], [(5, 9, 1)]),
        ([(5, 20), (8, 30)], [(5, 20, 1), (20, 30, 1)]),  # overlapping bytes belong to the first
        ([(5, 30), (8, 20)], [(5, 30, 1)]),
        ([(5, 9), (5, 30)], [(5, 30, 1)]),
        ([(5, 20), (20, 30)], [(5, 20, 1), (20, 30, 3)]),
        ([(12, 12)], [(12, 12, 2)]),  # a missing token has no bytes
        ([(5, 20), (12, 12)], [(5, 20, 1)]),
        ([(5, 20), (20, 20)], [(5, 20, 1), (20, 20, 3)]),
    ],
)
def test_overlapping_problems_are_told_once(problems: list[tuple[int, int]], spots: list[tuple[int, int, int]]) -> None:
    assert _with(problems) == spots


def test_an_empty_file_has_no_facts() -> None:
    assert rust_facts(b"", _c) == FileFacts()
