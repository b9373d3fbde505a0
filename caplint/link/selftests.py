"""Which capabilities the self-tests of a tree name: searched as plain text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from caplint.capability_names import mentions_in
from caplint.errors import CaplintError
from caplint.trees.tree import Tree


def mentions(tree: Tree) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Each self-test that can be read, by path, with the capabilities that it names and their lines, in order."""
    for path in sorted(path for directory in tree.project.selftests for path in tree.below(directory)):
        try:
            content = tree.read(path)
        except (OSError, CaplintError):
            continue
        yield path, [(name, content.count(b"\n", 0, offset) + 1) for name, offset in mentions_in(content)]


def link_selftests(connection: sqlite3.Connection, tree: Tree) -> None:
    """Fill `selftest` where the tree has a capability that its base has not; else nobody asks for it."""
    added = connection.execute(
        """SELECT 1 FROM cap WHERE tree = ?1 AND header = 'uapi'
           AND name NOT IN (SELECT name FROM base_cap WHERE tree = ?1)""",
        (tree.name,),
    ).fetchone()
    if tree.base is None or added is None:
        return
    for path, named in mentions(tree):
        connection.executemany(
            "INSERT INTO temp.selftest VALUES (?, ?, ?, ?)",
            [(tree.name, path, line, cap) for cap, line in dict(named).items()],
        )
