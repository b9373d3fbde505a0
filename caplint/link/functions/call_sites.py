"""Functions of one tree with their facts, for links that follow values from one function into another."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from caplint.link.core.extents import Extents

# Maximum number of steps to follow values in one tree; QEMU needs some 20,000.
_MOST_STEPS = 1_000_000
_WORD = re.compile(r"\w+")
_SYMBOL = re.compile(r"[A-Za-z_]\w*")


def symbols(text: str) -> frozenset[str]:
    """Return the identifiers in an expression."""
    return frozenset(_SYMBOL.findall(text))


class CallSite(NamedTuple):
    """Call: its offset, and the use of its result."""

    start: int
    line: int
    column: int
    callee: str
    arguments: tuple[str, ...]
    use: str
    condition: str


class Assignment(NamedTuple):
    """Assignment."""

    start: int
    target: str
    operator: str
    value: str
    local: bool
    line: int = 0


class Extent(NamedTuple):
    """Condition that holds (or does not hold, if negated) over an extent of a function."""

    start: int
    stop: int
    kind: str
    negated: bool
    expression: str


class ConditionTest(NamedTuple):
    """Condition that decides on control flow, with the extent of the whole statement."""

    start: int
    stop: int
    kind: str
    expression: str


class Label(NamedTuple):
    """Case of a switch, with the extent of the code that runs for it."""

    start: int
    stop: int
    is_default: bool


@dataclass
class Budget:
    """Number of steps left to follow values in a tree; at 0, further values are not followed."""

    left: int

    def spend(self, steps: int = 1) -> bool:
        """Subtract some steps, and tell whether the budget sufficed."""
        self.left -= steps
        return self.left >= 0


@dataclass
class CodeFunction:
    """Function definition with its facts, each kind in file order."""

    path: str
    arch: str | None
    blob: int
    name: str
    line: int
    start: int
    stop: int
    static: bool
    parameters: tuple[str, ...]
    calls: list[CallSite] = field(default_factory=list)
    stores: list[Assignment] = field(default_factory=list)
    returns: list[tuple[int, str]] = field(default_factory=list)
    extents: list[Extent] = field(default_factory=list)
    tests: list[ConditionTest] = field(default_factory=list)
    jumps: list[int] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    _branches: dict[int, frozenset[tuple[int, int, bool]]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def returned(self) -> dict[int, str]:
        """Offset of each `return` → its value."""
        return dict(self.returns)

    def guards(self, offset: int) -> Iterator[Extent]:
        """Return the conditions that hold or fail when control reaches an offset."""
        return self._guards.at(offset)

    @cached_property
    def _guards(self) -> Extents[Extent]:
        return Extents(self.extents)

    @cached_property
    def _enclosing(self) -> Extents[Extent]:
        return Extents([extent for extent in self.extents if extent.kind == "enclosing"])

    def branches(self, offset: int) -> frozenset[tuple[int, int, bool]]:
        """Return the branches and loops that contain an offset."""
        if offset not in self._branches:
            self._branches[offset] = frozenset(
                (extent.start, extent.stop, extent.negated) for extent in self._enclosing.at(offset)
            )
        return self._branches[offset]

    @cached_property
    def loops(self) -> Extents[ConditionTest]:
        """Tests of loops, by the extents of the loops."""
        return Extents([test for test in self.tests if test.kind in {"while", "for", "do"}])

    @cached_property
    def cases(self) -> Extents[Label]:
        """Cases of switches, by the extents of their code."""
        return Extents(self.labels)

    @cached_property
    def assigned(self) -> dict[str, list[Assignment]]:
        """Map of each target to its assignments."""
        assignments: dict[str, list[Assignment]] = {}
        for store in self.stores:
            assignments.setdefault(store.target, []).append(store)
        return assignments

    @cached_property
    def mentions(self) -> dict[str, list[int]]:
        """Map of each word to the offsets of the expressions that contain it, in file order."""
        offsets: dict[str, list[int]] = {}
        for start, text in self.ordered_texts:
            for word in set(_WORD.findall(text)):
                offsets.setdefault(word, []).append(start)
        return offsets

    @cached_property
    def ordered_texts(self) -> list[tuple[int, str]]:
        """Every evaluated expression with its offset, in file order."""
        return sorted(self.texts())

    def texts(self) -> Iterator[tuple[int, str]]:
        """Yield every evaluated expression with its offset."""
        yield from ((store.start, store.value) for store in self.stores)
        yield from ((store.start, store.target) for store in self.stores if not store.target.isidentifier())
        yield from self.returns
        yield from ((test.start, test.expression) for test in self.tests)
        for call in self.calls:
            yield from ((call.start, argument) for argument in call.arguments)


@dataclass
class Code:
    """Functions of one side of a tree, indexed by name and by callee."""

    functions: list[CodeFunction]
    _by_name: dict[str, list[CodeFunction]] = field(default_factory=dict)
    _callers: dict[str, list[tuple[CodeFunction, CallSite]]] = field(default_factory=dict)
    _own: dict[tuple[str, str], list[tuple[CodeFunction, CallSite]]] = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(_MOST_STEPS))

    def __post_init__(self) -> None:
        for function in self.functions:
            self._by_name.setdefault(function.name, []).append(function)
            for call in function.calls:
                self._callers.setdefault(call.callee, []).append((function, call))

    @staticmethod
    def of(connection: sqlite3.Connection, side: str, tree: str) -> Code:
        """Read all functions of a tree's files, including those that macros expand to."""
        functions = _read(
            connection,
            f"SELECT path, arch, {_HEAD} FROM code_function WHERE side = ? AND tree = ? ORDER BY path, start",  # noqa: S608
            (side, tree),
        )
        _attach(connection, functions, "temp.all_file f", "f.side = ? AND f.tree = ?", (side, tree))
        return Code(functions)

    @staticmethod
    def of_file(connection: sqlite3.Connection, path: str, arch: str | None, blob: int) -> list[CodeFunction]:
        """Read the functions of one file, which need not be in `all_file`."""
        functions = _read(
            connection,
            f"SELECT ?, ?, {_HEAD} FROM main.function WHERE blob = ? ORDER BY start",  # noqa: S608
            (path, arch, blob),
        )
        _attach(connection, functions, "(SELECT ? AS path, ? AS blob) f", "1", (path, blob))
        return functions

    def named(self, name: str) -> list[CodeFunction]:
        """Return the definitions of a function name."""
        return self._by_name.get(name, [])

    def callers(self, function: CodeFunction) -> list[tuple[CodeFunction, CallSite]]:
        """Return the calls of a function in the tree; for a static function, those in its own file."""
        callers = self._callers.get(function.name, [])
        if not function.static:
            return callers
        key = (function.path, function.name)
        if key not in self._own:
            self._own[key] = [(caller, call) for caller, call in callers if caller.path == function.path]
        return self._own[key]

    def callees(self) -> Iterator[str]:
        """Yield the name, or the expression, of every function that is called."""
        yield from self._callers

    def calling(self, names: Iterable[str]) -> Iterator[tuple[CodeFunction, CallSite]]:
        """Yield every call of any of the names, in the order of the names."""
        for name in names:
            yield from self._callers.get(name, [])


_HEAD = "blob, name, line, start, stop, static, parameters"


def _read(connection: sqlite3.Connection, query: str, bound: tuple[object, ...]) -> list[CodeFunction]:
    return [
        CodeFunction(path, arch, blob, name, line, start, stop, bool(static), tuple(json.loads(parameters)))
        for path, arch, blob, name, line, start, stop, static, parameters in connection.execute(query, bound)
    ]


def _attach(
    connection: sqlite3.Connection, functions: list[CodeFunction], files: str, which: str, bound: tuple[object, ...]
) -> None:
    """Attach to functions the facts inside them; `files` has columns `path` and `blob`."""
    places = _FunctionOffsets(functions)
    for table, columns, add in _FACTS:
        holder = _Held(None, ("", 0), 0, 0)
        for path, blob, start, *row in connection.execute(
            f"""SELECT f.path, t.blob, t.start, {columns}
                FROM {files} JOIN main.{table} t ON t.blob = f.blob
                JOIN main.condition c ON c.id = t.condition
                WHERE {which} AND t.function IS NOT NULL
                ORDER BY f.path, t.start""",  # noqa: S608
            bound,
        ):
            # Most facts are in the same function as the previous one.
            if not holder.start <= start < holder.stop or holder.place != (path, blob):
                holder = places.find((path, blob), start)
            if holder.function is not None:
                add(holder.function, start, row)


class _Held(NamedTuple):
    """Extent of a file, with the function that contains all of it, if any."""

    function: CodeFunction | None
    place: tuple[str, int]
    start: int
    stop: int


class _FunctionOffsets:
    """Index from an offset of a file, or of its expanded code, to the function that contains it."""

    def __init__(self, functions: list[CodeFunction]) -> None:
        self._by_file: dict[tuple[str, int], list[CodeFunction]] = {}
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


def _add_call(function: CodeFunction, start: int, row: list[Any]) -> None:
    line, column, callee, arguments, use, condition = row
    function.calls.append(CallSite(start, line, column, callee, tuple(json.loads(arguments)), use, condition))


def _add_store(function: CodeFunction, start: int, row: list[Any]) -> None:
    target, operator, value, local, line = row
    function.stores.append(Assignment(start, target, operator, value, bool(local), line))


def _add_return(function: CodeFunction, start: int, row: list[Any]) -> None:
    function.returns.append((start, row[0]))


def _add_extent(function: CodeFunction, start: int, row: list[Any]) -> None:
    stop, kind, negated, expression = row
    function.extents.append(Extent(start, stop, kind, bool(negated), expression))


def _add_test(function: CodeFunction, start: int, row: list[Any]) -> None:
    stop, kind, expression = row
    function.tests.append(ConditionTest(start, stop, kind, expression))


def _add_jump(function: CodeFunction, start: int, _: list[Any]) -> None:
    function.jumps.append(start)


def _add_label(function: CodeFunction, start: int, row: list[Any]) -> None:
    function.labels.append(Label(start, row[0], row[1] is None))


_FACTS = (
    ("call", "t.line, t.column, t.callee, t.arguments, t.use, c.text", _add_call),
    ("store", "t.target, t.operator, t.value, t.local, t.line", _add_store),
    ("return_value", "t.value", _add_return),
    ("guard_extent", "t.stop, t.kind, t.negated, t.expression", _add_extent),
    ("test", "t.stop, t.kind, t.expression", _add_test),
    ("jump", "t.label", _add_jump),
    ("case_label", "t.stop, t.low", _add_label),
)
