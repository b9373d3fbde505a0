"""Number of findings of each rule: the most severe and the most frequent first, as text and as data."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from conftest import X86
from short_outcome import finding, outcome

from caplint.findings.finding import Finding
from caplint.findings.known import KnownFinding, UpstreamEntry
from caplint.report.statistics import counts, write_json, write_text
from caplint.report.style import Style


def _of(code: str, severity: str, number: int = 1) -> list[Finding]:
    one = replace(finding(severity=severity), code=code, name=f"rule-{code[-1]}")
    return [replace(one, fingerprint=str(ordinal)) for ordinal in range(number)]


FOUND = [*_of("CAP102", "note", 1200), *_of("CAP103", "warning"), *_of("CAP101", "warning"),
         *_of("CAP105", "warning", 2), *_of("CAP104", "error"), *_of("CAP105", "error")]  # fmt: skip
ORDER = [
    ("error", "CAP104", 1), ("error", "CAP105", 1), ("warning", "CAP105", 2), ("warning", "CAP101", 1),
    ("warning", "CAP103", 1), ("note", "CAP102", 1200),
]  # fmt: skip


def test_a_rule_has_a_count_per_severity(tmp_path: Path) -> None:
    assert [(row.severity, row.code, row.findings) for row in counts(outcome(tmp_path, *FOUND))] == ORDER


def test_known_findings_count_where_reports_list_them(tmp_path: Path) -> None:
    entry = UpstreamEntry("CAP101", "note", "KVM_CAP_X", "kernel", X86, "reported", "why")
    known = [KnownFinding(each, entry) for each in _of("CAP101", "note", 2)]
    run = replace(outcome(tmp_path, *_of("CAP101", "note")), known=known)
    assert [row.findings for row in counts(run)] == [1]
    assert [row.findings for row in counts(replace(run, known_shown=True))] == [3]


def _text(tmp_path: Path, found: list[Finding], style: Style) -> list[str]:
    out = io.StringIO()
    write_text(outcome(tmp_path, *found), out, style)
    return out.getvalue().splitlines()


def test_text_has_columns(tmp_path: Path) -> None:
    assert _text(tmp_path, FOUND, Style(brief=True)) == [
        "    1  error    CAP104  rule-4", "    1  error    CAP105  rule-5", "    2  warning  CAP105  rule-5",
        "    1  warning  CAP101  rule-1", "    1  warning  CAP103  rule-3", "1,200  note     CAP102  rule-2",
    ]  # fmt: skip


def test_a_summary_follows_unless_the_style_is_brief(tmp_path: Path) -> None:
    assert _text(tmp_path, FOUND[:1], Style())[1:3] == ["", "0 errors, 0 warnings, 1 note; 2 suppressed"]
    assert _text(tmp_path, [], Style())[0] == "0 errors, 0 warnings, 0 notes; 2 suppressed"
    assert _text(tmp_path, [], Style(brief=True)) == []


def test_data(tmp_path: Path) -> None:
    out = io.StringIO()
    write_json(outcome(tmp_path, *_of("CAP104", "error", 3)), out, Style())
    assert json.loads(out.getvalue()) == [{"severity": "error", "code": "CAP104", "name": "rule-4", "findings": 3}]
