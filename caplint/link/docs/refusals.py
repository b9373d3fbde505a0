"""Functions that only return errors: directly, through a variable with nothing else, or through such a function."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any, NamedTuple

_ERROR = re.compile(r"-\s*E[A-Z][A-Z0-9]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_]\w*\Z")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
# Calls that are followed from an ioctl's function; kernels have one at most.
_DEEPEST = 3
_INSIDE = "blob = ? AND start >= ? AND start < ?"


class FunctionExtent(NamedTuple):
    """Function body in a blob."""

    blob: int
    start: int
    stop: int


class Snapshot:
    """Functions of one side of a tree."""

    def __init__(self, connection: sqlite3.Connection, side: str, tree: str) -> None:
        self._connection = connection
        self._where = (side, tree)

    def definitions(self, name: str) -> list[tuple[Any, ...]]:
        """Return architecture, path and line of each definition of a function, then its extent."""
        return self._connection.execute(
            """SELECT f.arch, f.path, d.line, d.blob, d.start, d.stop
               FROM main.function d CROSS JOIN temp.all_file f ON f.blob = d.blob
               WHERE d.name = ? AND f.side = ? AND f.tree = ? AND NOT f.expanded ORDER BY f.path, d.line""",
            (name, *self._where),
        ).fetchall()

    def served(self, extent: FunctionExtent) -> int | None:
        """Return 0 for a function that returns errors only, 1 for one that may do something else.

        None: it does nothing and succeeds, or returns no value; nothing tells then whether the ioctl is served.
        """
        if not any(self._column("return_value", "value", extent)):
            return None  # a plain `return` has an empty value
        if self._only_errors(extent, 0):
            return 0
        does_something = self._column("call", "line", extent) or self._column("store", "line", extent)
        return 1 if does_something else None

    def _only_errors(self, extent: FunctionExtent, depth: int) -> bool:
        values = self._column("return_value", "value", extent)
        return bool(values) and all(self._is_error(str(value), extent, depth) for value in values)

    def _is_error(self, text: str, extent: FunctionExtent, depth: int) -> bool:
        value = text.strip("() ") if text.startswith("(") else text.strip()
        if _ERROR.match(value):
            return True
        if _VARIABLE.match(value):
            return self._holds_only_errors(value, extent, depth)
        call = _CALL.match(value)
        return call is not None and value.endswith(")") and depth < _DEEPEST and self._refuses(call.group(1), depth + 1)

    def _refuses(self, name: str, depth: int) -> bool:
        """Return whether every definition of a function returns errors only; False if none is in view."""
        extents = [FunctionExtent(*row[3:]) for row in self.definitions(name)]
        return bool(extents) and all(self._only_errors(extent, depth) for extent in extents)

    def _holds_only_errors(self, variable: str, extent: FunctionExtent, depth: int) -> bool:
        """Return whether a variable is assigned errors only, and given to no call or macro that may assign it."""
        stores = self._connection.execute(
            f"SELECT operator, value FROM main.store WHERE {_INSIDE} AND target = ?",  # noqa: S608
            (*extent, variable),
        ).fetchall()
        word = re.compile(rf"\b{variable}\b")
        given = any(
            word.search(entry) for text in self._column("call", "arguments", extent) for entry in json.loads(text)
        )
        errors = (
            operator in {"=", "init"} and value != variable and self._is_error(value, extent, depth + 1)
            for operator, value in stores
        )
        return bool(stores) and not given and depth < _DEEPEST and all(errors)

    def _column(self, table: str, column: str, extent: FunctionExtent) -> list[Any]:
        query = f"SELECT {column} FROM main.{table} WHERE {_INSIDE}"  # noqa: S608
        return [value for (value,) in self._connection.execute(query, extent).fetchall()]
