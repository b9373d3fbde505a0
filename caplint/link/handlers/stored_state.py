"""State that enabling a capability stores, and whether anything reads it."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from operator import itemgetter

from caplint.facts.store.store import FactStore
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import insert
from caplint.link.functions.bounded_sites import MOST_FACTS, MOST_TIMES
from caplint.link.functions.member_uses import POINTED, members_of
from caplint.link.handlers.rows import CapStateRow


def link_cap_states(store: FactStore, extractor: str) -> None:
    """Fill `all_cap_state`."""
    connection = store.connection
    trees = connection.execute("SELECT DISTINCT side, tree FROM temp.all_cap_enable ORDER BY 1, 2").fetchall()
    for side, tree in trees:
        cache_key = f"cap states {tree} {snapshot_key(connection, side, tree, extractor)}"
        remembered(store, cache_key, ("all_cap_state",), (side, tree), partial(_fill, store, side, tree))


def _fill(store: FactStore, side: str, tree: str) -> None:
    connection = store.connection
    read = {name for _, members in members_of(store, side, tree) for name in members.read}
    rows = [
        CapStateRow(side, tree, cap, arch, path, line, function, target, names[-1], int(names[-1] in read))
        for (cap, arch, path, function), line, target in _lasting(connection, side, tree)
        if (names := POINTED.findall(target))
    ]
    insert(connection, "all_cap_state", rows)


def _lasting(connection: sqlite3.Connection, side: str, tree: str) -> list[tuple[tuple[str, ...], int, str]]:
    """Return the assignments to members under a case: (capability, architecture, path, function), line, target."""
    assignments: list[tuple[str, int, tuple[tuple[str, ...], int, str]]] = []
    handlers: dict[tuple[str, str], list[_Handler]] = {}
    for cap, arch, path, line, column, function in connection.execute(
        """SELECT cap, arch, path, line, column, function FROM temp.all_cap_enable
           WHERE side = ? AND tree = ? AND stores > 0 AND succeeds IS NOT 0 ORDER BY rowid""",
        (side, tree),
    ).fetchall():
        if (path, function) not in handlers:
            handlers[path, function] = _handlers(connection, side, tree, path, function)
        for handler in handlers[path, function]:
            for start, store_line, target in handler.under(line, column):
                assignments.append((path, start, ((cap, arch, path, function), store_line, target)))
    return [entry for *_, entry in sorted(assignments, key=itemgetter(0, 1))]


@dataclass
class _Handler:
    """Extents of a function's cases by line and column, and its assignments to members: offset, line, target."""

    cases: dict[tuple[int, int], list[tuple[int, int]]]
    stores: list[tuple[int, int, str]]
    left: int
    """Number of assignments that its cases may still yield in total: overlapping cases yield one repeatedly.

    The link of the handlers reports a handler beyond it.
    """

    def under(self, line: int, column: int) -> Iterator[tuple[int, int, str]]:
        """Yield the assignments that run for a case; once `left` is used up, the first of each extent only."""
        for start, stop in self.cases.get((line, column), []):
            stores = self.stores[bisect_left(self.stores, (start,)) : bisect_left(self.stores, (stop,))]
            self.left -= len(stores)
            yield from stores if self.left >= 0 else stores[:1]


def _handlers(connection: sqlite3.Connection, side: str, tree: str, path: str, function: str) -> list[_Handler]:
    """Return the definitions of a path's function: from its file, and from expanded code."""
    handlers = []
    for (blob,) in connection.execute(
        "SELECT DISTINCT blob FROM code_function WHERE side = ? AND tree = ? AND path = ? AND name = ?",
        (side, tree, path, function),
    ).fetchall():
        cases: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for line, column, start, stop in connection.execute(
            "SELECT line, column, start, stop FROM main.case_label WHERE blob = ? AND function = ? ORDER BY start",
            (blob, function),
        ):
            cases.setdefault((line, column), []).append((start, stop))
        stores = connection.execute(
            """SELECT start, line, target FROM main.store WHERE blob = ? AND function = ? AND NOT local
                 AND (target LIKE '%->%' OR target LIKE '%.%') ORDER BY start""",
            (blob, function),
        ).fetchall()
        handlers.append(_Handler(cases, stores, MOST_FACTS + MOST_TIMES * len(stores)))
    return handlers
