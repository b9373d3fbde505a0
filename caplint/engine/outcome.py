"""Outcome of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.config.settings import Suppression
from caplint.coverage.summary import Coverage
from caplint.findings.finding import Finding
from caplint.findings.known import BaselineEntry, KnownFinding
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    from caplint.rules.page import Rule


IGNORED = "ignored by the configuration"
"""Skip reason of a rule that the configuration ignores."""
UNSELECTED = "not selected by the configuration"
"""Skip reason of a rule that is not among those that the configuration selects."""


@dataclass(frozen=True)
class Skipped:
    """Rule that did not run, with the reason."""

    code: str
    reason: str


def nothing(rules: list[Rule], reason: str) -> Outcome:
    """Return the outcome of a comparison in which no rule had anything to look at."""
    skipped = [Skipped(rule.code, reason) for rule in rules]
    return Outcome([], {}, [], 0, [], skipped, Coverage([], [], [], {}), rules, resolved=[])


@dataclass(frozen=True)
class Outcome:
    """Outcome of a run: findings, skipped rules and coverage."""

    trees: list[Tree]
    sizes: dict[str, tuple[int, int]]
    """Tree → number of files read, and their bytes."""
    findings: list[Finding]
    suppressed: int
    """Number of findings that the configuration or a comment suppresses."""
    unused_suppressions: list[Suppression]
    skipped: list[Skipped]
    coverage: Coverage
    rules: list[Rule]
    seconds: float = field(compare=False, default=0.0)
    baselined: int | None = None
    """Number of findings that the baseline hides; None without a baseline."""
    unmatched: list[BaselineEntry] = field(default_factory=list)
    """Baseline entries that no finding matches."""
    passing: bool = field(compare=False, default=False)
    """Whether the outcome depends on killed processes or time limits, so that the next run may differ."""
    resolved: list[Finding] | None = None
    """Findings of the base that are gone, for a comparison; `findings` then holds the added ones."""
    known: list[KnownFinding] = field(default_factory=list)
    """Findings that are known upstream, apart from `findings`."""
    known_shown: bool = False
    """Whether reports for people list them."""
    configuration: Path | None = field(compare=False, default=None)
    """Configuration file whose suppressions and ignored rules hide findings."""
    commented: list[str] = field(default_factory=list)
    """Findings that comments in the code suppress, as text: code, subject, place and reason."""
