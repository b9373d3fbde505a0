"""Types, members and records with their layout in an ABI, and the error for a layout that depends on an unknown one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pycparser import c_ast

from caplint.values.c_integers import UnknownValueError


class FollowsError(UnknownValueError):
    """Layout that is unknown because another one is unknown."""


class StructMember(NamedTuple):
    """Member with its path from the structure: `u.irq`, `redirtbl[].bits`; unnamed members add no component."""

    name: str
    offset: int
    size: int
    bit_offset: int | None
    """Offset of a bit-field in bits from the beginning of the structure; None for other members."""
    bits: int | None
    type: str
    """Type as declared, typedefs kept: `__u64[4]`, `struct kvm_regs`; `struct` or `union` for one without a tag."""
    path: str
    line: int


class NumberedName(NamedTuple):
    """Enumerator with its value."""

    name: str
    value: int
    alias: str
    """The enumerator whose name alone is its value; empty otherwise."""
    enum: str
    """Tag of the enumeration; for one without a tag `enum of` and its first name."""
    path: str
    line: int


@dataclass(frozen=True)
class Type:
    """Type with its size and alignment in bytes."""

    size: int
    alignment: int
    text: str
    members: tuple[StructMember, ...] = ()
    """Members of a structure or union."""
    tag: str | None = None
    fixed: bool = False
    """Whether the alignment is set by an attribute, so that no rule of the ABI lowers it."""


@dataclass
class Record:
    """Structure or union with a tag."""

    kind: str
    tag: str
    type: Type
    path: str
    line: int
    uses: frozenset[str] = frozenset()
    """Tags in its members' types."""


LocateNode = Callable[[c_ast.Node], tuple[str, int]]
