"""Uses that a VMM makes of the number of registers that KVM_GET_MSRS and KVM_SET_MSRS return.

The number goes through variables and returns up to the functions that look at it. One that is compared with
anything but an error, or used in any other way, counts as looked at.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import NamedTuple

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.knowledge.load import knowledge
from caplint.link.core.extents import START
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction
from caplint.link.functions.function_facts import Assignment, CallSite, ConditionTest
from caplint.link.vmm.ignored_results import assigning
from caplint.values.expression_tree import Node, tree_of

COMPARED, ERROR, LOOP, DROPPED, UNKNOWN = "compared", "error", "loop", "dropped", "unknown"
_RETURNED = "returned"
_DEPTH = 4
_OFFSET = itemgetter(0)
_MOST_READS = 200
_COMPARISONS = frozenset({"<", ">", "<=", ">=", "==", "!="})
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


class CountUse(NamedTuple):
    """Last function that gets the number of registers, and what it does with it."""

    function: CodeFunction
    call: CallSite
    kind: str
    """compared, error (only tested for one), loop (bounds one, tested for an error at most), dropped, unknown."""


def count_uses(code: Code, function: CodeFunction, call: CallSite, depth: int = _DEPTH) -> Iterator[CountUse]:
    """Yield where the number that a call returns ends up."""
    kinds = _kinds(function, call)
    if kinds == {_RETURNED}:
        callers = code.callers(function) if depth and code.budget.spend(len(code.callers(function)) + 1) else []
        if not callers:
            yield CountUse(function, call, UNKNOWN)
        for caller, outer in callers:
            yield from count_uses(code, caller, outer, depth - 1)
    else:
        (kind,) = kinds
        yield CountUse(function, call, kind)


def _kinds(function: CodeFunction, call: CallSite) -> set[str]:
    """Return the one thing that a function does with a call's result: a kind of use, or returned."""
    if call.use == "dropped":
        return {DROPPED}
    if call.use == "returned":
        return {_RETURNED} if _is_plain(function, call) else {_of_tests(function, call)}
    if call.use == "assigned":
        stores = assigning(function, call)
        plain = (
            stores and stores[0].local and stores[0].target.isidentifier() and tree_of(stores[0].value).kind == "call"
        )
        return {_of_variable(function, stores[0])} if plain else {UNKNOWN}
    return {_of_tests(function, call)}


def _is_plain(function: CodeFunction, call: CallSite) -> bool:
    """Tell whether a `return` hands the result of the call on as it is."""
    at = bisect_right(function.returns, call.start, key=START)
    value = function.returns[at - 1].value if at else ""
    return call.callee in value and tree_of(value).kind == "call"


def _of_tests(function: CodeFunction, call: CallSite) -> str:
    """Return the use of a call that is part of a larger expression."""
    arguments = {argument for argument in call.arguments if argument}
    for _, text in function.ordered_texts:
        if f"{call.callee}(" in text.replace(" ", "") and all(argument in text for argument in arguments):
            node = tree_of(text)
            found = {_use(path) for path in _paths(node, lambda leaf: _is_call(leaf, call.callee))}
            if found:
                return _strongest(found)
    return UNKNOWN


def _is_call(node: Node, callee: str) -> bool:
    return node.kind == "call" and node.parts[0].text == callee


def _of_variable(function: CodeFunction, store: Assignment) -> str:
    """Return the use of a variable from an assignment up to the next one."""
    name = store.target
    later = [other.start for other in function.assigned[name] if other.start > store.start and other.operator == "="]
    end = later[0] if later else function.stop
    found: set[str] = set()
    reads = [offset for offset in function.mentions.get(name, []) if store.start < offset < end]
    if len(reads) > _MOST_READS:
        return UNKNOWN
    texts = function.ordered_texts
    first, behind = (bisect_left(texts, offset, key=_OFFSET) for offset in (store.start + 1, end))
    for start, text in dict.fromkeys(texts[first:behind]):
        if re.search(rf"\b{name}\b", text) and not _in_error_path(function, start, name):
            found |= set(_uses(function, start, text, name))
    return _strongest(found) if found else DROPPED


def _uses(function: CodeFunction, start: int, text: str, name: str) -> Iterator[str]:
    node = tree_of(text)
    if function.returned.get(start) == text and node == Node("name", name):
        yield _RETURNED
        return
    calls = function.calls[
        bisect_left(function.calls, start, key=START) : bisect_right(function.calls, start, key=START)
    ]
    reported = any(text in call.arguments and _reports(call.callee) for call in calls)
    loops = [test for test in function.loops.at(start) if test.start == start and test.expression == text]
    for path in _paths(node, lambda leaf: leaf == Node("name", name)):
        use = LOOP if any(_bounds(function, loop, path) for loop in loops) else _use(path)
        if not (reported and use == COMPARED and not _compares(path)):
            yield use


def _reports(callee: str) -> bool:
    """Tell whether a call only tells of a failure; an assertion looks at what it gets."""
    if "assert" in callee.lower():
        return False
    return (
        bool(knowledge().failure_calls.match(callee))
        or bool(kernel_idioms().reports.search(f"{callee}("))
        or (callee == "strerror")
    )


def _in_error_path(function: CodeFunction, offset: int, name: str) -> bool:
    """Tell whether an offset is reached only where the variable holds an error."""
    for extent in function.guards_at(offset):
        for path in _paths(tree_of(extent.expression), lambda leaf: leaf == Node("name", name)):
            if _use(path) == ERROR and _says_error(path) != extent.negated:
                return True
    return False


def _says_error(path: list[Node]) -> bool:
    """Tell whether a test of a value for an error is true of errors: `< 0`, and not `>= 0`."""
    parent = path[-2]
    mirrored = parent.parts[0] is not path[-1]
    operator = _MIRRORED.get(parent.text, parent.text) if mirrored else parent.text
    return operator in {"<", "<=", "=="}


def _paths(node: Node, wanted: Callable[[Node], bool]) -> Iterator[list[Node]]:
    """Yield the way from the root to each leaf that is wanted."""
    pending = [[node]]
    while pending:
        path = pending.pop()
        if wanted(path[-1]):
            yield path
        else:
            pending.extend([*path, part] for part in path[-1].parts)


def _compares(path: list[Node]) -> bool:
    return any(node.kind == "binary" and node.text in _COMPARISONS for node in path)


def _use(path: list[Node]) -> str:
    """Return what an expression does with the leaf at the end of a way: compares it, or tests it for an error."""
    leaf, parent = path[-1], path[-2] if len(path) > 1 else None
    if (
        parent is None
        or (parent.kind == "unary" and parent.text == "!")
        or (parent.kind == "binary" and parent.text in {"&&", "||"})
    ):
        return UNKNOWN
    if parent.kind == "binary" and parent.text in _COMPARISONS:
        left = parent.parts[0] is leaf
        operator = parent.text if left else _MIRRORED.get(parent.text, parent.text)
        other = parent.parts[1] if left else parent.parts[0]
        if _is_negative(other) or (other == Node("number", "0") and operator in {"<", ">="}):
            return ERROR
        return UNKNOWN if other == Node("number", "0") and operator in {"==", "!="} else COMPARED
    if parent.kind == "ternary" and parent.parts[1] is leaf:
        tested = [_use(way) for way in _paths(parent.parts[0], lambda node: node == leaf)]
        return ERROR if ERROR in tested else COMPARED
    return COMPARED


def _bounds(function: CodeFunction, loop: ConditionTest, path: list[Node]) -> bool:
    """Tell whether a loop's condition only compares a value with what the loop counts: `i < ret`, `i != ret`."""
    leaf, parent = path[-1], path[-2] if len(path) > 1 else None
    if parent is None or parent.kind != "binary" or parent.text not in _COMPARISONS:
        return False
    other = parent.parts[1] if parent.parts[0] is leaf else parent.parts[0]
    while other.kind in {"unary", "postfix"}:
        other = other.parts[0]
    counted = function.assigned.get(other.text, []) if other.kind == "name" else []
    return any(store.operator != "init" and loop.start <= store.start < loop.stop for store in counted)


def _is_negative(node: Node) -> bool:
    return node.kind == "unary" and node.text == "-"


def _strongest(found: set[str]) -> str:
    for kind in (COMPARED, UNKNOWN, _RETURNED, LOOP, ERROR):
        if kind in found:
            return kind
    return DROPPED
