"""Histories read back: what the program writes comes back equal, all else is refused in one line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from caplint.history.model import CapabilityHistory, Event, EventCause, Point, Track
from caplint.history.saved import read
from caplint.report.history import write_json
from caplint.report.style import Style
from caplint.util.errors import CaplintError

CAUSE = EventCause("a" * 40, "2024-01-02", "KVM: \u05d0dd it", is_merge=True)
EVENTS = (
    Event("KVM_CAP_A", "header", None, "brought", None, "5", "v6.1", (CAUSE,), "v6.1-rc2"),
    Event("KVM_CAP_A", "check", "x86", "changed", "always", "by VM", None),
)
TRACK = Track("kernel", "kernel", "linux", (Point("v6.1", "b" * 40, ""), Point("now", None, "")), EVENTS)


def _written(history: CapabilityHistory) -> Any:
    out = io.StringIO()
    write_json(history, out, Style())
    return json.loads(out.getvalue())


def _file(path: Path, content: str) -> str:
    path.write_text(content, "utf-8")
    return str(path)


def test_what_is_written_comes_back(tmp_path: Path) -> None:
    history = CapabilityHistory((TRACK, Track("qemu", "vmm", "q", (), ())))
    assert read(_file(tmp_path / "h.json", json.dumps(_written(history)))) == history


def _changed(**more: Any) -> str:
    data = _written(CapabilityHistory((TRACK,)))
    data["trees"][0]["events"][0] |= more
    return json.dumps(data)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ("9" * 5000, "is not valid JSON"),
        ("[]", "it must be an object"),
        ("{}", "is no history of version 1"),
        ('{"version": 2, "trees": []}', "is no history of version 1"),
        ('{"version": 1, "trees": {}}', "it.trees must be a list"),
        ('{"version": 1, "trees": [1]}', "trees[0] must be an object"),
        (_changed(kind="became"), "events[0].kind must be one of present, brought"),
        (_changed(arch=["x86"]), "events[0].arch must be a text"),
        (_changed(cap=None), "events[0].cap must be a text"),
        (_changed(commits=[{"id": "a", "date": "b", "subject": "c"}]), "commits[0].merge must be true or false"),
    ],
)
def test_all_else_is_refused(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(CaplintError) as error:
        read(_file(tmp_path / "h.json", content))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="cannot be read"):
        read(str(tmp_path / "none.json"))
