"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple


class HandlerRow(NamedTuple):
    """Row of `all_handler`."""

    side: str
    tree: str
    path: str
    function: str
    arch: str
    verb: str
    scope: str | None
    found_by: str
    understood: int
    negative_condition: str


class CapCheckRow(NamedTuple):
    """Row of `all_cap_check`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    kind: str
    condition: str
    reads_vm: int | None
    answer: str | None
    returns_condition: str
    nonzero_condition: str
    positive: int
    certain_condition: str
    negative_condition: str


class CapAnswerRow(NamedTuple):
    """Row of `all_cap_answer`."""

    side: str
    tree: str
    cap: str
    arch: str
    condition: str
    function: str
    path: str
    line: int


class CapEnableRow(NamedTuple):
    """Row of `all_cap_enable`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    scope: str | None
    kind: str
    condition: str
    flags_checked: int | None
    stores: int
    calls: int
    succeeds: int | None
    max_argument: int | None
    returns_condition: str
    accept_condition: str
    guarded: int
    first_line: int
    hands_on: int


class VmDereferenceRow(NamedTuple):
    """Row of `all_vm_dereference`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    text: str
    at_path: str
    at_line: int
    condition: str


class CapArgumentRow(NamedTuple):
    """Row of `all_cap_argument`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    scope: str | None
    position: int
    use: str
    validated: int | None
    zero: str
    mask: str | None
    first_line: int


class VcpuWalkRow(NamedTuple):
    """Row of `all_vcpu_walk`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    scope: str | None
    text: str
    at_line: int
    locked: int
    writes: int
    missed: int


class CapMaskRow(NamedTuple):
    """Row of `all_cap_mask`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    verb: str
    position: int
    text: str
    value: int | None


class CapSubsetRow(NamedTuple):
    """Row of `all_cap_subset`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    position: int
    bits: int
    mask: str
    condition: str
    is_set: int
    check_path: str
    check_line: int
    check_function: str


class CapSupportedRow(NamedTuple):
    """Row of `all_cap_supported`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    answer: str
    variable: str
    at_path: str
    at_line: int
    at_function: str


class CapLateRow(NamedTuple):
    """Row of `all_cap_late`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    target: str
    reader: str
    read_path: str
    read_line: int
    first_line: int
    copy: str


class CapOrderRow(NamedTuple):
    """Row of `all_cap_order`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    heeds: int
    asks: int
    reader: str
    first_line: int


class CapFallThroughRow(NamedTuple):
    """Row of `all_cap_fall_through`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    verb: str
    kind: str
    value: str
    replaced_by: str
    fallen_into: str
    into_line: int


class CapStateRow(NamedTuple):
    """Row of `all_cap_state`."""

    side: str
    tree: str
    cap: str
    arch: str
    path: str
    line: int
    function: str
    target: str
    member: str
    read: int


class EnableConditionRow(NamedTuple):
    """Row of `all_enable_condition`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str
    text: str
    refused: int
    kind: str
    lacking: str
    at_path: str
    at_line: int
    condition: str
    partial: int
    certain: int


class DeviceAttributeRow(NamedTuple):
    """Row of `all_device_attribute`."""

    side: str
    tree: str
    path: str
    line: int
    arch: str
    device: str
    attribute_group: str
    attribute: str
    function: str
    has: int | None
    sets: int | None
    gets: int | None
    has_function: str
    has_path: str
    has_line: int


class DeniedEnableRow(NamedTuple):
    """Row of `all_denied_enable`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    cap: str
    arch: str
    function: str


class CompatCaseRow(NamedTuple):
    """Row of `all_compat_case`."""

    side: str
    tree: str
    path: str
    line: int
    arch: str
    function: str
    name: str | None
    nr: int | None
    condition: str


class CompatHandlerRow(NamedTuple):
    """Row of `all_compat_handler`."""

    side: str
    tree: str
    path: str
    line: int
    arch: str
    function: str
    understood: int


class FlagTestRow(NamedTuple):
    """Row of `all_flag_test`."""

    side: str
    tree: str
    struct: str
    member: str
    arch: str
    path: str
    line: int
    tested: int
