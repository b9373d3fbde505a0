"""Functions of one tree with their facts, for links that follow values from one function into another."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from caplint.knowledge.languages import RUST, RUST_SUFFIX
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.condition_arch import condition_arch
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
    _own: dict[tuple[str, str, int], list[tuple[CodeFunction, CallSite]]] = field(default_factory=dict)
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
            f"SELECT path, arch, {_OWN_CONDITION}, {_HEAD} FROM code_function WHERE side = ? AND tree = ? "  # noqa: S608
            "ORDER BY path, start",
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
            f"SELECT ?, ?, NULL, {_HEAD} FROM main.function WHERE blob = ? ORDER BY start",  # noqa: S608
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
        is_rust = function.path.endswith(RUST_SUFFIX)
        if not function.static and not is_rust:
            return callers
        key = (function.path, function.name, function.start if is_rust else 0)
        if key not in self._own:
            sees = _rust_callers(function) if is_rust else (lambda caller, _: caller.path == function.path)
            self._own[key] = [(caller, call) for caller, call in callers if sees(caller, call)]
        return self._own[key]

    @cached_property
    def languages(self) -> frozenset[str]:
        """Languages of the files."""
        return frozenset({RUST if function.path.endswith(RUST_SUFFIX) else "c" for function in self.functions})

    def callees(self) -> Iterator[str]:
        """Yield the name, or the expression, of every function that is called."""
        yield from self._callers

    def calling(self, names: Iterable[str]) -> Iterator[tuple[CodeFunction, CallSite]]:
        """Yield every call of any of the names, in the order of the names."""
        for name in names:
            yield from self._callers.get(name, [])


def _rust_callers(function: CodeFunction) -> Callable[[CodeFunction, CallSite], bool]:
    """Return the test of calls that may be a Rust function's: by their arguments, and by the module that sees it."""
    folder, _, name = function.path.rpartition("/")
    inside = folder if name in {"mod.rs", "lib.rs", "main.rs"} else function.path.removesuffix(RUST_SUFFIX)

    def may_call(caller: CodeFunction, call: CallSite) -> bool:
        if len(call.arguments) != len(function.parameters):
            return False
        return not function.static or caller.path == function.path or caller.path.startswith(f"{inside}/")

    return may_call


# Of Rust alone: in C, files have architectures, and functions have not.
_OWN_CONDITION = "CASE WHEN path GLOB '*.rs' THEN (SELECT c.text FROM main.condition c WHERE c.id = condition) END"
_HEAD = "blob, name, line, start, stop, static, parameters"


def _read(connection: sqlite3.Connection, query: str, bound: tuple[object, ...]) -> list[CodeFunction]:
    return [
        CodeFunction(
            connection,
            path,
            arch or condition_arch(condition or "1"),
            blob,
            name,
            line,
            start,
            stop,
            bool(static),
            tuple(json.loads(parameters)),
        )
        for path, arch, condition, blob, name, line, start, stop, static, parameters in connection.execute(query, bound)
    ]
