"""Outcomes of a handler as columns of the tables of its sites."""

from __future__ import annotations

from caplint.c.expression import parse
from caplint.c.formula import conjunction, negation, satisfiable, text
from caplint.link.functions.abstract_values import PASSED_ON
from caplint.link.handlers.sites import Site
from caplint.link.handlers.verdicts import Outcome


def always_returns(outcome: Outcome, site: Site) -> str:
    """Return the condition under which the handler never passes the capability on to another handler of its ioctl."""
    if not outcome.signs:
        return "0"
    return text(conjunction([parse(site.condition), negation(outcome.when(PASSED_ON))]))


def succeeds(outcome: Outcome, site: Site) -> int | None:
    """Return 1 if enabling can succeed (an explicit 0), 0 if every way ends with an error; None if neither is certain."""
    within = parse(site.condition)
    if satisfiable(outcome.when("Z", within)):
        return 1
    return None if satisfiable(outcome.success(within)) else 0
