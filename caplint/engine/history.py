"""Findings after each patch of a series or commit of a range, and the step that brings each finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.findings.finding import Finding, Location
from caplint.rules.page import Rule
from caplint.trees.tree import PatchFile, SeriesStep, Tree

_PLURAL = {"patch": "es", "commit": "s"}


@dataclass(frozen=True)
class History:
    """Findings after each step but the last one, which is the end of the series."""

    steps: list[SeriesStep]
    findings: list[list[Finding]]
    rules: frozenset[str]
    """Codes of the rules that were run after each step."""
    passing: bool
    """Whether some of it depends on killed processes or time limits."""


def history(steps: list[SeriesStep], final: list[Tree], rules: list[Rule], config: Config) -> History:
    """Check the trees after each step."""
    outcomes = [check(_at(step, final), rules, config) for step in steps[:-1]]
    skipped = {skipped.code for outcome in outcomes for skipped in outcome.skipped}
    return History(
        steps,
        [outcome.findings for outcome in outcomes],
        frozenset(rule.code for rule in rules) - skipped,
        any(outcome.passing for outcome in outcomes),
    )


def _at(step: SeriesStep, final: Iterable[Tree]) -> list[Tree]:
    """Return the trees after a step; trees that only other series change are in their final state.

    They keep their bases: much is a finding only because a patch brings it.
    """
    return [step.trees.get(tree.name, tree) for tree in final]


def named(
    added: list[Finding], before: list[Finding], histories: list[History], trees: list[Tree], own: set[str]
) -> list[Finding]:
    """Return findings with the patch or commit that brings each in its message; rules of `own` name it themselves.

    `before`: the findings of the bases, whose parts are not new.
    """
    final = {tree.name: tree for tree in trees}
    known = {finding.fingerprint: set(finding.parts) for finding in before}
    return [
        finding
        if finding.code in own
        else _with_steps(
            finding, _origins(finding, known.get(finding.fingerprint, set()), histories, final[finding.place.tree])
        )
        for finding in added
    ]


def _with_steps(finding: Finding, steps: list[SeriesStep]) -> Finding:
    if not steps:
        return finding
    step = steps[0]
    if len(steps) == 1:
        text = f'{step.word} {step.ordinal} of {step.count}, "{step.patch}"'
    else:
        text = f"{step.word}{_PLURAL[step.word]} {', '.join(str(each.ordinal) for each in steps)} of {step.count}"
    return replace(finding, message=f"{finding.message} ({text})")


def _origins(finding: Finding, known: set[str], histories: list[History], final: Tree) -> list[SeriesStep]:
    """Return the steps that bring the parts of a finding that are new; none if it cannot be told."""
    new = set(finding.parts) - known
    steps = {}
    for part in sorted(new) if known or len(new) > 1 else [None]:
        step = _origin(finding, part, histories, final)
        if step is None:
            return []
        steps[step.series, step.ordinal] = step
    found = [step for _, step in sorted(steps.items())]
    return found if len({step.series for step in found}) == 1 else []


def _origin(finding: Finding, part: str | None, histories: list[History], final: Tree) -> SeriesStep | None:
    """Return the step after which a finding is there for good, with that part; None if it cannot be told."""
    first: list[SeriesStep] = []
    for found in histories:
        if finding.code not in found.rules:
            continue
        at = len(found.steps) - 1
        while at > 0 and any(_has(each, finding, part) for each in found.findings[at - 1]):
            at -= 1
        if at > 0:
            return found.steps[at]
        # With the first patch, unless another series of the same run brings it.
        if finding.place.tree in found.steps[0].trees:
            first.append(found.steps[0])
    if len(first) == 1 and len(histories) == 1:
        return first[0]
    return _only_change(finding, histories, final.patch_files) or _of_line(finding.place, histories, final)


def _has(earlier: Finding, finding: Finding, part: str | None) -> bool:
    return earlier.fingerprint == finding.fingerprint and (part is None or part in earlier.parts)


def _of_line(place: Location, histories: list[History], final: Tree) -> SeriesStep | None:
    """Return the step that brings the line of a finding, for rules that are not run after each step."""
    lines = _lines(final, place.path)
    text = lines[place.line - 1] if place.line <= len(lines) else b""
    if final.base is None or lines.count(text) != 1 or text in _lines(final.base, place.path):
        return None
    steps = [step for found in histories for step in found.steps if place.tree in step.trees]
    return next((step for step in steps if text in _lines(step.trees[place.tree], place.path)), None)


def _lines(tree: Tree, path: str) -> list[bytes]:
    return (tree.read_or_none(path) or b"").splitlines()


def _only_change(finding: Finding, histories: list[History], rows: Iterable[PatchFile]) -> SeriesStep | None:
    """Return the only step that changes the finding's file."""
    changes = {(row.series, row.ordinal) for row in rows if row.path == finding.place.path}
    steps = [step for found in histories for step in found.steps if (step.series, step.ordinal) in changes]
    return steps[0] if len(changes) == len(steps) == 1 else None
