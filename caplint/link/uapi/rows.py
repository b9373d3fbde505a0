"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple

from caplint.link.core.values import Number


class CapRow(NamedTuple):
    """Row of `all_cap`."""

    side: str
    tree: str
    role: str
    path: str
    line: int
    column: int
    name: str
    number: Number | None
    alias: str | None
    header: str
    arch: str | None
    condition: str
    comment: str | None


class CapValueRow(NamedTuple):
    """Row of `all_cap_value`."""

    side: str
    tree: str
    role: str
    path: str
    line: int
    name: str
    cap: str
    header: str
    arch: str | None


class FormerCapRow(NamedTuple):
    """Row of `former_cap`."""

    name: str
    number: int
    reason: str


class CapReleaseRow(NamedTuple):
    """Row of `cap_release`."""

    name: str
    number: int
    release: str


class OldCapRow(NamedTuple):
    """Row of `old_cap`."""

    name: str


class UapiNameRow(NamedTuple):
    """Row of `all_uapi_name`."""

    side: str
    tree: str
    name: str
    arch: str | None


class NumberedConstantRow(NamedTuple):
    """Row of `all_numbered_constant`."""

    side: str
    tree: str
    role: str
    header: str
    arch: str
    abis: str
    path: str
    line: int
    column: int
    name: str
    number: Number
    numbering: str
    alias: int


class CompatIoctlRow(NamedTuple):
    """Row of `all_compat_ioctl`."""

    side: str
    tree: str
    arch: str
    ioctl: str
    abi: str
    renumbers: int
    nr: int
    names: str
    change: str
    path: str
    line: int


class LayoutRow(NamedTuple):
    """Row of `all_layout`."""

    side: str
    tree: str
    role: str
    header: str
    arch: str
    path: str
    asm: str
    units: str


class LayoutDriftRow(NamedTuple):
    """Row of `all_layout_drift`."""

    snapshot: str
    against: str
    original: str
    tree: str
    arch: str
    subject: str
    kind: str
    verdict: str
    abis: str
    everywhere: int
    changes: str
    original_path: str
    original_line: int
    original_column: int
    path: str
    line: int
    column: int
