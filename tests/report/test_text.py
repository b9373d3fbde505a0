"""The text report shows every finding with the lines of all places that it compares, and a summary of the run."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import X86
from short_outcome import finding, outcome, text

from caplint.findings.known import KnownFinding, UpstreamEntry
from caplint.report import writer
from caplint.report.style import Style

HINT = "  caplint explain CAP999"


def test_text(tmp_path: Path) -> None:
    assert text(outcome(tmp_path, finding(related=1))).splitlines() == [
        "warning CAP999 KVM_CAP_X on x86: is é\\x07",
        f"  kernel:{X86}:2",
        "        2 | second  \\x1b[2J",
        f"  kernel:{X86}:1: place 0",
        "        1 | first",
        "  caplint explain CAP999",
        "",
        "0 errors, 1 warning, 0 notes; 2 suppressed",
        "skipped: CAP102, CAP103 (why)",
        "skipped: CAP104 (else)",
        "unused suppression: CAP101 KVM_CAP_\\x1b (gone\\x1b)",
        "coverage: 2 files, 12 kB, 1 function read; 20 bytes in 1 file not understood; "
        "3 capability, ioctl and MSR names, 1 unaccounted for",
        f"1 rule on kernel ({tmp_path}) in 1.23 s",
    ]


@pytest.mark.parametrize(("arch", "words"), [("x86", " on x86: "), ("generic", ": "), (None, ": ")])
def test_the_architecture_is_said_where_it_says_something(tmp_path: Path, arch: str | None, words: str) -> None:
    head = text(outcome(tmp_path, finding(arch=arch))).splitlines()[0]
    assert head == f"warning CAP999 KVM_CAP_X{words}is é\\x07"


@pytest.mark.parametrize("line", [0, 5, 99])
def test_a_line_that_is_not_there(tmp_path: Path, line: int) -> None:
    assert text(outcome(tmp_path, finding(line))).splitlines()[1:3] == [f"  kernel:{X86}:{line}", HINT]


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    run = outcome(tmp_path, finding())
    (tmp_path / X86).unlink()
    assert text(run).splitlines()[1:3] == [f"  kernel:{X86}:2", HINT]


def test_long_lines_and_long_lists_are_cut(tmp_path: Path) -> None:
    lines = text(outcome(tmp_path, finding(3, related=11))).splitlines()
    assert lines[2] == f"        3 | {'x' * 159}…"
    assert sum(": place " in line for line in lines) == 8
    assert "  … and 3 more places" in lines


def test_colours_are_of_the_severity(tmp_path: Path) -> None:
    report = text(outcome(tmp_path, finding(severity="error")), colour=True)
    assert report.startswith("\x1b[1;31merror CAP999\x1b[0m \x1b[1mKVM_CAP_X\x1b[0m on x86")
    assert "\x1b[2J" not in report
    assert "\x1b[32m0 errors, 0 warnings, 0 notes; 2 suppressed\x1b[0m" in text(outcome(tmp_path), colour=True)


def test_a_rule_is_hinted_at_once(tmp_path: Path) -> None:
    run = outcome(tmp_path, finding())
    other = replace(run.findings[0], code="CAP998")
    twice = replace(run, findings=[*run.findings, other, *run.findings])
    lines = text(twice).splitlines()
    assert [line for line in lines if "explain" in line] == [HINT, "  caplint explain CAP998"]
    out = io.StringIO()
    writer("check", "text")(twice, out, Style(brief=True))
    assert "explain" not in out.getvalue()


def test_a_resolved_finding_shows_no_line_of_the_patched_tree(tmp_path: Path) -> None:
    compared = replace(outcome(tmp_path), resolved=[finding(1)])
    assert text(compared).splitlines()[:3] == [
        "resolved: warning CAP999 KVM_CAP_X: is é\\x07", f"  kernel:{X86}", ""
    ]  # fmt: skip


def test_known_findings_are_listed_only_on_request(tmp_path: Path) -> None:
    entry = UpstreamEntry("CAP999", "note", "KVM_CAP_X", "kernel", X86, "reported", "told\x1b")
    run = replace(outcome(tmp_path), known=[KnownFinding(finding(severity="note"), entry)])
    assert "CAP999 KVM_CAP_X" not in text(run)
    lines = text(replace(run, known_shown=True)).splitlines()
    assert lines[0].startswith("note CAP999 KVM_CAP_X")
    assert "  known upstream, reported: told\\x1b" in lines


def test_a_line_of_the_largest_length_is_whole(tmp_path: Path) -> None:
    run = outcome(tmp_path, finding(1))
    for length, shown in ((160, "x" * 160), (161, f"{'x' * 159}…")):
        (tmp_path / X86).write_text("x" * length)
        assert text(run).splitlines()[2] == f"        1 | {shown}"
