"""A machine's answers, its registers, and their differences from the sources."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from caplint.machine.record import Answer, Machine
from caplint.report.machine import (
    Registers,
    answers,
    differences,
    write_json,
    write_registers_json,
    write_registers_text,
    write_text,
)
from caplint.report.style import Style

BOX = Machine("box\x1b", "6.12.1", "x86", 0, 299, (Answer(0, "KVM_CAP_IRQCHIP", 1, 1), Answer(250, None, -22, None)))


def test_answers_stand_in_columns() -> None:
    assert list(answers(BOX)) == [
        "box\\x1b: Linux 6.12.1 (x86), 2 of 300 answered",
        "number  capability       system  vm",
        "     0  KVM_CAP_IRQCHIP       1   1",
        "   250  (no name known)     -22",
    ]


def test_a_machine_that_answers_nothing() -> None:
    found = list(answers(Machine("box", "6.1", "arm64", 5, 5, (), "no\npermission")))
    assert found == [
        "box: Linux 6.1 (arm64), 0 of 1 answered", "no VM could be created: no\\x0apermission",
        "number  capability  system  vm",
    ]  # fmt: skip


def _row(reason: str = "unexplained", **more: Any) -> dict[str, Any]:
    values = {"cap": "KVM_CAP_A", "number": 1, "source": 0, "system": 1, "vm": None, "tree": "linux", "path": "k.h",
              "line": 3, "why": "because"}  # fmt: skip
    return {**values, "reason": reason, **more}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (_row(), "  KVM_CAP_A: the machine answers it (1 to the system)"),
        (_row(vm=2), "  KVM_CAP_A: the machine answers it (1 to the system, 2 to a VM)"),
        (_row(vm=0), "  KVM_CAP_A: the machine answers it (1 to the system, 0 to a VM)"),
        (_row(source=1), "  KVM_CAP_A: the source answers it and the machine does not"),
        (_row(cap=None, number=250), "  number 250: the machine answers it (1 to the system)"),
        (_row(cap="KVM_CAP_\x1b"), "  KVM_CAP_\\x1b: the machine answers it (1 to the system)"),
    ],
)
def test_a_difference(row: dict[str, Any], words: str) -> None:
    assert list(differences([row])) == ["\nunexplained: 1", words, "    because (linux:k.h:3)"]


def test_what_is_not_explained_comes_first() -> None:
    found = list(differences(iter([_row("run_time"), _row(), _row("release"), _row()])))
    assert [line for line in found if line.startswith("\n")] == [
        "\nunexplained: 2",
        "\nthe machine runs a different Linux version than the source: 1",
        "\ndepends on the processor, on KVM's module parameters or on the VM: 1",
    ]


def test_a_long_reason_is_wrapped() -> None:
    found = list(differences([_row(why="word " * 60)]))
    assert max(map(len, found)) <= 100
    assert all(line.startswith("    ") for line in found[2:])
    assert len(found) > 4


def test_no_difference() -> None:
    assert list(differences([])) == ["\nmachine and source answer the same capabilities"]


def test_the_record_can_be_read_again() -> None:
    out, text = io.StringIO(), io.StringIO()
    write_json(BOX, out, Style())
    write_text(BOX, text, Style())
    data = json.loads(out.getvalue())
    assert (data["machine"], data["asked"]) == ("box\x1b", {"first": 0, "last": 299})
    assert data["answers"][1] == {"number": 250, "name": None, "system": -22, "vm": None}
    assert text.getvalue() == "\n".join(answers(BOX)) + "\n"


def test_registers() -> None:
    entries: list[dict[str, Any]] = [
        {"name": "MSR_A", "number": 0x4B564D00, "value": "0x1"},
        {"name": None, "number": 16, "value": "0x0"},
    ]
    text, data = io.StringIO(), io.StringIO()
    write_registers_text(Registers(3, entries), text, Style())
    write_registers_json(Registers(3, entries), data, Style())
    assert text.getvalue() == "MSR_A (0x4b564d00) = 0x1\n0x10 = 0x0\n"
    found = json.loads(data.getvalue())
    assert (found["version"], found["cpu"], found["msrs"]) == (1, 3, entries)
