"""Sizes, alignments and offsets of types in the ABIs, as GCC lays them out; what has no known layout."""

from __future__ import annotations

import pytest
from declared import declared

# Body of `struct s` → size, alignment, offsets of its members; in x86_64.
LAYOUTS = {
    "char a; int b;": (8, 4, "a:0 b:4"),
    "int a; char b;": (8, 4, "a:0 b:4"),
    "char a; short b; char c; long d;": (16, 8, "a:0 b:2 c:4 d:8"),
    "char a[3]; short b[2];": (8, 2, "a:0 b:4"),
    "void *a; char b; int *c[2];": (32, 8, "a:0 b:8 c:16"),
    "int (*f)(int); char b;": (16, 8, "f:0 b:8"),
    "char a; struct { char b; int c; } d; char e;": (16, 4, "a:0 d:4 d.b:4 d.c:8 e:12"),
    "char a; struct { char b; int c; }; char e;": (16, 4, "a:0 b:4 c:8 e:12"),
    "char a; union { char b; int c; } u;": (8, 4, "a:0 u:4 u.b:4 u.c:4"),
    "char a; union { char b; int c; };": (8, 4, "a:0 b:4 c:4"),
    "struct { char b; } d[3];": (3, 1, "d:0 d[].b:0"),
    "int n; char data[];": (4, 4, "n:0 data:4"),
    "int n; long data[0];": (8, 8, "n:0 data:8"),
    "char a; enum { X, Y } e;": (8, 4, "a:0 e:4"),
    "enum { N = 3 }; char a[N];": (3, 1, "a:0"),
    "char a[sizeof(int) * 2 + 1];": (9, 1, "a:0"),
    "": (0, 1, ""),
    "int a : 3; int b : 5;": (4, 4, "a:0.3 b:3.5"),
    "int a : 30; int b : 5;": (8, 4, "a:0.30 b:32.5"),
    "char a : 3; int b : 30;": (8, 4, "a:0.3 b:32.30"),
    "int a : 3; int : 0; int b : 5;": (8, 4, "a:0.3 b:32.5"),
    "char a; int b : 4; char c;": (4, 4, "a:0 b:8.4 c:2"),
    "int : 5; char b;": (2, 1, "b:1"),
    "long a : 40; char b;": (8, 8, "a:0.40 b:5"),
    "char a; int b __attribute__((packed)); char c;": (6, 1, "a:0 b:1 c:5"),
    "char a; int b __attribute__((aligned(16)));": (32, 16, "a:0 b:16"),
    "char a; char b __attribute__((aligned(4), packed));": (8, 4, "a:0 b:4"),
    "struct tag; int a;": (4, 4, "a:0"),
}


@pytest.mark.parametrize("body", LAYOUTS)
def test_structure(body: str) -> None:
    types, problems = declared(f"struct s {{ {body} }};")
    assert problems == []
    found = types.records["s"].type
    members = [
        f"{member.name}:{member.offset if member.bits is None else f'{member.bit_offset}.{member.bits}'}"
        for member in found.members
    ]
    assert (found.size, found.alignment, " ".join(members)) == LAYOUTS[body]


@pytest.mark.parametrize(
    ("text", "size", "alignment"),
    [
        ("struct s { char a; int b; } __attribute__((packed));", 5, 1),
        ("struct __attribute__((packed, aligned(4))) s { char a; int b; };", 8, 4),
        ("struct s { char a; } __attribute__((aligned(8)));", 8, 8),
        ("struct s { int a : 3; int b : 30; } __attribute__((packed));", 5, 1),
        ("union s { char a; int b; short c; };", 4, 4),
        ("union s { char a[5]; int b; };", 8, 4),
        ("union s { int a : 3; char b; };", 4, 4),
        ("struct in { char a; int b; } __attribute__((packed)); struct s { char c; struct in in; };", 6, 1),
        ("typedef long t __attribute__((aligned(2))); struct s { char a; t b; };", 10, 2),
        ("typedef int t __attribute__((aligned(16))); struct s { char a; t b; };", 32, 16),
        ("typedef unsigned short t; typedef t u; struct s { char a; u b[3]; };", 8, 2),
        ("typedef struct { int a; } t; struct s { char c; t d; };", 8, 4),
        ("enum e { A = 1 << 3 }; struct s { char a[A]; enum e e; };", 12, 4),
        ("struct s { unsigned long long a; char b; };", 16, 8),
        ("struct s { long unsigned int a; };", 8, 8),
    ],
)
def test_attributes_and_names_of_types(text: str, size: int, alignment: int) -> None:
    types, problems = declared(text)
    assert problems == []
    assert (types.records["s"].type.size, types.records["s"].type.alignment) == (size, alignment)


@pytest.mark.parametrize(
    ("abi", "body", "size"),
    [
        ("x86_64", "long a; char b;", 16), ("i386", "long a; char b;", 8), ("i386", "int a; long long b;", 12),
        ("arm", "int a; long long b;", 16), ("x86_64", "int a; long long b;", 16), ("i386", "void *a;", 4),
        ("arm64", "char a; int : 5; char b;", 4), ("x86_64", "char a; int : 5; char b;", 3),
    ],
)  # fmt: skip
def test_data_models(abi: str, body: str, size: int) -> None:
    types, problems = declared(f"struct s {{ {body} }};", abi)
    assert problems == []
    assert types.records["s"].type.size == size


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("struct s { struct missing a; };", "struct missing is not declared"),
        ("union t { int a; }; struct s { struct t a; };", "struct t is not declared"),
        ("struct s { int a[-1]; };", "an array's length is negative or enormous"),
        ("struct s { char a[1 << 30][1 << 30]; };", "an array's length is negative or enormous"),
        ("struct s { int a[n]; };", "n is not known"),
        ("struct s { int a : 33; };", "a bit-field of 33 bits in a int"),
        ("struct s { int a : -1; };", "a bit-field of -1 bits in a int"),
        ("struct s { struct { int a; } b : 3; };", "a bit-field of type struct"),
        ("struct s { int a __attribute__((aligned(3))); };", "an alignment of 3 is not valid"),
        ("struct s { int a __attribute__((aligned(0))); };", "an alignment of 0 is not valid"),
        ("struct s { int a __attribute__((aligned(131072))); };", "an alignment of 131072 is not valid"),
        ("struct s { int a; } __attribute__((aligned));", "`aligned` without a number differs between processors"),
        ("typedef int t __attribute__((packed));", "`packed` on a typedef is not understood"),
        ("struct s { _Alignas(8) int a; };", "_Alignas is not understood"),
        ("enum e { A = 1ULL << 40 };", "an enumeration is wider than an int"),
        ("struct s { __float128 a; };", "the type __float128 is not known"),
    ],
)
def test_layouts_that_are_not_known(text: str, reason: str) -> None:
    _, problems = declared(text)
    assert problems == [reason]


def test_what_holds_an_unknown_layout_follows_it() -> None:
    types, problems = declared("struct a { __float128 x; }; struct b { struct a a; }; struct c { struct a *a; };")
    assert problems == ["the type __float128 is not known", "holds struct a, whose layout is not known"]
    assert types.failed == {"struct a", "struct b"}
    assert types.records["c"].type.size == 8


def test_members_say_what_and_where_they_are() -> None:
    types, _ = declared(
        "struct in { int x; };\nstruct s {\n\tstruct in in;\n\tunsigned int a[4][2];\n\tstruct in *p;\n};"
    )
    record = types.records["s"]
    assert (record.kind, record.path, record.line) == ("struct", "a.h", 2)
    assert set(record.uses) == {"in"}
    assert [(member.name, member.type, member.line) for member in record.type.members] == [
        ("in", "struct in", 3), ("a", "unsigned int[4][2]", 4), ("p", "struct in *", 5),
    ]  # fmt: skip


def test_enumerators_are_numbered() -> None:
    types, _ = declared("enum e { A, B = 5, C, D = B };\nenum { X = -1 };")
    assert [(one.name, one.value, one.alias, one.enum, one.line) for one in types.enumerators] == [
        ("A", 0, "", "e", 1), ("B", 5, "", "e", 1), ("C", 6, "", "e", 1), ("D", 5, "B", "e", 1),
        ("X", -1, "", "enum of X", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(("count", "problems"), [(3, []), (4, ["is enormous"])])
def test_too_many_members(count: int, problems: list[str]) -> None:
    """Count members of a structure without a tag at every place that it is used."""
    inner = "typedef struct { " + " ".join(f"int a{number};" for number in range(1_500)) + " } t;"
    assert declared(inner + "struct s { " + " ".join(f"t b{number};" for number in range(count)) + " };")[1] == problems
