"""Effects of a handler's case: its answer, its lasting stores and calls, its tests of flags."""

from __future__ import annotations

import json
import re

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import GENERIC
from caplint.link.functions.body import Body, between
from caplint.link.functions.by_name import functions_named
from caplint.link.handlers.sites import Site

_ARGUMENT = re.compile(r"\bargs\s*\[\s*(\d{1,9})\s*\]")
_FLAGS = re.compile(r"(?:->|\.)\s*flags\b")


def answer(body: Body, site: Site) -> str | None:
    """Return the returned or assigned value if it is a single expression, else None."""
    values = {row.text for row in between(body.returns, site.start, site.stop)}
    values |= {row.text for row in between(body.stores, site.start, site.stop) if row.extra[1] == "="}
    return values.pop() if len(values) == 1 else None


def lasting_stores(body: Body, site: Site) -> int:
    """Count the assignments to non-local targets."""
    return sum(row.extra[2] == "0" for row in between(body.stores, site.start, site.stop))


def working_calls(body: Body, site: Site) -> int:
    """Count the calls that may change something: all but those that only log, assert, read or lock."""
    return sum(not kernel_idioms().is_inert(row.extra[0]) for row in between(body.calls, site.start, site.stop))


def highest_argument(body: Body, site: Site) -> int | None:
    """Return the highest index of the request's arguments that is read, None without any."""
    indices = [int(index) for text in body.texts(site.start, site.stop) for index in _ARGUMENT.findall(text)]
    return max(indices, default=None)


def flags_tested_at(body: Body, offset: int) -> bool:
    """Tell whether the request's flags have been tested when control reaches the offset."""
    return body.handler.flags_tested or any(True for _ in body.flag_guards.at(offset))


def flags_checked(body: Body, site: Site) -> int | None:
    """Return 1 if the flags are tested before the site, in it, or by a helper that gets the whole request, else 0.

    Return None if only a helper without a definition in the tree may test them.
    """
    if not body.selector:
        return None
    if flags_tested_at(body, site.start):
        return 1
    if any(body.flags.search(text) for text in body.texts(site.start, site.stop)):
        return 1  # tested, or passed to a function that may test them
    verdict: int | None = 0
    for call in between(body.calls, site.start, site.stop):
        if body.selector in json.loads(call.text) and not kernel_idioms().is_inert(call.extra[0]):
            callee = call.extra[0]
            if callee not in body.flag_testers:
                body.flag_testers[callee] = _tests_flags(body, callee)
            tested = body.flag_testers[callee]
            if tested:
                return 1
            verdict = None if tested is None else verdict
    return verdict


def _tests_flags(body: Body, callee: str) -> int | None:
    """Return 1 if a helper tests the flags of the request that it gets, else 0; None without a definition."""
    handler = body.handler
    helpers = functions_named(body.connection, handler.side, handler.tree, callee)
    helpers = [helper for helper in helpers if helper.arch in {handler.arch, GENERIC}]
    if not helpers:
        return None
    for helper in helpers:
        expressions = body.connection.execute(
            """SELECT expression FROM main.test
               WHERE blob = :blob AND function = :name AND start >= :start AND start < :stop
               UNION ALL
               SELECT value FROM main.return_value
               WHERE blob = :blob AND function = :name AND start >= :start AND start < :stop""",
            {"blob": helper.blob, "name": callee, "start": helper.start, "stop": helper.stop},
        )
        if any(_FLAGS.search(expression) for (expression,) in expressions):
            return 1
    return 0
