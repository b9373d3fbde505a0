"""Effect of an argument that is 0, as it is if a VMM does not pass it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.functions.code_function import between, facts_between
from caplint.link.functions.function_facts import Assignment, CallSite, ConditionTest, ReturnedValue
from caplint.link.handlers.conditions import Region
from caplint.link.handlers.request_tests import RequestTests
from caplint.link.handlers.value_tests import COMPARISONS, ConditionResult, Level, ValueTests, operands
from caplint.values.expression_tree import Node, text_of, tree_of

# Characters of a condition that are read in one step.
_CHARACTERS = 40
# Number of functions through which a condition is followed.
_DEPTH = 3
# Number of assignments to results, in front of a return, that are looked at.
_MOST_STORES = 50
_FAILURE = re.compile(r"\(*\s*-\s*E[A-Z]+")


def effect_of_zero(
    reader: RequestTests,
    region: Region,
    passes: list[tuple[CallSite, int]],
    inner: Callable[[RequestTests], CapArgument],
) -> str:
    """Return `rejected`, `required` or `accepted`, from the tests under which the function fails.

    `required` is also said of a value on which nothing depends.

    `passes` are the calls that get the value; `inner` returns the use of the value in a helper.
    """
    if not passes and not _decides(reader, region):
        return "required"
    effects: set[str] = set()
    for row, tree in reader.branches:
        if not region.holds(row.start):
            continue
        if not reader.spend(row.start, 1 + len(row.text) // _CHARACTERS):
            return "required"  # for which no rule says anything
        fails = _fails(reader.body, row)
        if fails:
            effects.update(_reached(reader, region, row.start, _under(reader, row.start, tree)))
        elif fails is None:
            effects.update({"required"}.intersection(_under(reader, row.start, tree)))
        elif _fails_behind(reader.body, row, region):
            effects.update({"required"}.intersection(_under(reader, row.start, _negated(tree))))
    for offset, text in _results(reader, region):
        effects.update(_of_choice(reader, offset, tree_of(text)))
    effects.update({"required"} if _is_only_case(reader, region) else ())
    for offset, effect in _of_calls(reader, region, passes, inner):
        effects.update(_reached(reader, region, offset, [effect]))
    return next((effect for effect in ("required", "rejected") if effect in effects), "accepted")


def _of_calls(
    reader: RequestTests,
    region: Region,
    passes: list[tuple[CallSite, int]],
    inner: Callable[[RequestTests], CapArgument],
) -> Iterator[tuple[int, str]]:
    """Yield the effects of 0 on the calls that get the value, with their offsets."""
    for row, position in passes:
        yield row.start, _in_call(reader, row, position, inner)
    for offset in _accesses(reader, region):
        yield offset, "rejected"


def _reached(reader: RequestTests, region: Region, offset: int, effects: Iterable[str]) -> Iterator[str]:
    """Yield the effects of the code at an offset; code to which 0 does not come rejects none: `if (value) f(value)`."""
    for effect in effects:
        if effect != "rejected" or _comes(reader, region, offset):
            yield effect


def _comes(reader: RequestTests, region: Region, offset: int) -> bool:
    """Tell whether control may come to an offset with a value of 0, as far as conditions on the value tell."""
    for condition in reader.conditions.at(offset, region):
        if not condition.selector and reader.mentioned(condition.text):
            tests = reader.at(condition.offset, keeps_masks=False)
            holds = _at_zero(tests, tree_of(condition.text))
            if holds is not None and holds != (condition.outcome is ConditionResult.NONZERO):
                return False
    return True


def _accesses(reader: RequestTests, region: Region) -> Iterator[int]:
    """Yield the offsets of calls that access memory at the value, of which a call made a pointer."""
    for row in between(reader.body.calls, region.start, region.stop):
        accesses = kernel_idioms().accesses_user_memory(row.callee) and region.holds(row.start)
        if accesses and any(_is_pointer(reader, tree_of(text), row.start) for text in row.arguments):
            yield row.start


def _is_pointer(reader: RequestTests, node: Node, offset: int) -> bool:
    """Tell whether an expression is `u64_to_user_ptr(value)`, or a variable that was given it last."""
    stores = (
        [row for row in reader.body.assigned.get(node.text, []) if row.start < offset] if node.kind == "name" else []
    )
    node = tree_of(stores[-1].text) if stores else node
    while node.kind == "cast":
        node = node.parts[0]
    if node.kind != "call" or not kernel_idioms().makes_user_pointer(text_of(node.parts[0])):
        return False
    return any(reader.names.part(part, offset) == reader.value for part in node.parts[1:])


def _decides(reader: RequestTests, region: Region) -> bool:
    """Tell whether anything depends on the value: for a mere copy of it, and for other capabilities, nothing does."""
    body = reader.body
    for row in facts_between(region.start, region.stop, body.tests, body.returns, body.stores):
        if region.holds(row.start) and reader.mentioned(row.text):
            tests, tree = reader.at(row.start, keeps_masks=False), tree_of(row.text)
            copies = isinstance(row, Assignment) and row.target.isidentifier() and tests.is_value(tree)
            if not copies and tests.mentions(tree) and not _is_of_another(reader, tree, row.start):
                return True
    return False


def _is_of_another(reader: RequestTests, node: Node, offset: int) -> bool:
    """Tell whether a condition asks for another capability, as `cap == OTHER && value`."""
    results = [reader.on_capability(part, ConditionResult.NONZERO, offset) for part in operands(node, "&&")]
    return Level.UNREACHED in results


def _results(reader: RequestTests, region: Region) -> Iterator[tuple[int, str]]:
    """Yield offset and text of each result that a `?:` chooses."""
    body = reader.body
    for row in facts_between(region.start, region.stop, body.returns, body.result_stores):
        if "?" in row.text and region.holds(row.start) and reader.mentioned(row.text):
            yield row.start, row.text


def _of_choice(reader: RequestTests, offset: int, node: Node) -> Iterator[str]:
    """Yield the effects of 0 on a `?:` of which one side is an error."""
    if node.kind == "ternary" and reader.spend(offset):
        condition, first, second = node.parts
        if _FAILURE.match(text_of(first)):
            yield from _under(reader, offset, condition)
        elif _FAILURE.match(text_of(second)):
            yield from _under(reader, offset, _negated(condition))


def _is_only_case(reader: RequestTests, region: Region) -> bool:
    """Tell whether a switch over the value lists 0 alone."""
    labels = [
        row
        for row in between(reader.body.labels, region.start, region.stop)
        if region.holds(row.start) and reader.mentioned(row.selector)
    ]
    tests = [reader.at(row.start, keeps_masks=False) for row in labels]
    own = [(row, test) for row, test in zip(labels, tests, strict=True) if test.is_value(tree_of(row.selector))]
    return {test.number(tree_of(row.text)) for row, test in own if row.text} == {0}


def _under(reader: RequestTests, offset: int, condition: Node, depth: int = _DEPTH) -> Iterator[str]:
    """Yield the effects of 0 on a condition under which the function fails."""
    tests = reader.at(offset, keeps_masks=False)
    for part in operands(_for_capability(reader, condition, offset), "||"):
        call = part
        while call.kind == "unary" and call.text == "!":
            call = call.parts[0]
        if call.kind == "call" and depth:
            given = [reader.names.part(argument, offset) for argument in call.parts[1:]]
            for helper in reader.inside(text_of(call.parts[0]), given):
                if len(helper.body.returns) == 1 and helper.spend(offset):
                    (row,) = helper.body.returns
                    tree = tree_of(row.text)
                    yield from _under(helper, row.start, tree if _is_even(part) else _negated(tree), depth - 1)
        elif _is_set(tests, part):
            yield "required"
        elif tests.mentions(part) and _at_zero(tests, part):
            yield "rejected"


def _is_even(node: Node) -> bool:
    """Tell whether an expression begins with an even number of negations."""
    even = True
    while node.kind == "unary" and node.text == "!":
        node, even = node.parts[0], not even
    return even


def _negated(node: Node) -> Node:
    return Node("unary", "!", (node,))


def _for_capability(reader: RequestTests, node: Node, offset: int) -> Node:
    """Return a condition without the sides of `&&` that hold for the reader's capability."""
    parts = operands(node, "&&") if reader.capability else [node]
    rest = [part for part in parts if reader.on_capability(part, ConditionResult.NONZERO, offset) is not Level.UNTESTED]
    return rest[0] if len(rest) == 1 else node


def _is_set(tests: ValueTests, node: Node) -> bool:
    """Tell whether an expression is true for every value but 0."""
    if node.kind == "unary" and node.text == "!":
        node = node.parts[0]
        if node.kind == "binary" and node.text == "==" and tests.number(node.parts[1]) == 0:
            return tests.is_value(node.parts[0])
        return node.kind == "unary" and node.text == "!" and _is_set(tests, node.parts[0])
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


def _fails(body: Body, row: ConditionTest) -> bool | None:
    """Tell whether the branch of a test ends in an error: returned there, or assigned before it breaks out.

    None if it returns a variable that may hold an error.
    """
    returned = between(body.returns, row.start, row.stop)
    if returned:
        verdicts = {_is_error(body, entry) for entry in returned}
        return False if False in verdicts else None if None in verdicts else True
    last_store = next(last_before(body.result_stores, row.stop), None)
    return last_store is not None and _FAILURE.match(last_store.text) is not None


def _is_error(body: Body, entry: ReturnedValue) -> bool | None:
    """Tell whether a returned value is an error, also one that a variable was given earlier; None if it may be one."""
    if _FAILURE.match(entry.text) or not entry.text.isidentifier():
        return _FAILURE.match(entry.text) is not None
    found: set[bool | None] = set()
    for store in islice(last_before(body.result_stores, entry.start), _MOST_STORES):
        if store.target == entry.text:
            found.add(True if _FAILURE.match(store.text) else False if store.text.isdecimal() else None)
            if not _is_elsewhere(body, store, entry.start):
                return found.pop() if len(found) == 1 else None
    return None if found - {False} else False


def _is_elsewhere(body: Body, store: Assignment, offset: int) -> bool:
    """Tell whether a store is in a branch or case that an offset behind it is not in."""
    return any(row.stop <= offset for extents in (body.ifs, body.cases) for row in extents.at(store.start))


def _fails_behind(body: Body, row: ConditionTest, region: Region) -> bool:
    """Tell whether every exit behind a branch is an error."""
    behind = [entry for entry in between(body.returns, row.stop, region.stop) if region.holds(entry.start)]
    return bool(behind) and all(_FAILURE.match(entry.text) for entry in behind)


def _in_call(reader: RequestTests, row: CallSite, position: int, inner: Callable[[RequestTests], CapArgument]) -> str:
    """Return the effect of 0 on a call that gets the value."""
    if kernel_idioms().accesses_user_memory(row.callee):
        return "rejected"
    parts = [reader.names.part(tree_of(text), row.start) for text in row.arguments]
    helpers = list(reader.inside(row.callee, parts)) if parts[position] is not None else []
    effects = {inner(helper).zero for helper in helpers}
    return effects.pop() if len(effects) == 1 else "required" if "required" in effects else "accepted"
