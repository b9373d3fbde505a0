"""Search for the kernel's handlers of capabilities.

They are found by name, by the ioctl that calls them, through a table, or as functions whose result a handler returns.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.functions.body import Body, Handler
from caplint.link.functions.by_name import functions_named
from caplint.link.functions.code_function import between
from caplint.link.functions.function_facts import CallSite
from caplint.link.handlers.ioctl_callees import handed_on

_FAILURE = re.compile(r"\(?\s*(?:0[uUlL]*|-\s*\w+|false|NULL)\s*\)?\Z")


@dataclass(frozen=True, slots=True)
class _Lead:
    """Name of a function that may be a handler, and the architecture in which it must be defined."""

    name: str
    verb: str
    scope: str | None
    found_by: str
    within: str | None = None
    """Architecture; None for any."""


def handlers(connection: sqlite3.Connection, side: str, tree: str) -> Iterator[Body]:
    """Yield bodies of handlers by name, by the ioctl that calls them, through a table, or whose result one returns."""
    kernel = knowledge()
    pending = [_Lead(name, "check", None, "name") for name in kernel.check_functions]
    pending += [_Lead(name, "enable", scope, "name") for name, scope in kernel.enable_functions.items()]
    pending += [_Lead(*handed, "ioctl") for handed in handed_on(connection, side, tree)]
    for field in kernel.check_fields:
        pending += _through(connection, side, tree, field)
    seen: set[tuple[str, str, int]] = set()
    asked: set[tuple[str, str | None]] = set()
    following = deque(pending)
    while following:
        lead = following.popleft()
        if (lead.name, lead.within) in asked:
            continue
        asked.add((lead.name, lead.within))
        for handler in _definitions(connection, side, tree, lead):
            key = (handler.path, handler.function, handler.start)
            if key not in seen:
                seen.add(key)
                body = Body(connection, handler)
                yield body
                following += _hooks(body)
                following += _delegates(body)


def _through(connection: sqlite3.Connection, side: str, tree: str, field: str) -> Iterator[_Lead]:
    """Yield functions that are assigned to a field, in an initialiser or by a statement."""
    rows = connection.execute(
        """SELECT f.arch, e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
           WHERE f.side = :side AND f.tree = :tree AND e.field = :field
           UNION
           SELECT f.arch, s.value FROM temp.all_file f JOIN main.store s ON s.blob = f.blob
           WHERE f.side = :side AND f.tree = :tree AND s.operator = '='
             AND (s.target GLOB '*->' || :field OR s.target GLOB '*.' || :field)
           ORDER BY 1, 2""",
        {"side": side, "tree": tree, "field": field},
    ).fetchall()
    for arch, value in rows:
        yield _Lead(value.lstrip("&"), "check", None, "table", arch)


def _definitions(connection: sqlite3.Connection, side: str, tree: str, lead: _Lead) -> Iterator[Handler]:
    for definition in functions_named(connection, side, tree, lead.name):
        if lead.within in {None, definition.arch}:
            yield Handler(
                side=side,
                tree=tree,
                path=definition.path,
                blob=definition.blob,
                arch=definition.architecture,
                function=lead.name,
                start=definition.start,
                stop=definition.stop,
                parameters=definition.parameters,
                verb=lead.verb,
                scope=lead.scope,
                found_by=lead.found_by,
                line=definition.line,
                static=definition.static,
            )


def _delegates(body: Body) -> Iterator[_Lead]:
    """Yield functions that receive the capability and whose result becomes the handler's own."""
    handler = body.handler
    for call in body.calls:
        callee, use = call.callee, call.use
        if not callee.isidentifier() or body.selector not in call.arguments:
            continue
        if use in {"returned", "assigned"} or (use == "tested" and _succeeds_if(body, call)):
            yield _Lead(callee, handler.verb, handler.scope, "delegation", handler.arch)


def _hooks(body: Body) -> Iterator[_Lead]:
    """Yield functions of each architecture to which a handler that all share hands what it does not serve itself."""
    handler = body.handler
    if handler.arch != GENERIC or handler.found_by == "delegation":
        return
    for lead in _delegates(body):
        found = functions_named(body.connection, handler.side, handler.tree, lead.name)
        if any(definition.architecture != GENERIC for definition in found):
            yield replace(lead, found_by="ioctl", within=None)


def _succeeds_if(body: Body, call: CallSite) -> bool:
    """Tell whether the code is `if (helper(kvm, ext)) return 1;`: the call alone decides, and its branch answers."""
    alone = re.compile(rf"\(?{re.escape(call.callee)}\s*\([^()]*\)\)?\Z")
    for test in body.ifs.at(call.start):
        if alone.match(test.text):
            answers = [row.text for row in between(body.returns, test.start, test.stop)]
            answers += [row.text for row in between(body.stores, test.start, test.stop)]
            return any(not _FAILURE.match(value) for value in answers)
    return False
