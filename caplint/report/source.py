"""Source lines of the trees, for reports that show them."""

from __future__ import annotations

import os
from functools import lru_cache, partial
from urllib.parse import quote

from caplint.findings.finding import Location
from caplint.trees.directory import DirectoryTree
from caplint.trees.names import path_bytes
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


class Source:
    """Lazy reader of the trees' files; an unreadable file has no lines."""

    def __init__(self, trees: list[Tree]) -> None:
        # Not a method of this object: that would keep the trees, with their repositories' private files, alive.
        self._roots = {tree.name: tree.root for tree in trees if isinstance(tree, DirectoryTree)}
        self._lines = lru_cache(maxsize=32)(partial(_read, {tree.name: tree for tree in trees}))

    def line(self, place: Location) -> str:
        """Return the line's text, empty if there is no such line."""
        return self.bytes_of(place).decode("utf-8", "replace")

    def address(self, place: Location) -> str:
        """Return the address of a place's file for links; empty for a file that is in no directory."""
        root = self._roots.get(place.tree)
        if root is None:
            return ""
        return f"file://{quote(os.fsencode(root.absolute()) + b'/' + path_bytes(place.path))}"

    def column(self, place: Location) -> int:
        """Return the column in characters; the facts count bytes."""
        before = self.bytes_of(place)[: place.column - 1]
        return place.column - len(before) + len(before.decode("utf-8", "replace"))

    def bytes_of(self, place: Location) -> bytes:
        """Return the bytes of the place's line, empty if there is no such line."""
        lines = self._lines(place.tree, place.path)
        return lines[place.line - 1] if 0 < place.line <= len(lines) else b""


def _read(trees: dict[str, Tree], tree: str, path: str) -> list[bytes]:
    try:
        return trees[tree].read(path).split(b"\n")
    except (OSError, CaplintError, KeyError, ValueError):  # ValueError: not a valid path
        return []
