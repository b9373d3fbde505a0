"""Capabilities that shared code enables on architectures where no check handler ever answers them.

Shared code has one case for all architectures, so nothing but a test keeps it from an architecture that denies the
capability. Such a case accepts it if every test on its way, also in the functions that get the request, is of the
request, of the number of vCPUs, of what the case itself has set before, or of a constant that is known on the
architecture. Any other test may refuse it, and then nothing is said.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.configurations import Configurations
from caplint.link.core.rows import insert
from caplint.link.functions.by_name import functions_named
from caplint.link.functions.constants import Constants
from caplint.link.handlers.rows import DeniedEnableRow

_DEEPEST = 3
_INSIDE = "blob = ? AND start >= ? AND start < ?"
_CONNECTIVE = re.compile(r"\|\||&&")
_CONSTANT = re.compile(r"[^a-z]*\b[A-Z][A-Z0-9_]+\b[^a-z]*\Z")
_CONFIGURED = re.compile(r"\b(?:CONFIG_\w+|IS_\w+)\b")
_SHOWN = re.compile(r"[\w\s-]*\Z")
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(.*\)\Z", re.DOTALL)

# Sites that the check handlers deny on some architecture, with its name.
_CANDIDATES = """
    SELECT DISTINCT e.side, e.tree, e.cap, h.arch, e.path, e.line, e.column, e.function, e.accept_condition
    FROM temp.all_cap_enable e
    JOIN (SELECT side, tree, arch, min(understood) AS understood FROM temp.all_handler WHERE verb = 'check'
          GROUP BY side, tree, arch) h ON h.side = e.side AND h.tree = e.tree AND h.arch <> ?1
    WHERE e.arch = ?1 AND e.kind = 'case' AND e.succeeds IS NOT 0 AND NOT e.hands_on AND h.understood
      AND NOT EXISTS (SELECT 1 FROM temp.all_handler g WHERE g.side = e.side AND g.tree = e.tree AND g.arch = ?1
                      AND g.verb = 'check' AND NOT g.understood)
      AND EXISTS (SELECT 1 FROM temp.all_cap_check c
                  WHERE c.side = e.side AND c.tree = e.tree AND c.cap = e.cap AND c.positive)
      AND NOT EXISTS (SELECT 1 FROM temp.all_cap_answer a
                      WHERE a.side = e.side AND a.tree = e.tree AND a.cap = e.cap AND a.arch = h.arch)
      AND NOT EXISTS (SELECT 1 FROM temp.superseded s WHERE s.side = e.side AND s.tree = e.tree AND s.path = e.path
                      AND s.function = e.function)
    ORDER BY e.side, e.tree, e.path, e.line, h.arch
"""
_CASE = """
    SELECT l.blob, l.start, l.stop, l.selector, d.start, d.stop,
           (SELECT min(o.start) FROM main.case_label o WHERE o.blob = l.blob AND o.start BETWEEN d.start AND d.stop),
           (SELECT max(o.stop) FROM main.case_label o WHERE o.blob = l.blob AND o.start BETWEEN d.start AND d.stop)
    FROM temp.all_file f JOIN main.case_label l ON l.blob = f.blob AND l.low = ? AND l.line = ? AND l.function = ?
    JOIN main.function d ON d.blob = l.blob AND l.start BETWEEN d.start AND d.stop
    WHERE f.side = ? AND f.tree = ? AND f.path = ? AND NOT f.expanded
"""


class _Extent(NamedTuple):
    blob: int
    start: int
    stop: int


def link_shared_enabling(connection: sqlite3.Connection, configurations: Configurations) -> None:
    """Fill `all_denied_enable`."""
    ways: dict[tuple[Any, ...], _EnablingWay | None] = {}
    for side, tree, cap, arch, path, line, column, function, condition in connection.execute(
        _CANDIDATES, (GENERIC,)
    ).fetchall():
        key = (side, tree, cap, path, line)
        if key not in ways:
            ways[key] = _way(connection, key, function)
        way = ways[key]
        if way and configurations.possible(arch, condition, tree, side) and way.passes(arch):
            row = DeniedEnableRow(side, tree, path, line, column, cap, arch, function)
            insert(connection, "all_denied_enable", [row])


def _way(connection: sqlite3.Connection, key: tuple[Any, ...], function: str) -> _EnablingWay | None:
    """Return the way through a case if only understood tests are on it, else None."""
    side, tree, cap, path, line = key
    found = connection.execute(_CASE, (cap, line, function, side, tree, path)).fetchall()
    if len(found) != 1:
        return None
    blob, start, stop, selector, begin, end, first, last = found[0]
    request = re.match(r"\w+", selector)
    way = _EnablingWay(connection, side, tree, path)
    words = frozenset({request.group()}) if request else frozenset()
    whole = _Extent(blob, begin, end)
    parts = (_Extent(blob, begin, first), _Extent(blob, start, stop), _Extent(blob, last, end))
    return way if all(way.reads(part, whole, words, 0) for part in parts) and way.is_understood() else None


@dataclass
class _EnablingWay:
    """Tests on the way to success."""

    connection: sqlite3.Connection
    side: str
    tree: str
    path: str
    state: set[str] = field(default_factory=set)
    """Targets that the case sets."""
    others: set[str] = field(default_factory=set)
    """Terms that refuse it if they are true, and so must be of what only the case sets."""
    setters: set[_Extent] = field(default_factory=set)
    """Functions on the way, and the case."""
    constants: set[str] = field(default_factory=set)
    """Constants that refuse it if they are true."""

    def passes(self, arch: str) -> bool:
        """Tell whether no constant refuses it on an architecture; False if one is unknown."""
        values = Constants(self.connection, self.side, self.tree)
        return all(values.value(arch, self.path, constant) == 0 for constant in self.constants)

    def is_understood(self) -> bool:
        """Tell whether all other tests are of what the case sets, and no other code."""
        return self.others <= self.state and not any(self._is_set_elsewhere(target) for target in self.others)

    def _is_set_elsewhere(self, target: str) -> bool:
        places = self.connection.execute(
            """SELECT s.blob, s.start FROM temp.all_file f JOIN main.store s ON s.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND s.target = ? AND NOT f.expanded""",
            (self.side, self.tree, target),
        ).fetchall()
        return any(
            not any(extent.blob == blob and extent.start <= start < extent.stop for extent in self.setters)
            for blob, start in places
        )

    def reads(self, extent: _Extent, whole: _Extent, words: frozenset[str], depth: int) -> bool:
        """Collect the tests in a part of a function in which words hold the request; False if one is not understood."""
        self.setters.add(extent)
        stores = self._rows("target, value, local", "store", extent)
        copies = {target for target, value, local in stores if local and _mentions(value, words)}
        self.state |= {_bare(target) for target, _, local in stores if not local}
        words |= copies
        tests = self._rows("expression, kind, leaves", "test", extent)
        return all(self._is_ours(words, *test) for test in tests) and self._calls(extent, whole, words, depth)

    def _is_ours(self, words: frozenset[str], expression: str, kind: str, leaves: int) -> bool:
        if _CONFIGURED.search(expression):
            return False
        if kind == "if" and leaves and _CONSTANT.match(expression):
            self.constants.add(expression)
            return True
        for term in _CONNECTIVE.split(expression):
            if not _mentions(term, words) and not kernel_idioms().vcpu_count.search(term):
                if kind != "if" or not leaves:
                    return False
                self.others.add(_bare(term))
        return True

    def _calls(self, extent: _Extent, whole: _Extent, words: frozenset[str], depth: int) -> bool:
        """Follow the calls that get the request; False if one may decide unseen, or may ask whether it is denied."""
        values = {value.strip() for (value,) in self._rows("value", "return_value", extent)}
        names = {value.strip() for (value,) in self._rows("value", "return_value", whole)}
        values |= {value for target, value in self._rows("target, value", "store", extent) if target in names}
        followed = {match.group(1) for value in values if (match := _CALLED.match(value))}
        if any(_SHOWN.match(value) is None and _CALLED.match(value) is None for value in values):
            return False
        for callee, text in self._rows("callee, arguments", "call", extent):
            arguments = json.loads(text)
            gets = [_mentions(argument, words) for argument in arguments]
            if (callee in followed or any(gets)) and not self._follows(callee, gets, depth):
                return False
        return True

    def _follows(self, callee: str, gets: list[bool], depth: int) -> bool:
        found = functions_named(self.connection, self.side, self.tree, callee)
        if depth >= _DEEPEST or len(found) != 1 or found[0].path != self.path:
            return False
        (inner,) = found
        words = frozenset(name for name, is_request in zip(inner.parameters, gets, strict=False) if is_request)
        body = _Extent(inner.blob, inner.start, inner.stop)
        return self.reads(body, body, words, depth + 1)

    def _rows(self, columns: str, table: str, extent: _Extent) -> list[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM main.{table} WHERE {_INSIDE}"  # noqa: S608 - names of the code's own
        return self.connection.execute(query, extent).fetchall()


def _mentions(text: str, words: frozenset[str]) -> bool:
    return not words.isdisjoint(re.findall(r"\w+", text))


def _bare(text: str) -> str:
    return text.strip("() \t\n")
