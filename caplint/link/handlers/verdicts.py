"""The decision whether a handler answers 0 for a capability, more, or an error; or whether it accepts or refuses it.

A handler is simulated for one capability at a time, together with the functions that it passes the capability on to. So
it does not matter whether a switch, a comparison, an early return, a list of exceptions or a walk over a table decides.
It is also simulated for a capability that it does not name. If it may answer or accept that one, its way to decide is
not understood, and it may serve capabilities that it does not name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from caplint.c.formula import Formula, conjunction, disjunction, negation, satisfiable
from caplint.link.functions.abstract_values import UNKNOWN, thing
from caplint.link.functions.body import Body
from caplint.link.handlers.capability_tables import Table
from caplint.link.handlers.followed_calls import simulate
from caplint.link.handlers.simulation_state import Facts, Run, Watch

# Maximum number of capabilities for which one handler is simulated.
_MOST_CAPABILITIES = 2_000
_SUCCESSES = {"check": "Pp", "enable": "ZzPp"}
_LITERAL = {"check": "P", "enable": "ZP"}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Possible results of a handler for one capability, by sign, each with its presence condition."""

    verb: str
    signs: dict[str, Formula]

    def when(self, signs: str, site: Formula = True) -> Formula:
        """Return the condition, within that of a site, under which the result may have one of the signs."""
        formula = disjunction(self.signs[sign] for sign in signs if sign in self.signs)
        return conjunction([site, formula])

    def success(self, site: Formula = True) -> Formula:
        """Return the condition under which the answer may exceed 0, or enabling may succeed."""
        return self.when(_SUCCESSES[self.verb], site)

    def only(self, sign: str, site: Formula = True) -> Formula:
        """Return the condition, within that of a site, under which no result but one of a sign is possible."""
        others = "".join(other for other in self.signs if other != sign)
        return conjunction([site, self.when(sign), negation(self.when(others))])

    @property
    def literal(self) -> bool:
        """Whether the code itself writes out that success."""
        return satisfiable(self.when(_LITERAL[self.verb]))


def joined_outcomes(verb: str, outcomes: list[Verdicts]) -> Verdicts:
    """Return what any of several handlers of one capability may do."""
    signs = {
        sign: disjunction(one.signs.get(sign, False) for one in outcomes) for one in outcomes for sign in one.signs
    }
    return Verdicts(verb, signs)


@dataclass
class Root:
    """Handler that the ioctl itself calls, with all that it passes the capability on to."""

    facts: Facts
    body: Body
    entered: dict[tuple[int, int], Body] = field(default_factory=dict)
    """Functions that get the capability, by blob and offset; the handler itself is the first."""
    tables: dict[tuple[int, str], Table] = field(default_factory=dict)
    reason: str = ""
    """Reason why the handler may serve capabilities that it does not name; empty if it serves none."""
    _outcomes: dict[str | None, Verdicts] = field(default_factory=dict)
    _reached: dict[str | None, frozenset[int] | None] = field(default_factory=dict)
    _mentioned: set[str] = field(default_factory=set)
    _switches: set[int] = field(default_factory=set)

    @property
    def key(self) -> tuple[int, int]:
        """Blob and offset of the handler."""
        return self.body.handler.blob, self.body.handler.start

    def explore(self) -> None:
        """Find all capabilities that the handler tells apart."""
        self.entered[self.key] = self.body
        self._simulate(None)
        if satisfiable(self._outcomes[None].success()) and not self.reason:
            self.reason = _REASONS[self.body.handler.verb]
        asked = 0
        while asked < len(self._mentioned):
            asked = len(self._mentioned)
            for capability in sorted(self._mentioned - self._outcomes.keys()):
                self._simulate(capability)

    @property
    def capabilities(self) -> list[str]:
        """Capabilities that the handler tells apart, by name."""
        return sorted(self._mentioned)

    def outcome(self, capability: str | None) -> Verdicts:
        """Return what the handler may do with a capability; None: with one that it does not name."""
        if capability not in self._outcomes:
            self._simulate(capability)
        return self._outcomes[capability]

    def reached(self, capability: str | None) -> frozenset[int] | None:
        """Return the statements that run for a capability, by `id` of their steps; None if that is not known."""
        if capability not in self._outcomes:
            self._simulate(capability)
        return self._reached[capability]

    def watched(self, capability: str, watch: Watch) -> Verdicts:
        """Return what the handler may do with a capability if expressions have the values that a watch gives them."""
        run = self._run(capability)
        run.watch = watch
        return self._verdicts(run)

    def _run(self, capability: str | None) -> Run:
        handler = self.body.handler
        return Run(self.facts, handler.arch, handler.verb, capability, self._mentioned, self._switches)

    def _verdicts(self, run: Run) -> Verdicts:
        handler = self.body.handler
        selector = thing("selector" if handler.verb == "check" else "request")
        variables = {handler.parameters[-1]: selector} if handler.parameters else {}
        result = UNKNOWN if run.gave_up else simulate(run, self.body, variables)
        return Verdicts(handler.verb, UNKNOWN.signs if run.gave_up else result.signs)

    def _simulate(self, capability: str | None) -> None:
        """Simulate the handler for a capability."""
        run = self._run(capability)
        if len(self._outcomes) > _MOST_CAPABILITIES:
            run.gave_up = f"a handler of more than {_MOST_CAPABILITIES:,} capabilities"
        self._outcomes[capability] = self._verdicts(run)
        self._reached[capability] = None if run.gave_up else frozenset(run.reached)
        self.reason = self.reason or run.gave_up
        self.entered.update(run.entered)
        self.tables.update(run.tables)


_REASONS = {
    "check": "a check handler that may answer capabilities that it does not name",
    "enable": "an enable handler that may accept capabilities that it does not name",
}
