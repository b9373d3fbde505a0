"""The facts of one handler's body, each kind in file order."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import START, Extents


@dataclass(frozen=True)
class Handler:
    """A function that serves KVM_CHECK_EXTENSION or KVM_ENABLE_CAP."""

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
    flags_tested: bool = False
    """Whether the handler that hands on to this one has tested the request's flags before."""


class Row(NamedTuple):
    """A fact inside a function: its extent, and what it says."""

    start: int
    stop: int
    text: str
    extra: tuple[str, ...] = ()


@dataclass
class Body:
    """A handler's body, read from the store on demand; expressions without macros that merely hand a value on."""

    connection: sqlite3.Connection
    handler: Handler
    _cache: dict[str, list[Row]] = field(default_factory=dict)
    cuts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """What was looked at in part only → line and offset where that begins."""
    above: dict[tuple[str, int], dict[int, Row]] = field(default_factory=dict)
    """Pattern and offset → the tests above the offset that match, by where they begin, as far as asked for."""
    lock_events: tuple[list[Row], list[Row]] | None = None
    """Where kvm->lock is taken and left, by calls and otherwise, once that is known."""
    vm_mention: re.Pattern[str] | None = None
    """Matches the VM that a check handler is asked for, or a local copy, once that is known."""
    mentioned: dict[int, bool] = field(default_factory=dict)
    """Parameter → whether anything mentions it, as far as that has been asked."""
    flag_testers: dict[str, int | None] = field(default_factory=dict)
    """Callee → whether it tests the flags of a request, as far as that has been asked."""
    delegates: list[str] | None = None
    """Of a handler of MSRs: what it hands accesses on to, once that is known."""

    def _rows(self, kind: str, query: str) -> list[Row]:
        if kind not in self._cache:
            found = self.connection.execute(
                f"{query} WHERE blob = ? AND function = ? AND start >= ? AND start < ? ORDER BY start",
                (self.handler.blob, self.handler.function, self.handler.start, self.handler.stop),
            )
            plain = _plain_arguments if kind == "call" else kernel_idioms().seen_through
            self._cache[kind] = [
                Row(start, stop, plain(text), tuple(map(str, rest))) for start, stop, text, *rest in found
            ]
        return self._cache[kind]

    def cut(self, line: int, offset: int, reason: str) -> None:
        """Remember that something is known in part only from a place on."""
        self.cuts.setdefault(reason, (line, offset))

    def cut_at(self, offset: int, reason: str) -> None:
        """Remember it of a test that begins at an offset."""
        if reason not in self.cuts:
            row = self.connection.execute(
                "SELECT line FROM main.test WHERE blob = ? AND start = ?", (self.handler.blob, offset)
            ).fetchone()
            self.cut(row[0] if row else 1, offset, reason)

    @property
    def stores(self) -> list[Row]:
        """Value; target, operator, local, presence condition. WRITE_ONCE() and its like are assignments, too."""
        if "stores" not in self._cache:
            assigned = self._rows(
                "store",
                """SELECT start, start, value, target, operator, local, c.text
                   FROM main.store s JOIN main.condition c ON c.id = s.condition""",
            )
            self._cache["stores"] = sorted([*assigned, *self._stored_by_calls()], key=START)
        return self._cache["stores"]

    def _stored_by_calls(self) -> Iterator[Row]:
        for row in self.calls:
            if stored := kernel_idioms().stored(row.extra[0], row.text):
                target, value = stored
                yield Row(row.start, row.stop, value, (target, "=", "0", row.extra[3]))

    @property
    def calls(self) -> list[Row]:
        """Arguments as JSON; callee, use, line, presence condition."""
        return self._rows(
            "call",
            """SELECT start, start, arguments, callee, use, line, c.text
               FROM main.call k JOIN main.condition c ON c.id = k.condition""",
        )

    @property
    def tests(self) -> list[Row]:
        """Expression; kind, whether control leaves where it holds (`1`)."""
        return self._rows("test", "SELECT start, stop, expression, kind, leaves FROM main.test")

    @property
    def returns(self) -> list[Row]:
        """Value; presence condition."""
        return self._rows(
            "return",
            """SELECT start, start, value, c.text
               FROM main.return_value r JOIN main.condition c ON c.id = r.condition""",
        )

    @property
    def jumps(self) -> list[Row]:
        """Label of every `goto`."""
        return self._rows("jump", "SELECT start, start, label FROM main.jump")

    @property
    def guards(self) -> list[Row]:
        """Expression that is known to hold, or not to, over the row's extent; kind, whether it does not (`1`)."""
        return self._rows("guard", "SELECT start, stop, expression, kind, negated FROM main.guard_extent")

    @property
    def accesses(self) -> list[Row]:
        """Chain of members; mode, line, presence condition."""
        return self._rows(
            "access",
            """SELECT start, start, chain, mode, line, c.text
               FROM main.access a JOIN main.condition c ON c.id = a.condition""",
        )

    @property
    def macros(self) -> list[Row]:
        """Name of every macro that is no expression: heads of loops and the like; arguments, line."""
        return self._rows("macro", "SELECT start, stop, name, arguments, line FROM main.macro_use")

    @property
    def labels(self) -> list[Row]:
        """Value of every `case`; empty for `default`."""
        return self._rows("label", "SELECT start, stop, coalesce(low, '') FROM main.case_label")

    @property
    def selector(self) -> str:
        """The parameter that says which capability: the last one. Empty where there is none."""
        return self.handler.parameters[-1] if self.handler.parameters else ""

    @cached_property
    def flags(self) -> re.Pattern[str]:
        """Matches a mention of the request's flags, also through a local copy of them."""
        direct = rf"\b{re.escape(self.selector)}\s*(?:->|\.)\s*flags\b"
        copies = [row.extra[0] for row in self.stores if row.extra[0].isidentifier() and re.fullmatch(direct, row.text)]
        return re.compile("|".join([direct, *(rf"\b{re.escape(name)}\b" for name in copies)]))

    @cached_property
    def calls_of(self) -> dict[str, list[Row]]:
        """Callee → its calls."""
        found: dict[str, list[Row]] = {}
        for row in self.calls:
            found.setdefault(row.extra[0], []).append(row)
        return found

    @cached_property
    def first_label(self) -> int | None:
        """Where the first case begins; None without any."""
        return self.labels[0].start if self.labels else None

    @cached_property
    def switches(self) -> list[Row]:
        """The tests that are the selector of a `switch`."""
        return [row for row in self.tests if row.extra[0] == "switch"]

    @cached_property
    def _switches_end(self) -> list[int]:
        """How far every switch or one before it reaches."""
        return list(accumulate((row.stop for row in self.switches), max))

    def first_switch(self, offset: int) -> int | None:
        """Where the first switch begins that ends behind an offset."""
        index = bisect_right(self._switches_end, offset)
        return self.switches[index].start if index < len(self.switches) else None

    @cached_property
    def tests_by_word(self) -> dict[str, list[Row]]:
        """Identifier → the tests that mention it."""
        found: dict[str, list[Row]] = {}
        for row in self.tests:
            for word in set(_WORD.findall(row.text)):
                found.setdefault(word, []).append(row)
        return found

    @cached_property
    def around(self) -> Extents[Row]:
        """The switches, by what they hold."""
        return Extents(self.switches)

    @cached_property
    def ifs(self) -> Extents[Row]:
        """The tests of an `if`, by what they and what they decide hold."""
        return Extents([row for row in self.tests if row.extra[0] == "if"])

    @cached_property
    def results(self) -> list[Row]:
        """The returns of a plain variable."""
        return [row for row in self.returns if row.text.isidentifier()]

    @cached_property
    def result_stores(self) -> list[Row]:
        """The assignments to a variable that is returned."""
        return [row for row in self.stores if row.extra[0] in self.last_results]

    @cached_property
    def last_results(self) -> dict[str, int]:
        """Variable that is returned → where that happens last."""
        return {row.text: row.start for row in self.results}

    @cached_property
    def answers(self) -> frozenset[str]:
        """Everything that is returned and assigned to."""
        return frozenset(row.text for row in self.returns if row.text in self.targets)

    @cached_property
    def targets(self) -> dict[str, list[Row]]:
        """Everything that is assigned to → its assignments."""
        found: dict[str, list[Row]] = {}
        for row in self.stores:
            found.setdefault(row.extra[0], []).append(row)
        return found

    @cached_property
    def flag_guards(self) -> Extents[Row]:
        """The guards that look at the request's flags."""
        return Extents([row for row in self.guards if self.flags.search(row.text)])

    @cached_property
    def ends_of_ifs(self) -> dict[int, list[Row]]:
        """The tests of an `if`, by where they stop."""
        found: dict[int, list[Row]] = {}
        for row in self.tests:
            if row.extra[0] == "if":
                found.setdefault(row.stop, []).append(row)
        return found

    @cached_property
    def _holding(self) -> Extents[Row]:
        return Extents(self.guards)

    @cached_property
    def deciding(self) -> Extents[Row]:
        """The guards but for those behind a statement that returns where they do not hold."""
        return Extents([row for row in self.guards if not (row.extra[0] == "early_exit" and self._returns_before(row))])

    def _returns_before(self, guard: Row) -> bool:
        """Whether the statement behind which an early exit's extent begins leaves by a `return`."""
        return any(between(self.returns, test.start, test.stop) for test in self.ends_of_ifs.get(guard.start, []))

    def guards_at(self, offset: int) -> Iterator[Row]:
        """The guards that hold at an offset, in file order."""
        return self._holding.at(offset)

    def weight(self, start: int, stop: int) -> int:
        """How many facts stand between two offsets."""
        kinds = (self.stores, self.calls, self.tests, self.returns)
        return sum(bisect_left(rows, stop, key=START) - bisect_left(rows, start, key=START) for rows in kinds)

    def texts(self, start: int, stop: int) -> Iterator[str]:
        """Every expression that is evaluated between two offsets."""
        for rows in (self.stores, self.calls, self.tests, self.returns):
            for row in between(rows, start, stop):
                yield row.text
        for rows in (self.stores, self.calls):  # what is written to, and what is called
            for row in between(rows, start, stop):
                yield row.extra[0]


def between(rows: list[Row], start: int, stop: int) -> list[Row]:
    """The rows that begin in `[start, stop)`."""
    return rows[bisect_left(rows, start, key=START) : bisect_left(rows, stop, key=START)]


def insert_cuts(body: Body) -> None:
    """Fill `all_cut` with the places from which on a handler is known in part only."""
    handler = body.handler
    body.connection.executemany(
        "INSERT INTO temp.all_cut VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (handler.side, handler.tree, handler.path, line, start, handler.stop, reason)
            for reason, (line, start) in body.cuts.items()
        ],
    )


_WORD = re.compile(r"[A-Za-z_]\w*")


def _plain_arguments(arguments: str) -> str:
    """See through the arguments of a call one by one: together they are JSON."""
    if "(" not in arguments:
        return arguments
    return json.dumps([kernel_idioms().seen_through(text) for text in json.loads(arguments)], ensure_ascii=False)
