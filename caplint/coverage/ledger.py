"""Complete ledger by file kind, family of names and cause; `check` prints its summary in one line."""

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
    """Coverage of one kind of files in one tree; sizes in bytes."""

    tree: str
    kind: str
    files: int
    bytes: int
    functions: int
    damaged: int
    blind_spots: int
    blind_bytes: int


class FamilyCoverage(NamedTuple):
    """Family of names: occurrences, those explained by a fact, and the unexplained rest."""

    family: str
    tokens: int
    explained: int
    unaccounted: int
    kinds: dict[str, int]


class UnexpandedUse(NamedTuple):
    """Macro that may expand to unknown code: at file scope, or to labels within functions."""

    tree: str
    name: str | None
    """Macro or included file; None for expanded text that was not understood."""
    reason: str
    uses: int
    path: str
    line: int
    """Line of the first use."""


class UnknownLayout(NamedTuple):
    """UAPI structure, ioctl or header whose layout or number is unknown, so that it is not compared."""

    tree: str
    path: str
    line: int
    name: str
    reason: str
    abis: list[str]


class Unnumbered(NamedTuple):
    """Place that names an MSR or a capability whose number is unknown, so that rules leave it out."""

    tree: str
    path: str
    line: int
    column: int
    name: str


@dataclass(frozen=True)
class Ledger:
    """Complete data of `caplint coverage`."""

    coverage: Coverage
    kinds: list[KindCoverage]
    families: list[FamilyCoverage]
    spots: list[Spot]
    causes: list[Cause]
    unexpanded: list[UnexpandedUse]
    layouts: list[UnknownLayout]
    unnumbered: list[Unnumbered]


def read_ledger(connection: sqlite3.Connection, trees: list[Tree], tables: Tables) -> Ledger:
    """Return the ledger of the linked trees; `tables` are the repair tables that they were read with."""
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
    """Return one entry per place and reason; layouts that are unknown only because of a member are left out."""
    abis_of: dict[tuple[str, str, int, str, str], list[str]] = {}
    for *key, abi in connection.execute(
        """SELECT DISTINCT tree, path, line, name, reason, abi FROM layout_unknown WHERE NOT follows
           ORDER BY 1, 2, 3, 4, 5, 6"""
    ):
        tree, path, line, name, reason = key
        abis_of.setdefault((tree, path, line, name, reason), []).append(abi)
    return [UnknownLayout(*key, abis) for key, abis in abis_of.items()]


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
    """Return one entry per tree and kind of its files, in the order of projects.toml."""
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
    families = []
    for family in FAMILIES:
        kinds = coverage.families[family]
        explained, unaccounted = sum(kinds.values()), lost.get(family, 0)
        families.append(FamilyCoverage(family, explained + unaccounted, explained, unaccounted, kinds))
    return families
