"""Functions that read and write MSRs for guest and host, and the effect of each of their cases."""

from __future__ import annotations

import json
import re
import sqlite3
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import knowledge
from caplint.link.functions.body import Body, Handler
from caplint.link.functions.bounded_sites import bounded
from caplint.link.functions.by_name import functions_named
from caplint.link.functions.code_function import between, facts_between
from caplint.link.functions.function_facts import Assignment, GuardRange
from caplint.link.functions.member_uses import chains
from caplint.link.msr.arch_state import MemberPath, State
from caplint.values.expression_text import stripped

# Maximum number of conditions that hold where an access begins, the last ones; real handlers have a few.
_MOST_ABOVE = 100
# A member of `struct msr_data`.
_ACCESS = re.compile(r"\b([A-Za-z_]\w*)->(index|data|host_initiated)\b")
_GATE_WORD = re.compile(r"[A-Za-z_]\w*")
# Words in a guard that do not make the access depend on a capability or a feature.
_NO_GATE = frozenset({"msr_info", "msr", "host_initiated", "host", "data", "index", "msr_index", "r", "ret"})
_OPERATOR = re.compile(r"&&|\|\|")
_CALLS = re.compile(r"\w\s*\(")
_NUMBER = re.compile(r"[\s()]*(?:0[xX])?[0-9a-fA-F]+(?:[uUlL]*)[\s()]*\Z")
_OPERAND = r"[\w>.-]+?"
_BOUND = r"[^&|()]+?"
# `msr >= LOW && msr <= HIGH`, in any parentheses.
_BETWEEN = re.compile(
    rf"^\(*\s*(?P<a>{_OPERAND})\s*>=\s*(?P<low>{_BOUND})\s*\)?\s*&&"
    rf"\s*\(?\s*(?P<b>{_OPERAND})\s*<=\s*(?P<high>{_BOUND})\s*\)*$"
)


@dataclass(frozen=True, slots=True)
class MsrSite:
    """Site in a handler that answers for an MSR or a range of MSRs."""

    body: Body
    verb: str
    kind: str
    """`case`, `comparison` or `range`."""
    low: str
    high: str
    line: int
    column: int
    start: int
    stop: int
    condition: str


@dataclass(frozen=True, slots=True)
class MsrValue:
    """Source of a read value, or target of a written one."""

    kind: str
    """`state` (members of KVM's structures), `constant`, `delegated` (another handler) or `other`."""
    places: tuple[MemberPath, ...] = ()
    text: str = ""


@dataclass
class MsrHandlers:
    """Finder of the MSR handlers of one side of a tree."""

    connection: sqlite3.Connection
    side: str
    tree: str
    _seen: set[tuple[str, str, int]] = field(default_factory=set)

    def bodies(self) -> Iterator[tuple[str, Body]]:
        """Yield verb and body of handlers found by name and by table, then of those that they delegate to."""
        msrs = knowledge().msr
        pending = [(verb, name) for verb, names in msrs.functions.items() for name in names]
        pending += [(verb, name) for verb, fields in msrs.fields.items() for name in self._through(fields)]
        visited: set[tuple[str, str]] = set()
        for verb, name in pending:  # which grows
            if (verb, name) in visited:
                continue
            visited.add((verb, name))
            for handler in self._definitions(verb, name):
                key = (verb, handler.path, handler.start)
                if key not in self._seen:
                    self._seen.add(key)
                    body = Body(self.connection, handler)
                    yield verb, body
                    pending += [(verb, callee) for callee in delegates(body)]

    def _through(self, fields: list[str]) -> list[str]:
        rows = self.connection.execute(
            """SELECT DISTINCT e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND f.arch = ? AND e.field IN (SELECT value FROM json_each(?))
               ORDER BY 1""",
            (self.side, self.tree, knowledge().msr.architecture, json.dumps(fields)),
        )
        return [value.lstrip("&") for (value,) in rows]

    def _definitions(self, verb: str, name: str) -> list[Handler]:
        arch = knowledge().msr.architecture
        return [
            Handler(self.side, self.tree, entry.path, entry.blob, arch, name, entry.start, entry.stop,
                    entry.parameters, verb, None, "name", entry.line, entry.static)
            for entry in functions_named(self.connection, self.side, self.tree, name)
            if entry.arch == arch
        ]  # fmt: skip


def selectors(body: Body) -> set[str]:
    """Return expressions that name the register in a handler: the known ones, and local copies of them."""
    names = {*knowledge().msr.selectors, *(f"{request}->index" for request in _requests(body))}
    copies = {row.target for row in body.stores if row.text in names and row.target.isidentifier()}
    return names | copies


def delegates(body: Body) -> list[str]:
    """Return functions that receive the register together with its value, or with a pointer to it."""
    if body.delegates is None:  # computed once, for all cases
        body.delegates = _delegates(body)
    return body.delegates


def _delegates(body: Body) -> list[str]:
    names, requests = selectors(body), _requests(body)
    values = {*knowledge().msr.values, *(text for one in requests for text in (f"{one}->data", f"&{one}->data"))}
    callees = []
    for call in body.calls:
        arguments = set(call.arguments)
        callee = call.callee
        passes = arguments & requests or (arguments & names and arguments & values)
        if passes and callee.isidentifier() and not kernel_idioms().logs(callee):
            callees.append(callee)
    return callees


def _requests(body: Body) -> set[str]:
    """Return parameters that hold a whole access: register, value and origin, whatever their names are."""
    facts = [row.text for row in body.stores] + [row.text for row in body.calls] + [row.text for row in body.tests]
    texts = " ".join([*facts, *(row.target for row in body.stores)])
    members = {match[1]: match[2] for match in _ACCESS.finditer(texts) if match[2] != "index"}
    members = {match[1]: match[2] for match in _ACCESS.finditer(texts)} | members
    known = knowledge().msr.requests
    return {
        name
        for name, member in members.items()
        if name in known or (member != "index" and name in body.handler.parameters)
    }


def sites(verb: str, body: Body) -> Iterator[MsrSite]:
    """Yield a site for every MSR that the handler names; `bounded` limits overlapping sites."""
    yield from bounded(body, _sites(verb, body))


def _sites(verb: str, body: Body) -> Iterator[MsrSite]:
    names = selectors(body)
    handler = body.handler
    extent = (handler.blob, handler.function, handler.start, handler.stop)
    for selector, low, high, *location in body.connection.execute(
        """SELECT l.selector, l.low, l.high, l.line, l.column, l.start, l.stop, c.text
           FROM main.case_label l JOIN main.condition c ON c.id = l.condition
           WHERE l.blob = ? AND l.function = ? AND l.start >= ? AND l.start < ? AND l.low IS NOT NULL
           ORDER BY l.start""",
        extent,
    ).fetchall():
        if selector in names:
            yield MsrSite(body, verb, "case", low, high, *location)
    for constant, operand, line, column, start, condition in body.connection.execute(
        """SELECT p.constant, p.operand, p.line, p.column, p.start, c.text
           FROM main.comparison p JOIN main.condition c ON c.id = p.condition
           WHERE p.blob = ? AND p.function = ? AND p.start >= ? AND p.start < ? AND p.operator = '=='
           ORDER BY p.start""",
        extent,
    ).fetchall():
        test = next((test for test in body.ifs.at(start) if constant in test.text), None)
        if operand in names and test is not None:
            yield MsrSite(body, verb, "comparison", constant, constant, line, column, test.start, test.stop, condition)
    for test in body.tests:
        match = _BETWEEN.match(test.text)
        if match and match["a"] == match["b"] and match["a"] in names:
            yield MsrSite(body, verb, "range", match["low"], match["high"], test.line, 1, test.start, test.stop, "1")


def value(site: MsrSite, state: State) -> MsrValue:
    """Return the source of a read value, or the state that a written one goes to."""
    rows = _written_state(site, state) if site.verb == "set" else _answers(site)
    if not rows and site.verb != "set":
        calls = set(delegates(site.body))
        passing = [row for row in between(site.body.calls, site.start, site.stop) if row.callee in calls]
        return MsrValue("delegated", text=passing[0].callee) if passing else MsrValue("other")
    if site.verb == "set":
        return _assigned(site, state, rows)
    texts = [text for row in rows for text in _sources(site, row)]
    places = [place for text in texts for chain in chains(text) if (place := state.place(chain))]
    text = rows[0].text if len(rows) == 1 else ""
    if len(rows) == 1 and len(texts) == 2:  # a local variable, and its only value
        text = texts[1]
    if places:
        return MsrValue("state", tuple(dict.fromkeys(places)), text)
    constant = all(_NUMBER.match(row.text) or row.text.isupper() for row in rows)
    return MsrValue("constant" if constant else "other", text=text)


def _sources(site: MsrSite, row: Assignment, depth: int = 3) -> list[str]:
    """Return an answer's expression, and those that local variables in it were assigned.

    A variable that a call may set, or that is computed by one, is not followed.
    """
    texts = [row.text]
    for name in dict.fromkeys(_GATE_WORD.findall(row.text)) if depth else ():
        stores = [store for store in site.body.assigned.get(name, []) if store.start < row.start]
        stores = [store for store in stores if store.start >= site.start] or stores
        mention = re.compile(rf"\b{name}\b")
        called = any(mention.search(call.text) for call in between(site.body.calls, site.start, site.stop))
        if stores and not called and not any(not store.local or _CALLS.search(store.text) for store in stores):
            texts += [text for store in stores for text in _sources(site, store, depth - 1)]
    return texts


def _answers(site: MsrSite) -> list[Assignment]:
    """Return the assignments that set the value for the reader."""
    results = _results()
    return [row for row in between(site.body.stores, site.start, site.stop) if results.search(row.target)]


def _written_state(site: MsrSite, state: State) -> list[Assignment]:
    return [row for row in between(site.body.stores, site.start, site.stop) if state.place(row.target)]


def _assigned(site: MsrSite, state: State, rows: list[Assignment]) -> MsrValue:
    places = [place for row in rows if (place := state.place(row.target))]
    if places:
        return MsrValue("state", tuple(dict.fromkeys(places)), rows[0].text if len(rows) == 1 else "")
    calls = set(delegates(site.body))
    passing = [row for row in between(site.body.calls, site.start, site.stop) if row.callee in calls]
    if passing:
        return MsrValue("delegated", text=passing[0].callee)
    body = site.body
    busy = any(True for _ in facts_between(site.start, site.stop, body.calls, body.stores, body.jumps))
    return MsrValue("other" if busy else "constant")


@cache
def _results() -> re.Pattern[str]:
    return re.compile("|".join(knowledge().msr.results))


def _holds_at_some(guard: GuardRange, offsets: list[int]) -> bool:
    """Tell whether a guard's extent contains one of the offsets, which are sorted."""
    return guard.start < guard.stop and bisect_left(offsets, guard.start) < bisect_left(offsets, guard.stop)


def gates(site: MsrSite) -> list[str]:
    """Return the conditions on the way to the access's value, and those under its label."""
    offsets = [row.start for row in _answers(site)] or [site.start]  # in file order
    first, last = offsets[0], offsets[-1]
    above = site.body.last_guards_at(first, _MOST_ABOVE + 1)
    if len(above) > _MOST_ABOVE:
        site.body.cut(site.line, site.start, f"more than {_MOST_ABOVE} conditions above an access to an MSR")
    inside = between(site.body.guards, first + 1, last + 1)
    guards = [row.text for row in (*above[-_MOST_ABOVE:], *inside) if _holds_at_some(row, offsets)]
    return [*guards, *(row.text for row in between(site.body.tests, site.start, site.stop))]


def leaving(site: MsrSite) -> list[str]:
    """Return the conditions under the label after which control leaves."""
    return [stripped(row.text) for row in between(site.body.tests, site.start, site.stop) if row.leaves]


def returned(site: MsrSite) -> list[str]:
    """Return the values that the code under the label stores in local variables, or returns."""
    body = site.body
    stored = [row.text for row in between(body.stores, site.start, site.stop) if row.local]
    return [*stored, *(row.text for row in between(body.returns, site.start, site.stop))]


def gate(conditions: list[str]) -> str:
    """Return the first condition on a feature, a capability or a setting, not only on the access's origin; else ''.

    A condition on the value that is written is none, nor is a function that gets the value.
    """
    return next((stripped(text) for text in conditions if any(map(_is_gate, _OPERATOR.split(text)))), "")


def _is_gate(operand: str) -> bool:
    words = set(_GATE_WORD.findall(_ACCESS.sub(r"\2", operand)))
    return bool(words - _NO_GATE) and "data" not in words
