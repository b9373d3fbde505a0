"""Results of a function as far as it writes them out, at a `return` or where it sets the variable that it returns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caplint.link.functions.abstract_values import UNKNOWN, ZERO, AbstractValue, joined, number
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.function_facts import Assignment, ReturnedValue
from caplint.link.handlers.conditions import Conditions, Region
from caplint.values.expression_tree import Node, text_of, tree_of

_NEGATIVE = re.compile(r"\(?\s*-\s*E[A-Z0-9]+\s*\)?\Z")
_NUMBER = re.compile(r"\(?\s*(?:(-?)\s*([0-9]+)[uUlL]*|(true|false|NULL))\s*\)?\Z")
_CALL = re.compile(r"\(*\s*([A-Za-z_]\w*)\s*\(")
# Number of assignments to a returned variable, and of returns, that are looked at.
_MOST = 24


def literal_result(body: Body) -> AbstractValue:
    """Return what a function may return: signs of what it writes out, and any sign for all else."""
    if not body.returns or len(body.returns) > _MOST:
        return UNKNOWN if len(body.returns) != 1 else _literal(body.returns[0].text)
    return joined((value, True) for row in body.returns for value in _returned(body, row))


def is_always_zero(helpers: Helpers, body: Body, text: str) -> bool:
    """Tell whether an expression is a call of functions of which each writes out 0 on every way."""
    match = _CALL.match(text)
    if match is None or tree_of(text).kind != "call" or helpers.macros(match[1], body.handler.arch):
        return False
    definitions = helpers.functions(match[1], body.handler.arch)
    return bool(definitions) and all(set(literal_result(inner).signs) == {ZERO} for inner in definitions)


def _returned(body: Body, row: ReturnedValue) -> Iterator[AbstractValue]:
    """Yield the values of a `return`."""
    stores = body.assigned.get(row.text, [])
    if not row.text.isidentifier() or not stores or not _is_followed(body, row.text, stores):
        yield from _values(tree_of(row.text))
        return
    before = [store for store in stores if store.start < row.start]
    conditions, region = Conditions(body), Region.whole(body)
    always = [{entry.start for entry in conditions.deciding(store.start, row.start, region)} for store in before]
    for index, store in enumerate(before):
        built = {"1", store.condition, row.condition}
        later = range(index + 1, len(before))
        if not any(always[other] <= always[index] and before[other].condition in built for other in later):
            # Several later ones may leave no way for it, as the sides of one `if`.
            yield from _values(tree_of(store.text)) if len(later) < 2 else (UNKNOWN,)


def _is_followed(body: Body, name: str, stores: list[Assignment]) -> bool:
    """Tell whether a variable has only the values that plain assignments give it, in their order."""
    plain = all(store.operator in {"=", "init"} for store in stores) and len(stores) <= _MOST
    taken = re.compile(rf"&\s*{re.escape(name)}\b")
    if not plain or body.jumps or name in body.handler.parameters or any(taken.search(row.text) for row in body.calls):
        return False
    return not any(True for store in stores for _ in body.loops.at(store.start))


def _values(node: Node) -> Iterator[AbstractValue]:
    """Yield the values that a chain of `?:` may have."""
    for _ in range(_MOST):
        if node.kind != "ternary":
            break
        yield _literal(text_of(node.parts[1]))
        node = node.parts[2]
    yield _literal(text_of(node))


def _literal(text: str) -> AbstractValue:
    if _NEGATIVE.match(text):
        return number(-1)
    match = _NUMBER.match(text)
    if match is None:
        return UNKNOWN
    value = int(match[2]) if match[2] else int(match[3] == "true")
    return number(-value if match[1] else value)
