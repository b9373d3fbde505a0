"""Which kernel functions answer and enable capabilities, and what each of their cases does."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from caplint.knowledge import GENERIC, knowledge

_CAPABILITY = re.compile(r"KVM_CAP_\w+\Z")
_ARGUMENT = re.compile(r"\bargs\s*\[\s*(\d+)\s*\]")
_FLAGS = re.compile(r"(?:->|\.)\s*flags\b")
_ZERO = re.compile(r"\(?\s*0[uUlL]*\s*\)?\Z")
# Calls that leave no trace in KVM's own state.
_LOGGING = re.compile(
    r"(?:pr_\w+|kvm_(?:debug|info|err|pr_unimpl)|VM_EVENT|VCPU_EVENT|trace_\w+|printk|BUILD_BUG_ON\w*|WARN_ON\w*|IS_ENABLED)\Z"
)


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
    because: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A fact inside a function: where, and what it says."""

    start: int
    stop: int
    text: str
    extra: tuple[str, ...] = ()


@dataclass
class _Body:
    """The facts of one function, each kind in file order."""

    connection: sqlite3.Connection
    handler: Handler
    _cache: dict[str, list[_Row]] = field(default_factory=dict)

    def _rows(self, kind: str, query: str) -> list[_Row]:
        if kind not in self._cache:
            found = self.connection.execute(
                f"{query} WHERE blob = ? AND function = ? AND start >= ? AND start < ? ORDER BY start",
                (self.handler.blob, self.handler.function, self.handler.start, self.handler.stop),
            )
            self._cache[kind] = [_Row(start, stop, text, tuple(map(str, rest))) for start, stop, text, *rest in found]
        return self._cache[kind]

    @cached_property
    def stores(self) -> list[_Row]:
        return self._rows("store", "SELECT start, start, value, target, operator, local FROM main.store")

    @cached_property
    def calls(self) -> list[_Row]:
        return self._rows("call", "SELECT start, start, arguments, callee, use FROM main.call")

    @cached_property
    def tests(self) -> list[_Row]:
        return self._rows("test", "SELECT start, stop, expression, kind FROM main.test")

    @cached_property
    def returns(self) -> list[_Row]:
        return self._rows("return", "SELECT start, start, value FROM main.return_value")

    def texts(self, start: int, stop: int) -> Iterator[str]:
        """Every expression that is evaluated between two offsets."""
        for rows in (self.stores, self.calls, self.tests, self.returns):
            for row in _between(rows, start, stop):
                yield row.text
                yield from row.extra[:1]


def _between(rows: list[_Row], start: int, stop: int) -> list[_Row]:
    starts = [row.start for row in rows]
    return rows[bisect_left(starts, start) : bisect_left(starts, stop)]


@dataclass(frozen=True, slots=True)
class _Site:
    """A capability that a handler speaks of, with the extent of what runs for it."""

    capability: str
    kind: str
    line: int
    column: int
    start: int
    stop: int
    condition: str


def link_handlers(connection: sqlite3.Connection) -> None:
    """Fill `all_handler`, `all_cap_check` and `all_cap_enable`."""
    handlers = list(_handlers(connection))
    for handler in handlers:
        connection.execute(
            "INSERT INTO temp.all_handler VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (handler.side, handler.tree, handler.path, handler.function, handler.arch, handler.verb,
             handler.scope, handler.because),
        )  # fmt: skip
        body = _Body(connection, handler)
        for site in _sites(connection, body):
            if handler.verb == "check":
                _insert_check(connection, body, site)
            else:
                _insert_enable(connection, body, site)


@dataclass(frozen=True, slots=True)
class _Lead:
    """The name of a function that may be a handler, and where it must be defined to be one."""

    name: str
    verb: str
    scope: str | None
    because: str
    within: tuple[str, str, str] | None = None
    """Side, tree and architecture; None for anywhere."""


def _handlers(connection: sqlite3.Connection) -> Iterator[Handler]:
    """Handlers by name, then those that a handler calls through a table or whose answer it returns."""
    known = knowledge()
    pending = [_Lead(name, "check", None, "name") for name in known.check_functions]
    pending += [_Lead(name, "enable", scope, "name") for name, scope in known.enable_functions.items()]
    marks = ", ".join("?" * len(known.check_fields))
    for side, tree, arch, value in connection.execute(
        f"""SELECT DISTINCT f.side, f.tree, f.arch, e.value
            FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
            WHERE f.role = 'kernel' AND e.field IN ({marks}) ORDER BY 1, 2, 3, 4""",  # noqa: S608
        known.check_fields,
    ).fetchall():
        pending.append(_Lead(value.lstrip("&"), "check", None, "table", (side, tree, arch)))
    seen: set[tuple[str, str, str, str, int]] = set()
    while pending:
        for handler in _definitions(connection, pending.pop(0)):
            key = (handler.tree, handler.side, handler.path, handler.function, handler.start)
            if key not in seen:
                seen.add(key)
                yield handler
                pending += _delegates(connection, handler)


def _definitions(connection: sqlite3.Connection, lead: _Lead) -> Iterator[Handler]:
    rows = connection.execute(
        """SELECT f.side, f.tree, f.path, f.blob, f.arch, d.start, d.stop, d.parameters
           FROM temp.all_file f JOIN main.function d ON d.blob = f.blob
           WHERE f.role = 'kernel' AND d.name = ? ORDER BY f.side, f.tree, f.path, d.start""",
        (lead.name,),
    ).fetchall()
    for side, tree, path, blob, arch, start, stop, parameters in rows:
        if lead.within in {None, (side, tree, arch)}:
            yield Handler(
                side=side,
                tree=tree,
                path=path,
                blob=blob,
                arch=arch or GENERIC,
                function=lead.name,
                start=start,
                stop=stop,
                parameters=json.loads(parameters),
                verb=lead.verb,
                scope=lead.scope,
                because=lead.because,
            )


def _delegates(connection: sqlite3.Connection, handler: Handler) -> Iterator[_Lead]:
    """Functions that get the capability handed on and whose answer is the handler's own."""
    if not handler.parameters:
        return
    selector = handler.parameters[-1]
    for call in _Body(connection, handler).calls:
        callee, use = call.extra
        if use in {"returned", "assigned"} and callee.isidentifier() and selector in json.loads(call.text):
            within = (handler.side, handler.tree, handler.arch)
            yield _Lead(callee, handler.verb, handler.scope, "delegation", within)


def _sites(connection: sqlite3.Connection, body: _Body) -> Iterator[_Site]:
    handler = body.handler
    extent = (handler.blob, handler.function, handler.start, handler.stop)
    for low, line, column, start, stop, condition in connection.execute(
        """SELECT l.low, l.line, l.column, l.start, l.stop, c.text
           FROM main.case_label l JOIN main.condition c ON c.id = l.condition
           WHERE l.blob = ? AND l.function = ? AND l.start >= ? AND l.start < ? AND l.low IS NOT NULL
           ORDER BY l.start""",
        extent,
    ).fetchall():
        if _CAPABILITY.match(low):
            yield _Site(low, "case", line, column, start, stop, condition)
    for constant, line, column, start, condition in connection.execute(
        """SELECT p.constant, p.line, p.column, p.start, c.text
           FROM main.comparison p JOIN main.condition c ON c.id = p.condition
           WHERE p.blob = ? AND p.function = ? AND p.start >= ? AND p.start < ? AND p.operator = '=='
           ORDER BY p.start""",
        extent,
    ).fetchall():
        inside = next(
            (test for test in body.tests if test.start <= start < test.stop and test.extra[0] == "if"),
            None,
        )
        if _CAPABILITY.match(constant) and inside is not None and constant in inside.text:
            yield _Site(constant, "comparison", line, column, inside.start, inside.stop, condition)


def _insert_check(connection: sqlite3.Connection, body: _Body, site: _Site) -> None:
    handler = body.handler
    machine = handler.parameters[0] if len(handler.parameters) > 1 else None
    reads_vm = None
    if machine is not None:
        mention = re.compile(rf"\b{re.escape(machine)}\b")
        reads_vm = int(any(mention.search(text) for text in body.texts(site.start, site.stop)))
    answers = {row.text for row in _between(body.returns, site.start, site.stop)} | {
        row.text for row in _between(body.stores, site.start, site.stop) if row.extra[1] == "="
    }
    connection.execute(
        "INSERT INTO temp.all_cap_check VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
         handler.function, site.kind, site.condition, reads_vm, answers.pop() if len(answers) == 1 else None),
    )  # fmt: skip


def _insert_enable(connection: sqlite3.Connection, body: _Body, site: _Site) -> None:
    handler = body.handler
    stores = [row for row in _between(body.stores, site.start, site.stop) if row.extra[2] == "0"]
    calls = [row for row in _between(body.calls, site.start, site.stop) if not _LOGGING.match(row.extra[0])]
    indices = [int(found) for text in body.texts(site.start, site.stop) for found in _ARGUMENT.findall(text)]
    connection.execute(
        "INSERT INTO temp.all_cap_enable VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
         handler.function, handler.scope, site.kind, site.condition, _flags_checked(connection, body, site),
         len(stores), len(calls), _succeeds(body, site), max(indices, default=None)),
    )  # fmt: skip


def _flags_checked(connection: sqlite3.Connection, body: _Body, site: _Site) -> int | None:
    """Whether `cap->flags` is tested before the site's switch, under its case, or by a helper that gets `cap`."""
    handler = body.handler
    if not handler.parameters:
        return None
    request = re.compile(rf"\b{re.escape(handler.parameters[-1])}\s*(?:->|\.)\s*flags\b")
    for test in body.tests:
        above = test.stop <= site.start and not _inside_case(body, test, site)
        if (above or site.start <= test.start < site.stop) and request.search(test.text):
            return 1
    if any(request.search(text) for text in body.texts(site.start, site.stop)):
        return 1  # handed to something that may well look at it
    answer: int | None = 0
    for call in _between(body.calls, site.start, site.stop):
        if handler.parameters[-1] in json.loads(call.text) and not _LOGGING.match(call.extra[0]):
            tested = _tests_flags(connection, handler, call.extra[0])
            if tested:
                return 1
            answer = None if tested is None else answer
    return answer


def _inside_case(body: _Body, test: _Row, site: _Site) -> bool:
    """Whether a test above the site stands under another case of the same switch."""
    return any(
        outer.extra[0] == "switch" and outer.start < test.start and site.start < outer.stop for outer in body.tests
    )


def _tests_flags(connection: sqlite3.Connection, handler: Handler, callee: str) -> int | None:
    """Whether a helper tests the flags of the request that it is handed; None where it is not in view."""
    rows = connection.execute(
        """SELECT d.blob, d.name, d.start, d.stop FROM temp.all_file f JOIN main.function d ON d.blob = f.blob
           WHERE f.side = ? AND f.tree = ? AND d.name = ? AND (f.arch = ? OR f.arch = ?)""",
        (handler.side, handler.tree, callee, handler.arch, GENERIC),
    ).fetchall()
    if not rows:
        return None
    for blob, name, start, stop in rows:
        found = connection.execute(
            """SELECT expression FROM main.test
               WHERE blob = :blob AND function = :name AND start >= :start AND start < :stop
               UNION ALL
               SELECT value FROM main.return_value
               WHERE blob = :blob AND function = :name AND start >= :start AND start < :stop""",
            {"blob": blob, "name": name, "start": start, "stop": stop},
        )
        if any(_FLAGS.search(expression) for (expression,) in found):
            return 1
    return 0


def _succeeds(body: _Body, site: _Site) -> int | None:
    """Whether the case can end in success: an explicit 0, or an untouched result that began as 0."""
    returned = [row.text for row in _between(body.returns, site.start, site.stop)]
    if any(_ZERO.match(value) for value in returned):
        return 1
    results = {row.text for row in body.returns if row.start >= site.stop and row.text.isidentifier()}
    assigned = [row for row in _between(body.stores, site.start, site.stop) if row.extra[0] in results]
    if assigned:
        if any(_ZERO.match(row.text) for row in assigned):
            return 1
        return None if any(not row.text.startswith("-") for row in assigned) else 0
    if returned:
        return None if any(not value.startswith("-") for value in returned) else 0
    for row in reversed(body.stores):
        if row.start < site.start and row.extra[0] in results and not _within_switch(body, row, site):
            return 1 if _ZERO.match(row.text) else 0 if row.text.startswith("-") else None
    return None


def _within_switch(body: _Body, row: _Row, site: _Site) -> bool:
    return any(test.extra[0] == "switch" and test.start < row.start and site.start < test.stop for test in body.tests)
