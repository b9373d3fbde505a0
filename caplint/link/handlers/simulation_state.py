"""State of a handler that is simulated for one capability."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, disjunction, negation
from caplint.link.functions.abstract_values import UNKNOWN, AbstractValue, joined, thing
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.constants import Constants
from caplint.link.functions.flow import Sequence, flow
from caplint.link.functions.reading import function_condition
from caplint.link.handlers.capability_tables import CapabilityTables, Table
from caplint.link.handlers.sites import Numbered
from caplint.values.expression_tree import Node

Watch = Callable[[Body, Node, AbstractValue], AbstractValue]
"""Sees an expression of a function with its value, and returns the value that counts."""

# Characters of a condition, or names of variables, whose treatment takes as long as a statement.
_CHARACTERS, _VARIABLES = 20, 16
# Maximum number of characters of a condition; those of Linux are shorter than 200.
_LONGEST = 4_096
_OF_ENABLE_CAP: Mapping[str, AbstractValue] = {"cap": thing("selector")}


class SeenLabel(NamedTuple):
    """Case label of a switch over a known integer."""

    switched: int
    """The integer over which the switch is."""
    value: int
    text: str
    body: Body
    start: int


class SimulationState(NamedTuple):
    """Configurations in which control is at a place, and the values of variables there."""

    reached: Formula
    variables: dict[str, AbstractValue]

    def within(self, condition: Formula) -> SimulationState | None:
        """Return the state in the configurations of a condition; None if there are none."""
        if condition is True:
            return self
        reached = conjunction([self.reached, condition])
        return None if reached is False else SimulationState(reached, self.variables)

    def outside(self, condition: Formula) -> SimulationState | None:
        """Return the state in all other configurations."""
        return None if condition is True else self.within(negation(condition))

    def having(self, variable: str, value: AbstractValue) -> SimulationState:
        """Return the state with another value of a variable."""
        return SimulationState(self.reached, {**self.variables, variable: value})


def _merged(present: list[SimulationState]) -> SimulationState:
    first, *others = present
    variables = {
        name: value
        if all(state.variables.get(name) is value for state in others)
        else joined((state.variables.get(name, UNKNOWN), state.reached) for state in present)
        for name, value in first.variables.items()
        if all(name in state.variables for state in others)
    }
    return SimulationState(disjunction(state.reached for state in present), variables)


@dataclass
class Facts:
    """Facts of one tree that a simulation asks."""

    helpers: Helpers
    constants: Constants
    numbered: Numbered
    tables: CapabilityTables
    named: dict[str, frozenset[str]]
    """Verb → names of its handlers: a handler that calls one of them passes the question on."""
    conditions: Mapping[str, str]
    """Path of a file → its presence condition."""
    steps: int
    """Number of statements that may still be simulated."""
    flows: dict[tuple[int, int], Sequence | None] = field(default_factory=dict)
    """Statements of functions, by blob and offset."""
    presences: dict[tuple[int, int], Formula] = field(default_factory=dict)
    """Presence conditions of functions, by blob and offset."""
    summaries: dict[tuple[str, str, str], AbstractValue] = field(default_factory=dict)
    """Results of functions that get no capability, by name, architecture and path of the caller."""

    def flow(self, body: Body) -> Sequence | None:
        """Return the statements of a function; None if its control flow is not known."""
        key = (body.handler.blob, body.handler.start)
        if key not in self.flows:
            self.flows[key] = flow(body)
        return self.flows[key]

    def condition(self, body: Body) -> Formula:
        """Return the presence condition of a function."""
        handler = body.handler
        key = (handler.blob, handler.start)
        if key not in self.presences:
            own = function_condition(body.connection, *key)
            self.presences[key] = conjunction([parse(self.conditions.get(handler.path, "1")), own])
        return self.presences[key]


@dataclass
class Run:
    """Simulation of a handler for one capability, or for one that it does not name."""

    facts: Facts
    arch: str
    verb: str
    capability: str | None
    mentioned: set[str] = field(default_factory=set)
    """Capabilities with which the handler compares its own, in this run or an earlier one."""
    switches: set[int] = field(default_factory=set)
    """Switches whose labels are among them, by `id` of their statements."""
    entered: dict[tuple[int, int], Body] = field(default_factory=dict)
    """Functions that got the capability or the request, by blob and offset."""
    tables: dict[tuple[int, str], Table] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)
    """Statements that ran, by `id`."""
    stack: list[tuple[int, int]] = field(default_factory=list)
    members: Mapping[str, AbstractValue] = field(default_factory=lambda: _OF_ENABLE_CAP)
    """Values of the request's members; the others are unknown."""
    labels: dict[tuple[int, int, int], SeenLabel] = field(default_factory=dict)
    """Labels of the switches over known integers, by blob, offset and that integer."""
    unknown_labels: bool = False
    """Whether such a switch has a label of unknown value."""
    gave_up: str = ""
    """Reason why the result is not complete."""
    is_stopped: bool = False
    """Whether nothing more is simulated."""
    watch: Watch | None = None
    """Sees every expression that is evaluated; None in an ordinary run."""

    def spend(self, steps: int = 1, formulas: Iterable[Formula] = ()) -> None:
        """Count what is done; stop where it is too much, or where a condition becomes too long to be read."""
        sizes = [len(str(formula)) for formula in formulas if not isinstance(formula, bool)]
        self.facts.steps -= steps + sum(sizes) // _CHARACTERS
        if self.facts.steps < 0:
            self.stop("handlers have too many statements")
        elif max(sizes, default=0) > _LONGEST:
            self.stop(f"a presence condition of more than {_LONGEST:,} characters")

    def stop(self, reason: str) -> None:
        """Give up."""
        self.gave_up, self.is_stopped = reason, True

    def merged(self, states: Iterable[SimulationState | None]) -> SimulationState | None:
        """Return the state in which control comes from any of several places."""
        present = [state for state in states if state is not None]
        if len(present) < 2:
            return present[0] if present else None
        variables = [value for state in present for value in state.variables.values()]
        signs = [formula for value in variables for formula in value.signs.values()]
        self.spend(len(variables) // _VARIABLES, [*signs, *(state.reached for state in present)])
        return None if self.is_stopped else _merged(present)

    def mention(self, capability: str) -> bool:
        """Note a comparison with a capability, and tell whether it is the one of this run."""
        self.mentioned.add(capability)
        return capability == self.capability

    def touch(self, table: Table) -> None:
        """Note the use of an array of capabilities."""
        if (table.blob, table.name) not in self.tables:
            self.tables[table.blob, table.name] = table
            self.mentioned.update(name for element in table.elements for name in element.capabilities)
            if not table.readable:
                self.gave_up = "an element of an array of capabilities is too long"
