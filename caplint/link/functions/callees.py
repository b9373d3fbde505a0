"""Functions and macros that a handler may call, with their bodies on demand."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field
from functools import cached_property

from caplint.knowledge.load import GENERIC
from caplint.link.core.rows import CutRow, insert
from caplint.link.functions.body import Body, Handler
from caplint.link.functions.by_name import functions_named, macros_named

# Maximum number of definitions of a name that are followed. Linux has some 12 of a function that each architecture
# defines.
_MOST_DEFINITIONS = 64


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
    _expandable: dict[tuple[str, str], list[FunctionMacro]] = field(default_factory=dict)
    _bodies: dict[tuple[int, int], Body] = field(default_factory=dict)
    _callable: dict[tuple[str, str], list[Body]] = field(default_factory=dict)
    walks: dict[tuple[int, int, int], list[tuple[bool, bool]]] = field(default_factory=dict)
    """Blob and start of a function, remaining call depth → for each walk over vCPUs, whether the lock is held, and
    whether vCPUs are missed."""

    @cached_property
    def members(self) -> dict[str, set[tuple[str, str]]]:
        """Map of the last name of each structure member to its types and widths in bits."""
        types: dict[str, set[tuple[str, str]]] = {}
        for name, *kind in self.connection.execute(
            """SELECT DISTINCT m.name, m.type, m.bits FROM temp.all_file f JOIN main.member m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ?""",
            (self.side, self.tree),
        ):
            types.setdefault(name.rpartition(".")[2], set()).add((kind[0], kind[1]))
        return types

    def functions(self, name: str, arch: str) -> list[Body]:
        """Return the definitions that an architecture may call; for generic code, those of all architectures.

        The list is empty, as for a function outside the tree, for a name with more than `_MOST_DEFINITIONS` of them.
        """
        if (name, arch) not in self._callable:
            self._callable[name, arch] = self._visible(name, arch)
        return self._callable[name, arch]

    def _visible(self, name: str, arch: str) -> list[Body]:
        if name not in self._functions:
            self._functions[name] = [
                Handler(self.side, self.tree, entry.path, entry.blob, entry.architecture, name, entry.start, entry.stop,
                        entry.parameters, "", None, "helper", entry.line, entry.static)
                for entry in functions_named(self.connection, self.side, self.tree, name)
            ]  # fmt: skip
        visible = [entry for entry in self._functions[name] if arch == GENERIC or entry.arch in {arch, GENERIC}]
        if len(visible) > _MOST_DEFINITIONS:
            first = visible[0]
            self._cut(first.path, first.line, first.start, first.stop)
            return []
        return [self.body(entry) for entry in visible]

    def _cut(self, path: str, line: int, start: int, stop: int) -> None:
        """Record in `all_cut` that a name has too many definitions."""
        reason = f"a function or macro that has more than {_MOST_DEFINITIONS} definitions is not followed"
        insert(self.connection, "all_cut", [CutRow(self.side, self.tree, path, line, start, stop, reason)])

    def macros(self, name: str, arch: str) -> list[FunctionMacro]:
        """Return the function-like macros of a name, chosen as in `functions`."""
        key = (name, arch)
        if key not in self._expandable:
            self._expandable[key] = [
                entry for entry in self._all_macros(name) if arch == GENERIC or entry.arch in {arch, GENERIC}
            ]
        return self._expandable[key]

    def _all_macros(self, name: str) -> list[FunctionMacro]:
        if name not in self._macros:
            self._macros[name] = [
                FunctionMacro(entry.path, entry.line, entry.arch or GENERIC, entry.parameters, entry.body)
                for entry in macros_named(self.connection, self.side, self.tree, name)
            ]
            if len(self._macros[name]) > _MOST_DEFINITIONS:
                first = self._macros[name][0]
                self._cut(first.path, first.line, 0, 0)
                self._macros[name] = []
        return self._macros[name]

    def body(self, handler: Handler) -> Body:
        """Return a function's body, which is read once."""
        key = (handler.blob, handler.start)
        if key not in self._bodies:
            self._bodies[key] = Body(self.connection, handler)
        return self._bodies[key]
