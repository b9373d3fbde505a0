"""Divisions of bytes into members: whether two members, or the structures that they are, divide their bytes alike."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from caplint.abi.reserved import is_reserved
from caplint.abi.types import StructMember
from caplint.abi.unit import Structure

_TAG = re.compile(r"(?:struct|union) (\w+)\Z")
_MOST_NESTED = 8


class _Cell(NamedTuple):
    """Bits of an innermost member, from the beginning of the outer structure."""

    start: int
    stop: int


def extent(member: StructMember) -> tuple[int, int]:
    """Return the first bit of a member and the bit behind it."""
    if member.bits is not None and member.bit_offset is not None:
        return member.bit_offset, member.bit_offset + member.bits
    return 8 * member.offset, 8 * (member.offset + member.size)


def overlaps(member: StructMember, other: StructMember) -> bool:
    """Tell whether two members share bits."""
    (start, stop), (begin, end) = extent(member), extent(other)
    return start < end and begin < stop


def divided_alike(
    one: tuple[StructMember, Mapping[str, Structure]], other: tuple[StructMember, Mapping[str, Structure]]
) -> bool:
    """Tell whether two members at one offset, with the structures of their copies, divide their common bytes alike.

    One may have further members where the other has none or reserves space.
    """
    if extent(one[0])[0] != extent(other[0])[0]:
        return False
    mine, theirs = _cells(*one), _cells(*other)
    return _fits(mine, theirs) and _fits(theirs, mine)


def _fits(cells: set[_Cell], others: set[_Cell]) -> bool:
    """Tell whether every cell is one of the others, or shares bits only with those that are cells of both."""
    both = cells & others
    return all(
        cell in others or not any(cell.start < o.stop and o.start < cell.stop for o in others - both) for cell in cells
    )


def _cells(member: StructMember, structures: Mapping[str, Structure], base: int = 0, depth: int = 0) -> set[_Cell]:
    match = _TAG.match(member.type)
    structure = structures.get(match.group(1)) if match else None
    start, stop = extent(member)
    if structure is None or depth > _MOST_NESTED:
        return {_Cell(base + start, base + stop)}
    names = {inner.name for inner in structure.members}
    cells: set[_Cell] = set()
    for inner in structure.members:
        outer = any(name.startswith((f"{inner.name}.", f"{inner.name}[].")) for name in names)
        if not outer and inner.size and not is_reserved(inner.name):
            cells |= _cells(inner, structures, base + start, depth + 1)
    return cells
