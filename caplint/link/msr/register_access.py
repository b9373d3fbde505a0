"""Simulation of one access to an MSR: who can carry it out, and on which features of the guest that depends.

The number of the register and the origin of the access are known, everything else is followed both ways. So it does not
matter whether a switch, a comparison, a range, a helper or the caller decides, nor through which function pointer.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property

from caplint.c.formula import Formula
from caplint.knowledge.load import knowledge
from caplint.link.functions.abstract_values import EITHER, UNKNOWN, AbstractValue, joined, number, thing
from caplint.link.functions.body import Body
from caplint.link.functions.flow import FlowStep, Sequence
from caplint.link.handlers.evaluation import Evaluator
from caplint.link.handlers.followed_calls import MOST_DEFINITIONS, expanded, summary
from caplint.link.handlers.simulation import Ends, Simulation
from caplint.link.handlers.simulation_state import Run, SimulationState
from caplint.link.msr.vendors import COMMON, MsrRegisters, vendor_of
from caplint.values.expression_tree import Node, text_of

# Maximum depth of calls that are followed.
_DEEPEST = 12
# Statements that take as long as a call.
_CALL_STEPS = 3
# No bank of registers whose size is known at run time only is longer than that.
_LONGEST_BANK = 255
_WORD = re.compile(r"[A-Za-z_]\w*")
_KNOWN = ("index", "host_initiated")
_SUCCESS, _FAILURE = "Zz", "NP"
_ORDERED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "=="}


@dataclass
class AccessRun(Run):
    """Simulation of one access."""

    registers: MsrRegisters = field(kw_only=True)
    number: int = 0
    host: bool = True
    """Whether user space accesses the register, not the guest."""
    vendor: str = ""
    absent: frozenset[str] | None = frozenset()
    """Features that the guest lacks; None if it lacks all."""
    tested: set[str] = field(default_factory=set)
    """Features that were tested."""
    undecided: set[str] = field(default_factory=set)
    """Conditions of a guest's access of which one outcome refuses it, and which are not about its value."""

    def feature(self, name: str) -> AbstractValue:
        """Note the test of a feature of the guest, and return its result."""
        self.tested.add(name)
        return number(0) if self.absent is None or name in self.absent else EITHER

    def asks(self, features: frozenset[str] | None) -> bool:
        """Tell whether one of some features was tested; None: any."""
        return bool(self.tested) if features is None else not self.tested.isdisjoint(features)

    unread: dict[tuple[int, int], Body] = field(default_factory=dict)
    """Functions that may decide and whose statements are not known, by blob and offset."""
    of_vendor: bool = False
    """Whether the result depends on the vendor."""

    @cached_property
    def request(self) -> AbstractValue:
        """The access as a structure that a handler gets."""
        return thing("access", self.number, int(self.host))


def access(run: AccessRun, body: Body) -> AbstractValue:
    """Return the result of the function that an access begins with: 0 for success."""
    parameters = body.handler.parameters
    if "host_initiated" in parameters:
        variables = {name: number(run.number) for name in parameters[1:2]} | {"host_initiated": number(int(run.host))}
    else:
        variables = {parameters[-1]: run.request} if parameters else {}
    return _simulate(run, body, variables)


def asked(run: AccessRun, body: Body) -> AbstractValue:
    """Return the result of a function whose last parameter is the register's number."""
    return _simulate(run, body, {name: number(run.number) for name in body.handler.parameters[-1:]})


def may_succeed(result: AbstractValue) -> Formula:
    """Return the condition under which an access may succeed."""
    return result.when(_SUCCESS)


class _AccessEvaluator(Evaluator):
    """Evaluator that knows the register's number and the guest's features."""

    run: AccessRun

    def name(self, tree: Node) -> AbstractValue:
        if tree.text in self.state.variables or not tree.text[:1].isupper():
            return super().name(tree)
        value = self.run.registers.number(tree.text)
        return super().name(tree) if value is None else number(value)

    def unary(self, tree: Node) -> AbstractValue:
        operand = tree.parts[0]
        if tree.text == "&" and operand.kind == "name" and f"{operand.text}.index" in self.state.variables:
            known = (self.state.variables.get(f"{operand.text}.{name}", UNKNOWN).thing for name in _KNOWN)
            return thing("access", *known)
        return super().unary(tree)

    def binary(self, tree: Node) -> AbstractValue:
        left, right = tree.parts
        if tree.text == "&" and right.kind == "name" and _has_word(left, knowledge().msr.feature_members):
            return self.run.feature(right.text)
        if tree.text in _ORDERED and (answer := self._at_run_time(tree)) is not None:
            return number(int(answer))
        return super().binary(tree)

    def _at_run_time(self, tree: Node) -> bool | None:
        """Compare the register's number with one that is known at run time only; None for any other comparison.

        A register with a name is none of those whose number a VM chooses, and lies in no bank that begins far below.
        """
        left, right = tree.parts
        for selector, other, operator in ((left, right, tree.text), (right, left, _ORDERED[tree.text])):
            if selector.kind == "number" or self._of(selector).thing != self.run.number:
                continue
            if operator in {"==", ">=", ">"} and other.kind == "member" and self._of(other) == UNKNOWN:
                return False
            if operator in {"<", "<="} and other.kind == "binary" and other.text == "+":
                values = [self._of(part) for part in other.parts]
                known = [value.thing for value in values if isinstance(value.thing, int)]
                if len(known) == 1 and self.run.number - known[0] > _LONGEST_BANK:
                    return False
        return None

    def member(self, tree: Node) -> AbstractValue:
        name = tree.text.lstrip("->.")
        if name in knowledge().msr.enforced:
            return number(1)
        if tree.parts[0].kind == "name":
            base = self.state.variables.get(tree.parts[0].text)
            if base is not None and isinstance(base.thing, tuple) and base.thing[0] == "access":
                value = dict(zip(_KNOWN, base.thing[1:], strict=True)).get(name)
                return number(value) if isinstance(value, int) else UNKNOWN
        if name in self.run.registers.capability_members and super().member(tree) == UNKNOWN:
            return self.run.feature(name)
        return super().member(tree)

    def called(self, tree: Node) -> AbstractValue:
        callee, *arguments = tree.parts
        slot = self.run.registers.slot(text_of(callee)) if callee.kind in {"call", "member"} else None
        if slot is None:
            return super().called(tree)
        self.run.of_vendor = True
        values = [self._of(argument) for argument in arguments]
        return _together(self.run, self.run.registers.through(slot, self.run.vendor), values)


class _AccessSimulation(Simulation):
    """Simulation that enters the cases of the register's number."""

    run: AccessRun

    def _evaluator(self, state: SimulationState) -> Evaluator:
        return _AccessEvaluator(self.run, self.body, state, self.call)

    def _begun(self, step: FlowStep, state: SimulationState) -> SimulationState:
        """Return the state in some pass of a loop: its variable has no certain value."""
        begun = super()._begun(step, state)
        changed = {name: UNKNOWN for name, value in begun.variables.items() if state.variables.get(name) is not value}
        return SimulationState(begun.reached, {**begun.variables, **changed})

    def _if(self, step: FlowStep, state: SimulationState, ends: Ends) -> SimulationState | None:
        if self.run.host:
            return super()._if(step, state, ends)
        before = self._refusing
        behind = super()._if(step, state, ends)
        if self._refusing != before and not self._of_access(step.text, state):
            value = self._evaluator(state).value(step.text)
            if value.true is not False and value.false is not False:
                self.run.undecided.add(step.text)
        return behind

    @property
    def _refusing(self) -> list[Formula]:
        return [self.signs.get(sign, False) for sign in _FAILURE]

    def _of_access(self, text: str, state: SimulationState) -> bool:
        """Tell whether a condition is about the register or its value."""
        words = set(_WORD.findall(text))
        return not words.isdisjoint(_VALUES) or any(
            word in state.variables and state.variables[word].thing == self.run.number for word in words
        )

    def _switch(self, step: FlowStep, state: SimulationState, ends: Ends) -> SimulationState | None:
        evaluator = self._evaluator(state)
        value = evaluator.value(step.text)
        if not isinstance(value.thing, int):
            return super()._switch(step, state, ends)
        own = Ends(continues=ends.continues)
        entries, rest = self._entered(value.thing, step.body, evaluator.state)
        behind = self._sequence(step.body, entries, own)
        return self.run.merged([behind, rest, *own.breaks])

    def _entered(
        self, value: int, sequence: Sequence, state: SimulationState
    ) -> tuple[dict[int, SimulationState], SimulationState | None]:
        """Return the states that enter the cases of a number, and the state that enters none."""
        entries: dict[int, SimulationState] = {}
        rest: SimulationState | None = state
        known, unknown = self.run.registers.labels(sequence)
        entries |= {index: entering for index in unknown
                    if (entering := state.within(sequence.steps[index].condition)) is not None}  # fmt: skip
        holding = [index for low, high, index in known if low <= value <= high]
        for index in (*holding, *sequence.cases.get("", ())):
            condition = sequence.steps[index].condition
            if rest is not None and (entering := rest.within(condition)) is not None:
                entries[index] = entering
                rest = rest.outside(condition)
        return entries, rest


_VALUES = frozenset({"data", "pdata", "index"})


def _follow(evaluator: Evaluator, name: str, values: list[AbstractValue], arguments: list[Node]) -> AbstractValue:
    """Return the result of a call; functions that get the access, or test features of the guest, are simulated."""
    run = evaluator.run
    assert isinstance(run, AccessRun)
    msr = knowledge().msr
    if name in msr.feature_tests and arguments and (feature := text_of(arguments[-1])).isidentifier():
        return run.feature(feature)
    if name in msr.assumed:
        return number(0)
    if name in msr.lookups and not run.registers.finds(name, run.number):
        return number(-1)
    definitions = run.registers.definitions(name, run.vendor, evaluator.body.handler.path)
    macros = run.facts.helpers.macros(name, run.arch)
    if not definitions:
        return expanded(evaluator, macros, arguments) if len(macros) == 1 else UNKNOWN
    if macros or len(definitions) > MOST_DEFINITIONS:
        return UNKNOWN
    followed = any(_is_access(run, value) for value in values)
    if followed or (not run.host and any(map(run.registers.tests_features, definitions))):
        return _together(run, definitions, values)
    return summary(evaluator, name, definitions)


def _is_access(run: AccessRun, value: AbstractValue) -> bool:
    return value.thing == run.number or (isinstance(value.thing, tuple) and value.thing[0] == "access")


def _together(run: AccessRun, definitions: list[Body], values: list[AbstractValue]) -> AbstractValue:
    """Return the result of a call of one of several functions; unknown without any."""
    results = []
    for body in definitions:
        result = _simulate(run, body, dict(zip(body.handler.parameters, values, strict=False)))
        results.append((result, run.facts.condition(body) if len(definitions) > 1 else True))
    return joined(results) if results else UNKNOWN


def _simulate(run: AccessRun, body: Body, variables: dict[str, AbstractValue]) -> AbstractValue:
    key = (body.handler.blob, body.handler.start)
    run.spend(_CALL_STEPS)
    sequence = run.facts.flow(body)
    if sequence is None or key in run.stack or len(run.stack) >= _DEEPEST:
        run.unread[key] = body
        return UNKNOWN
    result: AbstractValue
    inner = replace(
        run, tested=set(), undecided=set(), entered={}, unread={}, of_vendor=vendor_of(body.handler.path) != COMMON
    )
    given = _key(run, key, variables)
    known = None if given is None else _known(run, given)
    if known is not None:
        result, inner = known
    else:
        run.stack.append(key)
        inner.entered[key] = body
        state = SimulationState(run.facts.condition(body), variables)
        result = _AccessSimulation(inner, body, _follow).result(sequence, state)
        run.stack.pop()
        if given is not None:
            run.registers.results[given, run.vendor if inner.of_vendor else COMMON, run.absent] = result, inner
    run.tested |= inner.tested
    run.undecided |= inner.undecided
    run.entered |= inner.entered
    run.unread |= inner.unread
    run.of_vendor |= inner.of_vendor
    run.gave_up = run.gave_up or inner.gave_up
    run.is_stopped |= inner.is_stopped
    return result


def _known(run: AccessRun, given: Hashable) -> tuple[AbstractValue, AccessRun] | None:
    """Return the known result of a function, and its run; a run that tests no absent feature holds without it too."""
    for vendor in (COMMON, run.vendor):
        for absent in (run.absent, frozenset[str]()):
            result: tuple[AbstractValue, AccessRun] | None = run.registers.results.get((given, vendor, absent))
            if result is not None and (absent == run.absent or not result[1].asks(run.absent)):
                return result
    return None


def _key(run: AccessRun, function: tuple[int, int], variables: dict[str, AbstractValue]) -> Hashable | None:
    """Return everything that the result of a function depends on, but for the vendor and features that are absent."""
    given = [(name, value.thing, *value.signs) for name, value in sorted(variables.items())]
    plain = all(formula is True for value in variables.values() for formula in value.signs.values())
    return (function, run.number, run.host, *given) if plain else None


def _has_word(tree: Node, words: frozenset[str]) -> bool:
    return any(node.text.lstrip("->.") in words for node in tree.within())
