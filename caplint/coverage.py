"""The ledger of a run: what was read, what was not understood, and which names nothing explains."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.capability_names import PREFIX
from caplint.knowledge import GENERIC, knowledge
from caplint.pasted import Pasted, pasted_names

CAPABILITY, IOCTL, REGISTER = FAMILIES = ("capability", "ioctl", "MSR")
"""The families of names that the ledger vouches for."""
PASTED, PASTED_UNSEEN = "pasted", "pasted, definition missing"
"""Kinds of names that no lexical count finds: a macro pastes them together."""


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
    unnumbered: int = 0
    """Places that name an MSR or a capability whose number is not known."""


SUMMED = ("files", "bytes", "blind_files", "blind_bytes", "tokens", "unaccounted", "unnumbered")
"""The columns whose sums over all trees stand in a run's JSON."""


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
    families: dict[str, dict[str, int]] = field(default_factory=dict)
    """The same, kept apart by family."""
    pasted: list[Pasted] = field(default_factory=list)
    """The names that macros paste together."""

    def total(self, column: str) -> int:
        """A column summed over the trees."""
        return sum(getattr(tree, column) for tree in self.trees)

    @property
    def percent(self) -> float:
        """Share of the bytes that were understood, in percent; 100 where nothing was read."""
        total = self.total("bytes")
        return 100.0 * (1 - self.total("blind_bytes") / total) if total else 100.0


# The names that the ledger vouches for: capabilities, the ioctls that any header in view defines, and registers.
_WATCHED = """
    CREATE TEMP TABLE watched AS
    SELECT tree, path, line, column, name, kind, occurrences,
           CASE WHEN name GLOB 'KVM_CAP_*' THEN :capability
                WHEN name GLOB 'KVM_*' THEN :ioctl ELSE :register END AS family
    FROM token_use t
    WHERE name GLOB 'KVM_CAP_*'
       OR name IN (SELECT m.name FROM file f JOIN main.macro m ON m.blob = f.blob
                   WHERE f.header IS NOT NULL AND m.body GLOB '_IO*(KVMIO*')
       OR (coalesce(arch, :generic) IN ({architectures}) AND ({registers}))
"""


def measure(connection: sqlite3.Connection) -> Coverage:
    """The account of the linked trees."""
    _watch(connection)
    pasted = pasted_names(connection)
    found = Counter(entry.tree for entry in pasted)
    trees = connection.execute("""
        SELECT t.name, read.files, read.bytes, read.functions, read.damaged, dark.files, dark.bytes,
               names.occurrences, names.lost, bare.places
        FROM tree t LEFT JOIN (
            SELECT f.tree, count(*) AS files, sum(b.size) AS bytes, sum(b.functions) AS functions,
                   sum(b.damaged) AS damaged
            FROM file f JOIN main.blob b ON b.id = f.blob GROUP BY f.tree
        ) read ON read.tree = t.name LEFT JOIN (
            SELECT tree, count(DISTINCT path) AS files, sum(stop - start) AS bytes FROM blind GROUP BY tree
        ) dark ON dark.tree = t.name LEFT JOIN (
            SELECT tree, sum(occurrences) AS occurrences, sum(iif(kind IS NULL, occurrences, 0)) AS lost
            FROM watched GROUP BY tree
        ) names ON names.tree = t.name LEFT JOIN (
            SELECT tree, count(*) AS places FROM unnumbered GROUP BY tree
        ) bare ON bare.tree = t.name
        ORDER BY t.rowid""")
    blind = connection.execute(
        "SELECT tree, path, line, stop - start, reason FROM blind ORDER BY stop - start DESC, tree, path, start"
    )
    lost = connection.execute(
        "SELECT tree, path, line, column, name FROM watched WHERE kind IS NULL ORDER BY 1, 2, 3, 4"
    )
    families = _families(connection, pasted)
    kinds: Counter[str] = Counter()
    for counts in families.values():
        kinds.update(counts)
    accounts = [TreeCoverage(row[0], *(value or 0 for value in row[1:])) for row in trees]
    return Coverage(
        [account._replace(tokens=account.tokens + found[account.tree]) for account in accounts],
        [Blind(*row) for row in blind],
        [Unaccounted(*row) for row in lost],
        _most_first(kinds),
        families,
        pasted,
    )


def _watch(connection: sqlite3.Connection) -> None:
    architectures = [GENERIC, knowledge().msr.architecture]
    connection.execute("DROP TABLE IF EXISTS temp.watched")
    connection.execute(
        _WATCHED.format(
            architectures=", ".join(f"'{name}'" for name in architectures),
            registers=" OR ".join(f"name GLOB '{prefix}*'" for prefix in knowledge().msr.prefixes),
        ),
        {"capability": CAPABILITY, "ioctl": IOCTL, "register": REGISTER, "generic": GENERIC},
    )


def _families(connection: sqlite3.Connection, pasted: list[Pasted]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {family: Counter() for family in FAMILIES}
    for family, kind, occurrences in connection.execute(
        "SELECT family, kind, sum(occurrences) FROM watched WHERE kind IS NOT NULL GROUP BY 1, 2"
    ):
        counts[family][kind] = occurrences
    for entry in pasted:
        family = CAPABILITY if (entry.name or entry.macro).startswith(PREFIX) else REGISTER
        counts[family][PASTED if entry.defined else PASTED_UNSEEN] += 1
    return {family: _most_first(found) for family, found in counts.items()}


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
