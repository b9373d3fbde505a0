"""The functions and macros that a handler may call, with their bodies on demand."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from functools import cached_property

from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Body, Handler
from caplint.link.functions.by_name import functions_named, macros_named
from caplint.link.functions.cap_argument import CapArgument

# Definitions of one name that are followed; Linux has a dozen of what every architecture defines.
_MOST_DEFINITIONS = 64


@dataclass(frozen=True, slots=True)
class FunctionMacro:
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
    _macros: dict[str, list[FunctionMacro]] = field(default_factory=dict)
    _bodies: dict[tuple[int, int], Body] = field(default_factory=dict)
    _callable: dict[tuple[str, str], list[Body]] = field(default_factory=dict)
    arguments: dict[tuple[int, int, int, int], CapArgument] = field(default_factory=dict)
    """Blob and start of a function, its parameter, and how deep it is called → what becomes of the parameter."""

    walks: dict[tuple[int, int, int], list[bool]] = field(default_factory=dict)
    """Blob and start of a function, and how deep it is called → whether each look at vCPUs in it holds the lock."""

    @cached_property
    def members(self) -> dict[str, set[tuple[str, str]]]:
        """Last name of a member of any structure → its types and widths in bits."""
        found: dict[str, set[tuple[str, str]]] = {}
        for name, *kind in self.connection.execute(
            """SELECT DISTINCT m.name, m.type, m.bits FROM temp.all_file f JOIN main.member m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ?""",
            (self.side, self.tree),
        ):
            found.setdefault(name.rpartition(".")[2], set()).add((kind[0], kind[1]))
        return found

    def functions(self, name: str, arch: str) -> list[Body]:
        """Definitions that an architecture may call; from generic code those of all architectures.

        None, as of what is not in view, of a name that has more of them than any program.
        """
        if (name, arch) not in self._callable:
            self._callable[name, arch] = self._found(name, arch)
        return self._callable[name, arch]

    def _found(self, name: str, arch: str) -> list[Body]:
        if name not in self._functions:
            self._functions[name] = [
                Handler(self.side, self.tree, found.path, found.blob, found.architecture, name, found.start, found.stop,
                        found.parameters, "", None, "helper")
                for found in functions_named(self.connection, self.side, self.tree, name)
            ]  # fmt: skip
        found = [each for each in self._functions[name] if arch == GENERIC or each.arch in {arch, GENERIC}]
        if len(found) > _MOST_DEFINITIONS:
            first = found[0]
            (line,) = self.connection.execute(
                "SELECT line FROM main.function WHERE blob = ? AND start = ?", (first.blob, first.start)
            ).fetchone()
            self._cut(first.path, line, first.start, first.stop)
            return []
        return [self.body(each) for each in found]

    def _cut(self, path: str, line: int, start: int, stop: int) -> None:
        """Say that a name has too many definitions."""
        reason = f"a function or macro that has more than {_MOST_DEFINITIONS} definitions is not followed"
        self.connection.execute(
            "INSERT INTO temp.all_cut VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self.side, self.tree, path, line, start, stop, reason),
        )

    def macros(self, name: str, arch: str) -> list[FunctionMacro]:
        """Function-like macros of a name, as with functions."""
        if name not in self._macros:
            self._macros[name] = [
                FunctionMacro(found.path, found.line, found.arch or GENERIC, found.parameters, found.body)
                for found in macros_named(self.connection, self.side, self.tree, name)
            ]
            if len(self._macros[name]) > _MOST_DEFINITIONS:
                first = self._macros[name][0]
                self._cut(first.path, first.line, 0, 0)
                self._macros[name] = []
        return [found for found in self._macros[name] if arch == GENERIC or found.arch in {arch, GENERIC}]

    def body(self, handler: Handler) -> Body:
        """A function's body, read once."""
        key = (handler.blob, handler.start)
        if key not in self._bodies:
            self._bodies[key] = Body(self.connection, handler)
        return self._bodies[key]
