"""Workshop of the authors: the linked tables, one tree's files, and the files as patches change them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from caplint.authoring.sheet import Sheet
from caplint.fixes.workbench import Workbench
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


class WrittenPlace(NamedTuple):
    """Place that a series changes, and why; the line is that after the whole series."""

    path: str
    line: int
    reason: str


@dataclass
class Workshop:
    """One tree of a session for which a series is written. Nothing is written to it."""

    bench: Workbench
    tree: Tree
    _sheets: dict[str, Sheet] = field(default_factory=dict)
    _new: set[str] = field(default_factory=set)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows of a query over the views: ?1 is the tree's name, ?2 the first value."""
        return self.bench.rows(query, self.tree.name, *values)

    def lines(self, path: str) -> list[str]:
        """Return the lines of a file of the tree, before any patch; none of a file that cannot be edited exactly."""
        return self.bench.lines(self.tree.name, path)

    def line(self, path: str, number: int) -> str:
        """Return a line of a file of the tree, from 1, before any patch; empty if there is none."""
        return self.bench.line(self.tree.name, path, number) or ""

    def sheet(self, path: str) -> Sheet:
        """Return a file as the patches so far have left it. Raises `CaplintError` if it cannot be edited."""
        if path not in self._sheets:
            lines = self.lines(path)
            if not lines and path not in self._new:
                raise self.lacks("to edit", f"{path} is missing, or is not plain text")
            self._sheets[path] = Sheet(lines)
        return self._sheets[path]

    def create(self, path: str) -> None:
        """Allow a new file. Raises `CaplintError` if the tree has it."""
        if path in self._new or self.tree.exists(path):
            raise CaplintError(f"{self.tree.name}: {path} exists already; rename it, or choose another name")
        self._new.add(path)

    def is_new(self, path: str) -> bool:
        """Return whether the series creates a file."""
        return path in self._new

    @property
    def written(self) -> list[str]:
        """Files that patches change, in the order in which they were first looked at."""
        return list(self._sheets)

    def places(self) -> Iterator[WrittenPlace]:
        """Yield the changed places of all patches, by file and line."""
        for path in sorted(self._sheets):
            before = ""
            for number, line in enumerate(self._sheets[path].lines, 1):
                if line.reason and line.reason != before:
                    yield WrittenPlace(path, number, line.reason)
                before = line.reason

    def lacks(self, what: str, why: str) -> CaplintError:
        """Return the error that the tree has no place for something (`to document it`), and why not."""
        return CaplintError(f"{self.tree.name} lacks the place {what}: {why}")
