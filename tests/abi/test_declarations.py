"""Headers split into declarations, of which each is parsed by itself."""

from __future__ import annotations

import pytest
from declared import placed
from pycparser import c_ast

from caplint.abi.declarations import Declaration, declarations
from caplint.abi.preprocess import HeaderError


def _all(text: str) -> list[Declaration]:
    return list(declarations(placed(text)))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("struct a { int x; };", ["Decl"]),
        ("struct a { int x; }; union b { int y; };", ["Decl", "Decl"]),
        ("typedef unsigned int t; struct a { t x; };", ["Typedef", "Decl"]),
        ("enum { A, B };", ["Decl"]),
        ("struct a;", ["Decl"]),
        ("int x; void f(int a);", []),
        ("static int f(int a) { return a; } struct a { int x; };", ["Decl"]),
        ("static int f(struct b *b) { struct c { int x; } c; return 0; } struct a { int x; };", ["Decl"]),
        ("struct a f(void);", ["Decl"]),
        ("struct a { struct { int x; } b; };", ["Decl"]),
        ("struct a { int x; } f(int b) { return x; } struct c { int x; };", ["Decl"]),
        ("typedef __int128_t t;", ["Typedef"]),
        (";;;", []),
        ("enum e { A = sizeof(int) };", ["Decl"]),
    ],
)
def test_what_defines_types(text: str, kinds: list[str]) -> None:
    found = _all(text)
    assert [type(declaration.node).__name__ for declaration in found] == kinds
    assert all(declaration.problem is None for declaration in found)


@pytest.mark.parametrize(
    "broken",
    [
        "struct b { int x y; };", "struct b { undeclared x; };", "typedef struct { int; x } t;", "struct b { 3 };",
        "struct b { int x __attribute__((mode(DI))); };",
    ],
)  # fmt: skip
def test_a_declaration_that_is_not_understood_hides_no_other(broken: str) -> None:
    first, middle, last = _all(f"struct a {{ int x; }};\n{broken}\nstruct c {{ int x; }};")
    assert (first.problem, last.problem) == (None, None)
    assert middle.node is None
    assert "is not understood" in (middle.problem or "")
    assert middle.place == ("a.h", 2)
    assert last.place == ("a.h", 3)


def test_a_type_is_known_from_its_typedef_on() -> None:
    early, typedef, late = _all("struct a { t x; }; typedef int t; struct b { t x; };")
    assert early.node is None
    assert typedef.node is not None
    assert late.node is not None


def test_places_of_nodes() -> None:
    (found,) = _all("\n\nstruct a {\n\tint x;\n\n\tint y;\n};")
    assert isinstance(found.node, c_ast.Decl)
    members = found.node.type.decls
    assert [found.place_of(member) for member in members] == [("a.h", 4), ("a.h", 6)]
    assert found.place == ("a.h", 3)
    assert found.place_of(c_ast.ID("x")) == ("a.h", 3)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("int x;\n}", "`}` has no matching opening bracket", 2),
        ("int x;\nint f(int a));", "`)` has no matching opening bracket", 2),
        ("struct a {\nint x;\n", "the declaration that begins here does not end", 1),
        ("int x;\n\nint y", "the declaration that begins here does not end", 3),
    ],
)
def test_unbalanced_headers(text: str, message: str, line: int) -> None:
    with pytest.raises(HeaderError, match=message.replace(")", r"\)").replace("(", r"\(")) as caught:
        _all(text)
    assert (caught.value.path, caught.value.line) == ("a.h", line)


def test_hostile_declarations_end() -> None:
    (found,) = _all("struct a { " * 2_000 + "int x; " + "} b; " * 1_999 + "};")
    assert found.node is None
    assert found.problem == "nests too deeply"
    (found,) = _all("struct a { " + "int x; " * 10_000 + "};")
    assert found.problem == "has more than 20,000 tokens"
    (found,) = _all("enum { A = " + "(" * 3_000 + "1" + ")" * 3_000 + " };")
    assert found.node is None
