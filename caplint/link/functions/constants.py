"""Values of macros as seen by code of the kernel or of a VMM."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Body
from caplint.values.macro_text import LookedUp
from caplint.values.numbers import Definition, Numbers, UnknownValueError


@dataclass(frozen=True, slots=True)
class Mask:
    """Set of bits: its text, and its value; None if that cannot be computed."""

    text: str
    value: int | None


_Row = tuple[str, str | None, str | None, str]
"""Path, architecture, parameters as JSON, body."""


@dataclass
class Constants:
    """Macros of one side of a tree, visible per architecture and file."""

    connection: sqlite3.Connection
    side: str
    tree: str
    _known: dict[tuple[str, str], Numbers] = field(default_factory=dict)
    _rows: dict[str, list[_Row]] = field(default_factory=dict)

    def value(self, arch: str | None, path: str, expression: str) -> int | None:
        """Return the value of an expression in a file, None if unknown."""
        key = (arch or GENERIC, path)
        if key not in self._known:
            self._known[key] = Numbers(LookedUp(_VisibleMacros(self, *key).find))
        try:
            return self._known[key].of(expression)
        except UnknownValueError:
            return None

    def definitions(self, name: str) -> list[_Row]:
        """Return all definitions of a macro in the tree, except in the copies below tools/."""
        if name not in self._rows:
            self._rows[name] = self.connection.execute(
                """SELECT DISTINCT f.path, f.arch, m.parameters, m.body
                   FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
                   WHERE f.side = ? AND f.tree = ? AND m.name = ? AND f.path NOT LIKE 'tools/%'""",
                (self.side, self.tree, name),
            ).fetchall()
        return self._rows[name]

    def mask(self, body: Body, expressions: list[str]) -> Mask:
        """Return the union of sets of bits; a `?:` contributes both its branches."""
        handler = body.handler
        parts = [part for expression in expressions for part in _sides(expression)]
        values = [self.value(handler.arch, handler.path, part) for part in parts]
        computed = [value for value in values if value is not None]
        complete = bool(values) and len(computed) == len(values) and all(value >= 0 for value in computed)
        total = 0
        for value in computed:
            total |= value
        return Mask(" | ".join(dict.fromkeys(parts)), total if complete else None)


@dataclass
class _VisibleMacros:
    """Macros visible in an architecture's file: its own, then its architecture's, then the generic ones.

    A macro that two headers define differently is not visible.
    """

    constants: Constants
    arch: str
    path: str

    def find(self, name: str) -> Definition | None:
        """Return the definition in force, None if there is none."""
        levels: tuple[set[tuple[str | None, str]], ...] = (set(), set(), set())
        for path, arch, parameters, body in self.constants.definitions(name):
            if path == self.path:
                levels[0].add((parameters, body))
            elif path.endswith((".h", ".H")) and (arch in {None, GENERIC, self.arch} or self.arch == GENERIC):
                levels[2 if arch in {None, GENERIC} else 1].add((parameters, body))
        nearest = next((level for level in range(len(levels)) if levels[level]), None)
        # In generic code, a macro of an architecture has no single value.
        if nearest is None or len(levels[nearest]) > 1 or (nearest == 1 and self.arch == GENERIC):
            return None
        return Definition.of(*next(iter(levels[nearest])))


def _sides(expression: str) -> list[str]:
    """Return both branches of `a ? b : c`, else the expression itself."""
    match = re.fullmatch(r"[^?]*\?([^?:]*):([^?:]*)", expression)
    return [side.strip() for side in match.groups()] if match else [expression]
