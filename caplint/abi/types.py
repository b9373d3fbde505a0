"""Types, members and records as an ABI lays them out, and the error where that is not known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pycparser import c_ast

from caplint.values.c_integers import UnknownValueError


class FollowsError(UnknownValueError):
    """Not known because something else is not."""


class StructMember(NamedTuple):
    """A member, named from the structure on: `u.irq`, `redirtbl[].bits`; unnamed ones add nothing to a name."""

    name: str
    offset: int
    size: int
    bit_offset: int | None
    """Of a bit-field: from the beginning of the structure."""
    bits: int | None
    type: str
    """As declared, typedefs kept: `__u64[4]`, `struct kvm_regs`; of a type without a tag `struct` or `union`."""
    path: str
    line: int


@dataclass(frozen=True)
class Type:
    """A type's size and alignment."""

    size: int
    alignment: int
    text: str
    members: tuple[StructMember, ...] = ()
    """Of a structure or union."""
    tag: str | None = None
    fixed: bool = False
    """The alignment is an attribute's, and no rule of the ABI lowers it."""


@dataclass
class Record:
    """A structure or union that has a tag."""

    kind: str
    tag: str
    type: Type
    path: str
    line: int
    uses: frozenset[str] = frozenset()
    """Tags of its members' types."""


LocateNode = Callable[[c_ast.Node], tuple[str, int]]
