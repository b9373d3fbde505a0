"""Capabilities that the code of a tree's self-tests names, in files that are built."""

from __future__ import annotations

import sqlite3

from caplint.link.core.rows import insert
from caplint.link.docs.rows import SelftestRow
from caplint.link.docs.selftest_code import SelftestCode


def link_selftests(connection: sqlite3.Connection, code: SelftestCode) -> None:
    """Fill `selftest` if the tree has a capability that its base lacks; no rule queries it otherwise."""
    tree = code.tree
    added = connection.execute(
        """SELECT 1 FROM cap WHERE tree = ?1 AND header = 'uapi'
           AND name NOT IN (SELECT name FROM base_cap WHERE tree = ?1)""",
        (tree.name,),
    ).fetchone()
    if tree.base is None or added is None:
        return
    for path in code.built:
        lines = {name.cap: name.line for name in code.names(path)}
        insert(connection, "selftest", [SelftestRow(tree.name, path, line, cap) for cap, line in lines.items()])
