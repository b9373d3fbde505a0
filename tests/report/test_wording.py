"""Phrases that several formats share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import made_up_rule

from caplint.config.settings import Suppression
from caplint.coverage.summary import AbsentArchitecture, Coverage, TreeCoverage
from caplint.engine.outcome import IGNORED, Outcome, Skipped
from caplint.findings.finding import Finding, Location, Related
from caplint.findings.fix import Fix
from caplint.findings.known import BaselineEntry
from caplint.report.wording import coverage_line, evidence, place_text, plural, remarks, sentence, size, tally

PLACE = Location("linux", "a.c", 3)
F = Finding("CAP101", "made-up", "error", "KVM_CAP_A", None, None, "is wrong", PLACE)
EMPTY = Coverage([], [], [], {})
NOTHING = Outcome([], {}, [], 0, [], [], EMPTY, [])


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (1234567, "1,234,567 files"), (-1, "-1 files")]
)
def test_plurals(count: int, text: str) -> None:
    assert plural(count, "file") == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"), (9_999, "9,999 bytes"), (10_000, "10 kB"), (999_499, "999 kB"), (999_999, "1,000 kB"),
        (1_000_000, "1.0 MB"), (12_345_678_901, "12,345.7 MB"),
    ],
)  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert size(count) == text


@pytest.mark.parametrize(
    ("arch", "text"),
    [
        (None, "KVM_CAP_A: is wrong"), ("generic", "KVM_CAP_A: is wrong"), ("", "KVM_CAP_A: is wrong"),
        ("x86", "KVM_CAP_A on x86: is wrong"), ("x\x1b", "KVM_CAP_A on x\\x1b: is wrong"),
    ],
)  # fmt: skip
def test_sentences(arch: str | None, text: str) -> None:
    assert sentence(replace(F, arch=arch)) == text


def test_what_comes_from_a_tree_is_visible() -> None:
    hostile = replace(F, subject="K\n", message="\u202em", place=Location("l\x07", "a\t.c", 3))
    assert sentence(hostile) == "K\\x0a: \\u202em"
    assert place_text(hostile.place) == "l\\x07:a\t.c:3"


@pytest.mark.parametrize(("count", "last"), [(1, "linux:a.c:1: m"), (8, "linux:a.c:8: m"), (11, "… and 3 more places")])
def test_evidence_is_cut(count: int, last: str) -> None:
    related = tuple(Related(Location("linux", "a.c", line), "m") for line in range(1, count + 1))
    found = list(evidence(replace(F, related=related)))
    assert (len(found), found[-1]) == (min(count, 9), last)


@pytest.mark.parametrize(
    ("outcome", "text"),
    [
        (NOTHING, "0 errors, 0 warnings, 0 notes"),
        (replace(NOTHING, findings=[F, replace(F, severity="note")]), "1 error, 0 warnings, 1 note"),
        (replace(NOTHING, suppressed=1234), "0 errors, 0 warnings, 0 notes; 1,234 suppressed"),
        (replace(NOTHING, baselined=0), "0 errors, 0 warnings, 0 notes; 0 hidden by the baseline"),
        (
            replace(NOTHING, findings=[F], resolved=[F, F]),
            "1 error, 0 warnings, 0 notes added; 2 errors, 0 warnings, 0 notes resolved",
        ),
    ],
)
def test_the_tally(outcome: Outcome, text: str) -> None:
    assert tally(outcome) == text


def _coverage(**counts: int) -> Coverage:
    values = dict.fromkeys(("files", "bytes", "functions", "damaged", "blind_files", "blind_bytes", "tokens"), 0)
    return replace(EMPTY, trees=[TreeCoverage("linux", **{**values, "unaccounted": 0, **counts})])


@pytest.mark.parametrize(
    ("coverage", "text"),
    [
        (
            _coverage(files=1, bytes=5, functions=2, tokens=1000),
            "1 file, 5 bytes, 2 functions read; 1,000 capability, ioctl and MSR names, all accounted for",
        ),
        (
            _coverage(blind_files=1, blind_bytes=7, tokens=3, unaccounted=2),
            "0 files, 0 bytes, 0 functions read; 7 bytes in 1 file not understood; "
            "3 capability, ioctl and MSR names, 2 unaccounted for",
        ),
        (
            _coverage(unnumbered=1),
            "0 files, 0 bytes, 0 functions read; 0 capability, ioctl and MSR names, all accounted for; "
            "1 place of MSRs or capabilities with unknown number",
        ),
    ],
)
def test_coverage_in_a_line(coverage: Coverage, text: str) -> None:
    assert coverage_line(coverage) == text


def test_architectures_that_are_absent_stand_by_tree() -> None:
    absent = [AbsentArchitecture(tree, arch) for tree, arch in (("a", "x86"), ("b\x1b", "mips"), ("a", "arm64"))]
    line = coverage_line(replace(EMPTY, absent=absent))
    assert line.split("; ")[-2:] == [
        "a lacks the code of x86, arm64: what these may answer is not judged",
        "b\\x1b lacks the code of mips: what these may answer is not judged",
    ]


CONFIGURED = replace(NOTHING, configuration=Path("/c\x1b.toml"))


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        (NOTHING, []),
        (CONFIGURED, []),
        (replace(NOTHING, suppressed=2), []),
        (replace(CONFIGURED, suppressed=1), ["/c\\x1b.toml: suppresses 1 finding"]),
        (
            replace(CONFIGURED, suppressed=2, skipped=[Skipped("CAP101", IGNORED), Skipped("CAP102", IGNORED)]),
            ["/c\\x1b.toml: suppresses 2 findings, ignores 2 rules", f"skipped: CAP101, CAP102 ({IGNORED})"],
        ),
        (
            replace(NOTHING, findings=[replace(F, fix=Fix("mend", ())), F]),
            ["1 finding can be fixed: `--diff` shows how"],
        ),
        (
            replace(NOTHING, skipped=[Skipped("CAP1", "a"), Skipped("CAP2", "b"), Skipped("CAP3", "a")]),
            ["skipped: CAP1, CAP3 (a)", "skipped: CAP2 (b)"],
        ),
        (
            replace(NOTHING, unused_suppressions=[Suppression("CAP1", "KVM\x1b", "why")]),
            ["unused suppression: CAP1 KVM\\x1b (why)"],
        ),
    ],
)
def test_remarks_on_a_run(outcome: Outcome, lines: list[str]) -> None:
    assert list(remarks(replace(outcome, rules=[made_up_rule()]))) == lines


def test_a_baseline_entry_without_a_finding() -> None:
    entry = BaselineEntry("CAP101", "note", "KVM_CAP_A\x1b", "linux", "a.c", "0" * 16)
    (line,) = remarks(replace(NOTHING, unmatched=[entry]))
    assert line.startswith("baseline entry that no longer matches: ")
    assert "KVM_CAP_A\\x1b" in line
