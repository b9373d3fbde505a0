"""What a run found."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.config import Suppression
from caplint.coverage import Coverage
from caplint.findings import Finding
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    from caplint.baseline import Entry
    from caplint.rules import Rule


IGNORED = "ignored by the configuration"
"""The reason of a rule that the configuration leaves out."""


@dataclass(frozen=True)
class Skipped:
    """A rule that could not run, with the reason."""

    code: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    trees: list[Tree]
    sizes: dict[str, tuple[int, int]]
    """Per tree: files read and their bytes."""
    findings: list[Finding]
    suppressed: int
    unused_suppressions: list[Suppression]
    skipped: list[Skipped]
    coverage: Coverage
    rules: list[Rule]
    seconds: float = field(compare=False, default=0.0)
    baselined: int | None = None
    """Findings that a baseline leaves out; None without one."""
    unmatched: list[Entry] = field(default_factory=list)
    """Entries of the baseline that no finding matches any more."""
    passing: bool = field(compare=False, default=False)
    """Whether it depends on what happened to processes or on time, and might be another one the next time."""
    resolved: list[Finding] | None = None
    """Of a comparison, what was found before and no more; `findings` are then those that came anew."""
    configuration: Path | None = field(compare=False, default=None)
    """The file whose suppressions and ignored rules hide findings."""
