"""The functions and macros that a handler may call, with their bodies on demand."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

from caplint.knowledge import GENERIC
from caplint.link.bodies import Body, Handler
from caplint.link.functions_by_name import functions_named, macros_named


@dataclass(frozen=True, slots=True)
class Macro:
    """A function-like macro."""

    path: str
    line: int
    arch: str
    parameters: tuple[str, ...]
    body: str

    def argument(self, index: int) -> re.Pattern[str] | None:
        """Matches a use of a parameter, with the parentheses that macros put around it."""
        if index >= len(self.parameters):
            return None
        name = re.escape(self.parameters[index])
        return re.compile(rf"(?:\(\s*{name}\s*\)|\b{name}\b)")


@dataclass
class Helpers:
    """What one side of a tree defines."""

    connection: sqlite3.Connection
    side: str
    tree: str
    _functions: dict[str, list[Handler]] = field(default_factory=dict)
    _macros: dict[str, list[Macro]] = field(default_factory=dict)
    _bodies: dict[tuple[int, int], Body] = field(default_factory=dict)

    def functions(self, name: str, arch: str) -> list[Body]:
        """Definitions that an architecture may call; from generic code those of all architectures."""
        if name not in self._functions:
            self._functions[name] = [
                Handler(self.side, self.tree, found.path, found.blob, found.architecture, name, found.start, found.stop,
                        found.parameters, "", None, "helper")
                for found in functions_named(self.connection, self.side, self.tree, name)
            ]  # fmt: skip
        return [self.body(found) for found in self._functions[name] if arch == GENERIC or found.arch in {arch, GENERIC}]

    def macros(self, name: str, arch: str) -> list[Macro]:
        """Function-like macros of a name, as with functions."""
        if name not in self._macros:
            self._macros[name] = [
                Macro(found.path, found.line, found.arch or GENERIC, found.parameters, found.body)
                for found in macros_named(self.connection, self.side, self.tree, name)
            ]
        return [found for found in self._macros[name] if arch == GENERIC or found.arch in {arch, GENERIC}]

    def body(self, handler: Handler) -> Body:
        """A function's body, read once."""
        key = (handler.blob, handler.start)
        if key not in self._bodies:
            self._bodies[key] = Body(self.connection, handler)
        return self._bodies[key]
