"""Which capabilities the self-tests of a patched tree name."""

from __future__ import annotations

import re
import sqlite3

from caplint.errors import CaplintError
from caplint.trees.tree import Tree

_NAME = re.compile(rb"\bKVM_CAP_\w+")


def link_selftests(connection: sqlite3.Connection, tree: Tree) -> None:
    """Fill `selftest` where the tree has a capability that its base has not; else nobody asks for it."""
    added = connection.execute(
        """SELECT 1 FROM cap WHERE tree = ?1 AND header = 'uapi'
           AND name NOT IN (SELECT name FROM base_cap WHERE tree = ?1)""",
        (tree.name,),
    ).fetchone()
    if tree.base is None or added is None:
        return
    for path in sorted(path for directory in tree.project.selftests for path in tree.below(directory)):
        try:
            content = tree.read(path)
        except (OSError, CaplintError):
            continue
        lines = {
            match.group().decode(): content.count(b"\n", 0, match.start()) + 1 for match in _NAME.finditer(content)
        }
        connection.executemany(
            "INSERT INTO temp.selftest VALUES (?, ?, ?, ?)",
            [(tree.name, path, line, cap) for cap, line in lines.items()],
        )
