"""Members of structs and unions, held against exact rows."""

from __future__ import annotations

import pytest

from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot, Member


def _rows(source: str) -> list[Member]:
    records = extract(source.encode(), "c").records
    assert [record for record in records if isinstance(record, BlindSpot)] == []
    return [record for record in records if isinstance(record, Member)]


# Members of a struct `o`; name, type, array and bits of each row.
MEMBERS = [
    ("u64 a;", [("a", "u64", "", "")]),
    ("unsigned long int a, *b;", [("a", "unsigned long int", "", ""), ("b", "unsigned long int *", "", "")]),
    ("const struct x **a;", [("a", "const struct x **", "", "")]),
    ("struct x __rcu *a;", [("a", "struct x *", "", "")]),
    ("char * __user *a;", [("a", "char **", "", "")]),
    ("volatile u8 a[N + 1] [2];", [("a", "volatile u8", "[N + 1] [2]", "")]),
    ("u64 a[ /* why */ N];", [("a", "u64", "[ N]", "")]),
    ("struct x *a[];", [("a", "struct x *", "[]", "")]),
    ("u32 a : 3, b:N;", [("a", "u32", "", "3"), ("b", "u32", "", "N")]),
    ("u32 : 7;", []),
    ("int (*get)(struct x *, struct y *p);", [("get", "int (*)(struct x *, struct y *p)", "", "")]),
    ("void *(*get[N])(void);", [("get", "void *(*)(void)", "[N]", "")]),
    ("int (*a)[4];", [("a", "int (*)[4]", "", "")]),
    ("struct { u64 data; } apf;", [("apf.data", "u64", "", ""), ("apf", "struct", "", "")]),
    ("union { int a; struct { int b, c; }; };", [("a", "int", "", ""), ("b", "int", "", ""), ("c", "int", "", "")]),
    (
        "struct { struct { int d; } c; } b[2];",
        [("b.c.d", "int", "", ""), ("b.c", "struct", "", ""), ("b", "struct", "[2]", "")],
    ),
    (
        "struct { int c; } a, b;",
        [("a.c", "int", "", ""), ("b.c", "int", "", ""), ("a", "struct", "", ""), ("b", "struct", "", "")],
    ),
    ("enum { A, B } mode;", [("mode", "enum", "", "")]),
    ("enum e mode;", [("mode", "enum e", "", "")]),
    ("DECLARE_BITMAP(map, N);", [("map", "DECLARE_BITMAP(map, N)", "", "")]),
    ("DECLARE_FLEX_ARRAY(struct x, list);", [("list", "DECLARE_FLEX_ARRAY(struct x, list)", "", "")]),
    ("QLIST_ENTRY(X) next;", [("next", "QLIST_ENTRY(X)", "", "")]),
    ("typeof(f(1)) a;", [("a", "typeof(f(1))", "", "")]),
    ("u8 HINT(a);", [("a", "u8", "", "")]),
    ("u64 a __aligned(8);", [("a", "u64", "", "")]),
]

# Definitions; owner and name of each row.
OWNERS = [
    ("typedef struct { int a; } T;", [("T", "a")]),
    ("typedef struct tag { int a; } T;", [("tag", "a")]),
    ("typedef union { int a; } *T;", [("T", "a")]),
    ("union u { int a; };", [("u", "a")]),
    ("static struct { int a; } v;", [("", "a")]),
    ("struct o { struct x { int a; } y; };", [("x", "a"), ("o", "y")]),
    ("struct o { struct x { struct { int a; } b; }; };", [("x", "b.a"), ("x", "b")]),
    ("typedef struct { struct { int a; } b; } T;", [("T", "b.a"), ("T", "b")]),
    ("struct o; struct o *f(struct o *p);", []),
    ("void f(void) { struct o { int a; } v; }", [("o", "a")]),
    ("struct o { int a; } f(void);", [("o", "a")]),
]


@pytest.mark.parametrize(("body", "rows"), MEMBERS)
def test_members(body: str, rows: list[tuple[str, str, str, str]]) -> None:
    found = _rows(f"struct o {{ {body} }};")
    assert [(row.name, row.type, row.array, row.bits) for row in found] == rows
    assert {row.owner for row in found} <= {"o"}


@pytest.mark.parametrize(("source", "rows"), OWNERS)
def test_owners(source: str, rows: list[tuple[str, str]]) -> None:
    assert [(row.owner, row.name) for row in _rows(source)] == rows


def test_a_list_cut_by_conditionals() -> None:
    source = (
        "struct o {\n\tint a;\n#ifdef X\n\tint b;\n#else\n\tlong b;\n\tstruct {\n#ifdef Y\n\t\tint d;\n"
        "#endif\n\t} c;\n#endif\n\tint e;\n};\n"
    )
    assert sorted(_rows(source), key=lambda row: row.start) == [
        Member("o", "a", "int", "", "", 2, 6, 16, "1"),
        Member("o", "b", "int", "", "", 4, 6, 33, "defined(X)"),
        Member("o", "b", "long", "", "", 6, 7, 48, "!defined(X)"),
        Member("o", "c.d", "int", "", "", 9, 7, 76, "!defined(X) && defined(Y)"),
        Member("o", "c", "struct", "", "", 11, 4, 89, "!defined(X)"),
        Member("o", "e", "int", "", "", 13, 6, 104, "1"),
    ]


def test_place_is_the_name() -> None:
    (row,) = _rows("struct o {\n\tint (*get)(int);\n};\n")
    assert (row.line, row.column, row.start) == (2, 8, 18)


def test_paths_do_not_multiply_without_end() -> None:
    """Ten declarators on each of seven levels would be ten million rows."""
    names = ", ".join(f"m{number}" for number in range(10))
    source = "struct o { " + "struct { " * 7 + "int x; " + f"}} {names}; " * 7 + "};"
    assert 10 < len(_rows(source)) < 60_000


def test_deep_nesting_ends() -> None:
    source = "struct o { " + "struct { " * 3000 + "int x; " + "} m; " * 3000 + "};"
    assert len(extract(source.encode(), "c").records) == 1  # a blind spot
    source = "struct o { " + "struct { " * 60 + "int x; " + "} m; " * 60 + "};"
    assert 10 < len(_rows(source)) < 100
