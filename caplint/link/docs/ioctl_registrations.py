"""Architectures that serve an ioctl of shared code because something is registered there that carries it out.

KVM_CREATE_DEVICE has one case, which takes the functions of the wanted device from a table of the same file and calls
them. The table's initialiser fills it, and so does a function, whose callers are the devices of each architecture.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import conjunction, text
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.file_conditions import Place, file_conditions
from caplint.link.core.rows import insert
from caplint.link.docs.rows import IoctlRegistrationRow

_CASES = """
    SELECT DISTINCT i.side, i.tree, i.ioctl, l.blob, l.start, l.stop
    FROM temp.all_ioctl_case i
    CROSS JOIN temp.all_file f ON f.side = i.side AND f.tree = i.tree AND f.path = i.path AND NOT f.expanded
    CROSS JOIN main.case_label l ON l.blob = f.blob AND l.low = i.ioctl AND l.line = i.line
    WHERE i.arch = ?1 AND NOT EXISTS (SELECT 1 FROM temp.all_ioctl_case o
                                      WHERE o.side = i.side AND o.tree = i.tree AND o.ioctl = i.ioctl AND o.arch <> ?1)
      AND EXISTS (SELECT 1 FROM temp.all_ioctl_capability k
                  WHERE k.side = i.side AND k.tree = i.tree AND k.ioctl = i.ioctl)
    ORDER BY 1, 2, 3
"""
_HELPERS = """
    SELECT DISTINCT d.blob, d.start, d.stop
    FROM main.call k JOIN main.function d ON d.blob = k.blob AND d.name = k.callee
    WHERE k.blob = ? AND k.start >= ? AND k.start < ?
"""
_THROUGH_POINTER = "SELECT callee FROM main.call WHERE blob = ? AND start >= ? AND start < ? AND callee GLOB '*[>.[]*'"
_TAKEN = """
    SELECT value FROM main.store WHERE blob = ?1 AND start >= ?2 AND start < ?3 AND target = ?4
    UNION ALL SELECT arguments FROM main.call
    WHERE blob = ?1 AND start >= ?2 AND start < ?3 AND json_extract(arguments, '$[0]') = ?4
    UNION ALL SELECT arguments FROM main.macro_use
    WHERE blob = ?1 AND start >= ?2 AND start < ?3 AND ltrim(arguments, '( ') GLOB ?4 || '[ ,]*'
"""
_FUNCTIONS = "SELECT name, start, stop, parameters FROM main.function WHERE blob = ? ORDER BY start"
_CALLS = """
    SELECT f.path, coalesce(f.arch, ?1), k.line, coalesce(k.function, ''), k.arguments, c.text, k.blob, k.start
    FROM main.call k CROSS JOIN temp.all_file f ON f.blob = k.blob
    CROSS JOIN main.condition c ON c.id = k.condition
    WHERE k.callee = ?2 AND f.side = ?3 AND f.tree = ?4 ORDER BY f.path, k.start
"""
_AROUND = "SELECT name, parameters FROM main.function WHERE blob = ? AND start <= ? AND stop > ?"
_MACROS = """
    SELECT DISTINCT m.name FROM temp.all_file f CROSS JOIN main.macro m ON m.blob = f.blob
    WHERE f.side = ? AND f.tree = ? AND m.parameters IS NOT NULL AND instr(m.body, ?) ORDER BY 1
"""
_ENTRIES = """
    SELECT e.line, e.value, c.text FROM main.element e JOIN main.condition c ON c.id = e.condition
    WHERE e.blob = ? AND e.variable = ? AND e.function IS NULL ORDER BY e.start
"""
_PATH = "SELECT path FROM temp.all_file WHERE side = ? AND tree = ? AND blob = ? AND NOT expanded ORDER BY path LIMIT 1"
_TABLE = re.compile(r"&\s*([A-Za-z_]\w*)\b(?!\s*(?:->|\.|\())|\b([A-Za-z_]\w*)\s*\[")
_ROOT = re.compile(r"\W*(\w+)\s*(\[)?")
_OBJECT = re.compile(r"(?:\([^()]*\)\s*)?&?\s*(?P<name>[A-Za-z_]\w*)\s*(?:\[[^][]*\]\s*)?\Z")
_HANDED = re.compile(r"[A-Za-z_]\w*\Z|&\s*\w+\s*->")
_OF_PARAMETER = re.compile(r"[&*(\s]*(?P<name>[A-Za-z_]\w*)\b")
# Functions around functions that register, and calls of them, that are followed.
_DEEPEST = 3
_MOST_CALLS = 1_000
_Extent = tuple[int, int, int]


class _Registration(NamedTuple):
    path: str
    arch: str
    line: int
    function: str
    condition: str


def link_ioctl_registrations(connection: sqlite3.Connection) -> None:
    """Fill `all_ioctl_registration`. An ioctl whose table or whose way into it is not understood has no row."""
    files = file_conditions(connection)
    for side, tree, ioctl, *extent in connection.execute(_CASES, (GENERIC,)).fetchall():
        reader = _RegistrationReader(connection, side, tree, files)
        sites = dict.fromkeys(reader.sites((extent[0], extent[1], extent[2])))
        insert(connection, "all_ioctl_registration", [IoctlRegistrationRow(side, tree, ioctl, *site) for site in sites])


@dataclass
class _RegistrationReader:
    """Registrations of one side of a tree."""

    connection: sqlite3.Connection
    side: str
    tree: str
    files: dict[Place, str]
    _left: int = field(default=_MOST_CALLS)

    def sites(self, case: _Extent) -> Iterator[_Registration]:
        """Yield the functions registered for a case that calls through a pointer out of a table."""
        extents = [case, *self.connection.execute(_HELPERS, case).fetchall()]
        named = {name for extent in extents for name in self._tables(extent)}
        for table, function, position in self._registrars(case[0], named) if named else ():
            yield from self._entries(case[0], table)
            yield from self._calls(function, position, _DEEPEST)

    def _tables(self, extent: _Extent) -> Iterator[str]:
        """Yield the variables from which code takes what it calls through: `ops = table[type]`."""
        for (callee,) in self.connection.execute(_THROUGH_POINTER, extent).fetchall():
            root = _ROOT.match(callee)
            if root and root[2]:
                yield root[1]
            elif root:
                for (text_,) in self.connection.execute(_TAKEN, (*extent, root[1])).fetchall():
                    yield from (match[1] or match[2] for match in _TABLE.finditer(text_))

    def _registrars(self, blob: int, named: set[str]) -> Iterator[tuple[str, str, int]]:
        """Yield tables that code names, with each function that puts a parameter in: its name, and the position."""
        for name, start, stop, parameters in self.connection.execute(_FUNCTIONS, (blob,)).fetchall():
            given = json.loads(parameters)
            for table, value in self._puts(blob, start, stop):
                root = _OF_PARAMETER.match(value)
                if table in named - set(given) and root and root["name"] in given:
                    yield table, name, given.index(root["name"])

    def _puts(self, blob: int, start: int, stop: int) -> Iterator[tuple[str, str]]:
        """Yield variables outside of a function with what it puts in: `table[i] = x`, `list_add(&x->node, &list)`."""
        for target, value in self.connection.execute(
            "SELECT target, value FROM main.store WHERE blob = ? AND start >= ? AND start < ? AND NOT local",
            (blob, start, stop),
        ).fetchall():
            table = re.match(r"(\w+)\s*\[[^][]*\]\Z", target)
            if table:
                yield table[1], value
        for (texts,) in self.connection.execute(
            "SELECT arguments FROM main.call WHERE blob = ? AND start >= ? AND start < ?", (blob, start, stop)
        ).fetchall():
            arguments = [str(argument) for argument in json.loads(texts)]
            for found in {match[1] or match[2] for argument in arguments for match in _TABLE.finditer(argument)}:
                yield from ((found, argument) for argument in arguments if _HANDED.match(argument))

    def _entries(self, blob: int, table: str) -> Iterator[_Registration]:
        (path,) = self.connection.execute(_PATH, (self.side, self.tree, blob)).fetchone()
        for line, value, condition in self.connection.execute(_ENTRIES, (blob, table)).fetchall():
            if value.lstrip("( ").startswith("&"):
                yield self._site(path, GENERIC, line, "", condition)

    def _calls(self, function: str, position: int, depth: int) -> Iterator[_Registration]:
        """Yield the calls of a function that registers what it gets, and of those that only hand it on."""
        for name, at in ((function, position), *((macro, None) for (macro,) in self._macros(function))):
            rows = self.connection.execute(_CALLS, (GENERIC, name, self.side, self.tree)).fetchmany(self._left)
            self._left -= len(rows)
            for path, arch, line, caller, texts, condition, blob, start in rows:
                arguments = json.loads(texts)
                given = arguments if at is None else arguments[at : at + 1]
                around = self.connection.execute(_AROUND, (blob, start, start)).fetchone()
                parameters = json.loads(around[1]) if around else []
                roots = [match["name"] for text_ in given if (match := _OF_PARAMETER.match(text_))]
                handed = [parameters.index(root) for root in roots if root in parameters] if at is not None else []
                if handed:
                    yield from self._calls(around[0], handed[0], depth - 1) if depth else ()
                elif arch != GENERIC or any(self._is_object(text_, blob, caller) for text_ in given):
                    yield self._site(path, arch, line, caller, condition)

    def _macros(self, function: str) -> Iterable[tuple[str]]:
        return self.connection.execute(_MACROS, (self.side, self.tree, f"{function}(")).fetchall()

    def _is_object(self, argument: str, blob: int, function: str) -> bool:
        """Tell whether an argument is the address of something outside of the function."""
        match = _OBJECT.match(argument)
        if match is None or "&" not in argument:
            return False
        rows = self.connection.execute(
            "SELECT 1 FROM main.store WHERE blob = ? AND function = ? AND target = ? AND local LIMIT 1",
            (blob, function, match["name"]),
        )
        return rows.fetchone() is None

    def _site(self, path: str, arch: str, line: int, function: str, condition: str) -> _Registration:
        whole = conjunction([parse(condition), parse(self.files.get((self.side, self.tree, path), "1"))])
        return _Registration(path, arch, line, function, text(whole))
