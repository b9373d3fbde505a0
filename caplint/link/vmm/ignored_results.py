"""Enable calls whose result is ignored, followed through callers."""

from __future__ import annotations

import re
from bisect import bisect_right
from itertools import islice
from operator import attrgetter

from caplint.link.core.extents import last_before
from caplint.link.functions.call_sites import Assignment, CallSite, Code, CodeFunction

_DEPTH = 4
# Maximum number of later assignments to the variable that are read.
_MOST_STEPS = 200


def ignored(code: Code, function: CodeFunction, call: CallSite, depth: int = _DEPTH) -> str:
    """Return how the result is lost: `dropped`, `unread` (never read), `callers` (all drop it); '' if it is used.

    An explicit `(void)` drops the result on purpose, and does not count.
    """
    if call.use == "dropped":
        return "dropped"
    if call.use == "assigned":
        return "unread" if any(_unread(function, store) for store in _assigning(function, call)) else ""
    if call.use == "returned" and function.static and depth:
        callers = code.callers(function)
        if not code.budget.spend(len(callers)):
            return ""
        if callers and all(ignored(code, caller, outer, depth - 1) for caller, outer in callers):
            return "callers"
    return ""


def _assigning(function: CodeFunction, call: CallSite) -> list[Assignment]:
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
    if not store.local or not store.target.isidentifier() or function.jumps[-1:] > [store.start]:
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
