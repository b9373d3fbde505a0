"""Tests of a KVM_ENABLE_CAP request: whether its flags, or one of its arguments, are tested when control reaches a place.

This is the only place that decides it. A value is tested where a condition that bounds it is known to hold: through
guards, through variables that hold the result of a test, through helpers and macros, and through copies of the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from caplint.c.expression import parse
from caplint.c.formula import disjunction, implies
from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body, Row, between
from caplint.link.functions.call_sites import Budget
from caplint.link.functions.callees import FunctionMacro, Helpers
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.functions.constants import Constants
from caplint.link.handlers.conditions import Condition, Conditions, Region
from caplint.link.handlers.request_names import WHOLE, Bindings, Part, RequestNames, arguments
from caplint.link.handlers.value_tests import (
    COMPARISONS,
    Bits,
    Level,
    Outcome,
    ValueTests,
    combined,
    operands,
    parts_of,
)
from caplint.values.expression_text import closing
from caplint.values.expression_tree import Node, text_of, tree_of

_DEPTH = 3
# Maximum number of conditions and assignments that are examined for the requests that one function gets.
_MOST_STEPS = 100_000
_ERRNO = re.compile(r"E[A-Z][A-Z0-9]+\Z")
_WORDS = {"NULL": 0, "false": 0, "true": 1}
_LEAVES = re.compile(r"\s*(?:\{[^{}]*)?\b(?:return|goto)\b")
_IF = re.compile(r"\bif\s*\(")
_ADDRESS = re.compile(r"&\s*([A-Za-z_]\w*)\b(?!\s*(?:->|\.|\[))")
_BIT_COUNT = 16

_Question = tuple[Node, Outcome, int, int]


@dataclass
class Readers:
    """Readers of requests in the functions of one tree, which share what they find out."""

    helpers: Helpers
    constants: Constants
    _readers: dict[tuple[object, ...], RequestTests] = field(default_factory=dict)
    callers: dict[tuple[int, int], list[tuple[Body, int, str]]] = field(default_factory=dict)
    """Blob and start of a handler → calls of it: caller, offset, and the argument that is the request."""

    _names: dict[tuple[object, ...], RequestNames] = field(default_factory=dict)
    _conditions: dict[tuple[int, int], Conditions] = field(default_factory=dict)
    _budgets: dict[tuple[int, int], Budget] = field(default_factory=dict)
    """Blob and start of a function → what is left to spend on it."""
    _asking: dict[tuple[int, int], bool] = field(default_factory=dict)
    """Blob and start of a function → whether its conditions name capabilities."""

    def reader(self, body: Body, bindings: Bindings, value: Part, capability: str, depth: int = _DEPTH) -> RequestTests:
        """Return the reader of one part of the request in a function."""
        place = (body.handler.blob, body.handler.start)
        if place not in self._budgets:
            self._budgets[place] = Budget(_MOST_STEPS)
            self._asking[place] = any(is_capability(word) for word in body.tests_by_word)
        if not self._asking[place]:
            capability = ""
        key = (*place, bindings, value, capability, depth)
        if key not in self._readers:
            self._readers[key] = RequestTests(self, body, bindings, value, capability, depth, self._budgets[place])
        return self._readers[key]

    def names(self, body: Body, bindings: Bindings) -> RequestNames:
        """Return the names of the request's parts in a function."""
        key = (body.handler.blob, body.handler.start, bindings)
        if key not in self._names:
            self._names[key] = RequestNames(body, bindings)
        return self._names[key]

    def conditions(self, body: Body) -> Conditions:
        """Return the conditions that hold at the places of a function."""
        place = (body.handler.blob, body.handler.start)
        if place not in self._conditions:
            self._conditions[place] = Conditions(body)
        return self._conditions[place]

    def at_handler(self, body: Body, value: Part, capability: str) -> RequestTests:
        """Return the reader of one part of the request that is a handler's last parameter."""
        return self.reader(body, ((body.selector, WHOLE),), value, capability)


@dataclass
class RequestTests:
    """Reader of the tests of one part of the request in one function."""

    readers: Readers
    body: Body
    bindings: Bindings
    value: Part
    capability: str
    """Capability that the request names; empty if the conditions of the function name none."""
    depth: int
    budget: Budget
    masks: list[tuple[int, str]] = field(default_factory=list)
    """Bits that the tests accept, as written, with the offset of the test."""
    _answers: dict[_Question, Level] = field(default_factory=dict)
    argument: CapArgument | None = None
    """Use of the value in the whole function; None until computed."""
    tested: list[tuple[int, int]] | None = None
    """Offsets of conditions that read arguments, with the indices; None until computed."""
    handed_on: list[int] | None = None
    """Offsets of calls that hand the request to a function that is not in view; None until computed."""
    _indices: set[int] | None = None
    _returned: dict[Outcome, Level] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = self.readers.names(self.body, self.bindings)
        self.conditions = self.readers.conditions(self.body)

    def at(self, offset: int, keeps_masks: bool = True) -> ValueTests:
        """Return the reader of conditions at an offset."""
        return ValueTests(
            lambda node: self.names.part(node, offset) == self.value,
            lambda node: self._bits(node, offset),
            self._number,
            lambda mask: self.masks.append((offset, mask)) if keeps_masks and mask else None,
        )

    def mentioned(self, text: str) -> bool:
        """Tell whether a text may mention the request."""
        return self.names.mentions(text)

    # The level at a place

    def level(self, offset: int, region: Region) -> Level:
        """Return the level to which the value is tested when control reaches an offset."""
        level = self._held(offset, region)
        enough = Level.LOOSE if self.value[0] == "args" else Level.UNKNOWN
        if level < enough and (self._judged(offset, region) or self._unexplained(offset, region)):
            return Level.UNKNOWN
        return level

    def _held(self, offset: int, region: Region) -> Level:
        best = Level.UNTESTED
        under: list[tuple[Level, str]] = []
        for condition in self.conditions.at(offset, region):
            level = self._condition(condition, condition.outcome, region)
            if level > Level.UNTESTED and condition.presence not in {"1", region.presence}:
                under.append((level, condition.presence))
            else:
                best = max(best, level)
        best = max([best, *(level for _, level in self._macro_levels(offset, region))])
        if best < Level.TESTED and under and _covers(region.presence, [presence for _, presence in under]):
            best = max(best, min(level for level, _ in under))
        return best

    def _condition(self, condition: Condition, outcome: Outcome, region: Region) -> Level:
        """Return the level of a condition with an outcome."""
        if condition.selector:
            chosen = self.at(condition.offset).is_value(tree_of(condition.selector))
            return Level.TESTED if chosen and condition.listed == (outcome is condition.outcome) else Level.UNTESTED
        return self.implied(tree_of(condition.text), outcome, condition.offset, region)

    def _judged(self, offset: int, region: Region) -> bool:
        """Tell whether a call before an offset, as `fdget(value)`, finds out itself if the value is good."""
        return any(
            region.holds(row.start) and any(self.names.part(tree_of(text), row.start) == self.value for text in given)
            for row, given in self._judging
            if row.start < offset
        )

    @cached_property
    def _judging(self) -> list[tuple[Row, list[str]]]:
        rows = [row for callee, rows in self.body.calls_of.items() if kernel_idioms().judges(callee) for row in rows]
        declared = [Row(row.start, row.stop, row.extra[0]) for row in self.body.macros if kernel_idioms().judges(row.text)]
        return [(row, arguments(row.text)) for row in (*rows, *declared) if self.mentioned(row.text)]

    def _unexplained(self, offset: int, region: Region) -> bool:
        """Tell whether a test before an offset bounds the value in a way that is not followed to the offset.

        That is a test in a loop, or one that sets a variable which is read later.
        """
        for row in self._bounding:
            if row.start < offset and region.holds(row.start):
                if row.extra[0] in {"while", "do", "for"} or any(True for _ in self.conditions.loops.at(row.start)):
                    return True
                for store in between(self.body.stores, row.start, row.stop):
                    if store.extra[2] == "1" and self._read_after(store.extra[0], row.stop):
                        return True
        return False

    def _read_after(self, target: str, offset: int) -> bool:
        name = re.match(r"\w*", target)
        rows = self.body.tests_by_word.get(name.group(), []) if name else []
        return any(row.start >= offset for row in rows)

    @cached_property
    def _bounding(self) -> list[Row]:
        """Return the tests that mention the value and bound it if they hold, or if they do not."""
        rows = []
        for row in self.body.tests:
            if row.extra[0] != "switch" and self.mentioned(row.text) and self.budget.spend():
                tests, node = self.at(row.stop, keeps_masks=False), tree_of(row.text)
                if tests.mentions(node) and any(
                    tests.level(part, outcome) >= Level.TESTED
                    for part in _leaves(node)
                    if tests.mentions(part)
                    for outcome in (Outcome.ZERO, Outcome.NONZERO)
                    if not tests.is_value(part)
                ):
                    rows.append(row)
        return rows

    # What an expression's outcome says of the value

    def implied(self, node: Node, outcome: Outcome, offset: int, region: Region) -> Level:
        """Return the level to which the value is tested if an expression has an outcome at an offset."""
        question = (node, outcome, offset, region.start if offset >= region.head else -1)
        if question not in self._answers:
            if not self.budget.spend():
                self.body.cut_at(offset, f"more than {_MOST_STEPS:,} conditions on the request of one function")
                return Level.UNKNOWN
            self._answers[question] = Level.UNTESTED  # for a question that leads to itself
            self._answers[question] = self._implied(node, outcome, offset, region)
        return self._answers[question]

    def _implied(self, node: Node, outcome: Outcome, offset: int, region: Region) -> Level:
        number = self._number(node)
        if number is not None:
            return Level.UNTESTED if outcome.fits(number) else Level.UNREACHED
        if (decided := self._on_capability(node, outcome, offset)) is not None:
            return decided
        if (part := self.names.part(node, offset)) is not None:
            return self.at(offset).level(node, outcome) if part == self.value else Level.UNTESTED
        match node.kind:
            case "cast":
                return self.implied(node.parts[0], outcome, offset, region)
            case "assign":
                return self.implied(node.parts[1], outcome, offset, region)
            case "unary" if node.text == "!":
                inner = {Outcome.ZERO: Outcome.NONZERO, Outcome.NONZERO: Outcome.ZERO}.get(outcome)
                return Level.UNTESTED if inner is None else self.implied(node.parts[0], inner, offset, region)
            case "binary" if node.text in {"&&", "||"}:
                return self._logical(node, outcome, offset, region)
            case "binary" if node.text == ",":
                return self.implied(node.parts[1], outcome, offset, region)
            case "binary" if node.text == "|" and outcome is Outcome.ZERO and not self.at(offset).is_value(node):
                level = max(self.implied(part, outcome, offset, region) for part in node.parts)
                return max(level, self._plain(node, outcome, offset))
            case "binary" if node.text in COMPARISONS:
                return self._comparison(node, outcome, offset, region)
            case "ternary":
                chosen, first, second = node.parts
                return min(
                    max(self.implied(chosen, Outcome.NONZERO, offset, region), self.implied(first, outcome, offset, region)),
                    max(self.implied(chosen, Outcome.ZERO, offset, region), self.implied(second, outcome, offset, region)),
                )
            case "name":
                return self._variable(node.text, outcome, offset, region)
            case "call":
                return self._call(node, outcome, offset, region)
        return self._plain(node, outcome, offset)

    def _plain(self, node: Node, outcome: Outcome, offset: int) -> Level:
        """Return the level of an expression that is no variable, call or logical operation."""
        tests = self.at(offset)
        if tests.mentions(node):
            return tests.level(node, outcome)
        opaque = any(self.mentioned(part.text) for part in parts_of(node, "opaque"))
        return Level.UNKNOWN if opaque else Level.UNTESTED

    def _logical(self, node: Node, outcome: Outcome, offset: int, region: Region) -> Level:
        first, second = node.parts
        if outcome not in {Outcome.ZERO, Outcome.NONZERO}:
            return Level.UNTESTED
        continues = Outcome.NONZERO if node.text == "&&" else Outcome.ZERO
        both = self.implied(first, continues, offset, region), self.implied(second, outcome, offset, region)
        if outcome is continues:
            return max(both)
        levels = (self.implied(first, outcome, offset, region), *both)
        # `flags && !takes_flags(cap->cap)` may be a test for one capability and none for another.
        if max(levels) > Level.UNTESTED and any(self._is_of_capability(part, offset) for part in parts_of(node, "call")):
            return max(Level.UNKNOWN, min(levels[0], max(both)))
        return min(levels[0], max(both))

    def _is_of_capability(self, call: Node, offset: int) -> bool:
        return any(self.names.part(part, offset) == ("cap",) for part in call.parts[1:])

    def _comparison(self, node: Node, outcome: Outcome, offset: int, region: Region) -> Level:
        """Return the level of a comparison; one of a result with a constant says something of the result."""
        if outcome not in {Outcome.ZERO, Outcome.NONZERO}:
            return Level.UNTESTED
        for side, other, relation in (
            (node.parts[0], node.parts[1], node.text),
            (node.parts[1], node.parts[0], _MIRROR.get(node.text, node.text)),
        ):
            number = self._number(other)
            indirect = side.kind in {"call", "assign", "name", "ternary"} and self.names.part(side, offset) is None
            if number is not None and (indirect or _is_truth(side)):
                result = _result(relation, number, outcome is Outcome.NONZERO)
                return Level.UNTESTED if result is None else self.implied(side, result, offset, region)
        level = self._plain(node, outcome, offset)
        if level is Level.UNTESTED and any(self._is_asked(part, offset) for part in parts_of(node, "call")):
            return Level.UNKNOWN
        return level

    def _is_asked(self, call: Node, offset: int) -> bool:
        return any(self._covers(self.names.part(part, offset)) for part in call.parts[1:])

    def _on_capability(self, node: Node, outcome: Outcome, offset: int) -> Level | None:
        """Return the level of a comparison of the request's capability, None of any other expression."""
        if node.kind != "binary" or node.text not in {"==", "!="}:
            return None
        parts = [self.names.part(side, offset) for side in node.parts]
        names = [side.text for side in node.parts if side.kind == "name" and is_capability(side.text)]
        if ("cap",) not in parts or not names or outcome not in {Outcome.ZERO, Outcome.NONZERO}:
            return None
        if not self.capability:
            return Level.UNKNOWN
        holds = (names[0] == self.capability) == (node.text == "==")
        return Level.UNTESTED if holds == (outcome is Outcome.NONZERO) else Level.UNREACHED

    # Variables

    def _variable(self, name: str, outcome: Outcome, offset: int, region: Region) -> Level:
        """Return the level of a variable's outcome: the lowest of all assignments that may have given it its value."""
        level, passed = Level.UNREACHED, Level.UNTESTED
        stores = [row for row in self.body.targets.get(name, []) if row.start < offset and region.holds(row.start)]
        begin = stores[-1].start if stores else -1
        if (filled := self._filled_in(name, begin, offset, region)) is not None:
            return filled
        for row in reversed(stores):
            if not self.budget.spend():
                return Level.UNKNOWN
            here = max(passed, self._assigned(row, outcome, region), self._held(row.start, region))
            level = min(level, here)
            deciding = list(self.conditions.deciding(row.start, offset, region))
            if not deciding:
                break
            skipped = min(self._condition(entry, entry.outcome.opposite, region) for entry in deciding)
            passed = max(passed, skipped)
        else:
            if not stores or name in self.body.handler.parameters:
                level = min(level, passed)
        return level

    def _assigned(self, row: Row, outcome: Outcome, region: Region) -> Level:
        operator = row.extra[1]
        if operator in {"=", "init"}:
            return self.implied(tree_of(row.text), outcome, row.start, region)
        if operator == "|=" and outcome is Outcome.ZERO:
            added = self.implied(tree_of(row.text), outcome, row.start, region)
            return max(added, self._variable(row.extra[0], outcome, row.start, region))
        return Level.UNTESTED

    def _filled_in(self, name: str, begin: int, offset: int, region: Region) -> Level | None:
        """Return the level of a variable whose address goes to a call between two offsets: UNKNOWN if it gets the value.

        Return None without such a call.
        """
        for row in reversed(self._addressing.get(name, [])):
            if begin < row.start < offset and region.holds(row.start):
                given = [self.names.part(tree_of(text), row.start) for text in arguments(row.text)]
                return Level.UNKNOWN if any(map(self._covers, given)) else Level.UNTESTED
        return None

    @cached_property
    def _addressing(self) -> dict[str, list[Row]]:
        """Variable → calls that get its address, in file order."""
        calls: dict[str, list[Row]] = {}
        for row in self.body.calls:
            for name in set(_ADDRESS.findall(row.text)):
                calls.setdefault(name, []).append(row)
        return calls

    def _covers(self, part: Part | None) -> bool:
        """Tell whether a part of the request contains the value."""
        return part is not None and part == self.value[: len(part)]

    # Helpers and macros

    def _call(self, node: Node, outcome: Outcome, offset: int, region: Region) -> Level:
        callee, given = text_of(node.parts[0]), node.parts[1:]
        if kernel_idioms().is_error_test(callee) and given:
            result = {Outcome.ZERO: Outcome.GOOD, Outcome.NONZERO: Outcome.BAD}.get(outcome)
            return Level.UNTESTED if result is None else self.implied(given[0], result, offset, region)
        if kernel_idioms().is_error_value(callee) and given:
            return self._error_value(callee, given[0], outcome, offset, region)
        parts = [self.names.part(part, offset) for part in given]
        if kernel_idioms().judges(callee) or kernel_idioms().is_inert(callee):
            return Level.TESTED if self.value in parts and kernel_idioms().judges(callee) else Level.UNTESTED
        if not any(map(self._covers, parts)):
            tests = self.at(offset)
            return Level.UNKNOWN if any(map(tests.mentions, given)) else Level.UNTESTED
        return self._asked(callee, given, parts, outcome, offset, region)

    def _error_value(self, callee: str, given: Node, outcome: Outcome, offset: int, region: Region) -> Level:
        if callee == "ERR_PTR" or callee == "ERR_CAST":
            return Level.UNTESTED if outcome in {Outcome.NONZERO, Outcome.BAD} else Level.UNREACHED
        if outcome in {Outcome.ZERO, Outcome.GOOD}:  # PTR_ERR_OR_ZERO()
            return self.implied(given, Outcome.GOOD, offset, region)
        return Level.UNTESTED

    def restrained(self, node: Node, offset: int, region: Region) -> bool:
        """Tell whether a variable that held the value has been cut to a range since: `v &= M`, `if (v > M) v = M`."""
        if node.kind != "name":
            return False
        copied, tests = self.names.copied_at(node.text, offset), self.at(offset, keeps_masks=False)
        for row in self.body.targets.get(node.text, []):
            if not (copied < row.start < offset and region.holds(row.start)):
                continue
            value = tree_of(row.text)
            cut = (row.extra[1] == "=" and tests.reduced(value)) or row.extra[1] == "%="
            cut = cut or (row.extra[1] == "&=" and self._bits(value, row.start).unknown is not True)
            deciding = list(self.conditions.deciding(row.start, offset, region))
            levels = [self._condition(entry, entry.outcome.opposite, region) for entry in deciding]
            if cut and min(levels, default=Level.TESTED) >= Level.LOOSE:
                return True
        return False

    def _asked(
        self, callee: str, given: tuple[Node, ...], parts: list[Part | None], outcome: Outcome, offset: int, region: Region
    ) -> Level:
        """Return the level of the outcome of a helper or macro that gets the value or the request."""
        if not self.depth:
            return Level.UNKNOWN
        arch = self.body.handler.arch
        inner = list(self.inside(callee, parts))
        if inner:
            level = min(reader.returned(outcome) for reader in inner)
            for reader in inner:
                self.masks.extend((offset, mask) for _, mask in reader.masks)
            looks = level is Level.UNTESTED and self.value in parts and self.value[0] == "args"
            return Level.LOOSE if looks and all(reader.looks for reader in inner) else level
        texts = [expansion for macro in self.readers.helpers.macros(callee, arch) if (expansion := _expanded(macro, given))]
        if not texts:
            return Level.UNKNOWN
        return min(self.implied(tree_of(text), outcome, offset, region) for text in texts)

    def inside(self, callee: str, parts: list[Part | None]) -> Iterator[RequestTests]:
        """Yield readers of the value in the definitions of a helper that gets parts of the request."""
        for helper in self.readers.helpers.functions(callee, self.body.handler.arch) if self.depth else []:
            parameters = helper.handler.parameters
            bindings = tuple(
                (name, part)
                for name, part in zip(parameters, parts, strict=False)
                if part is not None and self._covers(part)
            )
            if helper is not self.body and bindings:
                yield self.readers.reader(helper, bindings, self.value, self.capability, self.depth - 1)

    def helpers_named(self, callee: str) -> list[Body]:
        """Return the definitions of a helper that the function may call."""
        return self.readers.helpers.functions(callee, self.body.handler.arch)

    def indices_of_whole(self, find: Callable[[RequestTests, Region], set[int]]) -> set[int]:
        """Return the indices of the arguments that the function reads, which are found once."""
        if self._indices is None:
            self._indices = set()  # for a function that calls itself
            args = self.readers.reader(self.body, self.bindings, ("args",), self.capability, self.depth)
            self._indices = find(args, Region.whole(self.body))
        return self._indices

    def returned(self, outcome: Outcome) -> Level:
        """Return the level to which the value is tested if the function returns an outcome."""
        if outcome not in self._returned:
            self._returned[outcome] = Level.UNTESTED
            region = Region.whole(self.body)
            levels = [
                max(self.implied(tree_of(row.text), outcome, row.start, region), self._held(row.start, region))
                for row in self.body.returns
            ]
            self._returned[outcome] = min(levels, default=Level.UNTESTED)
        return self._returned[outcome]

    @cached_property
    def looks(self) -> bool:
        """Whether the function lets the value decide anything, or passes it on."""
        rows = (*self.body.tests, *self.body.returns, *self.body.calls)
        return any(self.mentioned(row.text) for row in rows)

    def _macro_levels(self, offset: int, region: Region) -> Iterator[tuple[Row, Level]]:
        """Yield statement macros before an offset that leave the function unless the value is tested."""
        for row, given in self._statement_macros:
            if row.start < offset and region.holds(row.start):
                if any(True for _ in self.conditions.deciding(row.start, offset, region)):
                    continue
                for macro in self.readers.helpers.macros(row.extra[0], self.body.handler.arch):
                    text = _expanded(macro, tuple(map(tree_of, given))) or ""
                    for condition in _leaving(text):
                        yield row, self.implied(tree_of(condition), Outcome.ZERO, row.start, region)

    @cached_property
    def _statement_macros(self) -> list[tuple[Row, list[str]]]:
        """Calls of macros whose value is not used, with their arguments."""
        calls = [row for row in self.body.calls if row.extra[1] in {"dropped", "void"} and self.mentioned(row.text)]
        uses = [
            Row(row.start, row.stop, row.extra[0], (row.text, "dropped"))
            for row in self.body.macros
            if self.mentioned(row.extra[0])
        ]
        found = []
        for row in (*calls, *uses):
            if self.readers.helpers.macros(row.extra[0], self.body.handler.arch):
                given = arguments(row.text) if row.text.startswith("[") else row.text.strip("() ").split(",")
                found.append((row, given))
        return found

    # Constants and sets of bits

    def _number(self, node: Node) -> int | None:
        match node.kind:
            case "cast":
                return self._number(node.parts[0])
            case "unary" if node.text == "-":
                inner = self._number(node.parts[0])
                return None if inner is None else -inner
            case "name" if _ERRNO.match(node.text):
                return 1
            case "name" if node.text in _WORDS:
                return _WORDS[node.text]
            case "number" | "name" if node.kind == "number" or node.text.isupper():
                handler = self.body.handler
                return self.readers.constants.value(handler.arch, handler.path, node.text)
        return None

    def _bits(self, node: Node, offset: int) -> Bits:
        """Return the set of bits that a mask selects."""
        match node.kind:
            case "cast":
                return self._bits(node.parts[0], offset)
            case "unary" if node.text == "~":
                return Bits(True, self._valid(node.parts[0], offset))
            case "binary" if node.text == "|":
                parts = [self._bits(part, offset) for part in operands(node, "|")]
                known = [part for part in parts if part.unknown]
                return known[0] if known else combined(parts)
            case "ternary":
                return combined(self._bits(part, offset) for part in node.parts[1:])
            case "name" if stores := [
                row for row in self.body.targets.get(node.text, []) if row.extra[1] in {"=", "init"} and row.start < offset
            ]:
                return combined(self._bits(tree_of(row.text), row.start) for row in stores if row.text != node.text)
            case "call":
                return self._bits_of_call(node, offset)
        handler = self.body.handler
        value = self.readers.constants.value(handler.arch, handler.path, text_of(node))
        if value is None:
            return Bits(None)
        unknown = value < 0 or (bool(value >> 31 & 1 or value >> 63) and value.bit_count() >= _BIT_COUNT)
        return Bits(unknown, f"~({text_of(node)})" if unknown else "")

    def _valid(self, node: Node, offset: int) -> str:
        """Return the text of a set of bits; in a helper, with the values of its local variables in their place."""
        if node.kind == "name" and self.depth < _DEPTH and (stores := self.body.targets.get(node.text)):
            return " | ".join(dict.fromkeys(row.text for row in stores))
        if node.kind == "call" and node.parts[0].kind == "name":
            bodies = self.readers.helpers.functions(node.parts[0].text, self.body.handler.arch)
            if bodies:
                return " | ".join(dict.fromkeys(row.text for body in bodies for row in body.returns))
            macros = self.readers.helpers.macros(node.parts[0].text, self.body.handler.arch)
            if len(macros) == 1:
                return _expanded(macros[0], node.parts[1:]) or text_of(node)
        return text_of(node)

    def _bits_of_call(self, node: Node, offset: int) -> Bits:
        callee, arch = text_of(node.parts[0]), self.body.handler.arch
        bodies = self.readers.helpers.functions(callee, arch) if self.depth else []
        if bodies:
            readers = [self.readers.reader(body, (), self.value, self.capability, 0) for body in bodies]
            return combined(
                reader._bits(tree_of(row.text), row.start)
                for reader in readers
                for row in reader.body.returns
            )
        texts = [_expanded(macro, node.parts[1:]) for macro in self.readers.helpers.macros(callee, arch)]
        return combined(self._bits(tree_of(text), offset) for text in texts if text and text != text_of(node))


_MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _is_truth(node: Node) -> bool:
    """Tell whether an expression is a truth value, so that a comparison with a constant is one of the truth value."""
    return (node.kind == "unary" and node.text == "!") or (
        node.kind == "binary" and (node.text in COMPARISONS or node.text in {"&&", "||"})
    )


def _result(relation: str, number: int, holds: bool) -> Outcome | None:
    """Return the outcome of a result for which `result relation number` holds or not; None if it says nothing."""
    if number < 0:
        if relation not in {"==", "!="}:
            return None
        return Outcome.BAD if holds == (relation == "==") else Outcome.GOOD
    if relation in {"<", ">="} and number == 0:
        return Outcome.BAD if holds == (relation == "<") else Outcome.GOOD
    positive = Outcome.NONZERO if holds else Outcome.ZERO
    if number == 0 and relation in {"!=", ">"}:
        return positive
    if number == 0 and relation in {"==", "<="}:
        return positive.opposite
    if number == 1 and relation in {"==", ">="}:
        return positive
    return positive.opposite if number == 1 and relation in {"!=", "<"} else None


def _leaves(node: Node) -> Iterator[Node]:
    """Yield the operands of `!`, `&&` and `||`."""
    if (node.kind == "binary" and node.text in {"&&", "||"}) or (node.kind == "unary" and node.text == "!"):
        for part in node.parts:
            yield from _leaves(part)
    else:
        yield node


def _covers(presence: str, presences: list[str]) -> bool:
    """Tell whether one of several presence conditions holds in every configuration of a first one."""
    return implies(parse(presence), disjunction(map(parse, presences)))


def _expanded(macro: FunctionMacro, given: tuple[Node, ...]) -> str | None:
    """Return a macro's body with the arguments in place of its parameters; None if their number differs."""
    if len(macro.parameters) != len(given):
        return None
    texts = {name: text_of(node) for name, node in zip(macro.parameters, given, strict=True)}
    if not texts:
        return macro.body
    names = re.compile(rf"\b(?:{'|'.join(map(re.escape, texts))})\b")
    return names.sub(lambda match: texts[match.group()], macro.body)


def _leaving(body: str) -> Iterator[str]:
    """Yield the conditions under which a macro's body returns or jumps."""
    for match in _IF.finditer(body):
        end = closing(body, match.end() - 1)
        if end > 0 and _LEAVES.match(body, end + 1):
            yield body[match.end() : end]
