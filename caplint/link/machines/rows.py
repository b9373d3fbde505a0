"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple


class MachineAnswerRow(NamedTuple):
    """Row of `machine_answer`."""

    machine: str
    arch: str
    release: str
    number: int
    cap: str | None
    system: int
    vm: int | None


class MachineDifferenceRow(NamedTuple):
    """Row of `all_machine_difference`."""

    side: str
    tree: str
    machine: str
    arch: str
    release: str
    source_release: str | None
    same: str
    number: int
    cap: str | None
    system: int
    vm: int | None
    source: int
    reason: str
    why: str
    path: str
    line: int
    function: str | None
