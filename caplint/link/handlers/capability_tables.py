"""Arrays of capabilities that handlers walk or index."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass, field

from caplint.c.expression import parse
from caplint.c.formula import Formula
from caplint.knowledge.capability_names import capabilities_in, is_capability
from caplint.values.expression_text import split

_FIELD = re.compile(r"\s*\.\s*(\w+)\s*=(?!=)(.*)\Z", re.DOTALL)
_CALL = re.compile(r"\w+\s*\((.*)\)\s*\Z", re.DOTALL)
# Longest text of an element that the facts keep; a longer one is cut.
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class TableElement:
    """TableElement of an array."""

    designator: str
    value: str
    line: int
    column: int
    start: int
    condition: Formula

    @property
    def capabilities(self) -> list[str]:
        """Capabilities that the element names."""
        return [name for name in capabilities_in(f"{self.designator} {self.value}") if is_capability(name)]

    @property
    def parts(self) -> dict[str, str]:
        """Text of each member, by its name, or by `#0`, `#1` … for members without a designator."""
        inner = self.value.strip()
        if inner.startswith("{") and inner.endswith("}"):
            inner = inner[1:-1]
        elif match := _CALL.match(inner):  # a macro that builds the element
            inner = match[1]
        else:
            return {}
        parts = {}
        for position, part in enumerate(split(inner, ",")):
            designated = _FIELD.match(part)
            if part.strip():
                parts[designated[1] if designated else f"#{position}"] = (designated[2] if designated else part).strip()
        return parts


@dataclass(frozen=True, slots=True)
class Table:
    """Array whose elements name capabilities."""

    name: str
    blob: int
    path: str
    elements: tuple[TableElement, ...]

    def naming(self, capability: str) -> list[TableElement]:
        """Return the elements that name a capability."""
        return [element for element in self.elements if capability in element.capabilities]

    @property
    def readable(self) -> bool:
        """Whether no element is longer than what the facts keep of it."""
        return all(len(element.value) < _LONGEST for element in self.elements)


@dataclass
class CapabilityTables:
    """Arrays of one side of a tree, read on demand."""

    connection: sqlite3.Connection
    side: str
    tree: str
    _known: dict[tuple[str, int, str], Table | None] = field(default_factory=dict)
    _named: frozenset[str] | None = None

    def find(self, name: str, blob: int, arch: str) -> Table | None:
        """Return the array of capabilities that code in a blob calls by a name: the blob's own, else the only one."""
        if self._named is None:
            self._named = frozenset(
                variable for (variable,) in self.connection.execute(_VARIABLES, (self.side, self.tree))
            )
        if name not in self._named:
            return None
        key = (name, blob, arch)
        if key not in self._known:
            self._known[key] = self._read(name, blob, arch)
        return self._known[key]

    def _read(self, name: str, blob: int, arch: str) -> Table | None:
        found: dict[tuple[str, int], list[TableElement]] = {}
        for path, holder, designator, value, line, column, start, condition in self.connection.execute(
            _ELEMENTS, (self.side, self.tree, name, arch)
        ):
            found.setdefault((path, holder), []).append(
                TableElement(designator, value, line, column, start, parse(condition))
            )
        own = [key for key in found if key[1] == blob]
        keys = own or list(found)
        if len(keys) != 1:
            return None
        return Table(name, keys[0][1], keys[0][0], tuple(found[keys[0]]))


_VARIABLES = """
    SELECT DISTINCT e.variable FROM temp.all_file f JOIN main.element e ON e.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND f.role = 'kernel' AND e.variable IS NOT NULL
      AND (instr(e.value, 'KVM_CAP_') OR instr(e.designator, 'KVM_CAP_'))
"""
_ELEMENTS = """
    SELECT f.path, e.blob, e.designator, e.value, e.line, e.column, e.start, c.text
    FROM temp.all_file f JOIN main.element e ON e.blob = f.blob JOIN main.condition c ON c.id = e.condition
    WHERE f.side = ? AND f.tree = ? AND e.variable = ? AND coalesce(f.arch, 'generic') IN (?, 'generic')
    ORDER BY f.path, e.blob, e.start
"""
