"""Outcomes of a handler as columns of the tables of its sites."""

from __future__ import annotations

import re

from caplint.c.expression import parse
from caplint.c.formula import conjunction, negation, satisfiable, text
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.abstract_values import PASSED_ON
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.code_function import between
from caplint.link.handlers.literal_results import is_always_zero
from caplint.link.handlers.sites import Site
from caplint.link.handlers.verdicts import Verdicts

_ZERO = re.compile(r"\(?\s*0[uUlL]*\s*\)?\Z")


def always_returns(outcome: Verdicts, site: Site) -> str:
    """Return the condition under which the handler never passes the capability on to another handler of its ioctl."""
    if not outcome.signs:
        return "0"
    return text(conjunction([parse(site.condition), negation(outcome.when(PASSED_ON))]))


def succeeds(helpers: Helpers, body: Body, outcome: Verdicts, site: Site) -> int | None:
    """Return 1 if enabling can succeed by an explicit 0, 0 if every way ends with an error, None if neither is certain.

    A 0 that the site sets counts although a function that is called behind all sites may replace it.
    """
    within = parse(site.condition)
    if satisfiable(outcome.when("Z", within)):
        return 1
    if not satisfiable(outcome.success(within)):
        return 0
    return 1 if any(_ZERO.match(value) for value in _results(helpers, body, site)) else None


def guarded(helpers: Helpers, body: Body, outcome: Verdicts, site: Site) -> bool:
    """Tell whether anything but the request itself, and the number of vCPUs, may decide if enabling succeeds."""
    results = _results(helpers, body, site)
    if succeeds(helpers, body, outcome, site) != 1 or any("(" in value.strip("() ") for value in results):
        return True
    copies = [
        re.escape(row.target)
        for row in between(body.stores, site.start, site.stop)
        if row.local and re.search(rf"\b{re.escape(body.selector)}\b", row.text)
    ]
    names = "|".join([re.escape(body.selector), *copies])
    ours = re.compile(rf"\b(?:{names})\b|{kernel_idioms().vcpu_count.pattern}")
    return any(ours.search(row.text) is None for row in between(body.tests, site.start, site.stop))


def _results(helpers: Helpers, body: Body, site: Site) -> list[str]:
    """Return the expressions that a site returns, or assigns to a variable that is returned behind it.

    A helper that always returns 0 stands for 0.
    """
    returned = [row.text for row in between(body.returns, site.start, site.stop)]
    returned += [
        row.text
        for row in between(body.stores, site.start, site.stop)
        if body.last_results.get(row.target, -1) >= site.stop
    ]
    return ["0" if is_always_zero(helpers, body, text) else text for text in returned]
