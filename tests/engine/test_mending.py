"""Fixes that are checked before they count: the guilty one of many is refused alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caplint.engine.mending import Mended, mend
from caplint.engine.outcome import Outcome, nothing
from caplint.findings.finding import Finding, Location, identify
from caplint.findings.fix import Fix, LineEdit

State = frozenset[str]
"""Subjects whose fix has been made."""


def _finding(subject: str, line: int, parts: tuple[str, ...] = ()) -> Finding:
    fix = Fix(f"mend {subject} {parts}", (LineEdit("kernel", "a", line, ("old",), ("new",)),))
    place = Location("kernel", "a", line)
    return Finding("CAP504", "x", "note", subject, None, None, "m", place, parts=parts, fix=fix)


def _outcome(findings: list[Finding]) -> Outcome:
    return replace(nothing([], ""), findings=identify(findings, {"kernel": "kernel"}))


def _mend(findings: list[Finding], bad: set[str]) -> tuple[Mended[State], int]:
    """Mend; a fix whose title is in `bad` brings another finding. Return also the number of checks."""
    checks = 0

    def lay(state: State, chosen: list[Finding]) -> tuple[State, list[tuple[Finding, str]]]:
        return state | {found.fix.title for found in chosen if found.fix}, []

    def check(state: State) -> Outcome:
        nonlocal checks
        checks += 1
        left = [found for found in findings if found.fix and found.fix.title not in state]
        return _outcome(left + [replace(_finding(f"NEW {title}", 999), fix=None) for title in sorted(state & bad)])

    start: State = frozenset()
    return mend(start, _outcome(findings), lay, check), checks


@pytest.mark.parametrize("guilty", [[], [0], [7], [15], [3, 4], [0, 15]])
def test_only_the_guilty_are_refused(guilty: list[int]) -> None:
    findings = [_finding(f"S{number:02}", number + 1) for number in range(16)]
    titles = [found.fix.title for found in findings if found.fix]
    mended, checks = _mend(findings, {titles[number] for number in guilty})
    assert [found.subject for found, _ in mended.refused] == [f"S{number:02}" for number in guilty]
    assert mended.state == frozenset(titles) - {titles[number] for number in guilty}
    assert len(mended.fixed) == 16 - len(guilty)
    assert all(
        reason == f"it would bring CAP504 NEW {found.fix and found.fix.title}" for found, reason in mended.refused
    )
    assert checks <= 32


def test_of_two_alike_the_one_that_stays_is_not_new() -> None:
    """The finding that is left takes the ordinal of the one that went, and so its fingerprint, with other parts."""
    findings = [_finding("S", 1, ("architectures",)), replace(_finding("S", 2, ("type",)), fix=None)]
    mended, _ = _mend(findings, set())
    assert mended.refused == []
    assert [found.parts for found in mended.fixed] == [("architectures",)]


def test_all_bad_ends() -> None:
    findings = [_finding(f"S{number:02}", number + 1) for number in range(40)]
    mended, checks = _mend(findings, {found.fix.title for found in findings if found.fix})
    assert mended.fixed == []
    assert mended.state == frozenset()
    assert checks <= 32
