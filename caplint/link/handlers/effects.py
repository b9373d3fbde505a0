"""Effects of a handler's case: its answer, its lasting stores and calls, whether it can succeed."""

from __future__ import annotations

import re
from itertools import islice

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body, between
from caplint.link.handlers.sites import Site

# Maximum number of assignments above a switch that are searched for the initial value of the result.
_MOST_STEPS = 1_000
_ZERO = re.compile(r"\(?\s*0[uUlL]*\s*\)?\Z")


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


def succeeds(body: Body, site: Site) -> int | None:
    """Return 1 if the case can succeed (an explicit 0, or an untouched result that began as 0), 0 if not, else None."""
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
    # A store after the start of a switch around the site belongs to another case of it.
    outer = body.first_switch(site.start)
    before = last_before(body.result_stores, site.start if outer is None else min(site.start, outer + 1))
    for row in islice(before, _MOST_STEPS):
        if results[row.extra[0]] >= site.stop:
            return 1 if _ZERO.match(row.text) else 0 if row.text.startswith("-") else None
    return None
