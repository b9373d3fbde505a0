"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple

from caplint.link.core.values import Number


class VmmArgumentRow(NamedTuple):
    """Row of `all_vmm_argument`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str | None
    function: str
    position: int
    text: str
    value: Number | None
    bits: int | None
    asked: int | None


class VmmUseRow(NamedTuple):
    """Row of `all_vmm_use`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str | None
    function: str | None
    verb: str
    scope: str
    callee: str
    arguments: str
    result: str
    condition: str
    resolved_via: str
    flags: str | None
    arguments_written: str | None
    ignored: str
    fails: int | None
    only_tested: int | None
    callers_known: int


class VmmIoctlRow(NamedTuple):
    """Row of `all_vmm_ioctl`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    ioctl: str
    arch: str | None
    function: str
    scope: str
    callee: str
    arguments: str
    condition: str
    resolved_via: str


class VmmAskedRow(NamedTuple):
    """Row of `all_vmm_asked`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    way: str


class VmmLossRow(NamedTuple):
    """Row of `all_vmm_loss`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str | None
    function: str
    callee: str
    kind: str
    use_path: str
    use_line: int
    use_column: int
    relied_path: str | None
    relied_line: int | None
    relied_text: str | None


class CapKindRow(NamedTuple):
    """Row of `all_cap_kind`."""

    side: str
    tree: str
    path: str
    line: int
    cap: str
    arch: str
    kind: str
    source: str
    text: str


class VmmAnswerRow(NamedTuple):
    """Row of `all_vmm_answer`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str | None
    function: str
    used: str
    text: str | None


class VmmFeatureRow(NamedTuple):
    """Row of `all_vmm_feature`."""

    side: str
    tree: str
    path: str
    line: int
    bit: str
    cap: str
    arch: str | None
    function: str
    text: str


class CapTruthRow(NamedTuple):
    """Row of `all_cap_truth`."""

    side: str
    tree: str
    path: str
    line: int
    cap: str
    arch: str
    function: str


class VmmUnresolvedRow(NamedTuple):
    """Row of `all_vmm_unresolved`."""

    side: str
    tree: str
    path: str
    line: int
    function: str
    verb: str
    callee: str
    expression: str


class CheckedBeforeRow(NamedTuple):
    """Row of `all_checked_before`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    found_by: str
    check_path: str
    check_line: int


class VmmMsrRow(NamedTuple):
    """Row of `all_vmm_msr`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    function: str
    verb: str
    msr: str
    number: int | None
    last: int | None
    listed: int
    asked: str
    value: str
    kept: int | None


class VmmMsrCountRow(NamedTuple):
    """Row of `all_vmm_msr_count`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    function: str
    callee: str
    request: str
    use: str
    ioctl_path: str
    ioctl_line: int
