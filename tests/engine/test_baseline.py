"""What a run looks like without the findings that a baseline lists."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import X86, bare_kernel, bare_qemu, made_up_rule

from caplint.coverage.summary import Coverage
from caplint.engine.baseline import missing_trees, of_outcome, pruned, unmatched, without
from caplint.engine.outcome import Outcome, Skipped
from caplint.findings.finding import Finding, Location, identify
from caplint.findings.known import Baseline


def _finding(subject: str, line: int = 1, severity: str = "warning", code: str = "CAP999") -> Finding:
    return Finding(code, "made-up", severity, subject, "x86", "f", "is wrong", Location("kernel", X86, line))


def _outcome(root: Path, *findings: Finding, both: bool = True) -> Outcome:
    trees = [bare_kernel(root / "k", {}), *([bare_qemu(root / "q", {})] if both else [])]
    found = identify(findings, {tree.name: tree.role for tree in trees})
    rules = [made_up_rule("CAP998"), made_up_rule("CAP999")]
    return Outcome(trees, {}, found, 0, [], [], Coverage([], [], [], {}), rules)


def _subjects(outcome: Outcome) -> list[str]:
    return [finding.subject for finding in outcome.findings]


def test_what_is_listed_is_left_out(tmp_path: Path) -> None:
    known = of_outcome(_outcome(tmp_path, _finding("A"), _finding("B")), Baseline())
    found = without(_outcome(tmp_path, _finding("A"), _finding("B"), _finding("C")), known)
    assert (_subjects(found), found.baselined, found.unmatched) == (["C"], 2, [])


def test_moved_lines_change_nothing(tmp_path: Path) -> None:
    known = of_outcome(_outcome(tmp_path, _finding("A", 10), _finding("A", 20)), Baseline())
    found = without(_outcome(tmp_path, _finding("A", 110), _finding("A", 220)), known)
    assert (_subjects(found), found.baselined, found.unmatched) == ([], 2, [])


@pytest.mark.parametrize(("before", "after", "left", "gone"), [(2, 3, 1, 0), (3, 2, 0, 1), (1, 1, 0, 0), (0, 2, 2, 0)])
def test_equals_are_counted(tmp_path: Path, before: int, after: int, left: int, gone: int) -> None:
    known = of_outcome(_outcome(tmp_path, *(_finding("A", line) for line in range(before))), Baseline())
    found = without(_outcome(tmp_path, *(_finding("A", line) for line in range(after))), known)
    assert (len(found.findings), len(found.unmatched)) == (left, gone)


@pytest.mark.parametrize(
    ("listed", "found", "stays"),
    [
        ("note", "note", False),
        ("note", "warning", True),
        ("warning", "error", True),
        ("error", "note", False),
        ("warning", "note", False),
    ],
)
def test_what_has_become_worse_stays(tmp_path: Path, listed: str, found: str, stays: bool) -> None:
    known = of_outcome(_outcome(tmp_path, _finding("A", severity=listed)), Baseline())
    run = without(_outcome(tmp_path, _finding("A", severity=found)), known)
    assert _subjects(run) == (["A"] if stays else [])
    # It is still there: not for pruning.
    assert run.unmatched == []


def test_what_matches_nothing_is_said(tmp_path: Path) -> None:
    known = of_outcome(_outcome(tmp_path, _finding("A"), _finding("B")), Baseline())
    found = without(_outcome(tmp_path, _finding("A")), known)
    assert [str(entry) for entry in found.unmatched] == [f"CAP999 B on x86 (kernel:{X86} f())"]


def test_nothing_is_said_of_rules_that_did_not_run(tmp_path: Path) -> None:
    both = _finding("A"), _finding("B", code="CAP998")
    known = of_outcome(_outcome(tmp_path, *both), Baseline())
    run = _outcome(tmp_path)
    assert [entry.code for entry in without(run, known).unmatched] == ["CAP998", "CAP999"]
    skipped = replace(run, skipped=[Skipped("CAP998", "why")])
    assert [entry.code for entry in without(skipped, known).unmatched] == ["CAP999"]
    selected = replace(run, rules=[made_up_rule("CAP998")])
    assert [entry.code for entry in without(selected, known).unmatched] == ["CAP998"]


def test_nothing_is_said_where_a_tree_is_missing(tmp_path: Path) -> None:
    known = of_outcome(_outcome(tmp_path, _finding("A")), Baseline())
    assert known.trees == ("kernel", "vmm")
    alone = _outcome(tmp_path, both=False)
    assert missing_trees(alone, known) == ["vmm"]
    assert without(alone, known).unmatched == []
    assert missing_trees(_outcome(tmp_path), known) == []


def test_reasons_are_kept(tmp_path: Path) -> None:
    run = _outcome(tmp_path, _finding("A"), _finding("B"))
    known = of_outcome(run, Baseline())
    reasoned = Baseline(known.trees, (replace(known.entries[0], reason="why"), known.entries[1]))
    assert [entry.reason for entry in of_outcome(run, reasoned).entries] == ["why", None]


def test_an_entry_that_stands_there_twice_is_pruned_once(tmp_path: Path) -> None:
    known = of_outcome(_outcome(tmp_path, _finding("A"), _finding("B")), Baseline())
    twice = Baseline(known.trees, (*known.entries, known.entries[0]))
    gone = unmatched(_outcome(tmp_path, _finding("A")), twice)
    assert [entry.subject for entry in gone] == ["B", "A"]
    assert [entry.subject for entry in pruned(twice, gone).entries] == ["A"]
