"""Functions and macros that a handler may call, with their bodies on demand."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass, field

from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Body, Handler


@dataclass(frozen=True, slots=True)
class FunctionMacro:
    """Function-like macro."""

    path: str
    line: int
    arch: str
    parameters: tuple[str, ...]
    body: str

    def argument(self, index: int) -> re.Pattern[str] | None:
        """Return a pattern for uses of a parameter, with the parentheses around it; None for an index out of range."""
        if index >= len(self.parameters):
            return None
        name = re.escape(self.parameters[index])
        return re.compile(rf"(?:\(\s*{name}\s*\)|\b{name}\b)")


@dataclass
class Helpers:
    """Functions and function-like macros that one side of a tree defines."""

    connection: sqlite3.Connection
    side: str
    tree: str
    _functions: dict[str, list[Handler]] = field(default_factory=dict)
    _macros: dict[str, list[FunctionMacro]] = field(default_factory=dict)
    _bodies: dict[tuple[int, int], Body] = field(default_factory=dict)

    def functions(self, name: str, arch: str) -> list[Body]:
        """Return the definitions that an architecture may call; for generic code, those of all architectures."""
        if name not in self._functions:
            self._functions[name] = [
                Handler(self.side, self.tree, path, blob, of or GENERIC, name, start, stop,
                        json.loads(parameters), "", None, "helper")
                for path, blob, of, start, stop, parameters in self.connection.execute(
                    """SELECT path, blob, arch, start, stop, parameters FROM code_function
                       WHERE side = ? AND tree = ? AND name = ? ORDER BY path, start""",
                    (self.side, self.tree, name),
                )
            ]  # fmt: skip
        visible = (entry for entry in self._functions[name] if arch == GENERIC or entry.arch in {arch, GENERIC})
        return [self.body(entry) for entry in visible]

    def macros(self, name: str, arch: str) -> list[FunctionMacro]:
        """Return the function-like macros of a name, chosen as in `functions`."""
        if name not in self._macros:
            self._macros[name] = [
                FunctionMacro(path, line, of or GENERIC, tuple(json.loads(parameters)), body)
                for path, line, of, parameters, body in self.connection.execute(
                    """SELECT f.path, m.line, f.arch, m.parameters, m.body
                       FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
                       WHERE f.side = ? AND f.tree = ? AND m.name = ? AND m.parameters IS NOT NULL
                       ORDER BY f.path, m.line""",
                    (self.side, self.tree, name),
                )
            ]
        return [entry for entry in self._macros[name] if arch == GENERIC or entry.arch in {arch, GENERIC}]

    def body(self, handler: Handler) -> Body:
        """Return a function's body, which is read once."""
        key = (handler.blob, handler.start)
        if key not in self._bodies:
            self._bodies[key] = Body(self.connection, handler)
        return self._bodies[key]
