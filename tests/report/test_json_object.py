"""A run as one object: which keys it has, and when."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from ci_outcome import HOSTILE, finding, hostile, outcome

from caplint.coverage.summary import AbsentArchitecture
from caplint.findings.fix import Fix, LineEdit
from caplint.findings.known import KnownFinding, UpstreamEntry
from caplint.report.json_object import all_findings, as_object, finding_object, report
from caplint.report.style import Style

ENTRY = UpstreamEntry("CAP999", "warning", "KVM_CAP_X", "kernel", "a.c", "reported", "because", mended="6.13")


def test_a_finding() -> None:
    assert finding_object(finding()) == {
        "code": "CAP999", "name": "made-up", "severity": "warning", "subject": "KVM_CAP_X", "arch": "x86",
        "message": "is ", "location": {"tree": "kernel", "path": "arch/x86/kvm/x86.c", "line": 2, "column": 5},
        "related": [{"tree": "qemu", "path": "q.h", "line": 1, "message": "seen "}], "function": "f",
        "fingerprint": "0123456789abcdef",
    }  # fmt: skip


def test_a_finding_with_a_fix() -> None:
    edit = LineEdit("kernel", "a.c", 3, ("old",), ("new", "lines"))
    found = finding_object(replace(finding(), fix=Fix("mend it", (edit,))))
    assert found["fix"] == {
        "title": "mend it",
        "edits": [{"tree": "kernel", "path": "a.c", "line": 3, "old": ["old"], "new": ["new", "lines"]}],
    }


def test_keys_that_only_some_runs_have(tmp_path: Path) -> None:
    run = outcome(tmp_path, finding())
    bare = replace(run, baselined=None)
    optional = {"resolved", "baseline", "absent_architectures"}
    assert optional.isdisjoint(as_object(bare))
    assert as_object(run)["baseline"]["left_out"] == 5
    assert as_object(replace(bare, resolved=[]))["resolved"] == []
    absent = replace(bare.coverage, absent=[AbsentArchitecture("kernel", "mips")])
    assert as_object(replace(bare, coverage=absent))["absent_architectures"] == [{"tree": "kernel", "arch": "mips"}]


def test_trees_rules_and_coverage(tmp_path: Path) -> None:
    found = as_object(outcome(tmp_path))
    assert [(tree["name"], tree["role"], tree["files"], tree["bytes"]) for tree in found["trees"]] == [
        ("kernel", "kernel", 2, 12_345), ("qemu", "vmm", 1, 10),
    ]  # fmt: skip
    assert found["trees"][0]["path"] == str(tmp_path / "linux")
    assert found["skipped_rules"] == [{"code": "CAP103", "reason": "needs a VMM tree (--qemu)"}]
    assert found["coverage"] == {
        "files": 3, "bytes": 12_355, "blind_files": 1, "blind_bytes": 20, "tokens": 3, "unaccounted": 1,
        "unnumbered": 0,
    }  # fmt: skip


def test_known_findings_stand_in_order_among_the_others(tmp_path: Path) -> None:
    worst = finding("error")
    run = replace(outcome(tmp_path, finding("note")), known=[KnownFinding(worst, ENTRY)])
    found = all_findings(run)
    assert [(one["severity"], "known" in one) for one in found] == [("error", True), ("note", False)]
    assert found[0]["known"] == {"state": "reported", "mended": "6.13", "reason": "because"}


def test_hostile_text_is_kept_and_harmless(tmp_path: Path) -> None:
    out = io.StringIO()
    report(outcome(tmp_path, hostile()), out, Style())
    text = out.getvalue()
    assert not set(text) & set("\x1b\x07\x9b\u202e\ud800")
    assert json.loads(text)["findings"][0]["message"] == f"is {HOSTILE}"
