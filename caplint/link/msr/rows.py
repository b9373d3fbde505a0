"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple


class MsrRow(NamedTuple):
    """Row of `all_msr`."""

    side: str
    tree: str
    role: str
    path: str
    line: int
    column: int
    name: str
    number: int | None


class MsrSiteRow(NamedTuple):
    """Row of `all_msr_site`."""

    id: str
    side: str
    tree: str
    path: str
    line: int
    column: int
    verb: str
    msr: str
    high: str
    number: int | None
    last: int | None
    function: str
    kind: str
    condition: str
    value_kind: str
    value: str
    gated: int
    gate: str
    by_feature: int


class MsrGateRow(NamedTuple):
    """Row of `all_msr_gate`."""

    side: str
    tree: str
    site: str
    member: str


class MsrStateRow(NamedTuple):
    """Row of `all_msr_state`."""

    side: str
    tree: str
    site: str
    owner: str
    member: str
    unknown: str
    outside: int
    written: int
    path: str | None
    line: int | None


class MsrSavedRow(NamedTuple):
    """Row of `all_msr_saved`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    list: str
    feature: int
    by_vendor: int
    msr: str
    number: int | None
    condition: str
    filtered: int
    family: str


class VcpuFieldRow(NamedTuple):
    """Row of `all_vcpu_field`."""

    side: str
    tree: str
    arch: str
    owner: str
    name: str
    type: str
    array: str
    path: str
    line: int
    condition: str
    reads: int
    writes: int


class MsrPassthroughRow(NamedTuple):
    """Row of `all_msr_passthrough`."""

    side: str
    tree: str
    path: str
    line: int
    function: str
    msr: str
    switched: int


class MsrServiceRow(NamedTuple):
    """Row of `all_msr_service`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    list: str
    msr: str
    number: int
    family: str
    vendor: str
    by_vendor: int
    filter: str
    listed: str
    unread: str
    unwritten: str


class MsrGatingRow(NamedTuple):
    """Row of `all_msr_gating`."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    function: str
    vendor: str
    verb: str
    msr: str
    number: int
    family: str
    gated: int
    features: str
    each: int
    by_host: int
    undecided: str


class CapMsrRow(NamedTuple):
    """Row of `all_cap_msr`."""

    side: str
    tree: str
    cap: str
    msr: str
    number: int | None
    evidence: str


class MsrFactRow(NamedTuple):
    """Row of `msr_fact`."""

    kind: str
    msr: str
    source: str
