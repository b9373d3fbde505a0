"""Functions of one tree with their facts, for links that follow values from one function into another."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import CallSite
from caplint.link.functions.reading import read_all

# Maximum number of steps to follow values in one tree; QEMU needs some 20,000.
_MOST_STEPS = 1_000_000


@dataclass
class Budget:
    """Number of steps left to follow values in a tree; at 0, further values are not followed."""

    left: int
    within: Budget | None = None
    """Budget of a larger whole, which the steps are taken from too."""

    def spend(self, steps: int = 1) -> bool:
        """Subtract some steps, and tell whether the budget sufficed."""
        self.left -= steps
        return (self.within is None or self.within.spend(steps)) and self.left >= 0

    @property
    def is_spent(self) -> bool:
        """Whether steps were asked for that were not left, so that what was found may not be all."""
        return self.left < 0 or (self.within is not None and self.within.is_spent)


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
        files = "(SELECT path, blob FROM temp.all_file WHERE side = ? AND tree = ?)"
        read_all(connection, functions, files, (side, tree))
        return Code(functions)

    @staticmethod
    def of_file(connection: sqlite3.Connection, path: str, arch: str | None, blob: int) -> list[CodeFunction]:
        """Read the functions of one file, which need not be in `all_file`."""
        functions = _read(
            connection,
            f"SELECT ?, ?, {_HEAD} FROM main.function WHERE blob = ? ORDER BY start",  # noqa: S608
            (path, arch, blob),
        )
        read_all(connection, functions, "(SELECT ? AS path, ? AS blob)", (path, blob))
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
        CodeFunction(connection, path, arch, blob, name, line, start, stop, bool(static), tuple(json.loads(parameters)))
        for path, arch, blob, name, line, start, stop, static, parameters in connection.execute(query, bound)
    ]
