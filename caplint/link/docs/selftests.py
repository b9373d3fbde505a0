"""Capabilities that the selftests of a tree name, from a text search."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from caplint.knowledge.capability_names import mentions_in
from caplint.link.core.rows import insert
from caplint.link.docs.rows import SelftestRow
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


def mentions(tree: Tree) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yield the path of each readable selftest, with the capabilities that it names and their lines, in order."""
    for path in sorted(path for directory in tree.project.selftests for path in tree.c_files_under(directory)):
        try:
            content = tree.read(path)
        except (OSError, CaplintError):
            continue
        yield path, [(name, content.count(b"\n", 0, offset) + 1) for name, offset in mentions_in(content)]


def link_selftests(connection: sqlite3.Connection, tree: Tree) -> None:
    """Fill `selftest` if the tree has a capability that its base lacks; no rule queries it otherwise."""
    added = connection.execute(
        """SELECT 1 FROM cap WHERE tree = ?1 AND header = 'uapi'
           AND name NOT IN (SELECT name FROM base_cap WHERE tree = ?1)""",
        (tree.name,),
    ).fetchone()
    if tree.base is None or added is None:
        return
    for path, capabilities in mentions(tree):
        insert(
            connection,
            "selftest",
            [SelftestRow(tree=tree.name, path=path, line=line, cap=cap) for cap, line in dict(capabilities).items()],
        )
