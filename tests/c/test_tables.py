"""Repair tables: the shipped words and a user's, and the pattern that finds them."""

from __future__ import annotations

import re

import pytest

from caplint.c.tables import tables

SHIPPED = tables()


def _found(text: str, attributes: tuple[str, ...] = ()) -> list[tuple[str, bool]]:
    """Words that the pattern finds, each with whether it takes arguments."""
    found = tables(attributes).words.finditer(text.encode())
    return [((match[2] or match[1]).decode(), match[2] is not None) for match in found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("int __user *p;", [("__user", False)]),
        ("int __users *p; my__user", []),
        ("__user __iomem x", [("__user", False), ("__iomem", False)]),
        ("__attribute__((x))", [("__attribute__", True)]),
        ("__attribute__ (x)", [("__attribute__", True)]),
        ('asm volatile("nop")', [("asm", True)]),
        ("assembly", []),
        ("", []),
        ("__use", []),
    ],
)
def test_words_are_found_whole(text: str, found: list[tuple[str, bool]]) -> None:
    assert _found(text) == found


@pytest.mark.parametrize(
    ("attributes", "text", "found"),
    [
        (("our_mark",), "int our_mark a;", [("our_mark", False)]),
        (("our_*",), "our_a our_ ours", [("our_a", False), ("our_", False)]),
        (("our_size()",), "our_size(3) a", [("our_size", True)]),
        (("our_size()",), "our_sizes(3)", []),
        (("our", "our_more", "our_more_still"), "our our_more our_more_still our_m", [
            ("our", False), ("our_more", False), ("our_more_still", False)]),
        (("a+b",), "a+b aab", [("a+b", False)]),
        (("",), "x y", []),
    ],
)  # fmt: skip
def test_words_of_a_user(attributes: tuple[str, ...], text: str, found: list[tuple[str, bool]]) -> None:
    assert [word for word in _found(text, attributes) if word[0]] == found


def test_kinds_of_words_with_arguments() -> None:
    kinds = tables(("our_size()",)).kinds
    assert kinds[b"our_size"] == kinds[b"__attribute__"] == "attribute"
    assert {kinds[word] for word in (b"asm", b"__asm__", b"asm_inline")} == {"asm"}
    assert set(kinds.values()) == {"attribute", "declarator", "group", "type", "asm"}
    assert all(kinds[word] == "declarator" for word in SHIPPED.declarators)
    assert all(kinds[word] == "group" for word in SHIPPED.groups)
    assert SHIPPED.groups[b"struct_group"] == 1
    assert not set(SHIPPED.attributes) & {word.decode() for word in SHIPPED.kinds}


@pytest.mark.parametrize(
    ("name", "iterates"),
    [
        ("list_for_each_entry", True),
        ("kvm_for_each_vcpu", True),
        ("our_walk7", True),
        ("our_walk", False),
        ("if", False),
    ],
)
def test_iterators(name: str, iterates: bool) -> None:
    own = tables((), (r"our_walk\d",)).iterators
    assert bool(own.fullmatch(name.encode())) is iterates


def test_a_pattern_that_is_none_is_an_error() -> None:
    with pytest.raises(re.error):
        tables((), ("(",))


def test_identity_tells_tables_apart() -> None:
    every = [SHIPPED, tables(("a",)), tables(("a()",)), tables(("a", "b")), tables((), ("a",)), tables(("a",), ("a",))]
    assert len({table.identity for table in every}) == len(every)
    assert tables(("a",)) is tables(("a",))


def test_many_words_with_a_common_beginning() -> None:
    names = tuple(f"our_{number:05}" for number in range(3_000))
    assert _found("our_00000 our_02999 our_03000", names) == [("our_00000", False), ("our_02999", False)]
