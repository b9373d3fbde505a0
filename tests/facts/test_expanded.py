"""Facts of code whose macros are expanded: they are those of the expansion, at the places of the original file."""

from __future__ import annotations

from typing import TypeVar

import pytest

from caplint.facts.expanded import Part, Piece, expanded_facts, packed
from caplint.facts.extract import extract
from caplint.facts.preprocess import MAX_EXPANSION, Macros
from caplint.facts.store.records import (
    BlindSpot,
    Call,
    CaseLabel,
    FileFacts,
    Function,
    Macro,
    NameIndex,
    Outline,
    Record,
    Token,
)  # fmt: skip

R = TypeVar("R", bound=Record)

CASES: Macros = {"CASES": (["a", "b"], "case a: case b: return 1;")}
# A handler at line 10 of its file, in which one line is an invocation with a place of its own.
HANDLER = Piece(
    "CONFIG_KVM",
    [
        Part(10, 0, "int f(int x)\n{\n\tswitch (x) {", {}),
        Part(13, 2, "CASES(KVM_CAP_A, KVM_CAP_B)", CASES),
        Part(14, 0, "\t}\n\treturn g(x);\n}", {}),
    ],
)
DEFINED = Piece("1", [Part(30, 5, "DEFINE(h)", {"DEFINE": (["n"], "int n(void) { return k(0); }")})])
FAILED = Piece("1", [Part(40, 1, "CASES(KVM_CAP_A", CASES)])


def _facts(*pieces: Piece) -> FileFacts:
    return expanded_facts(packed(list(pieces)), lambda text: extract(text, "c"))


def _of(kind: type[R], *pieces: Piece) -> list[R]:
    return [record for record in _facts(*pieces).records if isinstance(record, kind)]


def test_an_expansion_has_the_place_of_its_invocation() -> None:
    assert [(label.low, label.line, label.column) for label in _of(CaseLabel, HANDLER)] == [
        ("KVM_CAP_A", 13, 2),
        ("KVM_CAP_B", 13, 2),
    ]


def test_text_around_it_keeps_its_own_lines_and_columns() -> None:
    assert [(function.name, function.line) for function in _of(Function, HANDLER)] == [("f", 10)]
    assert [(call.callee, call.function, call.line, call.column) for call in _of(Call, HANDLER)] == [("g", "f", 15, 9)]


def test_an_invocation_over_several_lines_of_a_function() -> None:
    source = "int f(int x)\n{\n\tCALL(x,\n\t     1);\n\tg(x);\n}"
    calls = _of(Call, Piece("1", [Part(20, 0, source, {"CALL": (["a", "b"], "h(a, b)")})]))
    assert [(call.callee, call.line) for call in calls] == [("h", 22), ("g", 24)]


def test_the_condition_of_a_piece_holds_for_its_facts_alone() -> None:
    assert [function.condition for function in _of(Function, HANDLER, DEFINED)] == ["CONFIG_KVM", "1"]


def test_functions_of_all_pieces_are_counted() -> None:
    broken = Piece("1", [Part(50, 0, "int b(void) { return = ; }", {})])
    facts = _facts(HANDLER, DEFINED, broken)
    assert (facts.functions, facts.damaged) == (3, 1)


def test_extents_of_pieces_do_not_overlap_and_hold_their_facts() -> None:
    """Guards and returns belong to a function by their offsets."""
    first, second = _of(Function, HANDLER, DEFINED)
    assert first.start < first.stop <= second.start < second.stop
    calls = {call.callee: call.start for call in _of(Call, HANDLER, DEFINED)}
    assert first.start < calls["g"] < first.stop
    assert second.start < calls["k"] < second.stop
    *_, last = _of(Function, HANDLER, DEFINED, DEFINED)
    assert last.start > second.stop
    assert last.stop - last.start == second.stop - second.start


def test_an_expansion_that_fails_is_a_blind_spot_and_the_others_are_read() -> None:
    facts = _facts(HANDLER, FAILED, DEFINED)
    (spot,) = (record for record in facts.records if isinstance(record, BlindSpot))
    assert (spot.line, spot.start) == (40, spot.stop)
    assert spot.reason.startswith("macro not expanded: ")
    assert facts.functions == 2


def test_a_macro_that_grows_without_bound_is_a_blind_spot() -> None:
    macros: Macros = {"A0": (["x"], "x x"), **{f"A{n}": (["x"], f"A{n - 1}(x) A{n - 1}(x)") for n in range(1, 20)}}
    (spot,) = _of(BlindSpot, Piece("1", [Part(7, 1, "A19(y)", macros)]))
    assert spot.line == 7
    assert spot.reason.startswith("macro not expanded: ")
    assert len(_facts(Piece("1", [Part(7, 1, "A2(y)", macros)])).records) < MAX_EXPANSION


def test_what_is_not_understood_is_told_to_come_from_an_expansion() -> None:
    spots = _of(BlindSpot, Piece("1", [Part(8, 3, "B(1)", {"B": (["n"], "int x y = = n; @")})]))
    assert spots
    assert {spot.line for spot in spots} == {8}
    assert all(spot.reason.startswith("in the macro expansion: ") for spot in spots)


def test_the_ledger_is_that_of_the_original_text() -> None:
    """A name in a macro's body would be counted once more for each of its uses."""
    facts = FileFacts([Token("KVM_CAP_A", "call", 1, 1, 1), Outline("x"), NameIndex("y"),
                       Macro("A", None, "1", None, 2, 1, "1")])  # fmt: skip
    found = expanded_facts(packed([DEFINED]), lambda _: facts).records
    assert found == [Macro("A", None, "1", None, 30, 5, "1")]


def test_a_fact_behind_the_last_line_has_the_piece_s_place() -> None:
    facts = FileFacts([Macro("A", None, "1", None, 99, 1, "1")])
    assert expanded_facts(packed([DEFINED]), lambda _: facts).records == [Macro("A", None, "1", None, 30, 5, "1")]


@pytest.mark.parametrize(
    "other",
    [
        Piece("CONFIG_X", DEFINED.parts),
        Piece("1", [Part(31, 5, DEFINED.parts[0].text, DEFINED.parts[0].macros)]),
        Piece("1", [Part(30, 5, DEFINED.parts[0].text, {"DEFINE": (["n"], "int n(void) { return k(1); }")})]),
        Piece("1", [*DEFINED.parts, *DEFINED.parts]),
    ],
)
def test_equal_pieces_are_equal_content_and_others_are_not(other: Piece) -> None:
    assert packed([DEFINED]) == packed([Piece("1", [Part(**vars(part)) for part in DEFINED.parts])])
    assert packed([other]) != packed([DEFINED])


def test_no_pieces_have_no_facts() -> None:
    assert _facts() == FileFacts()


def test_text_that_is_not_ascii_keeps_its_place() -> None:
    source = 'int f(void)\n{\n\tp("\u00e9\u4e2d"); CALL(x);\n\treturn 0;\n}'
    calls = _of(Call, Piece("1", [Part(1, 0, source, {"CALL": (["a"], "h(a)")})]))
    assert [(call.callee, call.line) for call in calls] == [("p", 3), ("h", 3)]
