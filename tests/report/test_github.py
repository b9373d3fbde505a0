"""Annotations, read back as GitHub's runner reads them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from ci_outcome import HOSTILE, HOSTILE_PATH, finding, hostile, outcome, text
from conftest import X86

from caplint.util.escape import visible


class Command(NamedTuple):
    """A workflow command."""

    name: str
    properties: dict[str, str]
    data: str


def _parse(line: str) -> Command | None:
    """As TryParseV2 of actions/runner, src/Runner.Common/ActionCommand.cs."""
    line = line.lstrip()
    end = line.find("::", 2)
    if not line.startswith("::") or end < 0:
        return None
    name, _, written = line[2:end].partition(" ")
    pairs = (pair.split("=", 1) for pair in written.strip().split(",") if "=" in pair)
    return Command(
        name,
        {key: _unescape(value, {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ","}) for key, value in pairs},
        _unescape(line[end + 2 :], {"%0D": "\r", "%0A": "\n"}),
    )


def _unescape(value: str, escapes: dict[str, str]) -> str:
    for escaped, plain in (*escapes.items(), ("%25", "%")):
        value = value.replace(escaped, plain)
    return value


@pytest.mark.parametrize(("severity", "name"), [("error", "error"), ("warning", "warning"), ("note", "notice")])
def test_a_finding_is_one_command(tmp_path: Path, severity: str, name: str) -> None:
    first, last = text(outcome(tmp_path, finding(severity)), "github").splitlines()
    assert _parse(first) == Command(
        name,
        {"file": X86, "line": "2", "col": "5", "title": "CAP999 made-up"},
        f"KVM_CAP_X on x86: is \nkernel:{X86}:2\nqemu:q.h:1: seen ",
    )
    assert last.endswith("; 2 suppressed; 5 hidden by the baseline")


def test_of_one_tree_the_path_says_enough(tmp_path: Path) -> None:
    run = outcome(tmp_path, finding(related=0))
    del run.trees[1]
    command = _parse(text(run, "github").splitlines()[0])
    assert command is not None
    assert command.data == "KVM_CAP_X on x86: is "


def test_whatever_names_hold_stays_text(tmp_path: Path) -> None:
    lines = text(outcome(tmp_path, hostile()), "github").splitlines()
    commands = [command for line in lines if (command := _parse(line))]
    assert [command.name for command in commands] == ["warning"]
    shown = visible(HOSTILE)
    assert commands[0].properties["file"] == visible(HOSTILE_PATH)
    assert set(commands[0].properties) == {"file", "line", "col", "title"}
    assert commands[0].data.splitlines()[0] == f"KVM_CAP_X{shown} on x86: is {shown}"


def test_no_finding_no_command(tmp_path: Path) -> None:
    assert text(outcome(tmp_path), "github").startswith("0 errors, 0 warnings, 0 notes; ")
