"""Tests of a KVM_ENABLE_CAP request: whether its flags, or one of its arguments, are tested where control is.

This is the only place that decides it. Tests are followed through guards, variables, copies of the request, helpers and
macros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.knowledge.capability_names import is_capability
from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.body import Body
from caplint.link.functions.call_sites import Budget
from caplint.link.functions.callees import Helpers
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.functions.constants import Constants
from caplint.link.functions.function_facts import ConditionTest, FunctionFact
from caplint.link.handlers.conditions import Conditions, Place, Region
from caplint.link.handlers.implications import MOST_STEPS, MOST_STEPS_OF_TREE, Implications
from caplint.link.handlers.macro_text import expanded, leaving_conditions
from caplint.link.handlers.mask_bits import MaskReader
from caplint.link.handlers.reach import ReachedCode
from caplint.link.handlers.request_names import WHOLE, Bindings, Part, RequestNames, Subject
from caplint.link.handlers.sites import Site
from caplint.link.handlers.value_tests import ConditionResult, Level
from caplint.values.expression_text import split
from caplint.values.expression_tree import Node, text_of, tree_of

_DEPTH = 3
_Extent = tuple[int, int]
"""Blob and start of a function."""


class TestedArgument(NamedTuple):
    """Argument that a condition reads."""

    offset: int
    position: int
    condition: Node
    argument: Node


@dataclass
class Readers:
    """Readers of requests in the functions of one tree, which share what they find out."""

    helpers: Helpers
    constants: Constants
    find_reach: Callable[[Body, str], ReachedCode | None]
    """Finds the code of a handler that runs for a capability."""
    callers: dict[_Extent, list[tuple[Body, int, str]]] = field(default_factory=dict)
    """Handler → calls of it: caller, offset, and the argument that is the request."""
    budget: Budget = field(default_factory=lambda: Budget(MOST_STEPS_OF_TREE))

    _readers: dict[tuple[object, ...], RequestTests] = field(default_factory=dict)
    _names: dict[tuple[object, ...], RequestNames] = field(default_factory=dict)
    _conditions: dict[_Extent, Conditions] = field(default_factory=dict)
    _budgets: dict[_Extent, Budget] = field(default_factory=dict)
    _asking: dict[tuple[int, int, int], bool] = field(default_factory=dict)
    """Function, and number of calls that are still followed → whether capabilities are told apart there."""
    _regions: dict[tuple[_Extent, str], ReachedCode | None] = field(default_factory=dict)
    _helpers: dict[tuple[_Extent, str], Region] = field(default_factory=dict)

    def region(self, body: Body, site: Site) -> Region:
        """Return the region of a capability's site in a handler."""
        key = ((body.handler.blob, body.handler.start), site.capability)
        if key not in self._regions:
            self._regions[key] = self.find_reach(body, site.capability)
        return Region.of(body, site, self._regions[key])

    def whole(self, body: Body, capability: str) -> Region:
        """Return the region of a helper, without what it does for other capabilities; '' stands for every one."""
        key = ((body.handler.blob, body.handler.start), capability)
        if key not in self._helpers:
            reach = self.find_reach(body, capability) if capability else None
            self._helpers[key] = Region.whole(body, reach if reach is not None and reach.is_entered else None)
        return self._helpers[key]

    def reader(self, body: Body, bindings: Bindings, value: Part, capability: str, depth: int = _DEPTH) -> RequestTests:
        """Return the reader of one part of the request in a function."""
        extent = (body.handler.blob, body.handler.start)
        if extent not in self._budgets:
            self._budgets[extent] = Budget(MOST_STEPS, self.budget)
            self._conditions[extent] = Conditions(body)
        if capability and not self._asks(body, bindings, depth):
            capability = ""
        key = (*extent, bindings, value, capability, depth)
        if key not in self._readers:
            if (names := self._names.get((*extent, bindings))) is None:
                names = self._names[*extent, bindings] = RequestNames(body, bindings)
            subject = Subject(value, capability, depth)
            self._readers[key] = RequestTests(self, names, self._conditions[extent], self._budgets[extent], subject)
        return self._readers[key]

    def _asks(self, body: Body, bindings: Bindings, depth: int) -> bool:
        """Tell whether a function, or one that gets the capability from it, tells capabilities apart.

        The cases of a handler do not count: they are read one by one.
        """
        key = (body.handler.blob, body.handler.start, depth)
        if key not in self._asking:
            self._asking[key] = _tells_apart(body) or (depth < _DEPTH and _has_cases(body))
            given = [name for name, part in bindings if part in {WHOLE, ("cap",)}]
            if depth and given and not self._asking[key]:
                self._asking[key] = any(self._asks(*inner, depth - 1) for inner in self._getting(body, given))
        return self._asking[key]

    def _getting(self, body: Body, given: list[str]) -> Iterator[tuple[Body, Bindings]]:
        """Yield the functions that get the request or its capability, with the parameters that do."""
        for name in given:
            whole = re.compile(rf"[(&\s]*{re.escape(name)}(?:\s*(?:->|\.)\s*cap)?[)\s]*\Z")
            for call in body.calls:
                positions = [index for index, text in enumerate(call.arguments) if whole.match(text)]
                if positions and not kernel_idioms().is_inert(call.callee):
                    for helper in self.helpers.functions(call.callee, body.handler.arch):
                        names = helper.handler.parameters
                        yield helper, tuple((names[index], WHOLE) for index in positions if index < len(names))

    def at_handler(self, body: Body, value: Part, capability: str) -> RequestTests:
        """Return the reader of one part of the request that is a handler's last parameter."""
        return self.reader(body, ((body.selector, WHOLE),), value, capability)


def _tells_apart(body: Body) -> bool:
    """Tell whether conditions, or a copy of the number, tell capabilities apart other than by the cases of a switch."""
    if any(is_capability(word) for word in body.tests_by_word):
        return True
    asks = re.compile(rf"(?:->|\.)\s*cap\b|[(,]\s*{re.escape(body.selector)}\s*[,)]")
    tests = [test.expression for test in body.tests if test.kind != "switch"]
    values = [store.value for store in body.stores]
    return any(map(asks.search, [*tests, *values])) or len(body.tests) - len(tests) > 1


def _has_cases(body: Body) -> bool:
    """Tell whether a switch tells capabilities apart."""
    return any(is_capability(label.text) for label in body.labels)


class RequestTests(Implications):
    """Reader of the tests of one part of the request in one function."""

    def __init__(
        self, readers: Readers, names: RequestNames, conditions: Conditions, budget: Budget, subject: Subject
    ) -> None:
        constants = MaskReader(readers.helpers, readers.constants, names.body, is_helper=subject.depth < _DEPTH)
        super().__init__(names, conditions, constants, budget, subject)
        self.readers = readers
        self.depth = subject.depth
        self.argument: CapArgument | None = None
        """Use of the value in the whole function; None until computed."""
        self.tested: list[TestedArgument] | None = None
        """Arguments that conditions read; None until computed."""
        self.handed_on: list[int] | None = None
        """Offsets of calls that hand the request to a function that is not in view; None until computed."""
        self._indices: set[int] | None = None
        self._returned: dict[ConditionResult, Level] = {}

    def level(self, offset: int, region: Region) -> Level:
        """Return the level to which the value is tested when control reaches an offset."""
        place = Place(offset, region)
        level = self.held(place)
        enough = Level.LOOSE if self.value[0] == "args" else Level.UNKNOWN
        if level < enough and (self.is_judged(place) or self.is_unexplained(place)):
            return Level.UNKNOWN
        return level

    def held(self, place: Place) -> Level:
        """Return the level of the conditions that are known to hold at a place, those of macros included."""
        return max([self.conditions_level(place), *self._macro_levels(place)])

    # Helpers

    def _call(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        callee, given = text_of(node.parts[0]), node.parts[1:]
        if kernel_idioms().is_error_test(callee) and given:
            result = {ConditionResult.ZERO: ConditionResult.GOOD, ConditionResult.NONZERO: ConditionResult.BAD}.get(
                outcome
            )
            return Level.UNTESTED if result is None else self.implied(given[0], result, place)
        if kernel_idioms().is_error_value(callee) and given:
            return self._error_value(callee, given[0], outcome, place)
        parts = [self.names.part(part, place.offset) for part in given]
        if kernel_idioms().judges(callee) or kernel_idioms().is_inert(callee):
            return Level.TESTED if self.value in parts and kernel_idioms().judges(callee) else Level.UNTESTED
        if not any(map(self.contains_value, parts)):
            return Level.UNKNOWN if any(map(self.at(place.offset).mentions, given)) else Level.UNTESTED
        inner = list(self.inside(callee, parts))
        return self._in_helpers(inner, parts, outcome, place) if inner else self._in_macros(node, outcome, place)

    def _error_value(self, callee: str, given: Node, outcome: ConditionResult, place: Place) -> Level:
        if callee in {"ERR_PTR", "ERR_CAST"}:
            return Level.UNTESTED if outcome in {ConditionResult.NONZERO, ConditionResult.BAD} else Level.UNREACHED
        if outcome in {ConditionResult.ZERO, ConditionResult.GOOD}:  # PTR_ERR_OR_ZERO()
            return self.implied(given, ConditionResult.GOOD, place)
        return Level.UNTESTED

    def _in_helpers(
        self, inner: list[RequestTests], parts: list[Part | None], outcome: ConditionResult, place: Place
    ) -> Level:
        """Return the level of the outcome of a helper that gets the value or the request."""
        level = min(reader.returned(outcome) for reader in inner)
        for reader in inner:
            self.masks.extend((place.offset, mask) for _, mask in reader.masks)
        looks = level is Level.UNTESTED and self.value in parts and self.value[0] == "args"
        return Level.LOOSE if looks and all(reader.looks for reader in inner) else level

    def _in_macros(self, node: Node, outcome: ConditionResult, place: Place) -> Level:
        """Return the level of the outcome of a macro that gets the value or the request; UNKNOWN if none is in view."""
        macros = self.readers.helpers.macros(text_of(node.parts[0]), self.body.handler.arch) if self.depth else []
        texts = [text for macro in macros if (text := expanded(macro, node.parts[1:]))]
        levels = [self.implied(tree_of(text), outcome, place) for text in texts]
        return min(levels, default=Level.UNKNOWN)

    def inside(self, callee: str, parts: list[Part | None]) -> Iterator[RequestTests]:
        """Yield readers of the value in the definitions of a helper that gets parts of the request."""
        for helper in self.helpers_named(callee) if self.depth else []:
            pairs = zip(helper.handler.parameters, parts, strict=False)
            bindings = tuple((name, part) for name, part in pairs if part is not None and self.contains_value(part))
            if helper is not self.body and bindings:
                yield self.readers.reader(helper, bindings, self.value, self.capability, self.depth - 1)

    def helpers_named(self, callee: str) -> list[Body]:
        """Return the definitions of a helper that the function may call."""
        return self.readers.helpers.functions(callee, self.body.handler.arch)

    def indices_of_whole(self, find: Callable[[RequestTests, Region], set[int]]) -> set[int]:
        """Return the indices of the arguments that the function reads, which are found once."""
        if self._indices is None:
            self._indices = set()  # for a function that calls itself
            args = self.readers.reader(self.body, self.names.bindings, ("args",), self.capability, self.depth)
            self._indices = find(args, self.whole)
        return self._indices

    def returned(self, outcome: ConditionResult) -> Level:
        """Return the level to which the value is tested if the function returns an outcome."""
        if outcome not in self._returned:
            self._returned[outcome] = Level.UNTESTED  # for a function that calls itself
            runs = [row for row in self.body.returns if self.whole.holds(row.start)]
            exits = [(tree_of(row.text), Place(row.start, self.whole)) for row in runs]
            levels = [max(self.implied(node, outcome, place), self.held(place)) for node, place in exits]
            self._returned[outcome] = min(levels, default=Level.UNTESTED)
        return self._returned[outcome]

    @cached_property
    def whole(self) -> Region:
        """The whole function, without what it does for other capabilities than the reader's."""
        return self.readers.whole(self.body, self.capability)

    @cached_property
    def branches(self) -> list[tuple[ConditionTest, Node]]:
        """The `if` statements whose conditions mention the request."""
        rows = [row for row in self.names.tests if (row.kind, row.leaves) == ("if", True)]
        return [(row, tree_of(row.text)) for row in rows]

    @cached_property
    def looks(self) -> bool:
        """Whether the function lets the value decide anything, or passes it on."""
        rows: tuple[FunctionFact, ...] = (*self.body.tests, *self.body.returns, *self.body.calls)
        return any(self.mentioned(row.text) for row in rows)

    # Macros that are statements

    def _macro_levels(self, place: Place) -> Iterator[Level]:
        """Yield the levels of macros before a place that leave the function unless the value is tested."""
        for offset, conditions in self._statement_macros:
            if offset >= place.offset or not place.region.holds(offset):
                continue
            if not any(True for _ in self.conditions.deciding(offset, place.offset, place.region)):
                at = Place(offset, place.region)
                yield from (self.implied(condition, ConditionResult.ZERO, at) for condition in conditions)

    @cached_property
    def _statement_macros(self) -> list[tuple[int, list[Node]]]:
        """Offsets of macros that leave the function, with the conditions under which they do."""
        calls = [
            (row.start, row.callee, list(row.arguments)) for row in self.body.calls if row.use in {"dropped", "void"}
        ]
        uses = [(row.start, row.name, split(row.arguments, ",", "()")) for row in self.body.macros]
        found = []
        for offset, name, given in (*calls, *uses):
            if any(map(self.mentioned, given)):
                macros = self.readers.helpers.macros(name, self.body.handler.arch)
                texts = [expanded(macro, tuple(map(tree_of, given))) or "" for macro in macros]
                conditions = [tree_of(condition) for text in texts for condition in leaving_conditions(text)]
                if conditions:
                    found.append((offset, conditions))
        return found
