"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple


class IoctlCapabilityRow(NamedTuple):
    """Row of `all_ioctl_capability`."""

    side: str
    tree: str
    path: str
    line: int
    section: str | None
    ioctl: str
    cap: str
    type: str | None
    source: str
    descriptor: str | None


class DocArchitectureRow(NamedTuple):
    """Row of `all_doc_architecture`."""

    side: str
    tree: str
    path: str
    line: int
    section: str | None
    title: str
    text: str
    subject: str
    arch: str


class DocTypeRow(NamedTuple):
    """Row of `all_doc_type`."""

    side: str
    tree: str
    path: str
    line: int
    section: str | None
    title: str
    text: str
    subject: str
    scope: str
    enables: int


class IoctlArchitectureRow(NamedTuple):
    """Row of `all_ioctl_architecture`."""

    side: str
    tree: str
    ioctl: str
    arch: str
    path: str
    line: int
    function: str
    served: int | None


class IoctlRegistrationRow(NamedTuple):
    """Row of `all_ioctl_registration`."""

    side: str
    tree: str
    ioctl: str
    path: str
    arch: str
    line: int
    function: str
    condition: str


class IoctlHandlingRow(NamedTuple):
    """Row of `all_ioctl_handling`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    ioctl: str
    arch: str
    function: str | None
    scope: str | None
    condition: str


class SelftestUndefinedRow(NamedTuple):
    """Row of `all_selftest_undefined`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str


class SelftestIoctlRow(NamedTuple):
    """Row of `all_selftest_ioctl`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    ioctl: str
    fresh: int
    asked: str
    lost: str


class SelftestRow(NamedTuple):
    """Row of `selftest`."""

    tree: str
    path: str
    line: int
    cap: str


class PrintedStructureRow(NamedTuple):
    """Row of `all_printed_structure`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    struct: str
    arch: str
    lacks: str
    has: str
    differs: str
    defined_path: str
    defined_line: int


class FlagPromiseRow(NamedTuple):
    """Row of `all_flag_promise`."""

    side: str
    tree: str
    path: str
    line: int
    ioctl: str
    struct: str
