"""Object model of a C function, for kernel and VMM links: its place, its facts, and indexes over them.

Facts are read once, when they are first asked for, or for all functions of a tree together (`Code.of`).
"""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, TypeVar

from caplint.link.core.extents import START, Extents, Placed
from caplint.link.functions.function_facts import (
    Assignment,
    CallSite,
    ConditionTest,
    FunctionFact,
    GuardRange,
    JumpSite,
    MacroInvocation,
    MemberAccess,
    ReturnedValue,
    SwitchLabel,
)
from caplint.link.functions.reading import Plain, as_written, read

LOOPS = frozenset({"while", "for", "do"})
"""Kinds of tests that are the condition of a loop."""
_WORD = re.compile(r"\w+")
_SYMBOL = re.compile(r"[A-Za-z_]\w*")
_F = TypeVar("_F")
_P = TypeVar("_P", bound=Placed)


@lru_cache(maxsize=1 << 15)  # the links ask ten times for each expression
def symbols(text: str) -> frozenset[str]:
    """Return the identifiers in an expression."""
    return frozenset(_SYMBOL.findall(text))


def between(facts: Sequence[_P], start: int, stop: int) -> Sequence[_P]:
    """Return the facts that begin in `[start, stop)`."""
    return facts[bisect_left(facts, start, key=START) : bisect_left(facts, stop, key=START)]


def facts_between(start: int, stop: int, *kinds: Sequence[FunctionFact]) -> Iterator[FunctionFact]:
    """Yield the facts of several kinds that begin in `[start, stop)`, one kind after the other."""
    for facts in kinds:
        yield from between(facts, start, stop)


@dataclass
class CodeFunction:
    """Function definition with its facts, each kind in file order."""

    connection: sqlite3.Connection = field(repr=False, compare=False)
    path: str
    arch: str | None
    blob: int
    name: str
    line: int
    start: int
    stop: int
    static: bool
    parameters: tuple[str, ...]
    facts: dict[type, list[Any]] = field(default_factory=dict, repr=False, compare=False)
    """Facts that have been read, by kind."""
    plain: Plain = field(default=as_written, repr=False, compare=False)
    """Rewriting of each expression."""
    _branches: dict[int, frozenset[tuple[int, int, bool]]] = field(default_factory=dict, repr=False, compare=False)

    def _of(self, kind: type[_F]) -> list[_F]:
        if kind not in self.facts:
            self.facts[kind] = read(self.connection, kind, self, self.plain)
        return self.facts[kind]

    @cached_property
    def calls(self) -> list[CallSite]:
        """Calls, and macros that look like calls."""
        return self._of(CallSite)

    @cached_property
    def stores(self) -> list[Assignment]:
        """Assignments, increments, and initialised local variables."""
        return self._of(Assignment)

    @cached_property
    def returns(self) -> list[ReturnedValue]:
        """Returns."""
        return self._of(ReturnedValue)

    @cached_property
    def guards(self) -> list[GuardRange]:
        """Guards, with the extents over which they are known."""
        return self._of(GuardRange)

    @cached_property
    def tests(self) -> list[ConditionTest]:
        """Conditions that decide on control flow."""
        return self._of(ConditionTest)

    @cached_property
    def labels(self) -> list[SwitchLabel]:
        """Labels of switches."""
        return self._of(SwitchLabel)

    @cached_property
    def jumps(self) -> list[JumpSite]:
        """`goto` statements."""
        return self._of(JumpSite)

    @cached_property
    def accesses(self) -> list[MemberAccess]:
        """Accesses to structure members."""
        return self._of(MemberAccess)

    @cached_property
    def macros(self) -> list[MacroInvocation]:
        """Uses of macros that are not expressions."""
        return self._of(MacroInvocation)

    # Indexes

    @cached_property
    def calls_of(self) -> dict[str, list[CallSite]]:
        """Callee → its calls, in file order."""
        calls: dict[str, list[CallSite]] = {}
        for call in self.calls:
            calls.setdefault(call.callee, []).append(call)
        return calls

    @cached_property
    def assigned(self) -> dict[str, list[Assignment]]:
        """Map of each target to its assignments."""
        assignments: dict[str, list[Assignment]] = {}
        for store in self.stores:
            assignments.setdefault(store.target, []).append(store)
        return assignments

    @cached_property
    def returned(self) -> dict[int, str]:
        """Offset of each `return` → its value."""
        return {entry.start: entry.value for entry in self.returns}

    @cached_property
    def loops(self) -> Extents[ConditionTest]:
        """Tests of loops, by the extents of the loops."""
        return Extents([test for test in self.tests if test.kind in LOOPS])

    @cached_property
    def ifs(self) -> Extents[ConditionTest]:
        """Tests of an `if`, by the extents of the condition and the branch."""
        return Extents([test for test in self.tests if test.kind == "if"])

    @cached_property
    def switches(self) -> Extents[ConditionTest]:
        """Selectors of switches, by the extents of the whole statements."""
        return Extents([test for test in self.tests if test.kind == "switch"])

    @cached_property
    def cases(self) -> Extents[SwitchLabel]:
        """Labels of switches, by the extents of their code."""
        return Extents(self.labels)

    @cached_property
    def _known(self) -> Extents[GuardRange]:
        return Extents(self.guards)

    def guards_at(self, offset: int) -> Iterator[GuardRange]:
        """Return the guards that are known at an offset, in file order."""
        return self._known.at(offset)

    def last_guards_at(self, offset: int, most: int) -> list[GuardRange]:
        """Return the last `most` guards that are known at an offset, in file order."""
        return list(islice(self._known.at_reversed(offset), most))[::-1]

    @cached_property
    def _enclosing(self) -> Extents[GuardRange]:
        return Extents([guard for guard in self.guards if guard.kind == "enclosing"])

    def branches(self, offset: int) -> frozenset[tuple[int, int, bool]]:
        """Return the branches and loops that contain an offset."""
        if offset not in self._branches:
            self._branches[offset] = frozenset(
                (guard.start, guard.stop, guard.negated) for guard in self._enclosing.at(offset)
            )
        return self._branches[offset]

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
        return sorted(self.placed_texts())

    def placed_texts(self) -> Iterator[tuple[int, str]]:
        """Yield every evaluated expression with its offset, each argument of a call on its own."""
        yield from ((store.start, store.value) for store in self.stores)
        yield from ((store.start, store.target) for store in self.stores if not store.target.isidentifier())
        yield from ((entry.start, entry.value) for entry in self.returns)
        yield from ((test.start, test.expression) for test in self.tests)
        for call in self.calls:
            yield from ((call.start, argument) for argument in call.arguments)
