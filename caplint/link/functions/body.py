"""Function of the kernel in the role of a handler, or of a function that one calls."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from caplint.c import formula
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import START, Extents
from caplint.link.core.rows import CutRow, insert
from caplint.link.functions.code_function import CodeFunction, between, facts_between
from caplint.link.functions.function_facts import Assignment, ConditionTest, FunctionFact, GuardRange, ReturnedValue
from caplint.link.functions.reading import function_condition


@dataclass(frozen=True)
class Handler:
    """Function that handles KVM_CHECK_EXTENSION or KVM_ENABLE_CAP."""

    side: str
    tree: str
    path: str
    blob: int
    arch: str
    function: str
    start: int
    stop: int
    parameters: list[str]
    verb: str
    scope: str | None
    found_by: str
    line: int
    static: bool


class LockEvent(NamedTuple):
    """Place where kvm->lock is taken, or released."""

    start: int
    taken: bool


class Body(CodeFunction):
    """Handler's body; macros that only pass a value on are removed from expressions."""

    def __init__(self, connection: sqlite3.Connection, handler: Handler) -> None:
        super().__init__(
            connection, handler.path, handler.arch, handler.blob, handler.function, handler.line, handler.start,
            handler.stop, handler.static, tuple(handler.parameters), plain=kernel_idioms().seen_through,
        )  # fmt: skip
        self.handler = handler
        self.cuts: dict[str, tuple[int, int]] = {}
        """Reason why the rest was not read → line and offset at which that begins."""
        self.doubts: dict[str, tuple[int, int]] = {}
        """Question that code which was read leaves open → line and offset of the case that it is about."""
        self.lock_events: tuple[list[LockEvent], list[LockEvent]] | None = None
        """Places that take or release kvm->lock: calls, then macros; None until computed."""
        self.vm_mention: re.Pattern[str] | None = None
        """Pattern for a check handler's VM parameter and its local copies; None until computed."""
        self.mentioned: dict[int, bool] = {}
        """Index of a parameter → whether any expression mentions it; filled on demand."""
        self.delegates: list[str] | None = None
        """Callees that an MSR handler delegates accesses to; None until computed."""

    @cached_property
    def presence(self) -> str:
        """Presence condition of the function itself; what stands under it is present wherever the function is."""
        return formula.text(function_condition(self.connection, self.handler.blob, self.handler.start))

    def cut(self, line: int, offset: int, reason: str) -> None:
        """Record that the linker does not read some facts from this offset on; the first place per reason is kept."""
        self.cuts.setdefault(reason, (line, offset))

    def cut_at(self, offset: int, reason: str) -> None:
        """Record a cut as `cut` does, on the line of the test that begins at an offset."""
        self.cut(next((test.line for test in between(self.tests, offset, offset + 1)), 1), offset, reason)

    @cached_property
    def stores(self) -> list[Assignment]:
        """Assignments, increments, and initialised local variables; calls like WRITE_ONCE() count."""
        return sorted([*self._of(Assignment), *self._stored_by_calls()], key=START)

    def _stored_by_calls(self) -> Iterator[Assignment]:
        for call in self.calls:
            if stored := kernel_idioms().stored(call.callee, call.arguments):
                target, value = stored
                yield Assignment(call.start, target, "=", value, False, call.line, call.condition)

    @cached_property
    def vcpu_checks(self) -> list[FunctionFact]:
        """Accesses, tests and calls that ask whether vCPUs exist, in file order."""
        asks = kernel_idioms().vcpus_exist
        facts = facts_between(self.start, self.stop, self.accesses, self.tests, self.calls)
        return sorted((row for row in facts if asks.search(row.text)), key=START)

    @cached_property
    def breaks(self) -> list[tuple[int, int]]:
        """Offsets of the `break` statements, each with that of the loop or switch that it leaves."""
        where = (self.blob, self.name, self.start, self.stop)
        left: list[tuple[int, int]] = []
        breaks = []
        for kind, start, stop in self.connection.execute(_BREAKS, where):
            while left and left[-1][1] <= start:
                left.pop()
            if kind != "break":
                left.append((start, stop))
            elif left:
                breaks.append((start, left[-1][0]))
        return breaks

    @cached_property
    def first_lines(self) -> dict[int, int]:
        """Map of each label's offset to the line of the first label of the same code: `case A: case B: code`."""
        lines: dict[int, int] = {}
        previous = None
        for label in self.labels:
            shares = (
                previous is not None and previous.stop == label.stop and not self.weight(previous.start, label.start)
            )
            lines[label.start] = lines[previous.start] if previous is not None and shares else label.line
            previous = label
        return lines

    @cached_property
    def bools(self) -> frozenset[str]:
        """Names of the parameters and local variables of type bool."""
        (names,) = self.connection.execute(
            "SELECT bools FROM main.function WHERE blob = ? AND start = ?", (self.blob, self.start)
        ).fetchone()
        return frozenset(json.loads(names))

    @property
    def selector(self) -> str:
        """Name of the last parameter, which holds the capability; empty without parameters."""
        return self.parameters[-1] if self.parameters else ""

    @cached_property
    def first_label(self) -> int | None:
        """Offset of the first case label; None without any."""
        return self.labels[0].start if self.labels else None

    @cached_property
    def tests_by_word(self) -> dict[str, list[ConditionTest]]:
        """Map of each identifier to the tests that mention it."""
        tests: dict[str, list[ConditionTest]] = {}
        for test in self.tests:
            for word in set(_WORD.findall(test.text)):
                tests.setdefault(word, []).append(test)
        return tests

    @cached_property
    def results(self) -> list[ReturnedValue]:
        """Returns of a plain variable."""
        return [entry for entry in self.returns if entry.value.isidentifier()]

    @cached_property
    def result_stores(self) -> list[Assignment]:
        """Assignments to a variable that is returned."""
        return [store for store in self.stores if store.target in self.last_results]

    @cached_property
    def last_results(self) -> dict[str, int]:
        """Map of each returned variable to the offset of its last return."""
        return {entry.value: entry.start for entry in self.results}

    @cached_property
    def answers(self) -> frozenset[str]:
        """Expressions that are both returned and assigned to."""
        return frozenset(entry.value for entry in self.returns if entry.value in self.assigned)

    @cached_property
    def ends_of_ifs(self) -> dict[int, list[ConditionTest]]:
        """Tests of an `if`, by the offset at which they stop."""
        tests: dict[int, list[ConditionTest]] = {}
        for test in self.tests:
            if test.kind == "if":
                tests.setdefault(test.stop, []).append(test)
        return tests

    @cached_property
    def deciding(self) -> Extents[GuardRange]:
        """Guards, except those after a statement that returns if they fail."""
        return Extents([row for row in self.guards if not (row.kind == "early_exit" and self._returns_before(row))])

    def _returns_before(self, guard: GuardRange) -> bool:
        """Tell whether the statement before an early exit's extent leaves by a `return`."""
        return any(between(self.returns, test.start, test.stop) for test in self.ends_of_ifs.get(guard.start, []))

    def weight(self, start: int, stop: int) -> int:
        """Count the facts between two offsets."""
        return sum(
            bisect_left(facts, stop, key=START) - bisect_left(facts, start, key=START)
            for facts in (self.stores, self.calls, self.tests, self.returns)
        )

    def texts(self, start: int, stop: int) -> Iterator[str]:
        """Yield every expression that is evaluated between two offsets."""
        for fact in facts_between(start, stop, self.stores, self.calls, self.tests, self.returns):
            yield fact.text
        yield from (store.target for store in between(self.stores, start, stop))
        yield from (call.callee for call in between(self.calls, start, stop))


def insert_cuts(body: Body) -> None:
    """Fill `all_cut` with the offsets from which on the linker read a handler only in part, and with open questions."""
    handler = body.handler
    where = (handler.side, handler.tree, handler.path)
    rows = [CutRow(*where, line, start, handler.stop, reason) for reason, (line, start) in body.cuts.items()]
    rows += [CutRow(*where, line, start, start, question) for question, (line, start) in body.doubts.items()]
    insert(body.connection, "all_cut", rows)


_WORD = re.compile(r"[A-Za-z_]\w*")
_BREAKS = """
    SELECT kind, start, stop FROM main.statement
    WHERE blob = ? AND function = ? AND start >= ? AND start < ? AND kind IN ('break', 'while', 'for', 'do', 'switch')
    ORDER BY start, stop DESC
"""
