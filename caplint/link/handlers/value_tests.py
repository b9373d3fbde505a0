"""Conditions on one value: whether one that holds bounds the value, or only looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from caplint.values.expression_tree import Node, text_of


class Level(IntEnum):
    """Degree to which a value is known to be tested where control reaches a place; the lowest way there counts."""

    UNTESTED = 0
    LOOSE = 1
    """Tested, but for something that does not bound it."""
    UNKNOWN = 2
    """Tested by code that is not in view or not understood."""
    TESTED = 3
    UNREACHED = 4
    """Control does not come here."""


class ConditionResult(IntEnum):
    """Property that an expression's value is known to have."""

    ZERO = 0
    NONZERO = 1
    GOOD = 2
    """No negative errno, and no pointer that is one."""
    BAD = 3

    def fits(self, number: int) -> bool:
        """Tell whether a number has the property."""
        return (number == 0, number != 0, number >= 0, number < 0)[self]

    @property
    def opposite(self) -> ConditionResult:
        """The property of all other values."""
        return ConditionResult(self ^ 1)


_INVERSE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
COMPARISONS = frozenset(_INVERSE)
_SHIFTING = frozenset({"+", "-", "*", "/", "<<"})


@dataclass(frozen=True)
class Bits:
    """Set of bits that a condition selects."""

    unknown: bool | None
    """Whether it has all bits to which no meaning is given, as `~VALID`; None if that cannot be told."""
    valid: str = ""
    """Text of the other bits, empty if unknown."""


@dataclass(frozen=True)
class ValueTests:
    """Reader of conditions on one value."""

    is_value: Callable[[Node], bool]
    """Tells whether an expression is the value itself, casts aside."""
    bits: Callable[[Node], Bits]
    number: Callable[[Node], int | None]
    """Value of a constant, None of any other expression."""
    accepts: Callable[[str], None]
    """Takes the bits that a test accepts, as written."""

    def mentions(self, node: Node) -> bool:
        """Tell whether an expression contains the value."""
        return any(self.is_value(part) for part in node.within())

    def level(self, node: Node, outcome: ConditionResult) -> Level:
        """Return the level to which a condition with an outcome tests the value that it mentions."""
        nonzero = outcome is ConditionResult.NONZERO
        if outcome not in {ConditionResult.ZERO, ConditionResult.NONZERO}:
            return Level.UNTESTED
        if self.is_value(node):
            return Level.UNTESTED if nonzero else Level.TESTED
        if node.kind != "binary":
            return Level.UNKNOWN
        if node.text in COMPARISONS:
            return self._compared(node.text if nonzero else _INVERSE[node.text], *node.parts)
        return Level.UNTESTED if nonzero else self._related(node, "==", None)

    def _compared(self, relation: str, left: Node, right: Node) -> Level:
        """Return the level of `left relation right`, which holds."""
        if self.mentions(left) and self.mentions(right):
            return self._compared_with_itself(relation, left, right)
        if self.mentions(right):
            return self._related(right, MIRRORED[relation], left)
        return self._related(left, relation, right)

    def _compared_with_itself(self, relation: str, left: Node, right: Node) -> Level:
        """Return the level of a comparison with a part of the value: `(v & VALID) == v`, `v == (u32)v`."""
        if not (self.is_value(left) or self.is_value(right)):
            return Level.UNKNOWN
        if relation != "==":
            return Level.UNTESTED if relation == "!=" else Level.LOOSE
        part = right if self.is_value(left) else left
        if part.kind == "binary" and part.text == "&":
            kept = [operand for operand in operands(part, "&") if not self.is_value(operand)]
            self.accepts(" & ".join(map(text_of, kept)))
        return Level.TESTED

    def _related(self, side: Node, relation: str, other: Node | None) -> Level:
        """Return the level of `side relation other` for a side that contains the value; None stands for 0."""
        zero = other is None or self.number(other) == 0
        if side.kind == "cast":
            side = side.parts[0]
        if self.is_value(side):
            return _bounded(relation, zero)
        if side.kind != "binary" or not any(self.is_value(part) for part in operands(side, side.text)):
            return Level.UNKNOWN
        bounding = relation in {"==", "<", "<="}
        match side.text:
            case "&":
                return self._selected(side, relation, zero)
            case "%":
                return Level.LOOSE if relation == "==" else Level.UNTESTED
            case "|":
                if bounding and other is not None:
                    self.accepts(text_of(other))
                return Level.TESTED if bounding else Level.UNTESTED
            case "^" | ">>":
                return Level.TESTED if bounding else Level.UNTESTED
            case operator if operator in _SHIFTING:
                return _bounded(relation, zero=False)
        return Level.UNKNOWN

    def _selected(self, side: Node, relation: str, zero: bool) -> Level:
        """Return the level of a test of some bits of the value."""
        if relation not in {"==", "<", "<="}:
            return Level.UNTESTED
        selected = [self.bits(part) for part in operands(side, "&") if not self.is_value(part)]
        if any(bits.unknown is False for bits in selected):
            return Level.UNTESTED
        if any(bits.unknown is None for bits in selected):
            return Level.UNKNOWN
        if zero:
            self.accepts(" | ".join(bits.valid for bits in selected))
        return Level.TESTED

    def reduced(self, node: Node) -> bool:
        """Tell whether an expression keeps so little of the value that any value will do: a truth, or known bits."""
        if self.is_value(node):
            return False
        if not self.mentions(node):
            return True
        match node.kind:
            case "ternary":
                return self.reduced(node.parts[1]) and self.reduced(node.parts[2])
            case "cast":
                return node.text in {"bool", "_Bool"} or self.reduced(node.parts[0])
            case "unary":
                return node.text == "!" or self.reduced(node.parts[0])
            case "call" | "index" | "member":
                return True
            case "binary" if node.text == "&":
                return any(not self.mentions(part) and not self.bits(part).unknown for part in operands(node, "&"))
            case "binary" if node.text in {"&&", "||", "%"} or node.text in COMPARISONS:
                return True
            case "binary" if node.text == ",":
                return self.reduced(node.parts[1])
        return all(map(self.reduced, node.parts))

    def picks(self, node: Node) -> bool:
        """Tell whether an expression takes known bits out of the value."""
        for part in node.within():
            if part.kind == "binary" and part.text == "&":
                parts = operands(part, "&")
                others = [bit for bit in parts if not self.is_value(bit)]
                if len(others) < len(parts) and any(not self.bits(bit).unknown for bit in others):
                    return True
        return False


def _bounded(relation: str, zero: bool) -> Level:
    """Return the level of a comparison of the value with something else."""
    if relation in {"==", "<", "<="}:
        return Level.TESTED
    return Level.UNTESTED if zero and relation in {"!=", ">"} else Level.LOOSE


def operands(node: Node, operator: str) -> list[Node]:
    """Return the operands of a chain of one operator."""
    if node.kind == "binary" and node.text == operator:
        return [part for side in node.parts for part in operands(side, operator)]
    return [node]


def combined(bits: Iterable[Bits]) -> Bits:
    """Return the bits of an expression that may be any of several sets."""
    found = list(bits)
    if found and all(entry.unknown is True for entry in found):
        return Bits(True, " | ".join(dict.fromkeys(entry.valid for entry in found)))
    if found and all(entry.unknown is False for entry in found):
        return Bits(False)
    return Bits(None)


def parts_of(node: Node, kind: str) -> Iterator[Node]:
    """Yield the nodes of a kind in an expression."""
    return (part for part in node.within() if part.kind == kind)


def is_truth(node: Node) -> bool:
    """Tell whether an expression is a truth value, so that a comparison with a constant is one of the truth value."""
    return (node.kind == "unary" and node.text == "!") or (
        node.kind == "binary" and (node.text in COMPARISONS or node.text in {"&&", "||"})
    )


def result_of(relation: str, number: int, holds: bool) -> ConditionResult | None:
    """Return the outcome of a result for which `result relation number` holds or not; None if it says nothing."""
    if number < 0:
        if relation not in {"==", "!="}:
            return None
        return ConditionResult.BAD if holds == (relation == "==") else ConditionResult.GOOD
    if relation in {"<", ">="} and number == 0:
        return ConditionResult.BAD if holds == (relation == "<") else ConditionResult.GOOD
    positive = ConditionResult.NONZERO if holds else ConditionResult.ZERO
    if number == 0 and relation in {"!=", ">"}:
        return positive
    if number == 0 and relation in {"==", "<="}:
        return positive.opposite
    if number == 1 and relation in {"==", ">="}:
        return positive
    return positive.opposite if number == 1 and relation in {"!=", "<"} else None


def leaves(node: Node) -> Iterator[Node]:
    """Yield the operands of `!`, `&&` and `||`."""
    if (node.kind == "binary" and node.text in {"&&", "||"}) or (node.kind == "unary" and node.text == "!"):
        for part in node.parts:
            yield from leaves(part)
    else:
        yield node
