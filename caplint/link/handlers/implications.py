"""Conclusions from the outcome of a condition about one value, and how far it is tested where control reaches a place.

A value is tested where a condition that bounds it is known to hold. Conditions are followed through the variables that
hold their results.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from functools import cached_property

from caplint.c.expression import covered
from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.call_sites import Budget
from caplint.link.functions.code_function import LOOPS, between
from caplint.link.functions.function_facts import Assignment, CallSite, ConditionTest
from caplint.link.handlers.conditions import Condition, Conditions, Place, Region
from caplint.link.handlers.mask_bits import MaskReader
from caplint.link.handlers.request_names import Part, RequestNames, Subject
from caplint.link.handlers.value_tests import (
    COMPARISONS,
    MIRRORED,
    ConditionResult,
    Level,
    ValueTests,
    is_truth,
    leaves,
    parts_of,
    result_of,
)
from caplint.values.expression_tree import Node, tree_of

# Maximum number of conditions and assignments that are examined for the requests of one function, and of a whole tree;
# Linux needs 642 and 1,269.
MOST_STEPS, MOST_STEPS_OF_TREE = 20_000, 50_000
TOO_MANY = f"more than {MOST_STEPS:,} conditions on the request of one function, or {MOST_STEPS_OF_TREE:,} of one tree"
# Maximum number of expressions and variables between a condition and the value.
_DEEPEST = 24
_ADDRESS = re.compile(r"&\s*([A-Za-z_]\w*)\b(?!\s*(?:->|\.|\[))")
# Kinds of expressions that hold the result of a test.
_RESULTS = frozenset({"call", "assign", "name", "ternary"})


class Implications(ABC):
    """Reader of the conditions of one function on one part of the request."""

    def __init__(
        self, names: RequestNames, conditions: Conditions, constants: MaskReader, budget: Budget, subject: Subject
    ) -> None:
        self.body: Body = names.body
        self.names = names
        self.conditions = conditions
        self.constants = constants
        self.budget = budget
        self.value = subject.value
        self.capability = subject.capability
        self.masks: list[tuple[int, str]] = []
        """Bits that the tests accept, as written, with the offset of the test."""
        self._answers: dict[tuple[Node, ConditionResult, int, int], Level] = {}
        self._heads: dict[int, list[tuple[Condition, Level]]] = {}
        """Offset of a switch → conditions above it that say something of the value."""
        self._nesting = 0

    @abstractmethod
    def _call(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        """Return the level to which the value is tested if a call has an outcome."""

    @abstractmethod
    def held(self, place: Place) -> Level:
        """Return the level of the conditions that are known to hold at a place."""

    def at(self, offset: int, keeps_masks: bool = True) -> ValueTests:
        """Return the reader of conditions at an offset."""
        return ValueTests(
            lambda node: self.names.part(node, offset) == self.value,
            lambda node: self.constants.bits(node, offset),
            self.constants.number,
            lambda mask: self.masks.append((offset, mask)) if keeps_masks and mask else None,
        )

    def mentioned(self, text: str) -> bool:
        """Tell whether a text may mention the request."""
        return self.names.mentions(text)

    def contains_value(self, part: Part | None) -> bool:
        """Tell whether a part of the request contains the value."""
        return part is not None and part == self.value[: len(part)]

    def spend(self, offset: int, steps: int = 1) -> bool:
        """Tell whether the function's conditions may be examined further; if not, that is a blind spot."""
        enough = self.budget.spend(steps)
        if not enough:
            self.body.cut_at(offset, TOO_MANY)
        return enough

    # Conditions

    def conditions_level(self, place: Place) -> Level:
        """Return the highest level of the conditions that hold at a place in every configuration of its case."""
        if self.budget.is_spent:
            return Level.UNKNOWN
        offset, region = place
        held = [(entry, level) for entry, level in self._above(region) if entry.start <= offset < entry.stop]
        held += [
            (entry, self.condition_level(entry, entry.outcome, region))
            for entry in self.conditions.at(offset, region)
            if entry.start >= region.head
        ]
        best = Level.UNTESTED
        under: list[tuple[Level, str]] = []
        for condition, level in held:
            if level > Level.UNTESTED and condition.presence not in {"1", region.presence}:
                under.append((level, condition.presence))
            else:
                best = max(best, level)
        if best < Level.TESTED and under and covered(place.region.presence, [presence for _, presence in under]):
            best = max(best, min(level for level, _ in under))
        return best

    def _above(self, region: Region) -> list[tuple[Condition, Level]]:
        """Return the conditions above a switch that say something of the value, with their levels."""
        if region.head not in self._heads:
            # A condition may ask for those before it, which are in the list by then.
            found = self._heads[region.head] = []
            for entry in self.conditions.above(region.head):
                level = self.condition_level(entry, entry.outcome, region)
                if level > Level.UNTESTED:
                    found.append((entry, level))
        return self._heads[region.head]

    def condition_level(self, condition: Condition, outcome: ConditionResult, region: Region) -> Level:
        """Return the level of a condition with an outcome."""
        if condition.selector:
            chosen = self.at(condition.offset).is_value(tree_of(condition.selector))
            return Level.TESTED if chosen and condition.listed == (outcome is condition.outcome) else Level.UNTESTED
        return self.implied(tree_of(condition.text), outcome, Place(condition.offset, region))

    # Expressions

    def implied(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        """Return the level to which the value is tested if an expression has an outcome at a place."""
        offset, region = place
        question = (node, outcome, offset, region.start if offset >= region.head else -1)
        if question not in self._answers:
            if not self.spend(offset):
                return Level.UNKNOWN
            if self._nesting == _DEEPEST:
                return Level.UNKNOWN
            self._nesting += 1
            self._answers[question] = Level.UNTESTED  # for a question that leads to itself
            self._answers[question] = self._implied(node, outcome, place)
            self._nesting -= 1
        return self._answers[question]

    def _implied(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        number = self.constants.number(node)
        if number is not None:
            return Level.UNTESTED if outcome.fits(number) else Level.UNREACHED
        if (decided := self.on_capability(node, outcome, place.offset)) is not None:
            return decided
        if (part := self.names.part(node, place.offset)) is not None:
            return self.at(place.offset).level(node, outcome) if part == self.value else Level.UNTESTED
        match node.kind:
            case "cast":
                return self.implied(node.parts[0], outcome, place)
            case "assign":
                return self.implied(node.parts[1], outcome, place)
            case "ternary":
                return self._choice(node, outcome, place)
            case "name":
                return self._variable(node.text, outcome, place)
            case "call":
                return self._call(node, outcome, place)
            case "unary" | "binary":
                return self._operation(node, outcome, place)
        return self._plain(node, outcome, place.offset)

    def _operation(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        match node.text:
            case "!" if outcome in {ConditionResult.ZERO, ConditionResult.NONZERO}:
                return self.implied(node.parts[0], outcome.opposite, place)
            case "&&" | "||":
                return self._logical(node, outcome, place)
            case ",":
                return self.implied(node.parts[1], outcome, place)
            case "|" if outcome is ConditionResult.ZERO and len(node.parts) == 2:
                level = max(self.implied(part, outcome, place) for part in node.parts)
                return max(level, self._plain(node, outcome, place.offset))
            case relation if relation in COMPARISONS:
                return self._comparison(node, outcome, place)
        return self._plain(node, outcome, place.offset)

    def _choice(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        chosen, first, second = node.parts
        return min(
            self._both(chosen, condition, branch, outcome, place)
            for condition, branch in ((ConditionResult.NONZERO, first), (ConditionResult.ZERO, second))
        )

    def _plain(self, node: Node, outcome: ConditionResult, offset: int) -> Level:
        """Return the level of an expression that is no variable, call or logical operation."""
        tests = self.at(offset)
        if tests.mentions(node):
            return tests.level(node, outcome)
        opaque = any(self.mentioned(part.text) for part in parts_of(node, "opaque"))
        return Level.UNKNOWN if opaque else Level.UNTESTED

    def _logical(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        first, second = node.parts
        if outcome not in {ConditionResult.ZERO, ConditionResult.NONZERO}:
            return Level.UNTESTED
        continues = ConditionResult.NONZERO if node.text == "&&" else ConditionResult.ZERO
        both = self._both(first, continues, second, outcome, place)
        if outcome is continues:
            return both
        levels = self.implied(first, outcome, place), both
        # `flags && !takes_flags(cap->cap)` may be a test for one capability and none for another.
        if max(levels) > Level.UNTESTED and any(self._gets_capability(part, place) for part in parts_of(node, "call")):
            return max(Level.UNKNOWN, min(levels))
        return min(levels)

    def _both(
        self, first: Node, continues: ConditionResult, second: Node, outcome: ConditionResult, place: Place
    ) -> Level:
        """Return the level of two outcomes; what is not evaluated for the capability says nothing of its bits."""
        level = self.implied(first, continues, place)
        return level if level is Level.UNREACHED else max(level, self.implied(second, outcome, place))

    def _gets_capability(self, call: Node, place: Place) -> bool:
        return any(self.names.part(part, place.offset) == ("cap",) for part in call.parts[1:])

    def _comparison(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        """Return the level of a comparison; one of a result with a constant says something of the result."""
        if outcome not in {ConditionResult.ZERO, ConditionResult.NONZERO}:
            return Level.UNTESTED
        left, right = node.parts
        for side, other, relation in ((left, right, node.text), (right, left, MIRRORED[node.text])):
            number = self.constants.number(other)
            is_part = self.names.part(side, place.offset) is not None
            if number is not None and (is_truth(side) or (side.kind in _RESULTS and not is_part)):
                result = result_of(relation, number, outcome is ConditionResult.NONZERO)
                return Level.UNTESTED if result is None else self.implied(side, result, place)
        level = self._plain(node, outcome, place.offset)
        if level is Level.UNTESTED and any(self._gets_value(part, place) for part in parts_of(node, "call")):
            return Level.UNKNOWN
        return level

    def _gets_value(self, call: Node, place: Place) -> bool:
        return any(self.contains_value(self.names.part(part, place.offset)) for part in call.parts[1:])

    def on_capability(self, node: Node, outcome: ConditionResult, offset: int) -> Level | None:
        """Return the level of a comparison of the request's capability, None of any other expression."""
        if (
            node.kind != "binary"
            or node.text not in {"==", "!="}
            or outcome not in {ConditionResult.ZERO, ConditionResult.NONZERO}
        ):
            return None
        parts = [self.names.part(side, offset) for side in node.parts]
        names = [side.text for side in node.parts if side.kind == "name" and is_capability(side.text)]
        if ("cap",) not in parts or not names:
            return None
        if not self.capability:
            return Level.UNKNOWN
        holds = (names[0] == self.capability) == (node.text == "==")
        return Level.UNTESTED if holds == (outcome is ConditionResult.NONZERO) else Level.UNREACHED

    # Variables

    def _variable(self, name: str, outcome: ConditionResult, place: Place) -> Level:
        """Return the level of a variable's outcome: the lowest of all assignments that may have given it its value."""
        offset, region = place
        stores = [row for row in self.body.assigned.get(name, []) if row.start < offset and region.holds(row.start)]
        if (filled := self._filled_in(name, stores[-1].start if stores else -1, place)) is not None:
            return filled
        level, passed = Level.UNREACHED, Level.UNTESTED
        for row in reversed(stores):
            if not self.budget.spend():
                return Level.UNKNOWN
            here = max(passed, self._assigned(row, outcome, region), self.held(Place(row.start, region)))
            level = min(level, here)
            deciding = list(self.conditions.deciding(row.start, offset, region))
            if not deciding:
                return level
            passed = max(passed, min(self.condition_level(entry, entry.outcome.opposite, region) for entry in deciding))
        is_set_before = not stores or name in self.body.handler.parameters
        return min(level, passed) if is_set_before else level

    def _assigned(self, row: Assignment, outcome: ConditionResult, region: Region) -> Level:
        operator, place = row.operator, Place(row.start, region)
        if operator in {"=", "init"}:
            return self.implied(tree_of(row.text), outcome, place)
        if operator == "|=" and outcome is ConditionResult.ZERO:
            added = self.implied(tree_of(row.text), outcome, place)
            return max(added, self._variable(row.target, outcome, place))
        return Level.UNTESTED

    def _filled_in(self, name: str, begin: int, place: Place) -> Level | None:
        """Return the level of a variable whose address goes to a call behind `begin`: UNKNOWN if it gets the value.

        Return None without such a call.
        """
        for row in reversed(self._addressing.get(name, [])):
            if begin < row.start < place.offset and place.region.holds(row.start):
                given = [self.names.part(tree_of(text), row.start) for text in row.arguments]
                return Level.UNKNOWN if any(map(self.contains_value, given)) else Level.UNTESTED
        return None

    @cached_property
    def _addressing(self) -> dict[str, list[CallSite]]:
        """Variable → calls that get its address, in file order."""
        calls: dict[str, list[CallSite]] = {}
        for row in self.body.calls:
            for name in set(_ADDRESS.findall(row.text)):
                calls.setdefault(name, []).append(row)
        return calls

    def restrained(self, node: Node, place: Place) -> bool:
        """Tell whether a variable that held the value has been cut to a range since: `v &= M`, `if (v > M) v = M`."""
        if node.kind != "name":
            return False
        offset, region = place
        copied, tests = self.names.copied_at(node.text, offset), self.at(offset, keeps_masks=False)
        for row in self.body.assigned.get(node.text, []):
            if copied < row.start < offset and region.holds(row.start) and self._cuts(tests, row):
                deciding = list(self.conditions.deciding(row.start, offset, region))
                levels = [self.condition_level(entry, entry.outcome.opposite, region) for entry in deciding]
                if min(levels, default=Level.TESTED) >= Level.LOOSE:
                    return True
        return False

    def _cuts(self, tests: ValueTests, row: Assignment) -> bool:
        """Tell whether an assignment leaves a variable with a value that any value of the request may have become."""
        operator, value = row.operator, tree_of(row.text)
        if operator == "&=":
            return self.constants.bits(value, row.start).unknown is not True
        return operator == "%=" or (operator == "=" and tests.reduced(value))

    # Tests that are not followed

    def is_unexplained(self, place: Place) -> bool:
        """Tell whether a test before a place bounds the value in a way that is not followed to the place.

        That is a test in a loop, or one that sets a variable which is read later; or any, once the budget is spent.
        """
        found = any(row.start < place.offset and place.region.holds(row.start) for row in self._unfollowed)
        return found or self.budget.is_spent

    @cached_property
    def _unfollowed(self) -> list[ConditionTest]:
        return [row for row in self._bounding if self._is_in_loop(row) or self._sets_variable(row)]

    def _is_in_loop(self, row: ConditionTest) -> bool:
        return row.kind in LOOPS or any(True for _ in self.body.loops.at(row.start))

    def _sets_variable(self, row: ConditionTest) -> bool:
        stores = between(self.body.stores, row.start, row.stop)
        return any(store.local and self._read_after(store.target, row.stop) for store in stores)

    def _read_after(self, target: str, offset: int) -> bool:
        name = re.match(r"\w*", target)
        rows = self.body.tests_by_word.get(name.group(), []) if name else []
        return any(row.start >= offset for row in rows)

    @cached_property
    def _bounding(self) -> list[ConditionTest]:
        """Return the tests that mention the value and bound it if they hold, or if they do not."""
        return [
            row for row in self.names.tests if row.kind != "switch" and self.budget.spend() and self._may_bound(row)
        ]

    def _may_bound(self, row: ConditionTest) -> bool:
        tests = self.at(row.stop, keeps_masks=False)
        return any(
            tests.level(part, outcome) >= Level.TESTED
            for part in leaves(tree_of(row.text))
            if tests.mentions(part) and not tests.is_value(part)
            for outcome in (ConditionResult.ZERO, ConditionResult.NONZERO)
        )

    def is_judged(self, place: Place) -> bool:
        """Tell whether a call before a place, as `fdget(value)`, finds out itself if the value is good."""
        return any(
            self.names.part(tree_of(text), start) == self.value
            for start, given in self._judging
            if start < place.offset and place.region.holds(start)
            for text in given
        )

    @cached_property
    def _judging(self) -> list[tuple[int, tuple[str, ...]]]:
        """Offsets and arguments of the calls that find out themselves if what they get is good."""
        judges = kernel_idioms().judges
        calls = [call for callee, calls in self.body.calls_of.items() if judges(callee) for call in calls]
        found = [(call.start, call.arguments) for call in calls if self.mentioned(call.text)]
        macros = [macro for macro in self.body.macros if judges(macro.name) and self.mentioned(macro.arguments)]
        return [*found, *((macro.start, (macro.arguments,)) for macro in macros)]
