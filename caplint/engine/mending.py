"""Fixes made in memory and checked: a fix counts only if its finding goes away and nothing else appears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from caplint.engine.outcome import Outcome
from caplint.findings.finding import SEVERITIES, Finding
from caplint.fixes.lay import compatible

State = TypeVar("State")
"""Target of the fixes: trees, or the patches of a series."""

_MOST_CHECKS = 32
"""Maximum number of checks after a change: a fix may make another possible, or be the one of many that is refused."""

_Identity = tuple[str, str, str, str, str]


@dataclass
class Mended(Generic[State]):
    """Result of fixing."""

    state: State
    outcome: Outcome
    """Outcome after the fixes."""
    fixed: list[Finding] = field(default_factory=list)
    refused: list[tuple[Finding, str]] = field(default_factory=list)
    """Findings whose fix was not made, with the reason."""


def mend(
    state: State,
    outcome: Outcome,
    lay: Callable[[State, list[Finding]], tuple[State, list[tuple[Finding, str]]]],
    check: Callable[[State], Outcome],
) -> Mended[State]:
    """Make the fixes of an outcome's findings, check, and go on with those of the new outcome.

    `lay` returns the state with the fixes made, and the findings that it could not fix, with reasons. `check` returns
    the outcome of a state. Fixes that do not do what they should are taken back.
    """
    mended = Mended(state, outcome)
    refused: set[tuple[str, object]] = set()

    def refuse(findings: Iterable[Finding], reason: str) -> None:
        for finding in findings:
            refused.add((finding.fingerprint, finding.fix))
            mended.refused.append((finding, reason))

    apart: set[tuple[str, object]] = set()
    for _ in range(_MOST_CHECKS):
        candidates = [
            found for found in mended.outcome.findings if not {(found.fingerprint, found.fix)} & (refused | apart)
        ]
        chosen = compatible(candidates)
        if not chosen and not apart:
            break
        if not chosen:  # what was put aside gets another chance, beside what is made by now
            apart.clear()
            continue
        after, unlaid = lay(mended.state, chosen)
        for finding, reason in unlaid:
            refuse([finding], reason)
        left_out = {finding for finding, _ in unlaid}
        chosen = [finding for finding in chosen if finding not in left_out]
        if not chosen:
            continue
        checked = check(after)
        failed = _failed(chosen, mended.outcome, checked)
        if failed:
            guilty, reason = failed
            if len(guilty) == 1:
                refuse(guilty, reason)
            else:  # half of them may be innocent
                apart.update((found.fingerprint, found.fix) for found in guilty[len(guilty) // 2 :])
            continue
        mended.state, mended.outcome = after, checked
        mended.fixed += chosen
    return mended


def _failed(chosen: list[Finding], before: Outcome, after: Outcome) -> tuple[list[Finding], str] | None:
    """Return the fixes to take back, with the reason; None if all have done what they should."""
    was, now = _counted(before.findings), _counted(after.findings)
    aimed = Counter(_identity(finding) for finding in chosen)
    kept = [found for found in chosen if now[key := _identity(found)] > was[key] - aimed[key]]
    if kept:
        return kept, "the finding would stay"
    alike: dict[_Identity, list[Finding]] = {}
    for finding in before.findings:
        alike.setdefault(_identity(finding), []).append(finding)
    expected = {code for finding in chosen if finding.fix for code in finding.fix.brings}
    new = [
        finding
        for finding in after.findings
        if finding.code not in expected
        and (
            now[_identity(finding)] > was[_identity(finding)]
            or all(finding.is_worse_than(old.severity, old.parts) for old in alike[_identity(finding)])
        )
    ]
    if new:
        first = min(new, key=lambda finding: SEVERITIES.index(finding.severity))
        return _touching(chosen, {(found.place.tree, found.place.path) for found in new}), (
            f"it would bring {first.code} {first.subject}"
        )
    blind = {(spot.tree, spot.path) for spot in after.coverage.blind}
    if after.coverage.total("blind_bytes") > before.coverage.total("blind_bytes"):
        return _touching(chosen, blind), "the result would not be understood"
    if after.coverage.total("unaccounted") > before.coverage.total("unaccounted"):
        return chosen, "a name of the result would not be accounted for"
    return None


def _touching(chosen: list[Finding], places: set[tuple[str, str]]) -> list[Finding]:
    """Return the findings whose fixes edit one of some files; all if none does."""
    guilty = [
        found for found in chosen if found.fix and any((edit.tree, edit.path) in places for edit in found.fix.edits)
    ]
    return guilty or chosen


def _counted(findings: Iterable[Finding]) -> Counter[_Identity]:
    return Counter(map(_identity, findings))


def _identity(finding: Finding) -> _Identity:
    """Return a finding's identity without its ordinal, which changes if one of several equals goes."""
    return finding.code, finding.place.tree, finding.subject, finding.arch or "", finding.function or finding.place.path
