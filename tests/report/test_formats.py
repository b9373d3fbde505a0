"""What every output format must do, and the phrases that they share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from short_outcome import finding, outcome, text

from caplint.coverage.summary import Coverage, TreeCoverage
from caplint.report import FORMATS
from caplint.report.wording import coverage_line, plural, size


def test_json_says_nothing_of_time(tmp_path: Path) -> None:
    found = json.loads(text(outcome(tmp_path), "json"))
    assert found["findings"] == []
    assert found["skipped_rules"][2] == {"code": "CAP104", "reason": "else"}
    assert found["coverage"]["unaccounted"] == 1
    assert "1.23" not in json.dumps(found)


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_report_ends_its_last_line(tmp_path: Path, output_format: str) -> None:
    assert text(outcome(tmp_path, finding()), output_format).endswith("\n")


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
