"""Capabilities that the code of a tree's self-tests names, in files that are built; they are not parsed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from caplint.c.conditions import conditionals
from caplint.c.lexer import lex
from caplint.knowledge.capability_names import mentions_in
from caplint.link.core.rows import insert
from caplint.link.docs.rows import SelftestRow
from caplint.link.docs.selftest_builds import MAKEFILES, built_files
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


def mentions(tree: Tree) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yield the path of each self-test that is built, with the capabilities that its code names and their lines."""
    for directory in tree.project.selftests:
        contents = _Contents(tree)
        for path in _built(tree, directory, contents):
            yield path, _named_in_code(contents.read(path))


def built_selftests(tree: Tree, directory: str) -> list[str]:
    """Return the paths of the C files below a directory of self-tests that are built, sorted."""
    return _built(tree, directory, _Contents(tree))


class _Contents:
    """Contents of a tree's files, each read once; a file that cannot be read is empty."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, bytes] = {}

    def read(self, path: str) -> bytes:
        """Return a file's content."""
        if path not in self._known:
            try:
                self._known[path] = self._tree.read(path)
            except (OSError, CaplintError):
                self._known[path] = b""
        return self._known[path]


def _built(tree: Tree, directory: str, contents: _Contents) -> list[str]:
    makefiles = [tree.read_or_none(f"{directory}/{name}") for name in MAKEFILES]
    present = [content for content in makefiles if content is not None]
    return built_files(directory, tree.c_files_under(directory), present, contents.read)


def _named_in_code(content: bytes) -> list[tuple[str, int]]:
    """Return the capabilities that a file names outside comments, strings and disabled code, and their lines."""
    found = mentions_in(content)
    if not found:
        return []
    lexed = lex(content)
    presence = conditionals(lexed).presence
    return [
        (name, lexed.line(offset))
        for name, offset in found
        if offset not in lexed.comments and offset not in lexed.strings and presence(offset) is not False
    ]


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
