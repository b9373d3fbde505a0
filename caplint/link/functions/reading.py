"""Queries for the facts inside functions: those of one function, or of all functions of a tree's files at once."""

from __future__ import annotations

import json
import sqlite3
import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from caplint.c.expression import parse
from caplint.c.formula import Formula
from caplint.link.functions.function_facts import (
    Assignment,
    CallSite,
    ConditionTest,
    GuardRange,
    JumpSite,
    MacroInvocation,
    MemberAccess,
    ReturnedValue,
    SwitchLabel,
)

Plain = Callable[[str], str]
"""Rewriting of each expression, such as the removal of macros that only pass a value on."""
_Make = Callable[[Plain, list[Any]], Any]
_F = TypeVar("_F")


def as_written(text: str) -> str:
    """Return an expression as it is."""
    return text


class _Kind(NamedTuple):
    """Table of a kind of facts; the first column that `make` gets is the offset."""

    table: str
    columns: str
    make: _Make


def _call(plain: Plain, row: list[Any]) -> CallSite:
    start, line, column, callee, arguments, use, condition = row
    return CallSite(start, line, column, callee, tuple(map(plain, json.loads(arguments))), use, condition)


def _assignment(plain: Plain, row: list[Any]) -> Assignment:
    start, target, operator, value, local, line, condition = row
    return Assignment(start, target, operator, plain(value), bool(local), line, condition)


def _returned(plain: Plain, row: list[Any]) -> ReturnedValue:
    start, value, line, condition = row
    return ReturnedValue(start, plain(value), line, condition)


def _guard(plain: Plain, row: list[Any]) -> GuardRange:
    start, stop, kind, negated, expression, line, condition = row
    return GuardRange(start, stop, kind, bool(negated), plain(expression), line, condition)


def _test(plain: Plain, row: list[Any]) -> ConditionTest:
    start, stop, kind, expression, leaves, line = row
    return ConditionTest(start, stop, kind, plain(expression), bool(leaves), line)


def _label(plain: Plain, row: list[Any]) -> SwitchLabel:
    start, stop, low, selector, line = row
    return SwitchLabel(start, stop, plain(low or ""), selector, line, low is None)


def _jump(_: Plain, row: list[Any]) -> JumpSite:
    return JumpSite(*row)


def _access(plain: Plain, row: list[Any]) -> MemberAccess:
    start, chain, mode, line, condition = row
    return MemberAccess(start, plain(chain), mode, line, condition)


def _macro(_: Plain, row: list[Any]) -> MacroInvocation:
    return MacroInvocation(*row)


_KINDS: dict[type, _Kind] = {
    CallSite: _Kind("call", "t.line, t.column, t.callee, t.arguments, t.use, c.text", _call),
    Assignment: _Kind("store", "t.target, t.operator, t.value, t.local, t.line, c.text", _assignment),
    ReturnedValue: _Kind("return_value", "t.value, t.line, c.text", _returned),
    GuardRange: _Kind("guard_extent", "t.stop, t.kind, t.negated, t.expression, t.line, c.text", _guard),
    ConditionTest: _Kind("test", "t.stop, t.kind, t.expression, t.leaves, t.line", _test),
    SwitchLabel: _Kind("case_label", "t.stop, t.low, t.selector, t.line", _label),
    JumpSite: _Kind("jump", "t.label, t.line", _jump),
    MemberAccess: _Kind("access", "t.chain, t.mode, t.line, c.text", _access),
    MacroInvocation: _Kind("macro_use", "t.stop, t.name, t.arguments, t.line", _macro),
}
_OFTEN = (CallSite, Assignment, ReturnedValue, GuardRange, ConditionTest, SwitchLabel, JumpSite)
"""Kinds that are read for all functions of a tree at once; the others are read on demand."""


class FunctionPlace(Protocol):
    """Function definition, by file and extent."""

    @property
    def path(self) -> str:
        """Path of the file."""

    @property
    def blob(self) -> int:
        """Blob of the file, or of its expanded code."""

    @property
    def name(self) -> str:
        """Name of the function."""

    @property
    def start(self) -> int:
        """Offset of the first byte."""

    @property
    def stop(self) -> int:
        """Offset after the last byte."""

    @property
    def facts(self) -> dict[type, list[Any]]:
        """Facts that have been read, by kind."""


def read(connection: sqlite3.Connection, kind: type[_F], function: FunctionPlace, plain: Plain) -> list[_F]:
    """Return the facts of one kind in a function, in file order."""
    table, columns, make = _KINDS[kind]
    rows = connection.execute(
        f"""SELECT t.start, {columns} FROM main.{table} t JOIN main.condition c ON c.id = t.condition
            WHERE t.blob = ? AND t.function = ? AND t.start >= ? AND t.start < ? ORDER BY t.start""",  # noqa: S608
        (function.blob, function.name, function.start, function.stop),
    )
    return [make(plain, list(row)) for row in rows]


def read_all(
    connection: sqlite3.Connection, functions: Sequence[FunctionPlace], files: str, bound: tuple[object, ...]
) -> None:
    """Read the facts of many functions as they are written; `files` is a table with the columns `path` and `blob`."""
    places = _FunctionOffsets(functions)
    for kind in _OFTEN:
        table, columns, make = _KINDS[kind]
        for function in functions:
            function.facts[kind] = []
        holder = _Held(None, ("", 0), 0, 0)
        for path, blob, *row in connection.execute(
            f"""SELECT f.path, t.blob, t.start, {columns}
                FROM {files} f JOIN main.{table} t ON t.blob = f.blob
                JOIN main.condition c ON c.id = t.condition
                WHERE t.function IS NOT NULL
                ORDER BY f.path, t.start""",  # noqa: S608
            bound,
        ):
            # Most facts are in the same function as the previous one.
            if not holder.start <= row[0] < holder.stop or holder.place != (path, blob):
                holder = places.find((path, blob), row[0])
            if holder.function is not None:
                holder.function.facts[kind].append(make(as_written, row))


class _Held(NamedTuple):
    """Extent of a file, with the function that contains all of it, if any."""

    function: FunctionPlace | None
    place: tuple[str, int]
    start: int
    stop: int


class _FunctionOffsets:
    """Index from an offset of a file, or of its expanded code, to the function that contains it."""

    def __init__(self, functions: Sequence[FunctionPlace]) -> None:
        self._by_file: dict[tuple[str, int], list[FunctionPlace]] = {}
        for function in functions:
            self._by_file.setdefault((function.path, function.blob), []).append(function)
        for in_file in self._by_file.values():
            in_file.sort(key=lambda function: function.start)
        self._starts = {place: [function.start for function in in_file] for place, in_file in self._by_file.items()}

    def find(self, place: tuple[str, int], offset: int) -> _Held:
        starts = self._starts.get(place, [])
        index = bisect_right(starts, offset)
        following = starts[index] if index < len(starts) else sys.maxsize
        if index == 0:
            return _Held(None, place, 0, following)
        function = self._by_file[place][index - 1]
        if offset < function.stop:
            return _Held(function, place, function.start, min(function.stop, following))
        return _Held(None, place, function.stop, following)


def function_condition(connection: sqlite3.Connection, blob: int, start: int) -> Formula:
    """Return the presence condition of the function that begins at an offset of a blob."""
    row = connection.execute(
        """SELECT c.text FROM main.function f JOIN main.condition c ON c.id = f.condition
           WHERE f.blob = ? AND f.start = ?""",
        (blob, start),
    ).fetchone()
    return parse(row[0]) if row else True
