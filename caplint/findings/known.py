"""Baselines: files that list known findings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BaselineEntry:
    """Known finding. The fingerprint identifies it; the other fields, except severity and reason, inform readers."""

    code: str
    severity: str
    """Worst severity at which the finding is suppressed."""
    subject: str
    tree: str
    """Role of the tree, or its name if trees share a role."""
    path: str
    fingerprint: str
    arch: str | None = None
    function: str | None = None
    reason: str | None = None
    parts: tuple[str, ...] = ()
    """Faults that the finding combined; a finding with a further one is not suppressed."""

    def __str__(self) -> str:
        where = f" on {self.arch}" if self.arch else ""
        place = f"{self.tree}:{self.path}" + (f" {self.function}()" if self.function else "")
        return f"{self.code} {self.subject}{where} ({place})"


@dataclass(frozen=True)
class Baseline:
    """Baseline file: the trees of the run that wrote it, by role (or name), and the findings."""

    trees: tuple[str, ...] = ()
    entries: tuple[BaselineEntry, ...] = ()
