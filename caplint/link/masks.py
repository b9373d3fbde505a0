"""The bits that a check handler advertises, held against those that enabling accepts and a VMM passes."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

from caplint.knowledge import GENERIC
from caplint.link.bodies import Body, between
from caplint.link.expansion import LookedUp
from caplint.link.numbers import Definition, Numbers, UnknownValueError
from caplint.link.sites import Site

_CONSTANT = re.compile(r"\b[A-Z][A-Z0-9_]*\b")
_ERROR = re.compile(r"\(*\s*-\s*E[A-Z]+")


@dataclass(frozen=True, slots=True)
class Mask:
    """A set of bits: as written, and its value where that can be computed."""

    text: str
    value: int | None


_Row = tuple[str, str | None, str | None, str]
"""Path, architecture; parameters as JSON, body."""


@dataclass
class Constants:
    """The object-like macros and helpers of one side of a tree, by architecture."""

    connection: sqlite3.Connection
    side: str
    tree: str
    _known: dict[tuple[str, str], Numbers] = field(default_factory=dict)
    _rows: dict[str, list[_Row]] = field(default_factory=dict)

    def value(self, arch: str | None, path: str, expression: str) -> int | None:
        """What an expression of macros and numbers is worth in a file, None where that is not known."""
        key = (arch or GENERIC, path)
        if key not in self._known:
            self._known[key] = Numbers(LookedUp(_Seen(self, *key).find))
        try:
            return self._known[key].of(expression)
        except UnknownValueError:
            return None

    def definitions(self, name: str) -> list[_Row]:
        """All that a tree's files define a macro as, but for copies below tools/."""
        if name not in self._rows:
            self._rows[name] = self.connection.execute(
                """SELECT DISTINCT f.path, f.arch, m.parameters, m.body
                   FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
                   WHERE f.side = ? AND f.tree = ? AND m.name = ? AND f.path NOT LIKE 'tools/%'""",
                (self.side, self.tree, name),
            ).fetchall()
        return self._rows[name]

    def mask(self, body: Body, expressions: list[str]) -> Mask:
        """The union of some sets of bits; a choice counts with both its sides."""
        handler = body.handler
        parts = [part for expression in expressions for part in _sides(expression)]
        values = [self.value(handler.arch, handler.path, part) for part in parts]
        known = [value for value in values if value is not None]
        complete = bool(values) and len(known) == len(values) and all(value >= 0 for value in known)
        total = 0
        for value in known:
            total |= value
        return Mask(" | ".join(dict.fromkeys(parts)), total if complete else None)


@dataclass
class _Seen:
    """The macros that an architecture's file sees: its own, its architecture's, those of all, in this order.

    What two headers define differently is none.
    """

    constants: Constants
    arch: str
    path: str

    def find(self, name: str) -> Definition | None:
        """The definition that counts."""
        levels: tuple[set[tuple[str | None, str]], ...] = (set(), set(), set())
        for path, arch, parameters, body in self.constants.definitions(name):
            if path == self.path:
                levels[0].add((parameters, body))
            elif path.endswith((".h", ".H")) and (arch in {None, GENERIC, self.arch} or self.arch == GENERIC):
                levels[2 if arch in {None, GENERIC} else 1].add((parameters, body))
        nearest = next((level for level in range(len(levels)) if levels[level]), None)
        # In code that all share, what an architecture defines has no one value.
        if nearest is None or len(levels[nearest]) > 1 or (nearest == 1 and self.arch == GENERIC):
            return None
        return Definition.of(*next(iter(levels[nearest])))


def advertised(constants: Constants, body: Body, site: Site) -> Mask:
    """What a check case may answer; without a value where it is no set of named bits."""
    results = body.answers
    found = [row.text for row in between(body.returns, site.start, site.stop) if row.text not in results]
    found += [
        row.text
        for row in between(body.stores, site.start, site.stop)
        if row.extra[0] in results and row.extra[1] in {"=", "|=", "init"}
    ]
    mask = constants.mask(body, [text for text in found if not _ERROR.match(text)])
    return mask if _CONSTANT.search(mask.text) else Mask(mask.text, None)


def accepted(constants: Constants, body: Body, site: Site, text: str) -> Mask:
    """What an enable case accepts; a local variable stands for everything that it is set to."""
    values = [row.text for row in between(body.stores, site.start, site.stop) if row.extra[0] == text]
    return constants.mask(body, values or [text])


def _sides(expression: str) -> list[str]:
    """Both outcomes of `a ? b : c`, else the expression."""
    match = re.fullmatch(r"[^?]*\?([^?:]*):([^?:]*)", expression)
    return [side.strip() for side in match.groups()] if match else [expression]
