"""Differences over all ABIs of an architecture: one for each subject, with the ABIs that have its verdict."""

from __future__ import annotations

import pytest

from caplint.abi.compare_abis import AbiDifference, differences
from caplint.abi.types import StructMember
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure


def _struct(*members: tuple[str, int, int], size: int, line: int = 1) -> Structure:
    """A structure `s` of members: name, offset, size."""
    found = [StructMember(name, offset, width, None, None, "int", "a.h", 1) for name, offset, width in members]
    return Structure("s", "struct", size, 4, "a.h", line, 2, 1, found)


def _ioctl(nr: int) -> IoctlNumber:
    return IoctlNumber("KVM_I", 0xAE00 | nr, "none", 0, nr, 0xAE, "", "a.h", 3, 4)


def _constant(value: int) -> UapiConstant:
    return UapiConstant("KVM_C", value, "", "", "a.h", 5, 6)


A, B = _struct(("a", 0, 4), size=4), _struct(("a", 0, 8), size=8, line=9)
SPELLED = _struct(("a", 0, 4), ("pad", 4, 4), ("b", 8, 8), size=16)
BARE_64 = _struct(("a", 0, 4), ("b", 8, 8), size=16)
BARE_32 = _struct(("a", 0, 4), ("b", 4, 8), size=12)


def _one(
    kernel: dict[str, AbiUnit], other: dict[str, AbiUnit], columns: tuple[str, ...] = ("verdict", "abis", "everywhere")
) -> tuple[object, ...]:
    (found,) = differences(kernel, other)
    return tuple(getattr(found, column) for column in columns)


def test_nothing_differs() -> None:
    unit = AbiUnit([A], [_ioctl(1)], [], [_constant(1)])
    assert differences({"x86_64": unit, "i386": unit}, {"x86_64": unit}) == []
    assert differences({}, {"x86_64": unit}) == []
    assert differences({"x86_64": AbiUnit([A])}, {"i386": AbiUnit([B])}) == []


def test_a_difference_names_both_places() -> None:
    (found,) = differences({"x86_64": AbiUnit([A])}, {"x86_64": AbiUnit([B])})
    assert found == AbiDifference(
        "s", "struct", "break", "x86_64", 1, "size of a: 8, not 4", "a.h", 1, 2, "a.h", 9, 2
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kernel", "other", "kind", "changes"),
    [
        (AbiUnit(ioctls=[_ioctl(1)]), AbiUnit(ioctls=[_ioctl(2)]), "ioctl", "number: 0x2, not 0x1"),
        (AbiUnit(constants=[_constant(1)]), AbiUnit(constants=[_constant(8192)]), "constant", "0x2000, not 1"),
        (AbiUnit(constants=[_constant(-5)]), AbiUnit(constants=[_constant(4095)]), "constant", "4095, not -5"),
    ],
)
def test_kinds(kernel: AbiUnit, other: AbiUnit, kind: str, changes: str) -> None:
    assert _one({"x86_64": kernel}, {"x86_64": other}, ("kind", "changes")) == (kind, changes)


def test_abis_with_the_verdict_are_named() -> None:
    one, two = AbiUnit(ioctls=[_ioctl(1)]), AbiUnit(ioctls=[_ioctl(2)])
    assert _one({"x86_64": one, "i386": one}, {"x86_64": two, "i386": two}) == ("break", "x86_64, i386", 1)
    assert _one({"x86_64": one, "i386": one}, {"x86_64": one, "i386": two}) == ("break", "i386", 0)
    assert _one({"x86_64": one, "i386": one}, {"i386": two}) == ("break", "i386", 1)


def test_the_worst_verdict_counts() -> None:
    more = AbiUnit([_struct(("a", 0, 4), ("b", 4, 4), size=8)])
    kernel = {"x86_64": AbiUnit([A]), "i386": AbiUnit([A])}
    assert _one(kernel, {"x86_64": AbiUnit([B]), "i386": more}) == ("break", "x86_64", 0)
    assert _one(kernel, {"x86_64": more, "i386": more}) == ("compatible", "x86_64, i386", 1)


SPELLING = {"x86_64": AbiUnit([SPELLED]), "i386": AbiUnit([SPELLED])}
PADDED = {"x86_64": AbiUnit([BARE_64]), "i386": AbiUnit([BARE_32])}


@pytest.mark.parametrize(("kernel", "other"), [(SPELLING, PADDED), (PADDED, SPELLING)])
def test_padding_that_one_header_spells_out_is_no_break(kernel: dict[str, AbiUnit], other: dict[str, AbiUnit]) -> None:
    """The kernel reads the structures of 32-bit programs in its own, the 64-bit layout."""
    verdict, abis, changes = _one(kernel, other, ("verdict", "abis", "changes"))
    assert (verdict, abis) == ("compatible", "i386")
    assert str(changes).startswith("padding makes it the same for 32-bit and 64-bit programs in one of the two: ")


def test_padding_counts_only_beside_an_equal_64_bit_layout() -> None:
    far = AbiUnit([_struct(("a", 0, 4), ("b", 16, 8), size=24)])
    assert _one(PADDED, {"x86_64": far, "i386": far}) == ("break", "x86_64, i386", 1)
    assert _one(PADDED, {"x86_64": AbiUnit([BARE_64]), "i386": far}) == ("break", "i386", 0)
    assert _one({"i386": AbiUnit([BARE_32])}, {"i386": AbiUnit([SPELLED])}) == ("break", "i386", 1)
