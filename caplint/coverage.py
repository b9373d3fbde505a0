"""The ledger of a run: what was read, what was not understood, and which names nothing explains."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple


class TreeCoverage(NamedTuple):
    """One tree's account; sizes in bytes."""

    tree: str
    files: int
    bytes: int
    functions: int
    damaged: int
    blind_files: int
    blind_bytes: int
    tokens: int
    unaccounted: int


class Blind(NamedTuple):
    """Bytes that were not understood."""

    tree: str
    path: str
    line: int
    bytes: int
    reason: str


class Unaccounted(NamedTuple):
    """A name that nothing explains."""

    tree: str
    path: str
    line: int
    column: int
    name: str


@dataclass(frozen=True)
class Coverage:
    """The whole account."""

    trees: list[TreeCoverage]
    blind: list[Blind]
    unaccounted: list[Unaccounted]
    kinds: dict[str, int]
    """What explains the names: kind → occurrences."""

    def total(self, column: str) -> int:
        """A column summed over the trees."""
        return sum(getattr(tree, column) for tree in self.trees)

    @property
    def percent(self) -> float:
        """Share of the bytes that were understood, in percent; 100 where nothing was read."""
        total = self.total("bytes")
        return 100.0 * (1 - self.total("blind_bytes") / total) if total else 100.0


# The names that the ledger vouches for: capabilities, and the ioctls that any header in view defines.
_WATCHED = """
    WITH ioctl (name) AS (
        SELECT DISTINCT m.name FROM file f JOIN main.macro m ON m.blob = f.blob
        WHERE f.header IS NOT NULL AND m.body GLOB '_IO*(KVMIO*'
    ), watched AS (
        SELECT * FROM token_use t
        WHERE t.name GLOB 'KVM_CAP_*' OR t.name IN (SELECT name FROM ioctl)
    )
"""


def measure(connection: sqlite3.Connection) -> Coverage:
    """The account of the linked trees."""
    trees = connection.execute(
        f"""{_WATCHED}
        SELECT t.name, read.files, read.bytes, read.functions, read.damaged,
               (SELECT count(DISTINCT b.path) FROM blind b WHERE b.tree = t.name),
               (SELECT coalesce(sum(b.stop - b.start), 0) FROM blind b WHERE b.tree = t.name),
               (SELECT coalesce(sum(w.occurrences), 0) FROM watched w WHERE w.tree = t.name),
               (SELECT coalesce(sum(w.occurrences), 0) FROM watched w WHERE w.tree = t.name AND w.kind IS NULL)
        FROM tree t LEFT JOIN (
            SELECT f.tree, count(*) AS files, sum(b.size) AS bytes, sum(b.functions) AS functions,
                   sum(b.damaged) AS damaged
            FROM file f JOIN main.blob b ON b.id = f.blob GROUP BY f.tree
        ) read ON read.tree = t.name
        ORDER BY t.rowid"""  # noqa: S608
    )
    blind = connection.execute(
        "SELECT tree, path, line, stop - start, reason FROM blind ORDER BY stop - start DESC, tree, path, start"
    )
    lost = connection.execute(
        f"{_WATCHED} SELECT tree, path, line, column, name FROM watched WHERE kind IS NULL ORDER BY 1, 2, 3, 4"  # noqa: S608
    )
    kinds = connection.execute(
        f"{_WATCHED} SELECT kind, sum(occurrences) FROM watched WHERE kind IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    )
    return Coverage(
        [TreeCoverage(row[0], *(value or 0 for value in row[1:])) for row in trees],
        [Blind(*row) for row in blind],
        [Unaccounted(*row) for row in lost],
        dict(kinds),
    )
