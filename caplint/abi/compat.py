"""Ioctls whose argument a 32-bit program lays out in another way than the 64-bit kernel of its architecture.

A 64-bit kernel that runs 32-bit programs gets their ioctls through a compat handler. The argument differs if it holds a
pointer or a `long`, or if 64-bit integers are aligned differently; then its size, and with it the ioctl's number, may
differ as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from caplint.abi.abis import abi_named
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure

_TAGGED = re.compile(r"(?:struct|union) (\w+)(?:\[\w*\])*\Z")
_AGGREGATE = re.compile(r"(?:struct|union)\b[^*]*\Z")
_KVMIO = 0xAE


class CompatIoctl(NamedTuple):
    """Ioctl whose argument differs between the 64-bit and the 32-bit ABI of an architecture."""

    ioctl: str
    abi: str
    """The 32-bit ABI."""
    renumbers: int
    """1: the number differs as well, because the size does."""
    nr: int
    """Number field, which is the same in both."""
    names: list[str]
    """Names of the 64-bit headers that have the number that a 32-bit program passes."""
    change: str
    """A difference, such as `dirty_bitmap has 4 bytes, not 8`."""
    path: str
    line: int


def compat_ioctls(units: Mapping[str, AbiUnit]) -> list[CompatIoctl]:
    """Return the ioctls that differ, each once; the keys are the ABIs of one architecture."""
    found: dict[str, CompatIoctl] = {}
    for wide, narrow in _pairs(units):
        for entry in _differing(units[wide], units[narrow], narrow):
            found.setdefault(entry.ioctl, entry)
    return list(found.values())


def _pairs(units: Mapping[str, AbiUnit]) -> Iterator[tuple[str, str]]:
    """Yield each 64-bit ABI with the 32-bit one of the same byte order."""
    abis = [abi_named(name) for name in units]
    for wide in abis:
        for narrow in abis:
            if wide.bits == 64 and narrow.bits == 32 and wide.endian == narrow.endian:
                yield wide.name, narrow.name


def _differing(wide: AbiUnit, narrow: AbiUnit, abi: str) -> Iterator[CompatIoctl]:
    names: dict[int, list[str]] = {}
    for ioctl in wide.ioctls:
        names.setdefault(ioctl.value, []).append(ioctl.name)
    twins = {ioctl.name: ioctl for ioctl in narrow.ioctls}
    comparison = _Comparison(wide, narrow)
    for ioctl in wide.ioctls:
        twin = twins.get(ioctl.name)
        if twin is None or ioctl.kind != _KVMIO or ioctl.nr != twin.nr:
            continue
        change = comparison.change(ioctl, twin)
        if change:
            renumbers = int(ioctl.value != twin.value)
            yield CompatIoctl(
                ioctl.name, abi, renumbers, ioctl.nr, names.get(twin.value, []), change, ioctl.path, ioctl.line
            )


class _Change(NamedTuple):
    """Difference of two layouts."""

    rank: int
    text: str
    counts: bool
    """Whether it is one of the argument, and not only of a structure inside, whose members are compared themselves."""


class _Comparison:
    """Structures of both ABIs by tag."""

    def __init__(self, wide: AbiUnit, narrow: AbiUnit) -> None:
        self._wide = {structure.tag: structure for structure in wide.structures}
        self._narrow = {structure.tag: structure for structure in narrow.structures}

    def change(self, wide: IoctlNumber, narrow: IoctlNumber) -> str:
        """Return the innermost difference of two arguments, '' if they are the same or unknown.

        That a structure inside is shorter matters only where it moves what follows, makes the whole shorter, or is
        repeated: in a union with a larger member it does nothing.
        """
        changes = [change for change in self._changes(wide.argument) if change.counts]
        if changes:
            return min(changes).text
        return f"its argument has {narrow.size} bytes, not {wide.size}" if wide.size != narrow.size else ""

    def _changes(self, argument: str) -> Iterator[_Change]:
        """Yield each difference in a type and the types inside it; the lowest rank is the cause."""
        pending, seen = [(argument, True)], set[tuple[str, bool]]()
        while pending:
            type_name, counts = pending.pop()
            structures = self._both(type_name)
            if structures is None or (structures[0].tag, counts) in seen:
                continue
            wide, narrow = structures
            seen.add((wide.tag, counts))
            yield from self._between(wide, narrow)
            if wide.size != narrow.size:
                yield _Change(4, f"{wide.kind} {wide.tag} has {narrow.size} bytes, not {wide.size}", counts)
            pending += [(member.type, "[" in member.type or "[" in member.name) for member in wide.members]

    def _both(self, type_name: str) -> tuple[Structure, Structure] | None:
        """Return the structure of that type in both ABIs; None for other types, and what one of them lacks."""
        match = _TAGGED.match(type_name)
        structures = (self._wide.get(match.group(1)), self._narrow.get(match.group(1))) if match else (None, None)
        return None if structures[0] is None or structures[1] is None else (structures[0], structures[1])

    def _between(self, wide: Structure, narrow: Structure) -> Iterator[_Change]:
        twins = {member.name: member for member in narrow.members}
        for member in wide.members:
            twin = twins.get(member.name)
            if twin is None:
                continue
            if member.size != twin.size:
                aggregate = _AGGREGATE.match(member.type) is not None
                seen_inside = "[" not in member.type and (
                    self._both(member.type) is not None or any(name.startswith(f"{member.name}.") for name in twins)
                )
                yield _Change(
                    1 + int(aggregate),
                    f"{member.name} has {twin.size} bytes, not {member.size}",
                    not (aggregate and seen_inside),
                )
            elif (member.offset, member.bit_offset) != (twin.offset, twin.bit_offset):
                yield _Change(3, f"{member.name} begins at byte {twin.offset}, not {member.offset}", True)
