"""Ioctls that the kernel converts for 32-bit programs: the cases of its compat handlers.

A compat handler is a function that a table of file operations gets as `compat_ioctl` and not as `unlocked_ioctl` too,
and each function that it hands the ioctl's number to, less those that also serve 64-bit programs. A case of the latter
counts as conversion where it asks whether the program is a 32-bit one, or where its number is defined beside the
headers.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import conjunction, text
from caplint.facts.store.store import FactStore
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.buildconfig.file_conditions import file_conditions
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import CutRow, insert
from caplint.link.functions.by_name import FoundFunction, functions_named
from caplint.link.handlers.rows import CompatCaseRow, CompatHandlerRow
from caplint.values.c_integers import UnknownValueError, literal
from caplint.values.expression_text import stripped

_ROOTS = """
    SELECT ltrim(e.value, '&( ') FROM temp.all_file f CROSS JOIN main.table_entry e ON e.blob = f.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND NOT f.expanded AND e.field = ?3
    UNION
    SELECT k.arguments ->> 0 FROM main.call k JOIN temp.all_file f ON f.blob = k.blob
    WHERE f.side = ?1 AND f.tree = ?2 AND NOT f.expanded AND k.callee = ?4 ORDER BY 1
"""
_LABELS = """
    SELECT l.selector, l.low, l.high, l.line, l.start, l.stop, c.text
    FROM main.case_label l JOIN main.condition c ON c.id = l.condition
    WHERE l.blob = ? AND l.start >= ? AND l.start < ? AND l.low IS NOT NULL ORDER BY l.start
"""
_COMPARISONS = """
    SELECT m.operand, m.constant, m.constant, m.line, m.start, m.start, c.text
    FROM main.comparison m JOIN main.condition c ON c.id = m.condition
    WHERE m.blob = ? AND m.start >= ? AND m.start < ? ORDER BY m.start
"""
_CALLS = "SELECT callee, arguments FROM main.call WHERE blob = ? AND start >= ? AND start < ? ORDER BY start"
# Texts in which the number may be used in another way than by a case, a comparison or a call.
_TEXTS = """
    SELECT expression FROM main.test WHERE blob = ?1 AND start >= ?2 AND start < ?3 AND kind <> 'switch'
    UNION SELECT value FROM main.return_value WHERE blob = ?1 AND start >= ?2 AND start < ?3
    UNION SELECT value FROM main.store WHERE blob = ?1 AND start >= ?2 AND start < ?3
    UNION SELECT target FROM main.store WHERE blob = ?1 AND start >= ?2 AND start < ?3
"""
_SWITCHES = "SELECT expression FROM main.test WHERE blob = ? AND start >= ? AND start < ? AND kind = 'switch'"
_MACROS = """
    SELECT m.body, f.header FROM main.macro m JOIN temp.all_file f ON f.blob = m.blob
    WHERE m.name = ? AND f.side = ? AND f.tree = ? AND NOT f.expanded AND m.parameters IS NULL
    ORDER BY f.header = 'uapi' DESC
"""
_NUMBER = re.compile(
    r"(?:_IO(?:C|R|W|WR)?\((?:[^,()]*,\s*)?(?:KVMIO|0x[Aa][Ee])\s*,\s*)?(0[xX][0-9a-fA-F]{1,8}|\d{1,8})\s*(?:[,)]|\Z)"
)
_FIELD = re.compile(r"_IOC_NR\((\w+)\)\Z")
# Macros that take an ioctl's number apart and leave out its size.
_PARTS = frozenset({"_IOC_NR", "_IOC_TYPE", "_IOC_DIR"})
# Functions that the handlers of one tree consist of, and that may ask for a 32-bit program; Linux has 30 and none.
_MOST_FUNCTIONS = 400
_NOT_UNDERSTOOD = "a compat handler whose ioctls are not understood"


class _Function(NamedTuple):
    """Function that gets the number of an ioctl, and the position of the parameter."""

    name: str
    position: int


def link_compat_handlers(store: FactStore, extractor: str) -> None:
    """Fill `all_compat_case` and `all_compat_handler`. Handlers that are not understood are in `all_cut`."""
    connection = store.connection
    for side, tree in connection.execute(
        "SELECT DISTINCT side, tree FROM temp.all_file WHERE role = 'kernel' ORDER BY 1, 2"
    ).fetchall():
        key = f"compat handlers {tree} {snapshot_key(connection, side, tree, extractor)}"
        tables = ("all_compat_case", "all_compat_handler", "all_cut")
        remembered(store, key, tables, (side, tree), partial(_fill, connection, side, tree))


def _fill(connection: sqlite3.Connection, side: str, tree: str) -> None:
    idioms = kernel_idioms()
    roots = [
        [name for (name,) in connection.execute(_ROOTS, (side, tree, member, macro)) if name]
        for member, macro in ((idioms.native_field, ""), (idioms.compat_field, idioms.compat_macro))
    ]
    if not roots[1]:
        return
    reader = _CompatReader(connection, side, tree, file_conditions(connection))
    native = reader.closure(roots[0], frozenset())
    compat = reader.closure(roots[1], frozenset(function.name for function in native))
    aware = _aware(connection, side, tree)
    for function in native:
        insert(connection, "all_compat_case", reader.conversions(function, aware))
    for function in compat:
        insert(connection, "all_compat_case", reader.cases(function))
    insert(connection, "all_compat_handler", [row for function in compat for row in reader.handlers(function)])
    insert(connection, "all_cut", reader.cuts)


def _aware(connection: sqlite3.Connection, side: str, tree: str) -> frozenset[str]:
    """Return the functions that ask whether the program is a 32-bit one, or call one that does."""
    known: set[str] = set()
    pending = list(kernel_idioms().compat_tests)
    while pending and len(known) < _MOST_FUNCTIONS:
        callee = pending.pop()
        if callee in known:
            continue
        known.add(callee)
        pending += [
            name
            for (name,) in connection.execute(
                """SELECT DISTINCT k.function FROM main.call k JOIN temp.all_file f ON f.blob = k.blob
                   WHERE k.callee = ? AND f.side = ? AND f.tree = ? AND f.role = 'kernel' AND k.function IS NOT NULL
                   ORDER BY 1 LIMIT ?""",
                (callee, side, tree, _MOST_FUNCTIONS),
            )
        ]
    return frozenset(known)


@dataclass
class _CompatReader:
    """Functions that get an ioctl's number, in one tree."""

    connection: sqlite3.Connection
    side: str
    tree: str
    files: dict[tuple[str, str, str], str]
    cuts: list[CutRow] = field(default_factory=list)
    _numbers: dict[str, tuple[str | None, int | None]] = field(default_factory=dict)
    _unclear: set[str] = field(default_factory=set)
    """Functions that do something else with the number."""

    def closure(self, names: list[str], others: frozenset[str]) -> list[_Function]:
        """Return the functions that get the number from these, which are second to have it; `others` are left out."""
        found: dict[str, _Function] = {}
        pending = [_Function(name, 1) for name in names]
        while pending and len(found) < _MOST_FUNCTIONS:
            function = pending.pop()
            if function.name in found or function.name in others:
                continue
            found[function.name] = function
            for body, number in self._bodies(function):
                pending += self._followed(function.name, body, number, frozenset([*found, *others]))
        return list(found.values())

    def _bodies(self, function: _Function) -> list[tuple[FoundFunction, str]]:
        bodies = functions_named(self.connection, self.side, self.tree, function.name)
        return [
            (body, body.parameters[function.position]) for body in bodies if function.position < len(body.parameters)
        ]

    def _followed(self, name: str, body: FoundFunction, number: str, known: frozenset[str]) -> Iterator[_Function]:
        """Yield the functions that a body hands the number to; one that is not in view makes it unclear."""
        word = re.compile(rf"\b{re.escape(number)}\b")
        for callee, arguments in self.connection.execute(_CALLS, (body.blob, body.start, body.stop)).fetchall():
            given = [stripped(str(argument)) for argument in json.loads(arguments)]
            if not any(map(word.search, given)) or callee in _PARTS or kernel_idioms().logs(callee):
                continue
            position = given.index(number) if number in given else None
            if position is None or not (
                callee in known or functions_named(self.connection, self.side, self.tree, callee)
            ):
                self._unclear.add(name)
            else:
                yield _Function(callee, position)

    def handlers(self, function: _Function) -> Iterator[CompatHandlerRow]:
        """Yield a row for each definition of a compat handler, and record those that are not understood."""
        bodies = functions_named(self.connection, self.side, self.tree, function.name)
        for body in bodies:
            understood = function.name not in self._unclear and function.position < len(body.parameters)
            understood = understood and self._is_plain(body, body.parameters[function.position])
            (line,) = self.connection.execute(
                "SELECT line FROM main.function WHERE blob = ? AND start = ?", (body.blob, body.start)
            ).fetchone()
            if not understood:
                self.cuts.append(CutRow(self.side, self.tree, body.path, line, body.start, body.stop, _NOT_UNDERSTOOD))
            yield CompatHandlerRow(
                self.side, self.tree, body.path, line, body.architecture, function.name, int(understood)
            )

    def _is_plain(self, body: FoundFunction, number: str) -> bool:
        """Return whether a body uses the number in cases, comparisons and calls only, and all cases are known."""
        word = re.escape(number)
        allowed = re.compile(
            rf"_IOC_NR\(\s*{word}\s*\)|\b{word}\s*[!=]=\s*[A-Z]\w*|(?<![\w.>])[A-Z]\w*\s*[!=]=\s*{word}\b"
            rf"|(?<=[(,])\s*{word}\s*(?=[,)])"
        )
        mention = re.compile(rf"\b{word}\b")
        extent = (body.blob, body.start, body.stop)
        texts = [str(value) for (value,) in self.connection.execute(_TEXTS, extent)]
        switches = [stripped(str(value)) for (value,) in self.connection.execute(_SWITCHES, extent)]
        texts += [value for value in switches if value not in _selectors(number)]
        return not any(mention.search(allowed.sub("", value)) for value in texts) and all(
            self._named(label) != (None, None) for label, *_ in self._labels(body, number)
        )

    def cases(self, function: _Function) -> Iterator[CompatCaseRow]:
        """Yield the cases of a compat handler."""
        for body, number in self._bodies(function):
            for low, line, _, _, condition in self._labels(body, number):
                yield self._row(function, body, line, low, condition)

    def conversions(self, function: _Function, aware: frozenset[str]) -> Iterator[CompatCaseRow]:
        """Yield the cases of other handlers that are for 32-bit programs."""
        for body, number in self._bodies(function):
            for low, line, start, stop, condition in self._labels(body, number):
                name, nr = self._named(low)
                callees = {callee for callee, _ in self.connection.execute(_CALLS, (body.blob, start, stop))}
                if nr is not None or (name and callees & aware):
                    yield self._row(function, body, line, low, condition)

    def _row(self, function: _Function, body: FoundFunction, line: int, low: str, condition: str) -> CompatCaseRow:
        name, nr = self._named(low)
        return CompatCaseRow(
            self.side, self.tree, body.path, line, body.architecture, function.name, name, nr, condition
        )

    def _labels(self, body: FoundFunction, number: str) -> Iterator[tuple[str, int, int, int, str]]:
        """Yield label, line, extent and presence condition of every case and comparison of the number."""
        of_file = parse(self.files.get((self.side, self.tree, body.path), "1"))
        for query in (_LABELS, _COMPARISONS):
            rows = self.connection.execute(query, (body.blob, body.start, body.stop)).fetchall()
            for selector, low, high, line, start, stop, condition in rows:
                if stripped(str(selector)) in _selectors(number):
                    label = low if low == high else f"{low} ... {high}"
                    yield label, line, start, stop, text(conjunction([parse(condition), of_file]))

    def _named(self, label: str) -> tuple[str | None, int | None]:
        """Return the header's name of a label, or its number field if it is defined beside the headers."""
        if label not in self._numbers:
            self._numbers[label] = self._looked_up(label)
        return self._numbers[label]

    def _looked_up(self, label: str) -> tuple[str | None, int | None]:
        if match := _NUMBER.match(label):
            return None, _number(match.group(1))
        whole = _FIELD.match(label)
        name = whole.group(1) if whole else label
        for body, header in self.connection.execute(_MACROS, (name, self.side, self.tree)).fetchall():
            if match := _NUMBER.match(body):
                return (name, None) if header is not None and not whole else (None, _number(match.group(1)))
        return None, None


def _number(text: str) -> int | None:
    """Return the value of an integer constant, which is octal with a leading 0; None if it is none, as `08`."""
    try:
        return literal(text, 64).value
    except UnknownValueError:
        return None


def _selectors(number: str) -> tuple[str, str]:
    return number, f"_IOC_NR({number})"
