"""Uses of one argument of a request in a stretch of a function: stored, passed on, an index, a number of a bit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from caplint.knowledge.kernel_idioms import kernel_idioms
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.functions.code_function import between, facts_between
from caplint.link.functions.function_facts import Assignment, CallSite, FunctionFact
from caplint.link.handlers.conditions import Place, Region
from caplint.link.handlers.request_exits import level_on_success
from caplint.link.handlers.request_names import WHOLE, Part
from caplint.link.handlers.request_tests import RequestTests, TestedArgument
from caplint.link.handlers.value_tests import ConditionResult, Level
from caplint.link.handlers.zero_argument import effect_of_zero
from caplint.values.expression_text import split
from caplint.values.expression_tree import Node, text_of, tree_of

# Maximum number of parts of a call that is followed, the callee included.
_MOST_PARTS = 32


def indices(reader: RequestTests, region: Region) -> set[int]:
    """Return the indices of the arguments that a region reads, in helpers too; the reader's value is `args`."""
    found = set()
    for row, node in expressions(reader, region):
        parts = [reader.names.part(part, row.start) for part in node.within()]
        found |= {int(part[1]) for part in parts if part is not None and len(part) > 1}
        if node.kind == "call":
            for inner in reader.inside(text_of(node.parts[0]), _parts(reader, node, row.start)):
                found |= inner.indices_of_whole(indices)
    return found


def _parts(reader: RequestTests, call: Node, offset: int) -> list[Part | None]:
    return [reader.names.part(part, offset) for part in call.parts[1:]]


def tested(reader: RequestTests) -> list[TestedArgument]:
    """Return the arguments that conditions read; the reader's value is `args`."""
    if reader.tested is None:
        reader.tested = []
        for row in reader.names.tests:
            if row.kind != "switch":
                tree = tree_of(row.text)
                parts = [(node, reader.names.part(node, row.start)) for node in tree.within()]
                reader.tested += [
                    TestedArgument(row.start, int(part[1]), tree, node)
                    for node, part in parts
                    if part is not None and len(part) > 1
                ]
    return reader.tested


def evaluates(reader: RequestTests, test: TestedArgument, region: Region) -> bool:
    """Tell whether a condition reads its argument for the reader's capability: not in `cap == OTHER && args[0]`."""
    node, place = test.condition, Place(test.offset, region)
    while node is not test.argument:
        inner = next(part for part in node.parts if any(each is test.argument for each in part.within()))
        if node.kind == "binary" and node.text in {"&&", "||"} and inner is node.parts[1]:
            continues = ConditionResult.NONZERO if node.text == "&&" else ConditionResult.ZERO
            if reader.implied(node.parts[0], continues, place) is Level.UNREACHED:
                return False
        node = inner
    return True


def handed_on(reader: RequestTests) -> list[int]:
    """Return the offsets of calls that hand the whole request to a function that is not in view."""
    if reader.handed_on is None:
        reader.handed_on = []
        for row in calls(reader, reader.whole):
            callee = row.callee
            if not (kernel_idioms().is_inert(callee) or kernel_idioms().judges(callee)):
                parts = _parts(reader, call_of(row), row.start)
                macros = reader.readers.helpers.macros(callee, reader.body.handler.arch)
                if not {WHOLE, ("args",)}.isdisjoint(parts) and not (reader.helpers_named(callee) or macros):
                    reader.handed_on.append(row.start)
    return reader.handed_on


def expressions(reader: RequestTests, region: Region) -> Iterator[tuple[FunctionFact, Node]]:
    """Yield the expressions of a region that may mention the request, calls and targets of assignments included."""
    body = reader.body
    for fact in facts_between(region.start, region.stop, body.stores, body.tests, body.returns):
        if region.holds(fact.start) and reader.mentioned(fact.text):
            yield fact, tree_of(fact.text)
    for store in between(body.stores, region.start, region.stop):
        if region.holds(store.start) and reader.mentioned(store.target):
            yield store, tree_of(store.target)
    for call in calls(reader, region):
        yield call, call_of(call)


def calls(reader: RequestTests, region: Region) -> Iterator[CallSite]:
    """Yield the calls that get something of the request; declarations such as `CLASS(fd, f)(value)` count."""
    body = reader.body
    declared = [
        CallSite(row.start, row.line, 1, row.name, tuple(map(str.strip, split(row.arguments, ",", "()"))), "value", "1")
        for row in between(body.macros, region.start, region.stop)
    ]
    for row in (*between(body.calls, region.start, region.stop), *declared):
        is_cast = row.callee.startswith("(")  # `(u32)(x)` looks like a call
        if not is_cast and region.holds(row.start) and reader.mentioned(row.text):
            yield row


def call_of(row: CallSite) -> Node:
    """Return the tree of a call."""
    return Node("call", "", (Node("name", row.callee), *map(tree_of, row.arguments)))


@dataclass
class ArgumentUses:
    """Uses of the reader's value in a region."""

    reader: RequestTests
    region: Region

    def argument(self, position: int) -> CapArgument:
        """Return the use that a handler makes of the argument at a position."""
        validated = self.validated
        use = "stored" if self._stores else "passed" if self._passes else "tested"
        zero = effect_of_zero(self.reader, self.region, self._passes, _in_helper)
        if self.reader.budget.is_spent:
            zero = "required"  # for which no rule says anything
        self._on_success()
        masks = sorted((offset, mask) for offset, mask in self.reader.masks if self.region.holds(offset))
        return CapArgument(position, use, validated, zero, masks[0][1] if masks else None)

    @cached_property
    def validated(self) -> int | None:
        """1 if every use of the value is behind a test of it, or any value will do; 0 if one is not; else None."""
        verdicts = [*self._stored(), *self._indexed(), *map(self._passed, self._passes)]
        if not verdicts and not self._stores and self._is_taken_apart():
            verdicts = [_verdict(self._on_success())]
        return 0 if 0 in verdicts else None if None in verdicts else 1

    def _on_success(self) -> Level:
        return level_on_success(self.reader, self.region)

    def _level(self, offset: int) -> Level:
        return self.reader.level(offset, self.region)

    @cached_property
    def _stores(self) -> list[Assignment]:
        """Assignments that outlive the function and take the value or a part of it."""
        return [
            row
            for row in between(self.reader.body.stores, self.region.start, self.region.stop)
            if not row.local
            and self.region.holds(row.start)
            and self.reader.mentioned(row.text)
            and self.reader.at(row.start).mentions(tree_of(row.text))
        ]

    def _stored(self) -> Iterator[int | None]:
        for row in self._stores:
            if not self._may_take_any(row.target, tree_of(row.text), row.start):
                yield _verdict(max(self._level(row.start), self._chosen(tree_of(row.text), row.start)))

    def _chosen(self, value: Node, offset: int) -> Level:
        """Return the level to which the condition of a `?:` tests the value that it chooses: `v > MAX ? MAX : v`."""
        if self._is_reduced(value, offset):
            return Level.UNREACHED
        if value.kind != "ternary":
            return Level.UNTESTED
        condition, *branches = value.parts
        return min(
            max(self.reader.implied(condition, outcome, Place(offset, self.region)), self._chosen(branch, offset))
            for branch, outcome in zip(branches, (ConditionResult.NONZERO, ConditionResult.ZERO), strict=True)
        )

    def _may_take_any(self, target: str, value: Node, offset: int) -> bool:
        if self._is_reduced(value, offset):
            return True
        return self.reader.at(offset).is_value(value) and _is_bool(self.reader, target)

    def _is_reduced(self, value: Node, offset: int) -> bool:
        """Tell whether any value may be used this way: as a truth value, cut to some bits, or by a bounding call."""
        tests = self.reader.at(offset)
        if value.kind == "call" and kernel_idioms().bounds(text_of(value.parts[0])):
            return True
        bare = [part for part in value.within() if part.kind == "name" and tests.is_value(part)]
        restrained = bool(bare) and all(self.reader.restrained(part, Place(offset, self.region)) for part in bare)
        direct = any(tests.is_value(part) for part in value.within() if part.kind in {"index", "member"})
        return tests.reduced(value) or (restrained and not direct)

    def _indexed(self) -> Iterator[int | None]:
        """Yield a verdict for each use of the value as an index or number of a bit, which need a bound."""
        for row, node in expressions(self.reader, self.region):
            for use, level in self._numbers(node, row.start, Level.UNTESTED):
                if not self._is_reduced(use, row.start) and self.reader.at(row.start).mentions(use):
                    yield _verdict(max(level, self._level(row.start)), bounded=True)

    def _numbers(self, node: Node, offset: int, level: Level) -> Iterator[tuple[Node, Level]]:
        """Yield the indices and numbers of bits in an expression, each with the level to which its left side tests."""
        if node.kind == "binary" and node.text in {"&&", "||"}:
            first, second = node.parts
            outcome = ConditionResult.NONZERO if node.text == "&&" else ConditionResult.ZERO
            yield from self._numbers(first, offset, level)
            tested = self.reader.implied(first, outcome, Place(offset, self.region))
            yield from self._numbers(second, offset, max(level, tested))
            return
        number = self._number_in(node, offset)
        if number is not None:
            yield number, level
        for part in node.parts:
            yield from self._numbers(part, offset, level)

    def _number_in(self, node: Node, offset: int) -> Node | None:
        """Return the operand of an expression that is an index, or the number of a bit; None without one."""
        names_bit = node.kind == "call" and kernel_idioms().numbers_a_bit(text_of(node.parts[0]))
        indexes = node.kind == "index" and self.reader.names.part(node.parts[0], offset) is None
        shifts = node.kind == "binary" and node.text in {"<<", ">>"}
        return node.parts[1] if (names_bit or indexes or shifts) and len(node.parts) > 1 else None

    @cached_property
    def _passes(self) -> list[tuple[CallSite, int]]:
        """Calls that get the value, or the request and read the value in it: row and index of the argument."""
        found = []
        for row in calls(self.reader, self.region):
            callee, node = row.callee, call_of(row)
            if kernel_idioms().logs(callee) or kernel_idioms().is_transparent(callee) or kernel_idioms().bounds(callee):
                continue
            if len(node.parts) > _MOST_PARTS:
                self.reader.body.cut_at(row.start, f"a call with {_MOST_PARTS} or more arguments")
                continue
            for position, part in enumerate(_parts(self.reader, node, row.start)):
                whole = part is not None and part != self.reader.value and part == self.reader.value[: len(part)]
                if part == self.reader.value or (whole and self._is_read(row)):
                    found.append((row, position))
        return found

    def _is_read(self, row: CallSite) -> bool:
        """Tell whether a helper that gets the request reads the value in it."""
        position = int(self.reader.value[1])
        parts = _parts(self.reader, call_of(row), row.start)
        return any(position in inner.indices_of_whole(indices) for inner in self.reader.inside(row.callee, parts))

    def _passed(self, entry: tuple[CallSite, int]) -> int | None:
        row, position = entry
        callee, level = row.callee, self._level(row.start)
        if level in {Level.LOOSE, Level.TESTED, Level.UNREACHED} or kernel_idioms().judges(callee):
            return 1
        if kernel_idioms().numbers_a_bit(callee) and position == 0:
            return 1  # judged as the number of a bit
        parts = _parts(self.reader, call_of(row), row.start)
        if parts[position] == self.reader.value:
            helpers = self.reader.helpers_named(callee)
            taken = [helper.handler.parameters[position : position + 1] for helper in helpers]
            if taken and all(name and name[0] in helper.bools for name, helper in zip(taken, helpers, strict=True)):
                return 1
        verdicts = [_in_helper(inner).validated for inner in self.reader.inside(callee, parts)]
        if not verdicts or level is Level.UNKNOWN:
            return None
        return 0 if 0 in verdicts else None if None in verdicts else 1

    def _is_taken_apart(self) -> bool:
        """Tell whether a condition takes known bits out of the value."""
        return any(
            row.kind != "switch" and self.reader.at(row.start).picks(tree_of(row.text))
            for row in between(self.reader.body.tests, self.region.start, self.region.stop)
            if self.region.holds(row.start) and self.reader.mentioned(row.text)
        )


def _in_helper(reader: RequestTests) -> CapArgument:
    """Return the use of the value in a helper, which is read once."""
    if reader.argument is None:
        reader.argument = CapArgument(0, "passed", None, "accepted", None)  # for a helper that calls itself
        reader.argument = ArgumentUses(reader, reader.whole).argument(0)
    return reader.argument


def _verdict(level: Level, bounded: bool = False) -> int | None:
    if level is Level.UNKNOWN:
        return None
    return int(level >= (Level.TESTED if bounded else Level.LOOSE))


def _is_bool(reader: RequestTests, target: str) -> bool:
    """Tell whether a member of this name is a bool, or one bit wide, in every declaration."""
    name = re.split(r"->|\.", re.sub(r"\[[^\]]*\]", "", target))[-1].strip()
    kinds: Iterable[tuple[str, str]] = reader.readers.helpers.members.get(name, set())
    return bool(kinds) and all(kind == "bool" or bits == "1" for kind, bits in kinds)
