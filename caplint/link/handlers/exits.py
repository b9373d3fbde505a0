"""Exits of a handler's case, and whether it answers anything, by presence condition."""

from __future__ import annotations

import re
from bisect import bisect_left
from operator import attrgetter

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, disjunction, text
from caplint.link.functions.body import Body, Row, between
from caplint.link.handlers.sites import Site

_NOTHING = re.compile(r"\(?\s*(?:0[uUlL]*|false|-\s*E[A-Z]+)\s*\)?\Z")


def returns_condition(body: Body, site: Site) -> str:
    """Return the condition under which the site always returns: by a `return` that nothing inside the site guards.

    A conditional `break` in the middle of a statement is not seen.
    """
    stop = _stop(body, site)
    certain = [_condition(row) for row in between(body.returns, site.start, stop) if not _guarded(body, site, row)]
    return _under(site, certain)


def nonzero_condition(body: Body, site: Site) -> str:
    """Return the condition under which the answer may exceed 0: the site's own condition if the site does not tell."""
    stop = _stop(body, site)
    answers = between(body.returns, site.start, stop)
    answers += [
        row for row in between(body.stores, site.start, stop) if body.last_results.get(row.extra[0], -1) >= stop
    ]
    nonzero = [row for row in answers if not _NOTHING.match(row.text)]
    if not nonzero and all(_guarded(body, site, row) for row in answers):
        return site.condition
    return _under(site, [_condition(row) for row in nonzero])


def _stop(body: Body, site: Site) -> int:
    """Return the site's end in every variant: an `#else` may follow the exit of the first variant."""
    if site.kind != "case":
        return site.stop
    switches = [test.stop for test in body.around.at(site.start) if test.start < site.start]
    index = bisect_left(body.labels, site.stop, key=attrgetter("start"))
    following = [row.start for row in body.labels[index : index + 1]]
    return min(following + switches, default=site.stop)


def _under(site: Site, conditions: list[Formula]) -> str:
    return text(conjunction([parse(site.condition), disjunction(conditions)]))


def _condition(row: Row) -> Formula:
    return parse(row.extra[-1])


def _guarded(body: Body, site: Site, row: Row) -> bool:
    """Tell whether a test inside the site decides if control reaches a row; a test that else returns is ignored."""
    if any(row.start < test.stop for test in between(body.switches, site.start + 1, row.start + 1)):
        return True
    return any(site.start <= guard.start and site.capability not in guard.text for guard in body.deciding.at(row.start))
