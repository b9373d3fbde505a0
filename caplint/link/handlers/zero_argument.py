"""Effect of an argument that is 0, as it is if a VMM does not pass it."""

from __future__ import annotations

import re
from collections.abc import Callable

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.functions.code_function import between
from caplint.link.functions.function_facts import CallSite, ConditionTest
from caplint.link.handlers.conditions import Region
from caplint.link.handlers.request_tests import RequestTests
from caplint.link.handlers.value_tests import COMPARISONS, ValueTests, operands
from caplint.values.expression_tree import Node, tree_of

# Characters of a condition that are read in one step.
_CHARACTERS = 40
_FAILURE = re.compile(r"\(*\s*-\s*E[A-Z]+")


def effect_of_zero(
    reader: RequestTests,
    region: Region,
    passes: list[tuple[CallSite, int]],
    inner: Callable[[RequestTests], CapArgument],
) -> str:
    """Return `rejected`, `required` or `accepted`, from the tests under which the function fails.

    `passes` are the calls that get the value; `inner` returns the use of the value in a helper.
    """
    for row, tree in reader.branches:
        if not region.holds(row.start):
            continue
        if not reader.spend(row.start, 1 + len(row.text) // _CHARACTERS):
            return "required"  # for which no rule says anything
        tests = reader.at(row.start, keeps_masks=False)
        parts = operands(tree, "||")
        if any(map(tests.mentions, parts)) and _fails(reader.body, row):
            if any(_is_set(tests, part) for part in parts):
                return "required"
            if any(_at_zero(tests, part) for part in parts):
                return "rejected"
    return "rejected" if any(_rejects(reader, *entry, inner) for entry in passes) else "accepted"


def _is_set(tests: ValueTests, node: Node) -> bool:
    if node.kind == "binary" and node.text == "!=" and tests.number(node.parts[1]) == 0:
        node = node.parts[0]
    return tests.is_value(node)


def _at_zero(tests: ValueTests, node: Node) -> bool | None:
    """Return whether a condition holds for a value of 0; None if that depends on something else."""
    if node.kind == "unary" and node.text == "!":
        inner = _at_zero(tests, node.parts[0])
        return None if inner is None else not inner
    if node.kind == "binary" and node.text in {"&&", "||"}:
        sides = [_at_zero(tests, part) for part in node.parts]
        decisive = node.text == "||"
        return decisive if decisive in sides else None if None in sides else not decisive
    if not tests.mentions(node):
        return None
    if node.kind == "binary" and node.text in COMPARISONS:
        left, right = (0 if _is_zero(tests, part) else tests.number(part) for part in node.parts)
        return None if left is None or right is None else _COMPARE[node.text](left, right)
    return False if _is_zero(tests, node) else None


_COMPARE = {
    "==": int.__eq__, "!=": int.__ne__, "<": int.__lt__, ">": int.__gt__, "<=": int.__le__, ">=": int.__ge__
}  # fmt: skip


def _is_zero(tests: ValueTests, node: Node) -> bool:
    """Tell whether an expression is 0 if the value is."""
    if node.kind == "cast":
        return _is_zero(tests, node.parts[0])
    if node.kind == "binary" and node.text == "&":
        return any(_is_zero(tests, part) for part in node.parts)
    if node.kind == "binary" and node.text in {"*", "/", "%", "<<", ">>"}:
        return _is_zero(tests, node.parts[0])
    return tests.is_value(node)


def _fails(body: Body, row: ConditionTest) -> bool:
    """Tell whether the branch of a test ends in an error: returned there, or assigned before it breaks out."""
    returned = between(body.returns, row.start, row.stop)
    if returned:
        return all(_FAILURE.match(entry.text) for entry in returned)
    last_store = next(last_before(body.result_stores, row.stop), None)
    return last_store is not None and _FAILURE.match(last_store.text) is not None


def _rejects(reader: RequestTests, row: CallSite, position: int, inner: Callable[[RequestTests], CapArgument]) -> bool:
    """Tell whether a call that gets the value fails for 0."""
    if kernel_idioms().accesses_user_memory(row.callee):
        return True
    parts = [reader.names.part(tree_of(text), row.start) for text in row.arguments]
    helpers = list(reader.inside(row.callee, parts)) if parts[position] is not None else []
    return bool(helpers) and all(inner(helper).zero == "rejected" for helper in helpers)
