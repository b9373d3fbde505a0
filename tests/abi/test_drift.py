"""Differences of structures and ioctls between two copies: what breaks programs, and what both sides understand."""

from __future__ import annotations

import pytest
from declared import declared

from caplint.abi.drift import BREAK, COMPATIBLE, Drift, drifts
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure

ENABLE = ("KVM_S", "write", 1, "struct s")


def _unit(text: str, *ioctls: tuple[str, str, int, str]) -> AbiUnit:
    types, problems = declared(text)
    assert problems == []
    structures = [
        Structure(record.tag, record.kind, record.type.size, record.type.alignment, record.path, record.line, 1, 1,
                  list(record.type.members))
        for record in types.records.values()
    ]  # fmt: skip
    sizes = {f"{structure.kind} {structure.tag}": structure.size for structure in structures}
    numbers = [
        IoctlNumber(name, sizes.get(argument, 4) << 16 | 0xAE00 | nr, direction, sizes.get(argument, 4), nr, 0xAE,
                    argument, "a.h", 1, 1)
        for name, direction, nr, argument in ioctls
    ]  # fmt: skip
    return AbiUnit(structures, numbers)


def _found(kernel: str, other: str, *ioctls: tuple[str, str, int, str]) -> list[Drift]:
    return list(drifts(_unit(f"struct s {{ {kernel} }};", *ioctls), _unit(f"struct s {{ {other} }};", *ioctls)))


SAME = [
    ("int a;", "int a;"), ("int a; int pad;", "int a; int pad;"), ("int a; int pad;", "int a; int reserved;"),
    ("int a; int pad[2];", "int a; int pad2[2];"), ("struct { int a; } x;", "struct { int a; } x;"),
    ("int a;", "unsigned int a;"), ("int a;", "int b;"), ("char a; int b;", "char a; char pad[3]; int b;"),
    ("struct { int a; int b; };", "int a; int b;"),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "other"), SAME)
def test_the_same_bytes(kernel: str, other: str) -> None:
    assert _found(kernel, other) == []


# The kernel's members, those of the other copy, verdict and changes.
DIFFERENT = [
    ("int a; long b;", "long b; int a;", BREAK, "offset of a: 8, not 0; offset of b: 0, not 8"),
    ("int a;", "char a;", BREAK, "size of a: 1, not 4"),
    ("int a; int b;", "int a;", COMPATIBLE, "size: 4, not 8; lacks b"),
    ("int a;", "int a; int b;", COMPATIBLE, "size: 8, not 4; has also b"),
    ("int a; int b; int pad;", "int a; int pad[2];", COMPATIBLE, "lacks b"),
    ("int a : 3; int b : 5;", "int a : 4; int b : 4;", BREAK,
     "bits of a: bit 0, 4 wide, not bit 0, 3 wide; bits of b: bit 4, 4 wide, not bit 3, 5 wide"),
    ("int a : 3;", "int a;", BREAK, "bits of a: byte 0, 4 bytes, not bit 0, 3 wide"),
    ("int a; int b;", "long c;", BREAK, "c where the kernel has a; c where the kernel has b"),
    ("union { int a; char b; };", "int a;", COMPATIBLE, "lacks b"),
    ("int a; int data[];", "int a;", COMPATIBLE, "lacks data"),
    ("int a; struct { int x; int y; } b; int pad;", "int a; int pad[3];", COMPATIBLE, "lacks b"),
    ("char a; int b; char pad; int c; int d;", "int a; char b; char pad; char c; char d;", BREAK,
     "size of a: 4, not 1; size of b: 1, not 4; offset of c: 6, not 12 and 1 more"),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "other", "verdict", "summary"), DIFFERENT)
def test_other_bytes(kernel: str, other: str, verdict: str, summary: str) -> None:
    (found,) = _found(kernel, other)
    assert (found.subject, found.verdict, found.summary, found.renumbers) == ("s", verdict, summary, False)


def test_only_the_alignment_differs() -> None:
    (found,) = drifts(
        _unit("struct s { int a; int b; };"), _unit("struct s { int a; int b; } __attribute__((packed));")
    )
    assert (found.verdict, found.changes) == (COMPATIBLE, ("alignment: 1, not 4",))


def test_a_size_that_an_ioctl_encodes_breaks() -> None:
    """The ioctl is not reported beside its structure."""
    (found,) = _found("int a; int b;", "int a;", ENABLE)
    assert (found.subject, found.verdict, found.renumbers) == ("s", BREAK, True)
    assert found.changes == ("size: 4, not 8 (in the number of KVM_S)",)


@pytest.mark.parametrize("element", ["struct s list[4]", "struct s list[]"])
def test_a_size_of_an_element_breaks(element: str) -> None:
    one, two = (
        f"struct s {{ {members} }}; struct all {{ int n; {element}; }};" for members in ("int a; int b;", "int a;")
    )
    found = {drift.subject: drift for drift in drifts(_unit(one), _unit(two))}
    assert found["s"].verdict == BREAK
    assert found["s"].changes[0] == "size: 4, not 8 (it stands in arrays)"


def test_what_only_one_copy_has_is_no_difference() -> None:
    assert list(drifts(_unit("struct a { int x; };"), _unit("struct b { int x; };"))) == []
    assert list(drifts(_unit("struct a { int x; };"), _unit("union a { char x; };"))) == []
    assert list(drifts(_unit("", ENABLE), _unit(""))) == []


@pytest.mark.parametrize(
    ("kernel", "other", "changes"),
    [
        (("K", "write", 1, ""), ("K", "write", 1, ""), None),
        (("K", "write", 1, "int"), ("K", "read", 1, "int"), None),
        (("K", "write", 1, "int"), ("K", "write", 2, "int"), ("number: 0x2, not 0x1",)),
        (("K", "write", 1, "int"), ("K", "both", 2, "int"),
         ("direction: both, not write", "number: 0x2, not 0x1")),
        (("K", "write", 1, "struct s"), ("K", "write", 1, "int"),
         ("argument: int of 4 bytes, not struct s of 8 bytes",)),
        (("K", "write", 1, "struct s"), ("K", "write", 1, ""), ("argument: none, not struct s of 8 bytes",)),
    ],
)  # fmt: skip
def test_numbers_of_ioctls(
    kernel: tuple[str, str, int, str], other: tuple[str, str, int, str], changes: tuple[str, ...] | None
) -> None:
    """Numbers that are equal are equal, whatever their parts say."""
    text = "struct s { long a; };"
    found = [drift.changes for drift in drifts(_unit(text, kernel), _unit(text, other))]
    assert found == ([] if changes is None else [changes])


def test_a_summary_is_short() -> None:
    names = [f"a{number}" for number in range(10)]
    (found,) = _found(" ".join(f"int {name};" for name in names), " ".join(f"char {name};" for name in names))
    assert len(found.changes) > 3
    assert found.summary == "; ".join(found.changes[:3]) + f" and {len(found.changes) - 3} more"
