"""Fixes: the edits that make a finding go away, as replacements of whole lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LineEdit:
    """Replacement of whole lines of one file. An insertion replaces a line by itself and others."""

    tree: str
    path: str
    line: int
    """First replaced line, counted from 1."""
    old: tuple[str, ...]
    """Replaced lines without their ends, at least one, exactly as they stand in the file."""
    new: tuple[str, ...]

    @property
    def stop(self) -> int:
        """Line after the last replaced one."""
        return self.line + len(self.old)

    def overlaps(self, other: LineEdit) -> bool:
        """Return whether both replace some line of the same file."""
        same = (self.tree, self.path) == (other.tree, other.path)
        return same and self.line < other.stop and other.line < self.stop


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that belong together: all of them are made, or none."""

    title: str
    """Action as an imperative: `take the next free number, 246`."""
    edits: tuple[LineEdit, ...]
    brings: tuple[str, ...] = ()
    """Codes of findings that it may bring: they name the work that is left for somebody else."""
