"""One line per finding, as compilers print them, so that editors can open its place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conftest import X86
from short_outcome import finding, outcome, text

from caplint.findings.finding import Location
from caplint.findings.known import KnownFinding, UpstreamEntry


def test_concise(tmp_path: Path) -> None:
    assert text(outcome(tmp_path, finding()), "concise") == (
        f"{tmp_path}/{X86}:2:5: warning CAP999 KVM_CAP_X on x86: is é\\x07\n"
    )


def test_nothing_found_is_nothing_said(tmp_path: Path) -> None:
    assert text(outcome(tmp_path), "concise") == ""


def test_known_findings_come_last_with_their_reason(tmp_path: Path) -> None:
    entry = UpstreamEntry("CAP999", "note", "KVM_CAP_X", "kernel", X86, "reported", "told\x1b")
    run = replace(outcome(tmp_path, finding()), known=[KnownFinding(finding(1, severity="error"), entry)])
    assert len(text(run, "concise").splitlines()) == 1
    first, last = text(replace(run, known_shown=True), "concise").splitlines()
    assert "[known upstream" not in first
    assert last.startswith(f"{tmp_path}/{X86}:1:5: error CAP999 ")
    assert last.endswith(" [known upstream, reported: told\\x1b]")


def test_a_path_cannot_break_the_line(tmp_path: Path) -> None:
    hostile = replace(finding(), place=Location("kernel", "a\n\x1b.c", 7))
    (line,) = text(outcome(tmp_path, hostile), "concise").splitlines()
    assert line.startswith(f"{tmp_path}/a\\x0a\\x1b.c:7:1: warning")


def test_only_severity_and_code_are_coloured(tmp_path: Path) -> None:
    report = text(outcome(tmp_path, finding(severity="error")), "concise", colour=True)
    assert ":2:5: \x1b[1;31merror CAP999\x1b[0m KVM_CAP_X" in report
    assert report.count("\x1b") == 2
