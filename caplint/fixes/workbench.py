"""Input of the fixers: the linked tables, and the lines of the trees' files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

_LONGEST_LINE = 10_000
"""Characters of the longest line that is edited; nobody writes such a line by hand."""


@dataclass
class Workbench:
    """Linked tables and trees of a run, before the base takes their place."""

    connection: sqlite3.Connection
    trees: dict[str, Tree]
    _files: dict[tuple[str, str], list[str] | None] = field(default_factory=dict)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the views."""
        return self.connection.execute(query, values).fetchall()

    def lines(self, tree: str, path: str) -> list[str]:
        """Return the lines of a file without their ends; none of a file that cannot be edited exactly.

        Such a file cannot be read, is not UTF-8, holds a control character other than tab and newline (also a carriage
        return), or does not end in a newline.
        """
        key = (tree, path)
        if key not in self._files:
            self._files[key] = self._read(tree, path)
        return self._files[key] or []

    def line(self, tree: str, path: str, number: int) -> str | None:
        """Return a line by its number from 1; None if the file has no such line, or it is too long to be edited."""
        lines = self.lines(tree, path)
        found = lines[number - 1] if 0 < number <= len(lines) else None
        return found if found is not None and len(found) <= _LONGEST_LINE else None

    def _read(self, tree: str, path: str) -> list[str] | None:
        try:
            content = self.trees[tree].read(path)
            text = content.decode("utf-8")
        except (OSError, CaplintError, KeyError, ValueError):  # ValueError: not UTF-8, or no valid path
            return None
        lines = text.split("\n")
        # A diff that escapes a character is not exact, and one that does not is obeyed by terminals.
        if lines.pop() or visible("".join(lines)) != "".join(lines):
            return None
        return lines

    def replaced(self, tree: str, path: str, line: int, new: Iterable[str], count: int = 1) -> LineEdit | None:
        """Return the edit that replaces some lines; None if they cannot be edited or stay as they are."""
        old = [self.line(tree, path, number) for number in range(line, line + count)]
        kept = tuple(text for text in old if text is not None)
        after = tuple(new)
        return LineEdit(tree, path, line, kept, after) if kept and len(kept) == len(old) and kept != after else None


Proposals = Iterator[tuple[Finding, Fix]]
"""Findings, and the fix of each; findings that have no safe fix are left out."""
Fixer = Callable[[list[Finding], Workbench], Proposals]
"""Function that proposes fixes for the findings of the pages that name it, all of one run together."""
