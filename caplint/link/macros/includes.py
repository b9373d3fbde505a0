"""Resolution of `#include` to a file of the tree."""

from __future__ import annotations

import sqlite3
from posixpath import commonprefix

from caplint.knowledge.load import GENERIC


class Includes:
    """Files of one side of a tree, found by the end of their path."""

    def __init__(self, connection: sqlite3.Connection, side: str, tree: str) -> None:
        self.files: dict[str, tuple[str | None, int]] = {
            path: (arch, blob)
            for path, arch, blob in connection.execute(
                "SELECT path, arch, blob FROM temp.all_file WHERE side = ? AND tree = ? AND NOT expanded ORDER BY path",
                (side, tree),
            )
        }
        """Path → architecture and blob."""
        self._resolved: dict[tuple[str, str], str | None] = {}
        self._by_name: dict[str, list[str]] = {}
        for path in self.files:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def resolved(self, includer: str, name: str) -> str | None:
        """Return the nearest file whose path ends with the included path, except another architecture's; else None."""
        key = (includer, name)
        if key not in self._resolved:
            self._resolved[key] = self._nearest(includer, name)
        return self._resolved[key]

    def _nearest(self, includer: str, name: str) -> str | None:
        arch = self.files[includer][0]
        ending = "/" + name.lstrip("./")
        candidates = [
            path for path in self._by_name.get(name.rpartition("/")[2], ())
            if path.endswith(ending) and self.files[path][0] in {arch, GENERIC, None}
        ]  # fmt: skip
        return max(candidates, key=lambda path: (len(commonprefix([path, includer])), path), default=None)
