"""State that enabling a capability stores, and whether anything reads it."""

from __future__ import annotations

from functools import partial

from caplint.facts.store.store import FactStore
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import insert
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
    rows = connection.execute(
        """SELECT e.side, e.tree, e.cap, e.arch, e.path, s.line, e.function, s.target
        FROM all_cap_enable e
        CROSS JOIN code_function d  -- in this order: else all calls and stores are looked at for each site
          ON d.side = e.side AND d.tree = e.tree AND d.path = e.path AND d.name = e.function
        CROSS JOIN main.case_label l
          ON l.blob = d.blob AND l.function = d.name AND l.line = e.line AND l.column = e.column
        CROSS JOIN main.store s ON s.blob = d.blob AND s.function = d.name AND s.start >= l.start AND s.start < l.stop
        WHERE e.side = ? AND e.tree = ? AND e.stores > 0 AND NOT s.local
          AND (s.target LIKE '%->%' OR s.target LIKE '%.%')
        ORDER BY 5, s.start""",
        (side, tree),
    ).fetchall()
    read = {name for _, members in members_of(store, side, tree) for name in members.read}
    for _, _, cap, arch, path, line, function, target in rows:
        names = POINTED.findall(target)
        if names:
            member = names[-1]
            row = CapStateRow(side, tree, cap, arch, path, line, function, target, member, int(member in read))
            insert(connection, "all_cap_state", [row])
