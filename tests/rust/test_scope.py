"""State of lowering: conditions of nodes, what is compiled into no program, and names that nothing else has."""

from __future__ import annotations

import pytest
from rust_text import nodes_of, scope_of

from caplint.rust.scope import conditioned

UNIX, WINDOWS = "defined(__unix__)", "defined(_WIN32)"


def _conditioned(kind: str, source: str) -> list[tuple[list[str], str]]:
    file, nodes = nodes_of(kind, source)
    return [(conditions, file.plain(node)) for conditions, node in conditioned(file, nodes[0].named_children)]


ITEMS = [
    ("fn a() {}", [([], "fn a() {}")]),
    ("#[cfg(unix)] mod a; mod b;", [([UNIX], "mod a;"), ([], "mod b;")]),
    # Several attributes all hold; those that set no condition, and comments, change nothing.
    ("#[cfg(unix)]\n// why\n#[inline]\n#[cfg(windows)]\nmod a;", [([UNIX, WINDOWS], "mod a;")]),
    ("#![allow(x)]\n/* a */ mod a; /* end */", [([], "mod a;")]),
    ("#[cfg(test)] mod a;", [(["0"], "mod a;")]),
    ("#[test] fn a() {}", [(["0"], "fn a() {}")]),
    ("#[cfg(all())] mod a;", [([], "mod a;")]),
    ("", []),
]


@pytest.mark.parametrize(("source", "found"), ITEMS, ids=[row[0] for row in ITEMS])
def test_conditions_of_items(source: str, found: list[tuple[list[str], str]]) -> None:
    assert _conditioned("source_file", source) == found


def test_conditions_of_parts_of_an_expression() -> None:
    assert _conditioned("array_expression", "const A: [u8; 3] = [X, #[cfg(unix)] Y, /* z */ Z];") == [
        ([], "X"), ([UNIX], "Y"), ([], "Z")
    ]  # fmt: skip
    # Attributes of an arm are inside it.
    arms = _conditioned("match_block", "fn f() { match x { A => 1, #[cfg(unix)] #[cfg(windows)] B => 2, _ => 3 } }")
    assert [conditions for conditions, _ in arms] == [[], [UNIX, WINDOWS], []]


def test_what_is_in_no_program_is_remembered() -> None:
    file, (first, second) = nodes_of("mod_item", "mod a; mod b;")
    scope = scope_of(file)
    assert not scope.skips([], first)
    assert not scope.skips([UNIX], first)
    assert scope.skipped == []
    assert scope.skips([UNIX, "0"], second)
    assert scope.skipped == [(7, 13)]


def test_fresh_names_differ_by_kind_and_place() -> None:
    file, nodes = nodes_of("block", "fn f() { { a() } { b() } }")
    scope = scope_of(file)
    names = {scope.fresh(kind, node) for kind in ("held", "value") for node in nodes}
    assert len(names) == 2 * len(nodes)
    assert all(name.isidentifier() for name in names)
    assert scope.fresh("held", nodes[0]) == scope.fresh("held", nodes[0])
