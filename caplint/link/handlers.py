"""Which kernel functions answer and enable capabilities."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

from caplint.knowledge import GENERIC, knowledge
from caplint.link import effects, outcomes
from caplint.link.bodies import Body, Handler, Row, between
from caplint.link.build import conjoin, file_conditions
from caplint.link.sites import Site, sites

_FAILURE = re.compile(r"\(?\s*(?:0[uUlL]*|-\s*\w+|false|NULL)\s*\)?\Z")


def link_handlers(connection: sqlite3.Connection) -> None:
    """Fill `all_handler`, `all_cap_check` and `all_cap_enable`."""
    files = file_conditions(connection)
    for body in list(_handlers(connection)):
        handler = body.handler
        connection.execute(
            "INSERT INTO temp.all_handler VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (handler.side, handler.tree, handler.path, handler.function, handler.arch, handler.verb,
             handler.scope, handler.because),
        )  # fmt: skip
        for found in sites(body):
            site = replace(found, condition=conjoin(found.condition, files[handler.side, handler.tree, handler.path]))
            if handler.verb == "check":
                _insert_check(body, site)
            else:
                _insert_enable(body, site)


def _insert_check(body: Body, site: Site) -> None:
    handler = body.handler
    body.connection.execute(
        "INSERT INTO temp.all_cap_check VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
         handler.function, site.kind, site.condition, effects.reads_vm(body, site), effects.answer(body, site),
         outcomes.returns(body, site), outcomes.positive(body, site)),
    )  # fmt: skip


def _insert_enable(body: Body, site: Site) -> None:
    handler = body.handler
    body.connection.execute(
        "INSERT INTO temp.all_cap_enable VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
         handler.function, handler.scope, site.kind, site.condition, effects.flags_checked(body, site),
         effects.lasting_stores(body, site), effects.working_calls(body, site), effects.succeeds(body, site),
         effects.highest_argument(body, site), outcomes.returns(body, site)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Lead:
    """The name of a function that may be a handler, and where it must be defined to be one."""

    name: str
    verb: str
    scope: str | None
    because: str
    within: tuple[str, str, str] | None = None
    """Side, tree and architecture; None for anywhere."""
    flags_tested: bool = False


def _handlers(connection: sqlite3.Connection) -> Iterator[Body]:
    """Bodies of handlers by name, then those that a handler calls through a table or whose answer it returns."""
    known = knowledge()
    pending = [_Lead(name, "check", None, "name") for name in known.check_functions]
    pending += [_Lead(name, "enable", scope, "name") for name, scope in known.enable_functions.items()]
    for field in known.check_fields:
        pending += _through(connection, field)
    seen: set[tuple[str, str, str, str, int]] = set()
    while pending:
        for handler in _definitions(connection, pending.pop(0)):
            key = (handler.tree, handler.side, handler.path, handler.function, handler.start)
            if key not in seen:
                seen.add(key)
                body = Body(connection, handler)
                yield body
                pending += _delegates(body)


def _through(connection: sqlite3.Connection, field: str) -> Iterator[_Lead]:
    """Functions that are assigned to a field, in an initialiser or by a statement."""
    rows = connection.execute(
        """SELECT f.side, f.tree, f.arch, e.value FROM temp.all_file f JOIN main.table_entry e ON e.blob = f.blob
           WHERE f.role = 'kernel' AND e.field = :field
           UNION
           SELECT f.side, f.tree, f.arch, s.value FROM temp.all_file f JOIN main.store s ON s.blob = f.blob
           WHERE f.role = 'kernel' AND s.operator = '='
             AND (s.target GLOB '*->' || :field OR s.target GLOB '*.' || :field)
           ORDER BY 1, 2, 3, 4""",
        {"field": field},
    ).fetchall()
    for side, tree, arch, value in rows:
        yield _Lead(value.lstrip("&"), "check", None, "table", (side, tree, arch))


def _definitions(connection: sqlite3.Connection, lead: _Lead) -> Iterator[Handler]:
    rows = connection.execute(
        """SELECT side, tree, path, blob, arch, start, stop, parameters FROM code_function
           WHERE role = 'kernel' AND name = ? ORDER BY side, tree, path, start""",
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
                flags_tested=lead.flags_tested,
            )


def _delegates(body: Body) -> Iterator[_Lead]:
    """Functions that get the capability handed on and whose answer becomes the handler's own."""
    handler = body.handler
    for call in body.calls:
        callee, use = call.extra
        if not callee.isidentifier() or body.selector not in json.loads(call.text):
            continue
        if use in {"returned", "assigned"} or (use == "tested" and _succeeds_if(body, call)):
            tested = effects.flags_tested_at(body, call.start)
            within = (handler.side, handler.tree, handler.arch)
            yield _Lead(callee, handler.verb, handler.scope, "delegation", within, tested)


def _succeeds_if(body: Body, call: Row) -> bool:
    """Whether `if (helper(kvm, ext)) return 1;`: the call alone decides, and what it decides is an answer."""
    alone = re.compile(rf"\(?{re.escape(call.extra[0])}\s*\([^()]*\)\)?\Z")
    for test in body.tests:
        if test.extra[0] == "if" and test.start <= call.start < test.stop and alone.match(test.text):
            answers = [row.text for row in between(body.returns, test.start, test.stop)]
            answers += [row.text for row in between(body.stores, test.start, test.stop)]
            return any(not _FAILURE.match(value) for value in answers)
    return False
