"""Assignments whose value a variable may still have where control reaches an offset of a function."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caplint.link.core.extents import last_before
from caplint.link.functions.call_sites import Budget
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment, ConditionTest

_SETS = frozenset({"=", "init"})


@dataclass(frozen=True)
class Reaching:
    """Assignments that reach an offset, in file order."""

    stores: list[Assignment]
    always: bool
    """Whether one of them is on every path to the offset."""
    taken: bool
    """Whether a call in between gets the variable's address and may set it."""


def reaching(function: CodeFunction, target: str, offset: int, budget: Budget) -> Reaching:
    """Return the assignments to a variable that reach an offset; none once the budget is spent.

    An assignment in a branch, a case or a loop that does not contain the offset leaves the earlier ones in place,
    unless the other branches or all other cases assign too.
    """
    found: list[Assignment] = []
    for store in last_before(function.assigned.get(target, []), offset):
        if store.operator not in _SETS:
            continue
        if not budget.spend():
            return Reaching([], always=False, taken=False)
        if _leaves(function, store.start, offset):
            continue
        found.append(store)
        if _is_certain(function, store.start, offset) or _covers(function, found, offset):
            again = _from_the_last_round(function, target, offset, store.start)
            return Reaching(found[::-1] + again, always=True, taken=_is_taken(function, target, store.start, offset))
    found = found[::-1] + _from_the_last_round(function, target, offset, function.start)
    return Reaching(found, always=False, taken=_is_taken(function, target, function.start, offset))


def _is_certain(function: CodeFunction, start: int, offset: int) -> bool:
    """Tell whether every path to an offset passes a place before it: they share branches, loops and cases."""
    if not function.branches(start) <= function.branches(offset):
        return False
    return all(label.start <= offset < label.stop for label in function.cases.at(start)) and all(
        _same_case(function, test, start, offset) for test in _switches(function, start)
    )


def _leaves(function: CodeFunction, start: int, offset: int) -> bool:
    """Tell whether control leaves the function behind a place, in its branch and case, before it reaches an offset."""
    labels = list(function.cases.at(start))
    return any(
        start < left < offset
        and function.branches(left) <= function.branches(start)
        and all(left < label.stop for label in labels)
        and not _is_beside(function, left, offset)
        for left in function.returned
    )


def _is_beside(function: CodeFunction, left: int, offset: int) -> bool:
    """Tell whether a `return` is in the block and case of an offset, and so contains it."""
    return function.branches(left) == function.branches(offset) and list(function.cases.at(left)) == list(
        function.cases.at(offset)
    )


def _switches(function: CodeFunction, start: int) -> list[ConditionTest]:
    return [test for test in function.tests if test.kind == "switch" and test.start < start < test.stop]


def _same_case(function: CodeFunction, switch: ConditionTest, start: int, offset: int) -> bool:
    """Tell whether no label of a switch separates two places in it."""
    return offset < switch.stop and not any(start < label.start <= offset for label in function.labels)


def _covers(function: CodeFunction, stores: list[Assignment], offset: int) -> bool:
    """Tell whether the assignments found so far are in both branches of an `if`, or in every case of a switch."""
    last = stores[-1]
    for test in function.tests:
        if not (test.start < last.start < test.stop <= offset) or not _is_certain(function, test.start, offset):
            continue
        inside = [store for store in stores if test.start < store.start < test.stop]
        if test.kind == "if" and _in_both_branches(function, test, inside):
            return True
        if test.kind == "switch" and _in_every_case(function, test, inside):
            return True
    return False


def _in_both_branches(function: CodeFunction, test: ConditionTest, stores: list[Assignment]) -> bool:
    around = function.branches(test.start)
    sides = {
        negated
        for store in stores
        for (start, stop, negated) in [*(function.branches(store.start) - around)][:1]
        if len(function.branches(store.start) - around) == 1 and test.start < start and stop <= test.stop
        and not _switches(function, store.start)
    }  # fmt: skip
    return sides == {True, False}


def _in_every_case(function: CodeFunction, test: ConditionTest, stores: list[Assignment]) -> bool:
    """Tell whether a switch has a default and each of its cases assigns or leaves the function."""
    labels = [label for label in function.labels if test.start < label.start < test.stop]
    nested = [other for other in function.tests if other.kind == "switch" and test.start < other.start < test.stop]
    if nested or not any(label.is_default for label in labels):
        return False
    leaving = [*function.returned, *(jump.start for jump in function.jumps)]
    around = function.branches(test.start)
    ends = [store.start for store in stores if function.branches(store.start) <= around] + [
        start for start in leaving if function.branches(start) <= around
    ]
    return all(any(label.start <= end < label.stop for end in ends) for label in labels)


def _from_the_last_round(function: CodeFunction, target: str, offset: int, since: int) -> list[Assignment]:
    """Return later assignments that the next round sees, in the loops around an offset that begin after `since`."""
    loops = [loop for loop in function.loops.at(offset) if loop.start > since]
    return [
        store
        for store in function.assigned.get(target, [])
        if store.operator in _SETS and store.start > offset and any(store.start < loop.stop for loop in loops)
    ]


def _is_taken(function: CodeFunction, target: str, start: int, offset: int) -> bool:
    address = re.compile(rf"&\s*\(?\s*{re.escape(target)}\b(?!\s*(?:\[|->|\.))")
    return any(
        start < call.start < offset and any(address.search(argument) for argument in call.arguments)
        for call in function.calls
    )
