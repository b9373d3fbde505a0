"""Every output format, from an outcome made by hand."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import X86, bare_kernel, made_up_rule

from caplint.config.settings import Suppression
from caplint.coverage.summary import Coverage, TreeCoverage
from caplint.engine.outcome import Outcome, Skipped
from caplint.findings.finding import Finding, Location, Related
from caplint.report import FORMATS, writer
from caplint.report.style import Style
from caplint.report.wording import coverage_line, plural, size

LONG = "x" * 300
HINT = "  caplint explain CAP999"


def _outcome(root: Path, *findings: Finding) -> Outcome:
    tree = bare_kernel(root, {X86: f"first\n\tsecond\t\x1b[2J\n{LONG}\n"})
    coverage = Coverage([TreeCoverage("kernel", 2, 12_345, 1, 0, 1, 20, 3, 1)], [], [], {})
    suppressions = [Suppression("CAP101", "KVM_CAP_\x1b", "gone\x1b")]
    skipped = [Skipped("CAP102", "why"), Skipped("CAP103", "why"), Skipped("CAP104", "else")]
    rules = [made_up_rule(code) for code in ("CAP102", "CAP103", "CAP104", "CAP999")]
    return Outcome([tree], {"kernel": (2, 12_345)}, list(findings), 2, suppressions, skipped, coverage, rules, 1.234)


def _finding(line: int = 2, related: int = 0, arch: str | None = "x86", severity: str = "warning") -> Finding:
    more = tuple(Related(Location("kernel", X86, number + 1), f"place {number}") for number in range(related))
    return Finding(
        "CAP999", "made-up", severity, "KVM_CAP_X", arch, "f", "is é\x07", Location("kernel", X86, line, 5), more, "f00"
    )


def _text(outcome: Outcome, output_format: str = "text", *, colour: bool = False) -> str:
    out = io.StringIO()
    writer("check", output_format)(outcome, out, Style(colour))
    return out.getvalue()


def test_text(tmp_path: Path) -> None:
    assert _text(_outcome(tmp_path, _finding(related=1))).splitlines() == [
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
    head = _text(_outcome(tmp_path, _finding(arch=arch))).splitlines()[0]
    assert head == f"warning CAP999 KVM_CAP_X{words}is é\\x07"


@pytest.mark.parametrize("line", [0, 5, 99])
def test_a_line_that_is_not_there(tmp_path: Path, line: int) -> None:
    assert _text(_outcome(tmp_path, _finding(line))).splitlines()[1:3] == [f"  kernel:{X86}:{line}", HINT]


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    outcome = _outcome(tmp_path, _finding())
    (tmp_path / X86).unlink()
    assert _text(outcome).splitlines()[1:3] == [f"  kernel:{X86}:2", HINT]


def test_long_lines_and_long_lists_are_cut(tmp_path: Path) -> None:
    lines = _text(_outcome(tmp_path, _finding(3, related=11))).splitlines()
    assert lines[2] == f"        3 | {'x' * 159}…"
    assert sum(": place " in line for line in lines) == 8
    assert "  … and 3 more places" in lines


def test_colours_are_of_the_severity(tmp_path: Path) -> None:
    text = _text(_outcome(tmp_path, _finding(severity="error")), colour=True)
    assert text.startswith("\x1b[1;31merror CAP999\x1b[0m \x1b[1mKVM_CAP_X\x1b[0m on x86")
    assert "\x1b[2J" not in text
    assert "\x1b[32m0 errors, 0 warnings, 0 notes; 2 suppressed\x1b[0m" in _text(_outcome(tmp_path), colour=True)


def test_concise(tmp_path: Path) -> None:
    assert _text(_outcome(tmp_path, _finding()), "concise") == (
        f"{tmp_path}/{X86}:2:5: warning CAP999 KVM_CAP_X on x86: is é\\x07\n"
    )


def test_json_lines(tmp_path: Path) -> None:
    (line,) = _text(_outcome(tmp_path, _finding(related=1)), "jsonl").splitlines()
    assert "é" in line
    assert json.loads(line) == {
        "code": "CAP999", "name": "made-up", "severity": "warning", "subject": "KVM_CAP_X", "arch": "x86",
        "message": "is é\x07", "location": {"tree": "kernel", "path": X86, "line": 2, "column": 5},
        "related": [{"tree": "kernel", "path": X86, "line": 1, "message": "place 0"}], "function": "f",
        "fingerprint": "f00",
    }  # fmt: skip


def test_json_says_nothing_of_time(tmp_path: Path) -> None:
    found = json.loads(_text(_outcome(tmp_path), "json"))
    assert found["findings"] == []
    assert found["skipped_rules"][2] == {"code": "CAP104", "reason": "else"}
    assert found["coverage"]["unaccounted"] == 1
    assert "1.23" not in json.dumps(found)


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_report_ends_its_last_line(tmp_path: Path, output_format: str) -> None:
    assert _text(_outcome(tmp_path, _finding()), output_format).endswith("\n")


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (9_999, "9,999 bytes"), (10_000, "10 kB"), (999_400, "999 kB"), (1_500_000, "1.5 MB")],
)
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


def test_plurals() -> None:
    assert [plural(count, "file") for count in (0, 1, 2, 1234)] == ["0 files", "1 file", "2 files", "1,234 files"]


def test_a_clean_ledger_in_one_line() -> None:
    line = coverage_line(Coverage([TreeCoverage("kernel", 1, 5, 2, 0, 0, 0, 3, 0)], [], [], {}))
    assert line == "1 file, 5 bytes, 2 functions read; 3 capability, ioctl and MSR names, all accounted for"


def test_a_rule_is_hinted_at_once(tmp_path: Path) -> None:
    outcome = _outcome(tmp_path, _finding())
    other = replace(outcome.findings[0], code="CAP998")
    twice = replace(outcome, findings=[*outcome.findings, other, *outcome.findings])
    lines = _text(twice).splitlines()
    assert [line for line in lines if "explain" in line] == [HINT, "  caplint explain CAP998"]
    out = io.StringIO()
    writer("check", "text")(twice, out, Style(brief=True))
    assert "explain" not in out.getvalue()
