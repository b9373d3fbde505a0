"""Enable calls whose result is ignored, followed through callers."""

from __future__ import annotations

import re

from caplint.link.functions.call_sites import Assignment, CallSite, Code, CodeFunction

_DEPTH = 4


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
        if callers and all(ignored(code, caller, outer, depth - 1) for caller, outer in callers):
            return "callers"
    return ""


def _assigning(function: CodeFunction, call: CallSite) -> list[Assignment]:
    """Return the assignment whose value is the call, as a list of at most one."""
    alone = re.compile(rf"\(*\s*{re.escape(call.callee)}\s*\(")
    candidates = [store for store in function.stores if store.start < call.start and alone.match(store.value)]
    last = candidates[-1:]
    # With another call between the two, the value belongs to that call.
    return [] if any(last[0].start < other.start < call.start for other in function.calls if last) else last


def _unread(function: CodeFunction, store: Assignment) -> bool:
    """Tell whether a local variable is reassigned, or goes out of scope, before it is read."""
    if not store.local or not store.target.isidentifier() or any(start > store.start for start in function.jumps):
        return False
    name = re.compile(rf"\b{re.escape(store.target)}\b")
    reads = sorted(start for start, text in function.texts() if name.search(text) and start != store.start)
    loops = [
        test for test in function.tests if test.kind in {"while", "for", "do"} and test.start < store.start < test.stop
    ]
    if loops and reads:
        return False
    branches = function.branches(store.start)
    again = [
        other.start
        for other in function.stores
        if other.start > store.start
        and other.target == store.target
        and other.operator == "="
        and not name.search(other.value)
        and function.branches(other.start) <= branches
    ]
    until = min(again, default=function.stop)
    return not any(store.start < start < until for start in reads)
