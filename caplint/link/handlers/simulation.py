"""Simulation of a function for one capability: every statement that it may reach, in every configuration.

The values of variables are known as far as `abstract_values` can tell them. A condition that is not decided is followed
both ways. A loop runs once for each element of an array of capabilities that names the capability, and once for all
others.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.c.formula import Formula, conjunction, disjunction
from caplint.knowledge.capability_names import is_capability
from caplint.link.functions.abstract_values import UNKNOWN, AbstractValue, thing
from caplint.link.functions.body import Body
from caplint.link.functions.flow import FlowStep, Sequence
from caplint.link.handlers.capability_tables import Table
from caplint.link.handlers.evaluation import Call, Evaluator, row_variable
from caplint.link.handlers.simulation_state import Run, SeenLabel, SimulationState

_INDEXED = re.compile(r"\b([A-Za-z_]\w*)\s*\[")
_DECLARED = re.compile(r".*?\b(\w+)\s*=\s*([^=].*?);?\s*\Z", re.DOTALL)
DEAD_END = re.compile(r"(?:BUG|panic|unreachable)\s*\(")
_LABELS = frozenset({"case", "default", "label"})
# Statements behind which control goes on.
_STRAIGHT = frozenset({"expression", "init"})
# Labels to look at, and characters of an expression, whose treatment takes as long as a statement.
_LABELS_A_STEP, _CHARACTERS = 20, 40
# Maximum number of capabilities that the ranges of one switch are expanded to.
_MOST_EXPANDED = 2_000


@dataclass
class Ends:
    """States in which control leaves a sequence of statements by `break` and `continue`."""

    breaks: list[SimulationState] = field(default_factory=list)
    continues: list[SimulationState] = field(default_factory=list)


@dataclass
class Simulation:
    """One call of a function."""

    run: Run
    body: Body
    call: Call
    signs: dict[str, Formula] = field(default_factory=dict)
    """Signs of the values that are returned, each with its condition."""
    _gotos: dict[str, SimulationState] = field(default_factory=dict)

    def result(self, sequence: Sequence, state: SimulationState) -> AbstractValue:
        """Run the function and return its result."""
        self._sequence(sequence, {0: state}, Ends())
        for label, pending in self._gotos.items():
            if label not in sequence.labels:  # it leads into a block
                self._returned(pending, UNKNOWN)
        return AbstractValue(self.signs)

    def _returned(self, state: SimulationState, value: AbstractValue) -> None:
        for sign, formula in value.signs.items():
            before = self.signs.get(sign, False)
            self.run.spend(0, (before, state.reached, formula))
            if self.run.is_stopped:
                return
            condition = conjunction([state.reached, formula])
            if condition is not False and before is not True:
                self.signs[sign] = disjunction([before, condition])

    def _sequence(self, sequence: Sequence, entries: dict[int, SimulationState], ends: Ends) -> SimulationState | None:
        """Run statements, beginning wherever a state enters; return the state behind the last one."""
        state: SimulationState | None = None
        index, starts = 0, sorted(entries)
        while True:
            if state is None:
                waiting = starts[(following := bisect_left(starts, index)) : following + 1]
                self.run.spend(len(self._gotos) // _LABELS_A_STEP)
                waiting += [sequence.labels[name] for name in self._gotos if sequence.labels.get(name, -1) >= index]
                if not waiting:
                    return None
                index = min(waiting)
            if index >= len(sequence.steps):
                return state
            step = sequence.steps[index]
            entering = entries.pop(index, None)
            arriving = self._gotos.pop(step.text, None) if step.kind == "label" else None
            if entering is not None or arriving is not None:
                state = self.run.merged([state, entering, arriving])
            state = self._step(step, state, ends)
            index += 1

    def _step(self, step: FlowStep, state: SimulationState | None, ends: Ends) -> SimulationState | None:
        if state is None:
            return None
        self.run.spend(1 + len(step.text) // _CHARACTERS, (state.reached,))
        if self.run.is_stopped:
            return None
        if step.kind in _LABELS:
            self.run.reached.add(id(step))
            return state
        if step.condition is True:
            return self._present(step, state, ends)
        here, elsewhere = state.within(step.condition), state.outside(step.condition)
        if elsewhere is not None and step.kind == "if":  # a statement behind an `if` that is not always compiled
            elsewhere = self._sequence(step.body, {0: elsewhere}, ends)
        if here is not None:
            here = self._present(step, here, ends)
        behind = self.run.merged([here, elsewhere])
        if step.kind in _STRAIGHT and behind is not None and here is not None and elsewhere is not None:
            return SimulationState(state.reached, behind.variables)  # `a && b || a && !b` is not simplified
        return behind

    def _present(self, step: FlowStep, state: SimulationState, ends: Ends) -> SimulationState | None:
        """Run a statement in the configurations that have it."""
        self.run.reached.add(id(step))
        match step.kind:
            case "return" | "init" | "expression":
                return self._plain(step, state)
            case "if":
                return self._if(step, state, ends)
            case "switch":
                return self._switch(step, state, ends)
            case "while" | "for" | "do":
                return self._loop(step, state)
            case "goto":
                self._gotos[step.text] = self.run.merged([self._gotos.get(step.text), state]) or state
            case "break":
                ends.breaks.append(state)
            case "continue":
                ends.continues.append(state)
        return None

    def _plain(self, step: FlowStep, state: SimulationState) -> SimulationState | None:
        """Run a statement that holds no others."""
        if step.kind == "expression" and DEAD_END.match(step.text):
            return None
        evaluator = self._evaluator(state)
        if step.kind == "return":
            if step.text:
                self._returned(state, evaluator.value(step.text))
            return None
        value = evaluator.value(step.text)
        if step.kind == "init":
            evaluator.assign(step.extra, value)
        return evaluator.state

    def _evaluator(self, state: SimulationState) -> Evaluator:
        return Evaluator(self.run, self.body, state, self.call)

    def _if(self, step: FlowStep, state: SimulationState, ends: Ends) -> SimulationState | None:
        evaluator = self._evaluator(state)
        value = evaluator.value(step.text)
        behind = []
        self.run.spend(0, (*value.signs.values(), state.reached))
        for condition, branch, holds in ((value.true, step.body, True), (value.false, step.otherwise, False)):
            taken = evaluator.state.within(condition)
            if taken is not None:
                narrowed = self._evaluator(taken)
                narrowed.assume(step.text, holds)
                into = narrowed.state
                behind.append(self._sequence(branch, {0: into}, ends) if branch and branch.steps else into)
        return self.run.merged(behind)

    def _switch(self, step: FlowStep, state: SimulationState, ends: Ends) -> SimulationState | None:
        evaluator = self._evaluator(state)
        value = evaluator.value(step.text)
        sequence, own = step.body, Ends(continues=ends.continues)
        numbered = self._numbered(evaluator, sequence, value.thing) if isinstance(value.thing, int) else None
        if value.thing == ("selector",):
            entries, rest = self._dispatch(evaluator, sequence)
        elif numbered is not None:
            entries, rest = self._chosen(evaluator.state, sequence, numbered)
        else:
            labels = [index for indices in sequence.cases.values() for index in indices] + sequence.ranges
            entries = dict.fromkeys(labels, evaluator.state)
            rest = None if "" in sequence.cases else evaluator.state
        behind = self._sequence(sequence, entries, own)
        return self.run.merged([behind, rest, *own.breaks])

    def _numbered(self, evaluator: Evaluator, sequence: Sequence, switched: int) -> list[int] | None:
        """Return the indices of the labels with a known integer's value, `default` if there is none; else None.

        None: the value of some label is not known.
        """
        chosen = []
        self.run.spend(len(sequence.cases) + len(sequence.ranges))
        for text, indices in sequence.cases.items():
            if text:
                value = evaluator.value(text).thing
                if not isinstance(value, int):
                    self.run.unknown_labels = True
                    return None
                chosen += indices if value == switched else []
                blob, start = self.body.handler.blob, sequence.steps[indices[0]].start
                self.run.labels.setdefault((blob, start, switched), SeenLabel(switched, value, text, self.body, start))
        for index in sequence.ranges:
            low, high = (
                evaluator.value(end).thing for end in (sequence.steps[index].text, sequence.steps[index].extra)
            )
            if not (isinstance(low, int) and isinstance(high, int)):
                self.run.unknown_labels = True
                return None
            chosen += [index] if low <= switched <= high else []
        return [*chosen, *sequence.cases.get("", ())]

    def _chosen(
        self, state: SimulationState, sequence: Sequence, indices: list[int]
    ) -> tuple[dict[int, SimulationState], SimulationState | None]:
        """Return the states that enter the first of some labels that is present, and the state that enters none."""
        entries: dict[int, SimulationState] = {}
        rest: SimulationState | None = state
        for index in indices:
            condition = sequence.steps[index].condition
            if rest is not None and (entering := rest.within(condition)) is not None:
                entries[index] = entering
                rest = rest.outside(condition)
        return entries, rest

    def _dispatch(
        self, evaluator: Evaluator, sequence: Sequence
    ) -> tuple[dict[int, SimulationState], SimulationState | None]:
        """Return the states that enter the cases of the capability, and the state that enters none."""
        labels = self._labels(evaluator, sequence)
        if id(sequence) not in self.run.switches:
            self.run.switches.add(id(sequence))
            self.run.mentioned.update(labels)
        indices = [*labels.get(self.run.capability or "", ()), *sequence.cases.get("", ())]
        return self._chosen(evaluator.state, sequence, indices)

    def _labels(self, evaluator: Evaluator, sequence: Sequence) -> dict[str, list[int]]:
        """Return the indices of the labels of each capability."""
        if sequence.capabilities is None:
            labels: dict[str, list[int]] = {}
            for text, indices in sequence.cases.items():
                if text and (capability := evaluator.capability(text.strip("() "))):
                    labels.setdefault(capability, []).extend(indices)
            expanded = 0
            for index in sequence.ranges:
                low, high = (end.strip("() ") for end in (sequence.steps[index].text, sequence.steps[index].extra))
                within = self.run.facts.numbered.between(low, high) if expanded < _MOST_EXPANDED else []
                for capability in within or filter(is_capability, (low, high)):
                    labels.setdefault(capability, []).append(index)
                expanded += len(within)
            sequence.capabilities = labels
        return sequence.capabilities

    def _loop(self, step: FlowStep, state: SimulationState) -> SimulationState | None:
        state = self._begun(step, state)
        left: list[SimulationState | None] = []
        rows = list(self._rows(step, state))
        at: SimulationState | None = state
        for bindings, condition in rows or [({}, True), ({}, True)]:
            if at is None:
                break
            entering = at.within(condition)
            if entering is not None:
                own = Ends()
                for variable, value in bindings.items():
                    entering = entering.having(variable, value)
                behind = self._sequence(step.body, {0: entering}, own)
                left += own.breaks
                at = self.run.merged([behind, *own.continues, at.outside(condition) if rows else at])
        return self.run.merged([at, *left])

    def _begun(self, step: FlowStep, state: SimulationState) -> SimulationState:
        """Return the state behind the first part of a `for`."""
        declared = _DECLARED.match(step.extra) if step.kind == "for" else None
        evaluator = self._evaluator(state)
        if declared is not None:
            evaluator.assign(declared[1], evaluator.value(declared[2]))
        return evaluator.state

    def _rows(self, step: FlowStep, state: SimulationState) -> Iterator[tuple[dict[str, AbstractValue], Formula]]:
        """Yield the elements at which a loop over arrays of capabilities is in each pass, and their condition."""
        tables = {table.name: table for table in self._tables(step, state)}
        for table in tables.values():
            for element in table.naming(self.run.capability) if self.run.capability else ():
                value = thing("row", table, element) if element.parts else self._evaluator(state).value(element.value)
                yield {row_variable(table): value}, element.condition
        if tables:
            yield {row_variable(table): thing("row", table, None) for table in tables.values()}, True

    def _tables(self, step: FlowStep, state: SimulationState) -> Iterator[Table]:
        """Yield the arrays that a loop indexes, or walks with a pointer."""
        texts = " ".join(_texts(step))
        self.run.spend(len(texts) // _CHARACTERS + len(state.variables))
        evaluator = self._evaluator(state)
        names = set(_INDEXED.findall(texts))
        names |= {name for name, value in state.variables.items() if _is_table(value) and name in texts}
        for name in sorted(names):
            value = evaluator.value(name)
            if _is_table(value):
                yield value.thing[1]


def _is_table(value: AbstractValue) -> bool:
    return isinstance(value.thing, tuple) and value.thing[0] == "table"


def _texts(step: FlowStep) -> Iterator[str]:
    waiting = [step]
    while waiting:
        one = waiting.pop()
        yield one.text
        waiting += one.body.steps
        waiting += one.otherwise.steps if one.otherwise else []
