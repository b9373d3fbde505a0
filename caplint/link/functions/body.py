"""Facts of one handler's body, each kind in file order."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import START, Extents
from caplint.link.core.rows import CutRow, insert


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


class Row(NamedTuple):
    """Fact inside a function: its extent, its main text, and further columns."""

    start: int
    stop: int
    text: str
    extra: tuple[str, ...] = ()


@dataclass
class Body:
    """Handler's body, read from the store on demand; macros that only pass a value on are removed from expressions."""

    connection: sqlite3.Connection
    handler: Handler
    _cache: dict[str, list[Row]] = field(default_factory=dict)
    cuts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Reason why the rest was not read → line and offset at which that begins."""
    lock_events: tuple[list[Row], list[Row]] | None = None
    """Rows that take or release kvm->lock: calls, then macros; None until computed."""
    vm_mention: re.Pattern[str] | None = None
    """Pattern for a check handler's VM parameter and its local copies; None until computed."""
    mentioned: dict[int, bool] = field(default_factory=dict)
    """Index of a parameter → whether any expression mentions it; filled on demand."""
    delegates: list[str] | None = None
    """Callees that an MSR handler delegates accesses to; None until computed."""

    def _rows(self, kind: str, query: str) -> list[Row]:
        if kind not in self._cache:
            rows = self.connection.execute(
                f"{query} WHERE blob = ? AND function = ? AND start >= ? AND start < ? ORDER BY start",
                (self.handler.blob, self.handler.function, self.handler.start, self.handler.stop),
            )
            plain = _plain_arguments if kind == "call" else kernel_idioms().seen_through
            self._cache[kind] = [
                Row(start, stop, plain(text), tuple(map(str, rest))) for start, stop, text, *rest in rows
            ]
        return self._cache[kind]

    def cut(self, line: int, offset: int, reason: str) -> None:
        """Record that the linker does not read some facts from this offset on; the first place per reason is kept."""
        self.cuts.setdefault(reason, (line, offset))

    def cut_at(self, offset: int, reason: str) -> None:
        """Record a cut as `cut` does, on the line of the test that begins at an offset."""
        if reason not in self.cuts:
            row = self.connection.execute(
                "SELECT line FROM main.test WHERE blob = ? AND start = ?", (self.handler.blob, offset)
            ).fetchone()
            self.cut(row[0] if row else 1, offset, reason)

    @property
    def stores(self) -> list[Row]:
        """Assignments: value; target, operator, local (`1`), presence condition. Calls like WRITE_ONCE() count."""
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
        """Calls: arguments as JSON; callee, use, line, presence condition."""
        return self._rows(
            "call",
            """SELECT start, start, arguments, callee, use, line, c.text
               FROM main.call k JOIN main.condition c ON c.id = k.condition""",
        )

    @property
    def tests(self) -> list[Row]:
        """Tests: expression; kind, `1` if control leaves where it holds."""
        return self._rows("test", "SELECT start, stop, expression, kind, leaves FROM main.test")

    @property
    def returns(self) -> list[Row]:
        """Returns: value; presence condition."""
        return self._rows(
            "return",
            """SELECT start, start, value, c.text
               FROM main.return_value r JOIN main.condition c ON c.id = r.condition""",
        )

    @property
    def jumps(self) -> list[Row]:
        """`goto` statements: label."""
        return self._rows("jump", "SELECT start, start, label FROM main.jump")

    @property
    def guards(self) -> list[Row]:
        """Guards: expression that holds, or not, over the row's extent; kind, `1` if not, presence condition."""
        return self._rows(
            "guard",
            """SELECT start, stop, expression, kind, negated, c.text
               FROM main.guard_extent g JOIN main.condition c ON c.id = g.condition""",
        )

    @property
    def accesses(self) -> list[Row]:
        """Accesses: member chain; mode, line, presence condition."""
        return self._rows(
            "access",
            """SELECT start, start, chain, mode, line, c.text
               FROM main.access a JOIN main.condition c ON c.id = a.condition""",
        )

    @property
    def macros(self) -> list[Row]:
        """Uses of macros that are not expressions, such as loop heads: name; arguments, line."""
        return self._rows("macro", "SELECT start, stop, name, arguments, line FROM main.macro_use")

    @property
    def labels(self) -> list[Row]:
        """Case labels: value, empty for `default`; selector of the switch, line."""
        return self._rows("label", "SELECT start, stop, coalesce(low, ''), selector, line FROM main.case_label")

    @cached_property
    def first_lines(self) -> dict[int, int]:
        """Map of each label's offset to the line of the first label of the same code: `case A: case B: code`."""
        lines: dict[int, int] = {}
        previous = None
        for row in self.labels:
            shares = previous is not None and previous.stop == row.stop and not self.weight(previous.start, row.start)
            lines[row.start] = lines[previous.start] if previous is not None and shares else int(row.extra[1])
            previous = row
        return lines

    @cached_property
    def bools(self) -> frozenset[str]:
        """Names of the parameters and local variables of type bool."""
        (names,) = self.connection.execute(
            "SELECT bools FROM main.function WHERE blob = ? AND start = ?", (self.handler.blob, self.handler.start)
        ).fetchone()
        return frozenset(json.loads(names))

    @property
    def selector(self) -> str:
        """Name of the last parameter, which holds the capability; empty without parameters."""
        return self.handler.parameters[-1] if self.handler.parameters else ""

    @cached_property
    def calls_of(self) -> dict[str, list[Row]]:
        """Callee → its calls, in file order."""
        calls: dict[str, list[Row]] = {}
        for row in self.calls:
            calls.setdefault(row.extra[0], []).append(row)
        return calls

    @cached_property
    def first_label(self) -> int | None:
        """Offset of the first case label; None without any."""
        return self.labels[0].start if self.labels else None

    @cached_property
    def switches(self) -> list[Row]:
        """Tests that are the selector of a `switch`."""
        return [row for row in self.tests if row.extra[0] == "switch"]

    @cached_property
    def tests_by_word(self) -> dict[str, list[Row]]:
        """Map of each identifier to the tests that mention it."""
        tests: dict[str, list[Row]] = {}
        for row in self.tests:
            for word in set(_WORD.findall(row.text)):
                tests.setdefault(word, []).append(row)
        return tests

    @cached_property
    def around(self) -> Extents[Row]:
        """Switches, by the extents of the whole statements."""
        return Extents(self.switches)

    @cached_property
    def ifs(self) -> Extents[Row]:
        """Tests of an `if`, by the extents of the condition and the branch."""
        return Extents([row for row in self.tests if row.extra[0] == "if"])

    @cached_property
    def results(self) -> list[Row]:
        """Returns of a plain variable."""
        return [row for row in self.returns if row.text.isidentifier()]

    @cached_property
    def result_stores(self) -> list[Row]:
        """Assignments to a variable that is returned."""
        return [row for row in self.stores if row.extra[0] in self.last_results]

    @cached_property
    def last_results(self) -> dict[str, int]:
        """Map of each returned variable to the offset of its last return."""
        return {row.text: row.start for row in self.results}

    @cached_property
    def answers(self) -> frozenset[str]:
        """Expressions that are both returned and assigned to."""
        return frozenset(row.text for row in self.returns if row.text in self.targets)

    @cached_property
    def targets(self) -> dict[str, list[Row]]:
        """Map of each assigned target to its assignments."""
        assignments: dict[str, list[Row]] = {}
        for row in self.stores:
            assignments.setdefault(row.extra[0], []).append(row)
        return assignments

    @cached_property
    def ends_of_ifs(self) -> dict[int, list[Row]]:
        """Tests of an `if`, by the offset at which they stop."""
        tests: dict[int, list[Row]] = {}
        for row in self.tests:
            if row.extra[0] == "if":
                tests.setdefault(row.stop, []).append(row)
        return tests

    @cached_property
    def _holding(self) -> Extents[Row]:
        return Extents(self.guards)

    @cached_property
    def deciding(self) -> Extents[Row]:
        """Guards, except those after a statement that returns if they fail."""
        return Extents([row for row in self.guards if not (row.extra[0] == "early_exit" and self._returns_before(row))])

    def _returns_before(self, guard: Row) -> bool:
        """Tell whether the statement before an early exit's extent leaves by a `return`."""
        return any(between(self.returns, test.start, test.stop) for test in self.ends_of_ifs.get(guard.start, []))

    def guards_at(self, offset: int) -> Iterator[Row]:
        """Return the guards that hold at an offset, in file order."""
        return self._holding.at(offset)

    def last_guards_at(self, offset: int, most: int) -> list[Row]:
        """Return the last `most` guards that hold at an offset, in file order."""
        return list(islice(self._holding.at_reversed(offset), most))[::-1]

    def weight(self, start: int, stop: int) -> int:
        """Count the facts between two offsets."""
        kinds = (self.stores, self.calls, self.tests, self.returns)
        return sum(bisect_left(rows, stop, key=START) - bisect_left(rows, start, key=START) for rows in kinds)

    def texts(self, start: int, stop: int) -> Iterator[str]:
        """Yield every expression that is evaluated between two offsets."""
        for rows in (self.stores, self.calls, self.tests, self.returns):
            for row in between(rows, start, stop):
                yield row.text
        for rows in (self.stores, self.calls):  # targets of assignments, and callees
            for row in between(rows, start, stop):
                yield row.extra[0]


def between(rows: list[Row], start: int, stop: int) -> list[Row]:
    """Return the rows that begin in `[start, stop)`."""
    return rows[bisect_left(rows, start, key=START) : bisect_left(rows, stop, key=START)]


def insert_cuts(body: Body) -> None:
    """Fill `all_cut` with the offsets from which on the linker read a handler only in part."""
    handler = body.handler
    insert(
        body.connection,
        "all_cut",
        [
            CutRow(handler.side, handler.tree, handler.path, line, start, handler.stop, reason)
            for reason, (line, start) in body.cuts.items()
        ],
    )


_WORD = re.compile(r"[A-Za-z_]\w*")


def _plain_arguments(arguments: str) -> str:
    """Remove macros that only pass a value on from each argument of a call; the arguments are one JSON list."""
    if "(" not in arguments:
        return arguments
    return json.dumps([kernel_idioms().seen_through(text) for text in json.loads(arguments)], ensure_ascii=False)
