"""Attributes become markers at the place that they speak of; one that is not understood is a problem."""

from __future__ import annotations

import pytest
from declared import placed

from caplint.abi.attributes import Attributes, chunk_of

PACKED = "__attribute__((packed))"
M = "__caplint_attribute_"


@pytest.mark.parametrize(
    ("text", "rewritten", "outer"),
    [
        ("struct s { int a ; } ;", "struct s { int a ; } ;", []),
        (f"struct s {{ int a; }} {PACKED};", f"struct s {{ int {M}0; int a ; }} ;", []),
        (f"struct {PACKED} s {{ int a; }};", f"struct s {{ int {M}0; int a ; }} ;", []),
        (f"struct {PACKED} {{ int a; }} x;", f"struct {{ int {M}0; int a ; }} x ;", []),
        (f"union u {{ int a; }} {PACKED};", f"union u {{ int {M}0; int a ; }} ;", []),
        (f"struct s {{ int a {PACKED}; int b; }};", f"struct s {{ _Alignas({M}0) int a ; int b ; }} ;", []),
        (f"struct s {{ int a; {PACKED} int b; }};", f"struct s {{ int a ; _Alignas({M}0) int b ; }} ;", []),
        (f"struct s {{ struct {{ int a; }} {PACKED} b; }};",
         f"struct s {{ struct {{ int {M}0; int a ; }} b ; }} ;", []),
        (f"struct s {{ struct {{ int a; }} b {PACKED}; }};",
         f"struct s {{ _Alignas({M}0) struct {{ int a ; }} b ; }} ;", []),
        (f"typedef int t {PACKED};", "typedef int t ;", [0]),
        (f"struct s {{ int a; }} {PACKED} {PACKED};", f"struct s {{ int {M}1; int {M}0; int a ; }} ;", []),
        ("__signed__ int a ;", "signed int a ;", []),
        ("__extension__ typedef __const int a ;", "typedef const int a ;", []),
        ("int a __attribute__((unused));", "int a ;", []),
        ("int f(int a, int b) __attribute__((deprecated));", "int f ( int a , int b ) ;", []),
        ("int a __attribute__(());", "int a ;", []),
        ("int a __attribute__((  ));", "int a ;", []),
    ],
)  # fmt: skip
def test_markers(text: str, rewritten: str, outer: list[int]) -> None:
    chunk = chunk_of(placed(text))
    assert (chunk.text, chunk.outer, chunk.problem) == (rewritten, outer, None)


@pytest.mark.parametrize(
    ("inside", "attributes"),
    [
        ("packed", [Attributes(True, [])]),
        ("__packed__", [Attributes(True, [])]),
        ("aligned(8)", [Attributes(False, ["8"])]),
        ("__aligned__(4 * 2)", [Attributes(False, ["4 * 2"])]),
        ("aligned", [Attributes(False, [""])]),
        ("packed, aligned(4)", [Attributes(True, ["4"])]),
        ("aligned(2), aligned(16)", [Attributes(False, ["2", "16"])]),
        ("unused, packed", [Attributes(True, [])]),
        ("unused", []),
        ("", []),
    ],
)
def test_attributes_of_a_structure(inside: str, attributes: list[Attributes]) -> None:
    chunk = chunk_of(placed(f"struct s {{ int a; }} __attribute__(({inside}));"))
    assert (chunk.attributes, chunk.problem) == (attributes, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("struct s { int a; } __attribute__((mode(DI)));", "the attribute `mode` is not understood"),
        ("int a __attribute__((vector_size(16)));", "the attribute `vector_size` is not understood"),
        ("int a __attribute__((packed);", "an attribute's parentheses do not close"),
        ("int a __attribute__((", "an attribute's parentheses do not close"),
        ("int a __attribute__(packed);", "`__attribute__(packed)` is not understood"),
        (f"enum e {{ A {PACKED}, B }};", "an attribute of an enumerator is not understood"),
        (f"enum e {{ A, B }} {PACKED};", "an attribute of an enumeration is not understood"),
        (f"struct s {{ int a, b {PACKED}; }};", "an attribute in a list of declarators is not understood"),
        (f"struct s {{ int a {PACKED}, b; }};", "an attribute in a list of declarators is not understood"),
        (f"struct {PACKED} s;", "an attribute between a tag and its use is not understood"),
    ],
)
def test_problems(text: str, reason: str) -> None:
    """The text is then as it was, so that the names in it can still be told."""
    chunk = chunk_of(placed(text))
    assert chunk.problem == reason
    assert chunk.text.split() == [token.text for token in placed(text)]
    assert (chunk.attributes, chunk.outer) == ([], [])


def test_commas_within_parentheses_and_braces_make_no_list() -> None:
    for text in (f"struct s {{ int (*f)(int, int) {PACKED}; }};", f"struct s {{ enum {{ A, B }} e {PACKED}; }};"):
        assert chunk_of(placed(text)).problem is None


def test_lines_keep_their_places() -> None:
    chunk = chunk_of(placed(f"struct s\n{{\n\tint a;\n\n\tint b {PACKED};\n}};\n"))
    assert chunk.text.split("\n") == ["struct s", "{", "int a ;", f"_Alignas({M}0) int b ;", "} ;"]
    assert chunk.places == [("a.h", line) for line in (1, 2, 3, 5, 6)]


def test_deep_parentheses_are_counted_not_recursed() -> None:
    deep = "(" * 5_000 + ")" * 5_000
    assert chunk_of(placed(f"int a __attribute__{deep};")).problem is not None
