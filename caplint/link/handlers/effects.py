"""What a handler does for a capability: its answer, its effect, what it tests on the way."""

from __future__ import annotations

import json
import re
from itertools import islice

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body, between
from caplint.link.functions.by_name import functions_named
from caplint.link.handlers.sites import Site

_ARGUMENT = re.compile(r"\bargs\s*\[\s*(\d{1,9})\s*\]")
_FLAGS = re.compile(r"(?:->|\.)\s*flags\b")
# Assignments above a switch that are looked at for what the result begins as.
_MOST_STEPS = 1_000
_ZERO = re.compile(r"\(?\s*0[uUlL]*\s*\)?\Z")


def answer(body: Body, site: Site) -> str | None:
    """What is returned or assigned, where that is one expression."""
    values = {row.text for row in between(body.returns, site.start, site.stop)}
    values |= {row.text for row in between(body.stores, site.start, site.stop) if row.extra[1] == "="}
    return values.pop() if len(values) == 1 else None


def lasting_stores(body: Body, site: Site) -> int:
    """Assignments that outlive the function."""
    return sum(row.extra[2] == "0" for row in between(body.stores, site.start, site.stop))


def working_calls(body: Body, site: Site) -> int:
    """Calls that may change something: none that only log, assert, read or lock."""
    return sum(not kernel_idioms().is_inert(row.extra[0]) for row in between(body.calls, site.start, site.stop))


def highest_argument(body: Body, site: Site) -> int | None:
    """The highest index of the request's arguments that is read."""
    found = [int(index) for text in body.texts(site.start, site.stop) for index in _ARGUMENT.findall(text)]
    return max(found, default=None)


def flags_tested_at(body: Body, offset: int) -> bool:
    """Whether the request's flags have been tested when control reaches the offset."""
    return body.handler.flags_tested or any(True for _ in body.flag_guards.at(offset))


def flags_checked(body: Body, site: Site) -> int | None:
    """Whether the flags are tested before the site, under it, or by a helper that gets the whole request.

    None where only a helper that is not in view may do it.
    """
    if not body.selector:
        return None
    if flags_tested_at(body, site.start):
        return 1
    if any(body.flags.search(text) for text in body.texts(site.start, site.stop)):
        return 1  # tested, or handed to something that may well look at it
    found: int | None = 0
    for call in between(body.calls, site.start, site.stop):
        if body.selector in json.loads(call.text) and not kernel_idioms().is_inert(call.extra[0]):
            callee = call.extra[0]
            if callee not in body.flag_testers:
                body.flag_testers[callee] = _tests_flags(body, callee)
            tested = body.flag_testers[callee]
            if tested:
                return 1
            found = None if tested is None else found
    return found


def _tests_flags(body: Body, callee: str) -> int | None:
    """Whether a helper tests the flags of the request that it is handed; None where it is not in view."""
    handler = body.handler
    helpers = functions_named(body.connection, handler.side, handler.tree, callee)
    helpers = [helper for helper in helpers if helper.arch in {handler.arch, GENERIC}]
    if not helpers:
        return None
    for helper in helpers:
        found = body.connection.execute(
            """SELECT expression FROM main.test
               WHERE blob = :blob AND function = :name AND start >= :start AND start < :stop
               UNION ALL
               SELECT value FROM main.return_value
               WHERE blob = :blob AND function = :name AND start >= :start AND start < :stop""",
            {"blob": helper.blob, "name": callee, "start": helper.start, "stop": helper.stop},
        )
        if any(_FLAGS.search(expression) for (expression,) in found):
            return 1
    return 0


def succeeds(body: Body, site: Site) -> int | None:
    """Whether the case can end in success: an explicit 0, or an untouched result that began as 0."""
    returned = [row.text for row in between(body.returns, site.start, site.stop)]
    if any(_ZERO.match(value) for value in returned):
        return 1
    results = body.last_results
    assigned = [
        row for row in between(body.stores, site.start, site.stop) if results.get(row.extra[0], -1) >= site.stop
    ]
    if assigned:
        if any(_ZERO.match(row.text) for row in assigned):
            return 1
        return None if any(not row.text.startswith("-") for row in assigned) else 0
    if returned:
        return None if any(not value.startswith("-") for value in returned) else 0
    # A store behind the beginning of a switch around the site stands under another of its cases.
    outer = body.first_switch(site.start)
    before = last_before(body.result_stores, site.start if outer is None else min(site.start, outer + 1))
    for row in islice(before, _MOST_STEPS):
        if results[row.extra[0]] >= site.stop:
            return 1 if _ZERO.match(row.text) else 0 if row.text.startswith("-") else None
    return None
