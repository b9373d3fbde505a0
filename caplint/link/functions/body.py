"""Facts of one handler's body, each kind in file order."""

from __future__ import annotations

import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple


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
    because: str
    flags_tested: bool = False
    """True if the handler that delegates to this one has tested the request's flags before."""


class Row(NamedTuple):
    """Fact inside a function: its extent, its main text, and further columns."""

    start: int
    stop: int
    text: str
    extra: tuple[str, ...] = ()


@dataclass
class Body:
    """Handler's body, read from the store on demand."""

    connection: sqlite3.Connection
    handler: Handler
    _cache: dict[str, list[Row]] = field(default_factory=dict)
    delegates: list[str] | None = None
    """Callees that an MSR handler delegates accesses to; None until computed."""

    def _rows(self, kind: str, query: str) -> list[Row]:
        if kind not in self._cache:
            rows = self.connection.execute(
                f"{query} WHERE blob = ? AND function = ? AND start >= ? AND start < ? ORDER BY start",
                (self.handler.blob, self.handler.function, self.handler.start, self.handler.stop),
            )
            self._cache[kind] = [Row(start, stop, text, tuple(map(str, rest))) for start, stop, text, *rest in rows]
        return self._cache[kind]

    @property
    def stores(self) -> list[Row]:
        """Assignments: value; target, operator, local (`1`), presence condition."""
        return self._rows(
            "store",
            """SELECT start, start, value, target, operator, local, c.text
               FROM main.store s JOIN main.condition c ON c.id = s.condition""",
        )

    @property
    def calls(self) -> list[Row]:
        """Calls: arguments as JSON; callee, use, line."""
        return self._rows("call", "SELECT start, start, arguments, callee, use, line FROM main.call")

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
        """Guards: expression that holds, or does not hold, over the row's extent; kind, `1` if it does not hold."""
        return self._rows("guard", "SELECT start, stop, expression, kind, negated FROM main.guard_extent")

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
        """Case labels: value, empty for `default`."""
        return self._rows("label", "SELECT start, stop, coalesce(low, '') FROM main.case_label")

    @property
    def selector(self) -> str:
        """Name of the last parameter, which holds the capability; empty without parameters."""
        return self.handler.parameters[-1] if self.handler.parameters else ""

    @cached_property
    def flags(self) -> re.Pattern[str]:
        """Pattern for the request's flags, including local copies of them."""
        direct = rf"\b{re.escape(self.selector)}\s*(?:->|\.)\s*flags\b"
        copies = [row.extra[0] for row in self.stores if row.extra[0].isidentifier() and re.fullmatch(direct, row.text)]
        return re.compile("|".join([direct, *(rf"\b{re.escape(name)}\b" for name in copies)]))

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
    def results(self) -> list[Row]:
        """Returns of a plain variable."""
        return [row for row in self.returns if row.text.isidentifier()]

    @cached_property
    def result_stores(self) -> list[Row]:
        """Assignments to a variable that is returned."""
        names = {row.text for row in self.results}
        return [row for row in self.stores if row.extra[0] in names]

    @cached_property
    def targets(self) -> frozenset[str]:
        """Targets of all assignments."""
        return frozenset(row.extra[0] for row in self.stores)

    @cached_property
    def flag_guards(self) -> list[Row]:
        """Guards that test the request's flags."""
        return [row for row in self.guards if self.flags.search(row.text)]

    @cached_property
    def ends_of_ifs(self) -> dict[int, list[Row]]:
        """Tests of an `if`, by the offset at which they stop."""
        tests: dict[int, list[Row]] = {}
        for row in self.tests:
            if row.extra[0] == "if":
                tests.setdefault(row.stop, []).append(row)
        return tests

    @cached_property
    def _reach(self) -> list[int]:
        """Furthest end of the guards in each batch."""
        guards = self.guards
        return [max(row.stop for row in guards[at : at + _BATCH]) for at in range(0, len(guards), _BATCH)]

    def guards_at(self, offset: int) -> Iterator[Row]:
        """Yield the guards that hold at an offset, in file order; batches that end before it are skipped."""
        last = bisect_left(self.guards, offset + 1, key=_START)
        for batch, reach in enumerate(self._reach[: -(-last // _BATCH)]):
            if reach > offset:
                begin = batch * _BATCH
                yield from (row for row in self.guards[begin : min(begin + _BATCH, last)] if row.stop > offset)

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
    return rows[bisect_left(rows, start, key=_START) : bisect_left(rows, stop, key=_START)]


_START = attrgetter("start")
# Number of guards per entry of `_reach`.
_BATCH = 64
