"""What a machine answers, and what explains where the sources would answer otherwise, for a terminal of 100 columns."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, TextIO

from caplint import __version__
from caplint.machine import record
from caplint.machine.record import Machine
from caplint.quoting import json_text
from caplint.report.style import Style, safe

_WIDTH = 100
_REASONS = {
    "unexplained": "nothing explains it",
    "release": "the machine runs another version of Linux than the source",
    "blind_spot": "part of the handlers was not understood",
    "configuration": "it depends on how the kernel is configured",
    "run_time": "it depends on the processor, on KVM's parameters or on the VM",
}
"""Reason → its heading, in order."""


def answers(machine: Machine) -> Iterator[str]:
    """A table of the numbers that were answered."""
    asked = machine.last - machine.first + 1
    count = f"{len(machine.answers)} of {asked} answered"
    yield f"{safe(machine.name)}: Linux {safe(machine.release)} ({machine.arch}), {count}"
    if machine.vm_error is not None:
        yield f"no VM could be asked: {safe(machine.vm_error)}"
    rows = [
        (
            str(entry.number),
            entry.name or "(no name known)",
            str(entry.system),
            "" if entry.vm is None else str(entry.vm),
        )
        for entry in machine.answers
    ]
    head = ("number", "capability", "system", "vm")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(4)]
    for number, name, system, vm in (head, *rows):
        line = f"{number:>{widths[0]}}  {safe(name):<{widths[1]}}  {system:>{widths[2]}}  {vm:>{widths[3]}}"
        yield line.rstrip()


def differences(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Every difference below what explains it."""
    found = list(rows)
    for reason, heading in _REASONS.items():
        group = [row for row in found if row["reason"] == reason]
        if group:
            yield f"\n{heading}: {len(group)}"
        for row in group:
            name = row["cap"] or f"number {row['number']}"
            who = "the source answers it and the machine does not" if row["source"] else _answered(row)
            yield f"  {safe(name)}: {who}"
            place = f"{row['tree']}:{row['path']}:{row['line']}"
            yield from textwrap.wrap(
                safe(f"{row['why']} ({place})"), _WIDTH, initial_indent="    ", subsequent_indent="    "
            )
    if not found:
        yield "\nmachine and source answer the same capabilities"


def _answered(row: dict[str, Any]) -> str:
    vm = "" if row["vm"] is None else f", {row['vm']} to a VM"
    return f"the machine answers it ({row['system']} to the system{vm})"


class Registers(NamedTuple):
    """Registers of one processor, each with `name`, `number` and `value`."""

    cpu: int
    entries: list[dict[str, Any]]


def write_text(machine: Machine, out: TextIO, _: Style) -> None:
    """Write the answers, a capability per line."""
    out.writelines(f"{line}\n" for line in answers(machine))


def write_json(machine: Machine, out: TextIO, _: Style) -> None:
    """Write the record that `--probe` of other commands reads."""
    out.write(json_text(record.as_object(machine), indent=2) + "\n")


def write_registers_text(found: Registers, out: TextIO, _: Style) -> None:
    """Write a register per line."""
    for entry in found.entries:
        label = f"{entry['name']} ({entry['number']:#x})" if entry["name"] else f"{entry['number']:#x}"
        out.write(f"{label} = {entry['value']}\n")


def write_registers_json(found: Registers, out: TextIO, _: Style) -> None:
    """Write the registers and whose they are as one object."""
    here = {"machine": os.uname().nodename, "cpu": found.cpu}
    out.write(json_text({"version": 1, "caplint": __version__, **here, "msrs": found.entries}, indent=2) + "\n")
