"""Configurations in which each architecture carries out an ioctl that the documentation ties to a capability.

That is the presence condition of a case and its file, less the configurations in which its code only refuses: it
leaves with an errno unless a symbol is enabled, or calls a function whose definition there returns nothing but errnos.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import Formula, Junction, Literal, conjunction, disjunction, negation, text
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.file_conditions import file_conditions
from caplint.link.core.rows import insert
from caplint.link.docs.refusals import FunctionExtent, Snapshot
from caplint.link.docs.rows import IoctlHandlingRow

_CASES = """
    SELECT i.side, i.tree, i.path, i.line, i.column, i.ioctl, i.arch, i.function, i.scope, i.condition,
           f.blob, l.start, l.stop
    FROM temp.all_ioctl_case i
    CROSS JOIN temp.all_file f ON f.side = i.side AND f.tree = i.tree AND f.path = i.path AND NOT f.expanded
    LEFT JOIN main.case_label l ON l.blob = f.blob AND l.line = i.line AND l.column = i.column AND l.low = i.ioctl
    WHERE EXISTS (SELECT 1 FROM temp.all_ioctl_capability k
                  WHERE k.side = i.side AND k.tree = i.tree AND k.ioctl = i.ioctl)
    ORDER BY i.side, i.tree, i.path, i.line, i.column
"""
_ARCHITECTURES = """
    SELECT DISTINCT side, tree, arch FROM temp.all_handler WHERE verb = 'check' AND arch <> ? ORDER BY 1, 2, 3
"""
_TESTS = """
    SELECT start, stop, expression, leaves FROM main.test
    WHERE blob = ? AND start >= ? AND start < ? AND kind = 'if' ORDER BY start
"""
_CALLS = """
    SELECT DISTINCT callee FROM main.call k
    WHERE blob = ? AND start >= ? AND start < ? AND use IN ('returned', 'assigned')
      AND NOT EXISTS (SELECT 1 FROM temp.all_handler h WHERE h.function = k.callee)  -- which refuse some capabilities
    ORDER BY 1
"""
_ERRORS = """
    SELECT 1 FROM main.return_value WHERE blob = ?1 AND start >= ?2 AND start < ?3 AND value GLOB '-E[A-Z]*'
    UNION ALL
    SELECT 1 FROM main.store WHERE blob = ?1 AND start >= ?2 AND start < ?3 AND value GLOB '-E[A-Z]*'
    LIMIT 1
"""
_ENABLED = re.compile(r"[\s!()&|]*(?:IS_(?:ENABLED|BUILTIN|REACHABLE|MODULE)\s*\(\s*CONFIG_\w+\s*\)[\s!()&|]*)+\Z")
# Cases of one ioctl, and functions that one case calls, that are looked at; Linux has some 10 and 3.
_MOST_CASES = 200
_MOST_CALLS = 20
_MOST_DEFINITIONS = 16


class _Case(NamedTuple):
    """Case of an ioctl, with the extent of its code; None for a comparison."""

    side: str
    tree: str
    path: str
    line: int
    column: int
    ioctl: str
    arch: str | None
    function: str | None
    scope: str | None
    condition: str
    blob: int
    start: int | None
    stop: int | None


@dataclass
class _Reader:
    connection: sqlite3.Connection
    files: dict[tuple[str, str, str], str]
    _refused: dict[tuple[str, str, str, str], Formula] = field(default_factory=dict)

    def handled(self, case: _Case, arch: str) -> Formula:
        """Return the condition under which an architecture carries out an ioctl at a case."""
        condition = conjunction([parse(case.condition), self._of_file(case.side, case.tree, case.path)])
        if case.start is not None and case.stop is not None:
            extent = (case.blob, case.start, case.stop)
            condition = conjunction([condition, *self._enabled(extent)])
            callees = [name for (name,) in self.connection.execute(_CALLS, extent).fetchmany(_MOST_CALLS)]
            refused = [self._refused_by(case.side, case.tree, name, arch) for name in callees if name.isidentifier()]
            condition = conjunction([condition, *map(negation, refused)])
        return _in_kconfig(condition)

    def _of_file(self, side: str, tree: str, path: str) -> Formula:
        return parse(self.files.get((side, tree, path), "1"))

    def _enabled(self, extent: tuple[int, int, int]) -> Iterator[Formula]:
        """Yield the symbols that have to be enabled: `if (!IS_ENABLED(CONFIG_X)) return -ENOTTY;`."""
        blob, _, _ = extent
        end = 0
        for start, stop, expression, leaves in self.connection.execute(_TESTS, extent).fetchall():
            if start < end:
                continue  # inside another test
            end = stop
            if leaves and _ENABLED.match(expression):
                begin = self._before(extent, start) if not self._has_error((blob, start, stop)) else start
                if self._has_error((blob, begin, stop)):
                    yield negation(parse(expression))

    def _before(self, extent: tuple[int, int, int], offset: int) -> int:
        """Return the offset of the last assignment in the case before an offset."""
        (start,) = self.connection.execute(
            "SELECT max(start) FROM main.store WHERE blob = ? AND start >= ? AND start < ?", (*extent[:2], offset)
        ).fetchone()
        return offset if start is None else int(start)

    def _has_error(self, extent: tuple[int, int, int]) -> bool:
        return self.connection.execute(_ERRORS, extent).fetchone() is not None

    def _refused_by(self, side: str, tree: str, name: str, arch: str) -> Formula:
        """Return the condition under which a function that an architecture calls returns errnos only."""
        key = (side, tree, name, arch)
        if key not in self._refused:
            self._refused[key] = self._refusing(Snapshot(self.connection, side, tree), *key)
        return self._refused[key]

    def _refusing(self, snapshot: Snapshot, side: str, tree: str, name: str, arch: str) -> Formula:
        definitions = snapshot.definitions(name)
        own = [row for row in definitions if row[0] == arch] or [
            row for row in definitions if row[0] in {None, GENERIC}
        ]
        if not own or len(own) > _MOST_DEFINITIONS:
            return False
        refusing: list[Formula] = []
        serving: list[Formula] = []
        for _, path, _, *place in own:
            extent = FunctionExtent(*place)
            condition = conjunction([self._presence(extent), self._of_file(side, tree, path)])
            (refusing if snapshot.served(extent) == 0 else serving).append(condition)
        return conjunction([disjunction(refusing), negation(disjunction(serving))])

    def _presence(self, extent: FunctionExtent) -> Formula:
        (condition,) = self.connection.execute(
            """SELECT c.text FROM main.function f JOIN main.condition c ON c.id = f.condition
               WHERE f.blob = ? AND f.start = ?""",
            extent[:2],
        ).fetchone()
        return parse(condition)


def link_ioctl_handling(connection: sqlite3.Connection) -> None:
    """Fill `all_ioctl_handling`."""
    architectures: dict[tuple[str, str], list[str]] = {}
    for side, tree, arch in connection.execute(_ARCHITECTURES, (GENERIC,)):
        architectures.setdefault((side, tree), []).append(arch)
    reader = _Reader(connection, file_conditions(connection))
    seen: dict[tuple[str, str, str], int] = {}
    for case in (_Case(*row) for row in connection.execute(_CASES).fetchall()):
        key = (case.side, case.tree, case.ioctl)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= _MOST_CASES:
            every = architectures.get((case.side, case.tree), [])
            insert(connection, "all_ioctl_handling", _rows(reader, case, every))


def _rows(reader: _Reader, case: _Case, architectures: Iterable[str]) -> Iterator[IoctlHandlingRow]:
    for arch in architectures:
        if case.arch in {arch, GENERIC, None}:
            yield IoctlHandlingRow(case.side, case.tree, case.path, case.line, case.column, case.ioctl, arch,
                                   case.function, case.scope, text(reader.handled(case, arch)))  # fmt: skip


def _in_kconfig(formula: Formula) -> Formula:
    """Return a formula over Kconfig symbols that holds wherever the given one may: other macros may have any value."""
    if isinstance(formula, Literal):
        return formula if formula.atom.startswith("CONFIG_") else True
    if isinstance(formula, Junction):
        parts = map(_in_kconfig, formula.operands)
        return conjunction(parts) if formula.operator == "&&" else disjunction(parts)
    return formula
