"""Definitions of functions and function-like macros, by name."""

from __future__ import annotations

import json
import sqlite3
from typing import NamedTuple

from caplint.knowledge.load import GENERIC


class FoundFunction(NamedTuple):
    """Function definition, with its location and the names of its parameters."""

    path: str
    blob: int
    arch: str | None
    """None if the path does not tell the architecture."""
    line: int
    start: int
    stop: int
    static: bool
    parameters: list[str]

    @property
    def architecture(self) -> str:
        """Architecture, `GENERIC` for code of all architectures."""
        return self.arch or GENERIC


class FoundMacro(NamedTuple):
    """Definition of a function-like macro."""

    path: str
    line: int
    arch: str | None
    parameters: tuple[str, ...]
    body: str


def functions_named(connection: sqlite3.Connection, side: str, tree: str, name: str) -> list[FoundFunction]:
    """Return all definitions of a function on one side of a tree, in the order of their files."""
    return [
        FoundFunction(path, blob, arch, line, start, stop, bool(static), json.loads(parameters))
        for path, blob, arch, line, start, stop, static, parameters in connection.execute(
            """SELECT path, blob, arch, line, start, stop, static, parameters FROM code_function
               WHERE side = ? AND tree = ? AND name = ? ORDER BY path, start""",
            (side, tree, name),
        )
    ]


def macros_named(connection: sqlite3.Connection, side: str, tree: str, name: str) -> list[FoundMacro]:
    """Return all definitions of a function-like macro on one side of a tree, in the order of their files."""
    return [
        FoundMacro(path, line, arch, tuple(json.loads(parameters)), body)
        for path, line, arch, parameters, body in connection.execute(
            """SELECT f.path, m.line, f.arch, m.parameters, m.body
               FROM main.macro m CROSS JOIN temp.all_file f ON f.blob = m.blob
               WHERE f.side = ? AND f.tree = ? AND m.name = ? AND m.parameters IS NOT NULL
               ORDER BY f.path, m.line""",
            (side, tree, name),
        )
    ]
