"""Differences between two evaluations of KVM's headers for one ABI, and whether they break programs.

A difference is a break if a program built with one header and a kernel built with the other interpret the same bytes
differently, or if the kernel refuses the ioctl because its number encodes another size. Additions (members in padding,
in reserved space, at the end, or as further members of a union) are compatible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from caplint.abi.divisions import divided_alike, extent, overlaps
from caplint.abi.reserved import is_reserved
from caplint.abi.types import StructMember
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import AbiUnit, IoctlNumber, Structure

BREAK, COMPATIBLE = "break", "compatible"
_FLEXIBLE = re.compile(r"\[0?\]")
_TAGGED = re.compile(r"(?:struct|union) (\w+)")
_MOST = 3


@dataclass(frozen=True)
class Drift:
    """Structure, ioctl or constant that differs."""

    subject: str
    verdict: str
    changes: tuple[str, ...]
    """Texts such as `offset of nmsrs: 4, not 0`: the other copy's value, then the kernel's."""
    kernel: Structure | IoctlNumber | UapiConstant
    other: Structure | IoctlNumber | UapiConstant
    renumbers: bool = False
    """Whether the sizes differ and an ioctl's number encodes them."""

    @property
    def summary(self) -> str:
        """Text of the first changes, for a message."""
        more = f" and {len(self.changes) - _MOST} more" if len(self.changes) > _MOST else ""
        return "; ".join(self.changes[:_MOST]) + more


def drifts(kernel: AbiUnit, other: AbiUnit) -> Iterator[Drift]:
    """Yield the structures and ioctls that both have and that differ."""
    copies = tuple({structure.tag: structure for structure in unit.structures} for unit in (kernel, other))
    arguments = _numbered(kernel, other)
    elements = _elements(kernel) | _elements(other)
    resized = set()
    for structure in kernel.structures:
        twin = copies[1].get(structure.tag)
        if twin is None or twin.kind != structure.kind:
            continue
        if twin.size != structure.size:
            resized.add(structure.tag)
        ioctls = arguments.get(structure.tag, [])
        replaced = list(_replaced(structure, twin, copies))
        if drift := _structure((structure, twin), ioctls, replaced, in_array=structure.tag in elements):
            yield drift
    numbers = {ioctl.name: ioctl for ioctl in other.ioctls}
    for ioctl in kernel.ioctls:
        if (counterpart := numbers.get(ioctl.name)) and (drift := _ioctl(ioctl, counterpart, resized)):
            yield drift


def _numbered(*units: AbiUnit) -> dict[str, list[str]]:
    """Return tag → names of the ioctls whose number encodes its size."""
    ioctls_of: dict[str, list[str]] = {}
    for ioctl in (ioctl for unit in units for ioctl in unit.ioctls):
        if match := _TAGGED.match(ioctl.argument):
            names = ioctls_of.setdefault(match.group(1), [])
            if ioctl.name not in names:
                names.append(ioctl.name)
    return ioctls_of


def _elements(unit: AbiUnit) -> set[str]:
    """Return the tags of structures that are array elements, so that their size decides the next element's offset."""
    types = (member.type for structure in unit.structures for member in structure.members)
    return {match.group(1) for text in types if "[" in text and (match := _TAGGED.match(text))}


def _structure(
    pair: tuple[Structure, Structure], ioctls: list[str], replaced: list[str], *, in_array: bool
) -> Drift | None:
    kernel, other = pair
    breaks = list(_moved(kernel, other))
    notes = []
    renumbers = kernel.size != other.size and bool(ioctls)
    if kernel.size != other.size:
        text = f"size: {other.size}, not {kernel.size}"
        if ioctls or in_array:
            breaks.insert(
                0, text + (f" (in the number of {', '.join(ioctls)})" if ioctls else " (it stands in arrays)")
            )
        else:
            notes.append(text)
    breaks += [text for text in replaced if text not in breaks]
    notes += list(_lacking(kernel, other))
    if not breaks and not notes and kernel.alignment != other.alignment:
        notes.append(f"alignment: {other.alignment}, not {kernel.alignment}")
    if not breaks and not notes:
        return None
    return Drift(kernel.tag, BREAK if breaks else COMPATIBLE, tuple(breaks or notes), kernel, other, renumbers)


def _leaves(structure: Structure) -> dict[str, StructMember]:
    """Return the innermost members by name; members of size 0 are left out unless they are flexible arrays."""
    names = [member.name for member in structure.members]
    inner = {name[: match.start()] for name in names for match in re.finditer(r"\[\]\.|\.", name)}
    return {
        member.name: member
        for member in structure.members
        if member.name not in inner and (member.size or _FLEXIBLE.search(member.type))
    }


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _moved(kernel: Structure, other: Structure) -> Iterator[str]:
    """Yield a text per member of both that has another offset or width."""
    other_members = _leaves(other)
    for name, member in _leaves(kernel).items():
        twin = other_members.get(name)
        if twin is None or is_reserved(name):
            continue
        if (member.bits, twin.bits) != (None, None) and (
            (member.bit_offset, member.bits) != (twin.bit_offset, twin.bits)
        ):
            yield f"bits of {name}: {_bits(twin)}, not {_bits(member)}"
        elif member.offset != twin.offset:
            yield f"offset of {name}: {twin.offset}, not {member.offset}"
        elif member.size != twin.size and not (_TAGGED.match(member.type) and _TAGGED.match(twin.type)):
            yield f"size of {name}: {twin.size}, not {member.size}"


def _bits(member: StructMember) -> str:
    if member.bits is None:
        return f"byte {member.offset}, {member.size} bytes"
    return f"bit {member.bit_offset}, {member.bits} wide"


def _replaced(kernel: Structure, other: Structure, copies: tuple[Mapping[str, Structure], ...]) -> Iterator[str]:
    """Yield a text per kernel member whose bytes the other copy divides differently, under other names.

    A member that one of the two has moved into a union is the same if it divides its bytes as before.
    """
    ours, theirs = _leaves(kernel), _leaves(other)
    gone = [member for name, member in ours.items() if name not in theirs and not is_reserved(name)]
    new = [member for name, member in theirs.items() if name not in ours and not is_reserved(name)]
    kept = [member for member in ours.values() if member.name in theirs and not is_reserved(member.name)]
    replaced = []
    for member in gone:
        in_place = [twin for twin in new if overlaps(member, twin)]
        if any(
            extent(twin) == extent(member)
            or (_last(twin.name) == _last(member.name) and divided_alike((member, copies[0]), (twin, copies[1])))
            for twin in in_place
        ):
            kept.append(member)
        elif in_place:
            replaced.append((member, in_place))
    for member, in_place in replaced:
        # Beside a member that both have it is one more member of a union.
        if not any(overlaps(member, sibling) for sibling in kept):
            names = ", ".join(twin.name for twin in in_place[:_MOST])
            yield f"{names} where the kernel has {member.name}"


def _lacking(kernel: Structure, other: Structure) -> Iterator[str]:
    """Yield a text per side with the members that only this side has, in space that the other leaves free or shares."""
    for mine, others, word in ((kernel, other, "lacks"), (other, kernel, "has also")):
        ours, theirs = _leaves(mine), _leaves(others)
        # Another name for exactly the bytes of a member (renamed, or also in a group) is no addition.
        names = [
            name for name, member in ours.items()
            if name not in theirs and not is_reserved(name)
            and not any(
                extent(twin) == extent(member) and (other_name not in ours or _is_regrouped(name, other_name))
                for other_name, twin in theirs.items()
            )
        ]  # fmt: skip
        if outermost := dict.fromkeys(_outermost(name, others) for name in names):
            yield f"{word} {', '.join(outermost)}"


def _is_regrouped(name: str, other: str) -> bool:
    """Tell whether two names are of one member, once in a group: `flags` and `a.flags`, not `b.flags` and `a.flags`."""
    (group, _, last), (other_group, _, other_last) = name.rpartition("."), other.rpartition(".")
    inner, outer = sorted((f"{group}.".lstrip("."), f"{other_group}.".lstrip(".")), key=len, reverse=True)
    return last == other_last and inner.startswith(outer)


def _outermost(name: str, others: Structure) -> str:
    """Return the outermost member around a missing one that is missing as a whole."""
    known = {member.name for member in others.members}
    parts = name.split(".")
    prefixes = [".".join(parts[:end]) for end in range(1, len(parts))]
    whole = next(
        (prefix for prefix in prefixes if prefix not in known and prefix.removesuffix("[]") not in known), name
    )
    return whole.removesuffix("[]")


def _ioctl(kernel: IoctlNumber, other: IoctlNumber, resized: Iterable[str]) -> Drift | None:
    if kernel.value == other.value:
        return None
    changes = [
        f"{field}: {other_value}, not {kernel_value}"
        for field, other_value, kernel_value in (
            ("direction", other.direction, kernel.direction),
            ("number", f"{other.nr:#x}", f"{kernel.nr:#x}"),
            ("type", f"{other.kind:#x}", f"{kernel.kind:#x}"),
        )
        if other_value != kernel_value
    ]
    tags = [match.group(1) if (match := _TAGGED.match(ioctl.argument)) else "" for ioctl in (kernel, other)]
    if kernel.size != other.size and not (tags[0] and tags[0] == tags[1] and tags[0] in resized):
        changes.append(f"argument: {_argument(other)}, not {_argument(kernel)}")
    return Drift(kernel.name, BREAK, tuple(changes), kernel, other) if changes else None


def _argument(ioctl: IoctlNumber) -> str:
    return f"{ioctl.argument} of {ioctl.size} bytes" if ioctl.argument else "none"
