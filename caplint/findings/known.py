"""Findings that a baseline lists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BaselineEntry:
    """A known finding. All but the severity and the reason follow from its fingerprint and are there to be read."""

    code: str
    severity: str
    """The worst with which it is left out."""
    subject: str
    tree: str
    """The tree's role, or its name where trees share a role."""
    path: str
    fingerprint: str
    arch: str | None = None
    function: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        where = f" on {self.arch}" if self.arch else ""
        place = f"{self.tree}:{self.path}" + (f" {self.function}()" if self.function else "")
        return f"{self.code} {self.subject}{where} ({place})"


@dataclass(frozen=True)
class Baseline:
    """A baseline file: the trees with which it was made, by role (or name), and the findings."""

    trees: tuple[str, ...] = ()
    entries: tuple[BaselineEntry, ...] = ()
