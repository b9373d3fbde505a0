"""Values of expressions while a handler runs for one capability."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from caplint.c.expression import parse
from caplint.c.formula import conjunction, disjunction, negation
from caplint.knowledge.capability_names import is_capability
from caplint.link.core.values import HIGHEST, LOWEST
from caplint.link.functions.abstract_values import (
    EITHER,
    UNKNOWN,
    AbstractValue,
    joined,
    negated,
    number,
    thing,
    truth,
)
from caplint.link.functions.body import Body
from caplint.link.handlers.capability_tables import Table, TableElement
from caplint.link.handlers.simulation_state import Run, SimulationState
from caplint.values.c_integers import UnknownValueError, literal
from caplint.values.expression_tree import Node, text_of, tree_of

Call = Callable[["Evaluator", str, list[AbstractValue], list[Node]], AbstractValue]
"""Evaluates a call of a named function (`.name`: through a member) with the values of its arguments and themselves."""

_ENABLED = frozenset({"IS_ENABLED", "IS_BUILTIN", "IS_REACHABLE", "IS_MODULE"})
_ERRNO = re.compile(r"E[A-Z][A-Z0-9]+\Z")
_WORDS = {"true": number(1), "false": number(0), "NULL": number(0)}
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
# Operator → signs of the left operand with which a comparison with 0 holds.
_HOLDING = {"<": "Nn", ">": "Pp", "<=": "NnZz", ">=": "ZzPp", "==": "Zz", "!=": "NnPp"}
_SELECTOR = thing("selector")
_ZERO = Node("number", "0")
# Variables that are copied in the time of a statement.
_VARIABLES = 500
# Characters of an expression from which on it is not read.
_LONGEST = 1_000


@dataclass
class Evaluator:
    """Evaluator of the expressions of one function; assignments in them change its state."""

    run: Run
    body: Body
    state: SimulationState
    call: Call

    def value(self, text: str) -> AbstractValue:
        """Return the value of an expression."""
        return self._of(_tree(text))

    def assume(self, text: str, holds: bool) -> None:
        """Narrow the state down to a condition that holds, or fails."""
        self._assume(_tree(text), holds)

    def assign(self, target: str, value: AbstractValue) -> None:
        """Assign to a variable, or to a member of one."""
        self.run.spend(len(self.state.variables) // _VARIABLES)
        self.state = self.state.having(target, value)

    def _of(self, tree: Node) -> AbstractValue:
        value = _EVALUATORS.get(tree.kind, _unknown)(self, tree)
        if self.run.watch is None or _path(tree) in self.state.variables:
            return value
        return self.run.watch(self.body, tree, value)

    def name(self, tree: Node) -> AbstractValue:
        """Return the value of a variable or constant."""
        name = tree.text
        if name in self.state.variables:
            return self.state.variables[name]
        if name in _WORDS:
            return _WORDS[name]
        if _ERRNO.match(name):
            return AbstractValue({"P": True})
        handler = self.body.handler
        if capability := self.capability(name):
            value = self.run.facts.constants.value(handler.arch, handler.path, name)  # KVM_CAP_PMU_VALID_MASK is a mask
            return AbstractValue(UNKNOWN.signs if value is None else number(value).signs, ("capability", capability))
        table = self.run.facts.tables.find(name, handler.blob, handler.arch)
        if table is not None:
            self.run.touch(table)
            return thing("table", table)
        if not name.isupper() or name in self.body.assigned:
            return UNKNOWN
        constant = self.run.facts.constants.value(handler.arch, handler.path, name)
        return UNKNOWN if constant is None else number(constant)

    def capability(self, name: str) -> str | None:
        """Return the capability that a name stands for, itself or as a macro; None of any other name."""
        if is_capability(name):
            return name
        if not name.isupper():
            return None
        bodies = {row[3].strip("() ") for row in self.run.facts.constants.definitions(name) if row[2] is None}
        only = bodies.pop() if len(bodies) == 1 else ""
        return only if only.isidentifier() and is_capability(only) else None

    def unary(self, tree: Node) -> AbstractValue:
        """Return the value of a prefix operator."""
        operator = tree.text
        if operator in {"++", "--"}:
            return self._step(tree)
        operand = self._of(tree.parts[0])
        if operator == "!":
            return truth(operand.false, operand.true)
        if operator == "-":
            return negated(operand)
        if operator == "*" and operand.thing == ("request",):
            return operand
        if operator == "*" and _is(operand, "table"):
            return self._row(operand.thing[1])
        if operator in "+&":  # an element's address stands for the element, a variable's address is nothing
            return operand if operator == "+" or _is(operand, "table", "row", "request") else UNKNOWN
        return UNKNOWN

    def binary(self, tree: Node) -> AbstractValue:
        """Return the value of an infix operator."""
        operator = tree.text
        if operator in {"&&", "||"}:
            return self._logic(operator, *tree.parts)
        left, right = map(self._of, tree.parts)
        if operator == ",":
            return right
        if operator in _FLIPPED:
            return self._compared(operator, left, right)
        if operator == "+" and _is(left, "table"):
            return left
        if isinstance(left.thing, int) and isinstance(right.thing, int):
            return _computed(operator, left.thing, right.thing)
        if operator == "*" and not left.when("Nn") and not right.when("Nn"):
            true = conjunction([left.true, right.true])
            return truth(true, disjunction([left.false, right.false]))
        return EITHER if operator in "|&" and not left.when("N") and not right.when("N") else UNKNOWN

    def _logic(self, operator: str, first: Node, second: Node) -> AbstractValue:
        left, before = self._of(first), self.state
        if (left.true if operator == "&&" else left.false) is False:
            return truth(left.true, left.false)
        self._assume(first, operator == "&&")
        right = self._of(second)
        self.run.spend(0, (*left.signs.values(), *right.signs.values()))
        if self.run.is_stopped:
            return UNKNOWN
        self.state = SimulationState(before.reached, {**before.variables})
        if operator == "&&":
            return truth(conjunction([left.true, right.true]), disjunction([left.false, right.false]))
        return truth(disjunction([left.true, right.true]), conjunction([left.false, right.false]))

    def _compared(self, operator: str, left: AbstractValue, right: AbstractValue) -> AbstractValue:
        if isinstance(left.thing, int) and isinstance(right.thing, int):
            return number(int(_COMPARED[operator](left.thing, right.thing)))
        if operator in {"==", "!="}:
            same = self._same(left, right) if left.thing == _SELECTOR.thing else self._same(right, left)
            if same is not None:
                return number(int(same == (operator == "==")))
        if right.thing == 0 and not isinstance(left.thing, tuple):
            return _against_zero(operator, left)
        if left.thing == 0 and not isinstance(right.thing, tuple):
            return _against_zero(_FLIPPED[operator], right)
        return EITHER

    def _same(self, selector: AbstractValue, other: AbstractValue) -> bool | None:
        """Tell whether the capability of this run equals another value; None if that is not known."""
        if selector.thing != _SELECTOR.thing:
            return None
        if _is(other, "capability"):
            return self.run.mention(other.thing[1])
        if _is(other, "row"):  # an element, or a member of it, that is not understood
            element: TableElement | None = other.thing[2]
            return False if element is None else None
        return None

    def choice(self, tree: Node) -> AbstractValue:
        """Return the value of `a ? b : c`, or of `a ?: c`."""
        question, first, second = tree.parts
        condition, before = self._of(question), self.state
        alternatives = []
        for branch, possible, holds in ((first, condition.true, True), (second, condition.false, False)):
            if possible is not False:
                self.state = before
                self._assume(question, holds)
                value = self._of(branch) if branch is not question else condition.only("NPnpD")
                self.run.spend(0, (possible, *value.signs.values()))
                alternatives.append((value, possible))
        self.state = before
        return UNKNOWN if self.run.is_stopped else joined(alternatives)

    def called(self, tree: Node) -> AbstractValue:
        """Return the value of a call."""
        callee, *arguments = tree.parts
        name = callee.text if callee.kind == "name" else _member(callee) if callee.kind == "member" else ""
        if name in _ENABLED and callee.kind == "name" and len(arguments) == 1:
            option = text_of(arguments[0])
            if option.startswith("CONFIG_"):
                condition = parse(f"{name}({option})")
                return truth(condition, negation(condition))
        values = [self._of(argument) for argument in arguments]
        for argument in arguments:
            if argument.kind == "unary" and argument.text == "&" and (target := _path(argument.parts[0])):
                self.assign(target, UNKNOWN)
        if callee.kind == "member":
            self._of(callee)
            return self.call(self, f".{name}", values, arguments)
        return self.call(self, name, values, arguments) if name else UNKNOWN

    def member(self, tree: Node) -> AbstractValue:
        """Return the value of a member."""
        if (path := _path(tree)) and path in self.state.variables:
            return self.state.variables[path]
        base, name = self._of(tree.parts[0]), _member(tree)
        if base.thing == ("request",):
            return self.run.members.get(name, UNKNOWN)
        if _is(base, "table"):
            base = self._row(base.thing[1])
        return self._part(base.thing[1], base.thing[2], name) if _is(base, "row") else UNKNOWN

    def index(self, tree: Node) -> AbstractValue:
        """Return the value of an element of an array."""
        base, position = map(self._of, tree.parts)
        if not _is(base, "table"):
            return UNKNOWN
        table: Table = base.thing[1]
        if position.thing != _SELECTOR.thing:
            return self._row(table)
        if not all(element.designator for element in table.elements):
            return UNKNOWN
        chosen = [e for e in table.elements if self.run.capability in e.capabilities]
        if not chosen:
            return number(0)
        present = disjunction(element.condition for element in chosen)
        alternatives = [(self._element(table, element), element.condition) for element in chosen]
        return joined([*alternatives, (number(0), negation(present))])

    def assigned(self, tree: Node) -> AbstractValue:
        """Return the value of an assignment, and carry it out."""
        operator, target = tree.text, _path(tree.parts[0])
        value = self._of(tree.parts[1])
        if operator != "=":
            before = self._of(tree.parts[0])
            value = EITHER if operator in {"|=", "&="} and not before.when("N") and not value.when("N") else UNKNOWN
        if target:
            self.assign(target, value)
        return value

    def _step(self, tree: Node) -> AbstractValue:
        """Return the value of `++` and `--`; a pointer into an array stays one."""
        value = self._of(tree.parts[0])
        if _is(value, "table", "row"):
            return value
        if target := _path(tree.parts[0]):
            self.assign(target, UNKNOWN)
        return UNKNOWN

    def _row(self, table: Table) -> AbstractValue:
        """Return the element of an array at which a loop is; unknown outside a loop over it."""
        return self.state.variables.get(row_variable(table), UNKNOWN)

    def _element(self, table: Table, element: TableElement) -> AbstractValue:
        return thing("row", table, element) if element.parts else self.value(element.value)

    def _part(self, table: Table, element: TableElement | None, name: str) -> AbstractValue:
        """Return the value of a member of an element; an element without designators does not tell which is which."""
        if element is None:
            return thing("row", table, None)
        parts = element.parts
        if name in parts:
            return self.value(parts[name])
        unnamed = [self.value(text) for key, text in parts.items() if key.startswith("#")]
        if not unnamed:
            return number(0)
        capabilities = [value for value in unnamed if _is(value, "capability")]
        others = [value for value in unnamed if not _is(value, "capability")]
        if len(capabilities) != 1:
            return UNKNOWN
        # Whatever is compared with the selector is the capability; whatever is used otherwise is another member.
        return AbstractValue(joined((value, True) for value in others).signs if others else {}, capabilities[0].thing)

    def _assume(self, tree: Node, holds: bool) -> None:
        kind, operator, parts = tree
        if kind == "unary" and operator == "!":
            self._assume(parts[0], not holds)
        elif kind == "binary" and operator == ("&&" if holds else "||"):
            self._assume(parts[0], holds)
            self._assume(parts[1], holds)
        elif kind == "binary" and operator in _HOLDING and parts[1] == _ZERO:
            signs = _HOLDING[operator]
            self._narrow(parts[0], signs if holds else "".join(set("NnZzPp") - set(signs)))
        else:
            self._narrow(tree, "NnPp" if holds else "Zz")

    def _narrow(self, tree: Node, signs: str) -> None:
        target = _path(tree.parts[0] if tree.kind == "assign" else tree)
        if target and target in self.state.variables:
            value = self.state.variables[target]
            if not isinstance(value.thing, tuple):
                self.assign(target, value.only(signs + "D"))


def row_variable(table: Table) -> str:
    """Return the key of a state's variables for the element of an array at which a loop is."""
    return f"{table.name}[]"


def _is(value: AbstractValue, *kinds: str) -> bool:
    return isinstance(value.thing, tuple) and value.thing[0] in kinds


def _path(tree: Node) -> str:
    """Return a variable, or a member of one, as a key of the state's variables; empty for any other expression."""
    if tree.kind == "name":
        return tree.text
    if tree.kind == "member":
        return f"{base}.{_member(tree)}" if (base := _path(tree.parts[0])) else ""
    return ""


def _member(tree: Node) -> str:
    """Return the name of the member that an expression takes."""
    return tree.text.lstrip("->.")


def _tree(text: str) -> Node:
    return tree_of(text) if len(text) < _LONGEST else Node("opaque", "")


def _unknown(_: Evaluator, __: Node) -> AbstractValue:
    return UNKNOWN


def _against_zero(operator: str, value: AbstractValue) -> AbstractValue:
    signs = _HOLDING[operator]
    return truth(value.when(signs), value.when("".join(set("NnZzPpD") - set(signs))))


def _computed(operator: str, left: int, right: int) -> AbstractValue:
    if operator in {"/", "%"} and right == 0:
        return UNKNOWN
    if operator in {"<<", ">>"} and not 0 <= right < 64:
        return UNKNOWN
    result = _ARITHMETIC[operator](left, right)
    return number(result) if LOWEST <= result <= HIGHEST else UNKNOWN


def _quotient(left: int, right: int) -> int:
    """Return the quotient without its fraction, as C divides; Python rounds down."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _remainder(left: int, right: int) -> int:
    return left - _quotient(left, right) * right


_COMPARED: dict[str, Callable[[int, int], bool]] = {
    "<": int.__lt__, ">": int.__gt__, "<=": int.__le__, ">=": int.__ge__, "==": int.__eq__, "!=": int.__ne__,
}  # fmt: skip
_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": _quotient, "%": _remainder, "&": int.__and__,
    "|": int.__or__, "^": int.__xor__, "<<": int.__lshift__, ">>": int.__rshift__,
}  # fmt: skip
_EVALUATORS: dict[str, Callable[[Evaluator, Node], AbstractValue]] = {
    "number": lambda _, tree: _integer(tree.text),
    "name": lambda self, tree: self.name(tree),
    "opaque": lambda _, tree: AbstractValue({"P": True}) if tree.text[:1] in {'"', "'"} else UNKNOWN,
    "unary": lambda self, tree: self.unary(tree),
    "binary": lambda self, tree: self.binary(tree),
    "ternary": Evaluator.choice,
    "call": lambda self, tree: self.called(tree),
    "member": lambda self, tree: self.member(tree),
    "index": Evaluator.index,
    "assign": Evaluator.assigned,
    "cast": lambda self, tree: self._of(tree.parts[0]),
}


def _integer(text: str) -> AbstractValue:
    """Return the value of an integer constant; unknown for another number, and for `sizeof`."""
    try:
        return number(literal(text, 64).value)
    except UnknownValueError:
        return UNKNOWN
