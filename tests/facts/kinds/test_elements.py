"""Entries of arrays and enumerations, held against exact rows."""

from __future__ import annotations

from typing import TypeVar

import pytest

from caplint.facts.extract import extract
from caplint.facts.kinds.elements import Element, Enumerator
from caplint.facts.store.records import BlindSpot, TableEntry

R = TypeVar("R", Element, Enumerator, TableEntry)


def _rows(kind: type[R], source: str) -> list[R]:
    records = extract(source.encode(), "c").records
    assert [record for record in records if isinstance(record, BlindSpot)] == []
    return [record for record in records if isinstance(record, kind)]


# A declaration; variable, position, designator and value of each row.
ELEMENTS = [
    ("static const u32 a[] = { A, B | C, };", [("a", 0, "", "A"), ("a", 1, "", "B | C")]),
    (
        "int a[N] = {\n\t[A] = 1, /* x */\n\t[B ... C] = 2, 3 };",
        [("a", 0, "[A]", "1"), ("a", 1, "[B ... C]", "2"), ("a", 2, "", "3")],
    ),
    (
        'T a[] = { INFO(X), { "s", 1 }, LAST };',
        [("a", 0, "", "INFO(X)"), ("a", 1, "", '{ "s", 1 }'), ("a", 2, "", "LAST")],
    ),
    (
        "T a[] = { { .x = 1 }, { .x = 2,\n\t\t.y = 3 } };",
        [("a", 0, "", "{ .x = 1 }"), ("a", 1, "", "{ .x = 2, .y = 3 }")],
    ),
    ("T a[] = { [A].x = 1, [A][B] = 2 };", [("a", 0, "[A].x", "1"), ("a", 1, "[A][B]", "2")]),
    ("int a[2][2] = { { 1, 2 }, { 3, 4 } };", [("a", 0, "", "{ 1, 2 }"), ("a", 1, "", "{ 3, 4 }")]),
    ('const char *const a[] __initconst = { "x", NULL };', [("a", 0, "", '"x"'), ("a", 1, "", "NULL")]),
    ("int (*a[])(void) = { f, &g };", [("a", 0, "", "f"), ("a", 1, "", "&g")]),
    ("struct s { int x; } a[] = { 1 };", [("a", 0, "", "1")]),
    ("int b = 1, a[] = { 1 }, c[] = { 2 };", [("a", 0, "", "1"), ("c", 0, "", "2")]),
    ("struct s a = { 1, .x = 2 };", []),
    ("int a = { 1 };", []),
    ("int a[] = { };", []),
    ('char a[] = "text";', []),
    ("T a = { .list = (const u32[]) { A, B } };", [(None, 0, "", "A"), (None, 1, "", "B")]),
    ("T a = (struct s) { A, B };", []),
    ("int a[] = { " + "x" * 500 + " };", [("a", 0, "", "x" * 400)]),
]

# Enumerations; owner, name, value and position of each row.
ENUMERATORS = [
    ("enum e { A, B = 3, C = A | B, };", [("e", "A", "", 0), ("e", "B", "3", 1), ("e", "C", "A | B", 2)]),
    ("typedef enum { A } T;", [("T", "A", "", 0)]),
    ("typedef enum tag { A } T;", [("tag", "A", "", 0)]),
    ("enum { A = 1 << 2 };", [("", "A", "1 << 2", 0)]),
    ("struct s { enum kind { A } kind; enum { B } b; };", [("kind", "A", "", 0), ("", "B", "", 0)]),
    ("enum e f(enum e x);", []),
    ("void f(void) { enum e { A }; }", [("e", "A", "", 0)]),
]


@pytest.mark.parametrize(("source", "rows"), ELEMENTS)
def test_elements(source: str, rows: list[tuple[str | None, int, str, str]]) -> None:
    found = _rows(Element, source)
    assert [(row.variable, row.position, row.designator, row.value) for row in found] == rows
    assert {row.function for row in found} <= {None}


@pytest.mark.parametrize(("source", "rows"), ENUMERATORS)
def test_enumerators(source: str, rows: list[tuple[str, str, str, int]]) -> None:
    assert [(row.owner, row.name, row.value, row.position) for row in _rows(Enumerator, source)] == rows


def test_positions_count_over_all_variants() -> None:
    source = "int a[] = {\n\tA,\n#ifdef X\n\tB,\n#elif Y\n\tC,\n\tD,\n#else\n\tE,\n#endif\n\tF,\n};\nint b[] = { G };\n"
    assert _rows(Element, source) == [
        Element(None, "a", 0, "", "A", 2, 2, 13, "1"),
        Element(None, "a", 1, "", "B", 4, 2, 26, "defined(X)"),
        Element(None, "a", 2, "", "C", 6, 2, 38, "Y && !defined(X)"),
        Element(None, "a", 3, "", "D", 7, 2, 42, "Y && !defined(X)"),
        Element(None, "a", 4, "", "E", 9, 2, 52, "!Y && !defined(X)"),
        Element(None, "a", 5, "", "F", 11, 2, 63, "1"),
        Element(None, "b", 0, "", "G", 13, 13, 81, "1"),
    ]


def test_enumerators_under_conditions() -> None:
    source = "enum e {\n#ifdef X\n\tA,\n#else\n\tB = 1,\n#endif\n\tC\n};\n"
    assert _rows(Enumerator, source) == [
        Enumerator("e", "A", "", 0, 3, 2, 19, "defined(X)"),
        Enumerator("e", "B", "1", 1, 5, 2, 29, "!defined(X)"),
        Enumerator("e", "C", "", 2, 7, 2, 44, "1"),
    ]


def test_a_list_under_two_heads() -> None:
    source = "#ifdef X\nint a[] = {\n\tA,\n#else\nint b[] = {\n\tB,\n#endif\n\tC,\n};\n"
    found = [(row.variable, row.position, row.value) for row in _rows(Element, source)]
    assert found == [("a", 0, "A"), ("b", 0, "B"), ("a", 1, "C")]


def test_lists_in_functions() -> None:
    source = "int f(int x)\n{\n\tint *a[] = { &x };\n\treturn g((int[]){ x, 2 }, 2);\n}\n"
    rows = [(row.function, row.variable, row.value, row.line) for row in _rows(Element, source)]
    assert rows == [("f", "a", "&x", 3), ("f", None, "x", 4), ("f", None, "2", 4)]


def test_pairs_inside_an_element_remain_table_entries() -> None:
    source = "struct s a[] = { { .get = f }, [1] = { .get = g } };"
    assert [(row.field, row.value) for row in _rows(TableEntry, source)] == [("get", "f"), ("get", "g")]
    assert [row.position for row in _rows(Element, source)] == [0, 1]
