"""Places where the result of an enable is lost, followed through the functions that pass it on."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from caplint.link.core.extents import last_before
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment, CallSite

_DEPTH = 4
# Maximum number of later assignments to the variable that are read.
_MOST_STEPS = 200


class Loss(NamedTuple):
    """Call whose result, which is that of an enable, is lost."""

    function: CodeFunction
    call: CallSite
    kind: str
    """`dropped` or `unread` (assigned, and never read)."""


class Losses(NamedTuple):
    """Places where the result of one enable is lost."""

    places: tuple[Loss, ...] = ()
    ignored: str = ""
    """Way in which the call's own result is lost: `dropped`, `unread`, `callers` (all drop it); '' if it is used."""


NOT_LOST = Losses()


def losses(code: Code, function: CodeFunction, call: CallSite, depth: int = _DEPTH) -> Losses:
    """Return where the result of a call is lost: here, or in callers that drop what the function passes on.

    An explicit `(void)` drops the result on purpose, and does not count.
    """
    if call.use == "dropped" or (
        call.use == "assigned" and any(_unread(function, store) for store in assigning(function, call))
    ):
        kind = "dropped" if call.use == "dropped" else "unread"
        return Losses((Loss(function, call, kind),), kind)
    if depth == 0 or not passes_on(function, call):
        return NOT_LOST
    callers = code.callers(function)
    if not code.budget.spend(len(callers)):
        return NOT_LOST
    in_callers = [losses(code, caller, outer, depth - 1) for caller, outer in callers]
    places = tuple(place for found in in_callers for place in found.places)
    return Losses(places, "callers" if callers and all(found.ignored for found in in_callers) else "")


def passes_on(function: CodeFunction, call: CallSite) -> bool:
    """Tell whether a function's caller gets the result, directly or from a variable that nothing else reads."""
    if call.use != "assigned":
        return call.use == "returned"
    for store in assigning(function, call):
        mentions = function.mentions.get(store.target, [])
        first = bisect_right(mentions, store.start)
        reads = islice(mentions, first, None)
        return first < len(mentions) and all(function.returned.get(read) == store.target for read in reads)
    return False


def assigning(function: CodeFunction, call: CallSite) -> list[Assignment]:
    """Return the assignment whose value is the call, as a list of at most one."""
    alone = re.compile(rf"\(*\s*{re.escape(call.callee)}\s*\(")
    other = next(last_before(function.calls, call.start), None)
    for store in last_before(function.stores, call.start):
        # With another call between the two, the value belongs to that call.
        if other is not None and store.start < other.start:
            return []
        if alone.match(store.value):
            return [store]
    return []


def _unread(function: CodeFunction, store: Assignment) -> bool:
    """Tell whether a local variable is reassigned, or goes out of scope, before it is read."""
    if (
        not store.local
        or not store.target.isidentifier()
        or any(jump.start > store.start for jump in function.jumps[-1:])
    ):
        return False
    reads = function.mentions.get(store.target, [])
    elsewhere = reads[:1] + reads[-1:] != [store.start] * 2 and bool(reads)
    if elsewhere and any(test.start < store.start for test in function.loops.at(store.start)):
        return False
    following = bisect_right(reads, store.start)
    return following == len(reads) or _is_assigned_before(function, store, reads[following])


def _is_assigned_before(function: CodeFunction, store: Assignment, read: int) -> bool:
    """Tell whether a variable is certain to get another value after an assignment and before it is read."""
    name = re.compile(rf"\b{re.escape(store.target)}\b")
    branches = function.branches(store.start)
    stores = function.assigned[store.target]
    begin = bisect_right(stores, store.start, key=attrgetter("start"))
    for other in islice(stores, begin, begin + _MOST_STEPS):
        if other.start > read:
            return False
        if other.operator == "=" and not name.search(other.value) and function.branches(other.start) <= branches:
            return True
    return function.stop <= read
