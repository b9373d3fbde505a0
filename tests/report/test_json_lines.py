"""One JSON object per finding and line, for streams."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from conftest import X86
from short_outcome import finding, outcome, text

from caplint.findings.known import KnownFinding, UpstreamEntry


def test_json_lines(tmp_path: Path) -> None:
    (line,) = text(outcome(tmp_path, finding(related=1)), "jsonl").splitlines()
    assert "é" in line
    assert json.loads(line) == {
        "code": "CAP999", "name": "made-up", "severity": "warning", "subject": "KVM_CAP_X", "arch": "x86",
        "message": "is é\x07", "location": {"tree": "kernel", "path": X86, "line": 2, "column": 5},
        "related": [{"tree": "kernel", "path": X86, "line": 1, "message": "place 0"}], "function": "f",
        "fingerprint": "f00",
    }  # fmt: skip


def test_a_line_for_each_and_none_without_findings(tmp_path: Path) -> None:
    assert text(outcome(tmp_path), "jsonl") == ""
    hostile = replace(finding(1), subject="a\nb\u2028c", message="\r\x85")
    lines = text(outcome(tmp_path, hostile, finding(2)), "jsonl").split("\n")
    assert [json.loads(line)["subject"] for line in lines[:-1]] == ["a\nb\u2028c", "KVM_CAP_X"]
    assert lines[-1] == ""


def test_known_findings_are_marked_and_the_worst_comes_first(tmp_path: Path) -> None:
    entry = UpstreamEntry("CAP999", "error", "KVM_CAP_X", "kernel", X86, "mended", "gone", mended="v6.9")
    run = replace(outcome(tmp_path, finding()), known=[KnownFinding(finding(severity="error"), entry)])
    first, second = map(json.loads, text(run, "jsonl").splitlines())
    assert (first["severity"], first["known"]) == ("error", {"state": "mended", "mended": "v6.9", "reason": "gone"})
    assert (second["severity"], "known" in second) == ("warning", False)
