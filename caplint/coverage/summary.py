"""Ledger of a run: bytes read, bytes not understood, and names that no fact explains."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.coverage.crates import CrateVersion, crate_versions
from caplint.coverage.pasted_names import Pasted, pasted_names
from caplint.knowledge.capability_names import PREFIX
from caplint.knowledge.load import GENERIC, knowledge

CAPABILITY, IOCTL, REGISTER = FAMILIES = ("capability", "ioctl", "MSR")
"""Families of names that the ledger accounts for."""
PASTED, PASTED_UNSEEN = "pasted", "pasted, definition missing"
"""Kinds of names that a lexical count misses because a macro pastes them together."""


class TreeCoverage(NamedTuple):
    """Coverage of one tree; sizes in bytes."""

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
    """Number of places that name an MSR or a capability whose number is unknown."""


SUMMED = ("files", "bytes", "blind_files", "blind_bytes", "tokens", "unaccounted", "unnumbered")
"""Columns whose sums over all trees are part of a run's JSON."""


class Blind(NamedTuple):
    """Blind spot: bytes that were not understood."""

    tree: str
    path: str
    line: int
    bytes: int
    reason: str


class AbsentArchitecture(NamedTuple):
    """Architecture that the kernel's header names and whose check handler is not in the tree."""

    tree: str
    arch: str


class Unaccounted(NamedTuple):
    """Name that no fact explains."""

    tree: str
    path: str
    line: int
    column: int
    name: str


@dataclass(frozen=True)
class Coverage:
    """Coverage of all trees of a run."""

    trees: list[TreeCoverage]
    blind: list[Blind]
    unaccounted: list[Unaccounted]
    kinds: dict[str, int]
    """Kind of the explaining fact → occurrences of names."""
    families: dict[str, dict[str, int]] = field(default_factory=dict)
    """Family → `kinds` of its names."""
    pasted: list[Pasted] = field(default_factory=list)
    """Names that macros paste together."""
    absent: list[AbsentArchitecture] = field(default_factory=list)
    """Architectures whose code a partial tree lacks; of a tree of headers all, which the skipped rules already tell."""
    crates: list[CrateVersion] = field(default_factory=list)
    """Versions of the crates that VMMs in Rust are built with."""

    def total(self, column: str) -> int:
        """Return the sum of a column over the trees."""
        return sum(getattr(tree, column) for tree in self.trees)

    @property
    def percent(self) -> float:
        """Share of the bytes that were understood, in percent; 100 if no bytes were read."""
        total = self.total("bytes")
        return 100.0 * (1 - self.total("blind_bytes") / total) if total else 100.0


LEDGER = "watched"
"""Temporary table of the names that the ledger accounts for."""

# Names that the ledger accounts for: capabilities, ioctls that a header in view defines, and registers.
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
    """Return the coverage of the linked trees; fills the temporary table `watched`."""
    _watch(connection)
    pasted = pasted_names(connection)
    pasted_per_tree = Counter(entry.tree for entry in pasted)
    trees = connection.execute("""
        SELECT t.name, read.files, read.bytes, read.functions, read.damaged, dark.files, dark.bytes,
               names.occurrences, names.lost, bare.places
        FROM tree t LEFT JOIN (
            SELECT f.tree, count(*) AS files, sum(b.size) AS bytes, sum(b.functions) AS functions,
                   sum(b.damaged) AS damaged
            FROM file f JOIN main.blob b ON b.id = f.blob GROUP BY f.tree
        ) read ON read.tree = t.name LEFT JOIN (
            SELECT tree, count(DISTINCT iif(stop > start, path, NULL)) AS files, sum(stop - start) AS bytes
            FROM blind GROUP BY tree
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
    absent = _absent(connection)
    accounts = [TreeCoverage(row[0], *(value or 0 for value in row[1:])) for row in trees]
    return Coverage(
        [account._replace(tokens=account.tokens + pasted_per_tree[account.tree]) for account in accounts],
        [Blind(*row) for row in blind],
        [Unaccounted(*row) for row in lost],
        _most_first(kinds),
        families,
        pasted,
        [AbsentArchitecture(tree, arch) for arch in knowledge().architectures for tree in absent.get(arch, ())],
        crate_versions(connection),
    )


def _absent(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Map each architecture to the kernels with code that lack it."""
    absent: dict[str, list[str]] = {}
    for tree, arch in connection.execute(
        """SELECT a.tree, a.arch FROM absent_arch a JOIN tree t ON t.name = a.tree AND t.complete
           WHERE EXISTS (SELECT 1 FROM handler h WHERE h.tree = a.tree) ORDER BY t.rowid, a.arch"""
    ):
        absent.setdefault(arch, []).append(tree)
    return absent


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
    return {family: _most_first(kinds) for family, kinds in counts.items()}


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
