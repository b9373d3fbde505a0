"""Fixes made in memory on patched mini-trees or edited real ones, with everything that they must keep."""

from __future__ import annotations

from collections.abc import Callable

from caplint.engine.mending import Mended, mend
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.fixes.lay import Drafts, laid, overlaid
from caplint.trees.tree import Tree

Check = Callable[[list[Tree]], Outcome]


def fix_all(trees: list[Tree], outcome: Outcome, check: Check) -> Mended[Drafts]:
    """Make every fix, and check again what they leave."""

    def lay(drafts: Drafts, findings: list[Finding]) -> tuple[Drafts, list[tuple[Finding, str]]]:
        return laid(trees, drafts, findings), []

    nothing: Drafts = {}
    return mend(nothing, outcome, lay, lambda drafts: check(overlaid(trees, drafts)))


def row(finding: Finding) -> tuple[str, str, str]:
    """Code, subject and path of a finding."""
    return finding.code, finding.subject, finding.place.path


def holds(trees: list[Tree], outcome: Outcome, check: Check) -> Mended[Drafts]:
    """Demand that every fix is made, that its finding goes and none comes, and that a second time changes nothing."""
    mended = fix_all(trees, outcome, check)
    assert not mended.refused
    before, after = {row(found) for found in outcome.findings}, {row(found) for found in mended.outcome.findings}
    assert after <= before
    assert not {row(found) for found in mended.fixed} & after
    again = overlaid(trees, mended.state)
    twice = fix_all(again, mended.outcome, check)
    assert not twice.state
    assert mended.outcome.coverage.total("blind_bytes") <= outcome.coverage.total("blind_bytes")
    return mended
