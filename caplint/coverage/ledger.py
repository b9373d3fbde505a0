"""The whole ledger: what `check` sums up in a line, by file kind, family of names and cause."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

from caplint.c.tables import Tables
from caplint.coverage.causes import Cause, Spot, blind_spots, causes
from caplint.coverage.summary import FAMILIES, Coverage, measure
from caplint.knowledge.load import knowledge
from caplint.trees.tree import Tree


class KindCoverage(NamedTuple):
    """What is known of one kind of files in one tree; sizes in bytes."""

    tree: str
    kind: str
    files: int
    bytes: int
    functions: int
    damaged: int
    blind_spots: int
    blind_bytes: int


class FamilyCoverage(NamedTuple):
    """A family of names: occurrences, those that a fact explains, and those that nothing does."""

    family: str
    tokens: int
    explained: int
    unaccounted: int
    kinds: dict[str, int]


class UnexpandedUse(NamedTuple):
    """A macro that may make code which is not known: outside functions, or as labels in them."""

    tree: str
    name: str | None
    """The macro or the included file; None for what was expanded and then not understood."""
    reason: str
    uses: int
    path: str
    line: int
    """Of the first use."""


class UnknownLayout(NamedTuple):
    """A structure, ioctl or header of the UAPI whose layout or number is not known, and so is compared with nothing."""

    tree: str
    path: str
    line: int
    name: str
    reason: str
    abis: list[str]


class Unnumbered(NamedTuple):
    """A place that names an MSR or a capability whose number is not known, and so is left out by rules."""

    tree: str
    path: str
    line: int
    column: int
    name: str


@dataclass(frozen=True)
class Ledger:
    """Everything that `caplint coverage` says."""

    coverage: Coverage
    kinds: list[KindCoverage]
    families: list[FamilyCoverage]
    spots: list[Spot]
    causes: list[Cause]
    unexpanded: list[UnexpandedUse]
    layouts: list[UnknownLayout]
    unnumbered: list[Unnumbered]


def read_ledger(connection: sqlite3.Connection, trees: list[Tree], tables: Tables) -> Ledger:
    """The ledger of the linked trees, under the repair tables that they were read with."""
    coverage = measure(connection)
    spots = blind_spots(connection, trees, tables)
    families = _families(connection, coverage)
    return Ledger(
        coverage,
        _kinds(connection, trees),
        families,
        spots,
        causes(spots),
        _unexpanded(connection),
        _layouts(connection),
        _unnumbered(connection),
    )


def _layouts(connection: sqlite3.Connection) -> list[UnknownLayout]:
    """One entry per place and reason; what only holds something that is not known is left to that."""
    found: dict[tuple[str, str, int, str, str], list[str]] = {}
    for *place, abi in connection.execute(
        """SELECT DISTINCT tree, path, line, name, reason, abi FROM layout_unknown WHERE NOT follows
           ORDER BY 1, 2, 3, 4, 5, 6"""
    ):
        tree, path, line, name, reason = place
        found.setdefault((tree, path, line, name, reason), []).append(abi)
    return [UnknownLayout(*place, abis) for place, abis in found.items()]


def _unnumbered(connection: sqlite3.Connection) -> list[Unnumbered]:
    rows = connection.execute("SELECT tree, path, line, column, name FROM unnumbered ORDER BY 1, 2, 3, 4, 5")
    return [Unnumbered(*row) for row in rows]


def _unexpanded(connection: sqlite3.Connection) -> list[UnexpandedUse]:
    rows = connection.execute("""
        SELECT tree, name, reason, uses, path, line FROM (
            SELECT tree, name, reason, path, line, count(*) OVER same AS uses,
                   row_number() OVER (same ORDER BY path, line) AS number
            FROM unexpanded WINDOW same AS (PARTITION BY tree, name, reason)
        ) WHERE number = 1 ORDER BY uses DESC, tree, name, reason""")
    return [UnexpandedUse(*row) for row in rows]


def _kinds(connection: sqlite3.Connection, trees: list[Tree]) -> list[KindCoverage]:
    """One entry per kind that a tree has files of, in the order of projects.toml."""
    sums: dict[tuple[str, str], list[int]] = {}
    rows = connection.execute("""
        SELECT f.tree, f.path, b.size, b.functions, b.damaged, coalesce(dark.spots, 0), coalesce(dark.bytes, 0)
        FROM file f JOIN main.blob b ON b.id = f.blob LEFT JOIN (
            SELECT blob, count(*) AS spots, sum(stop - start) AS bytes FROM main.blind_spot GROUP BY blob
        ) dark ON dark.blob = f.blob
    """)
    for tree, path, *counts in rows:
        entry = sums.setdefault((tree, knowledge().file_kind(path)), [0] * 6)
        for index, count in enumerate((1, *counts)):
            entry[index] += count
    return [
        KindCoverage(tree.name, kind, *sums[tree.name, kind])
        for tree in trees
        for kind in knowledge().file_kinds
        if (tree.name, kind) in sums
    ]


def _families(connection: sqlite3.Connection, coverage: Coverage) -> list[FamilyCoverage]:
    lost = dict(connection.execute("SELECT family, sum(occurrences) FROM watched WHERE kind IS NULL GROUP BY family"))
    found = []
    for family in FAMILIES:
        kinds = coverage.families[family]
        explained, unaccounted = sum(kinds.values()), lost.get(family, 0)
        found.append(FamilyCoverage(family, explained + unaccounted, explained, unaccounted, kinds))
    return found
