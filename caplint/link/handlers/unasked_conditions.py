"""Run-time conditions that enabling a capability needs and that its answer does not ask for.

Both handlers are simulated. A condition is needed if enabling cannot succeed once it is set the wrong way; it is not
asked for where the check answers more than 0 whatever else is the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, disjunction, negation, satisfiable, text
from caplint.knowledge.load import GENERIC
from caplint.link.functions.abstract_values import PASSED_ON, POSITIVE
from caplint.link.functions.body import Body
from caplint.link.functions.code_function import between
from caplint.link.handlers.decisions import Decisions, line_of
from caplint.link.handlers.run_time_conditions import RunTimeConditions
from caplint.link.handlers.sites import Site
from caplint.link.handlers.verdicts import Root
from caplint.link.handlers.watching import Recorder, Requirements, Setting
from caplint.values.expression_tree import Node, text_of


class UnaskedCondition(NamedTuple):
    """Condition, as written, and where."""

    text: str
    refused: int
    """1: enabling is refused where it holds; 0: where it fails."""
    kind: str
    lacking: tuple[str, ...]
    path: str
    line: int
    condition: str
    """Presence condition under which the capability is answered without it."""
    partial: int
    """1: in other configurations enabling does not need it."""
    certain: int
    """0: the check asks for another condition of this kind, which may imply it."""


class _Needed(NamedTuple):
    """Condition without which enabling fails."""

    node: Node
    refused: int
    formula: Formula
    """Presence condition under which enabling needs it."""
    unneeded: Formula
    """Presence condition under which enabling may succeed without it."""


# Maximum number of statements that are simulated for one tree; Linux 6.12 needs some 7,000.
_MOST_STEPS = 70_000


@dataclass
class UnaskedConditions:
    """Unasked conditions of the capabilities of one side of a tree."""

    decisions: Decisions
    conditions: RunTimeConditions
    left: int = _MOST_STEPS
    """Number of statements that may still be simulated."""
    _requirements: Requirements = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the data that all questions share."""
        self._requirements = Requirements(self.conditions.helpers)

    def of(self, body: Body, site: Site) -> Iterator[UnaskedCondition]:
        """Yield the unasked conditions of a capability that an enable handler accepts at a site."""
        checks = self._checks(body.handler.arch, site.capability)
        for root in self.decisions.roots_of(body) if checks else ():
            if self.left < 0:
                body.cut(
                    site.line, site.start, "from here on, conditions of enabling are not compared with the answers"
                )
            elif not root.reason:
                ordinary, root.facts.steps = root.facts.steps, self.left
                yield from list(self._of_root(root, checks, body, site))
                self.left, root.facts.steps = root.facts.steps, ordinary

    def _checks(self, arch: str, capability: str) -> list[Root]:
        """Return the check handlers that decide; none if one of them is not understood."""
        roots = [root for root in self.decisions.roots if root.body.handler.verb == "check"]
        own = [root for root in roots if root.body.handler.arch in {arch, GENERIC}]
        return own if any(satisfiable(root.outcome(capability).success()) for root in own) else []

    def _of_root(self, root: Root, checks: list[Root], body: Body, site: Site) -> Iterator[UnaskedCondition]:
        recorder, asked = Recorder(self._requirements), Recorder(self._requirements)
        root.watched(site.capability, recorder)
        for check in checks:
            check.watched(site.capability, asked)
        none = Setting(self._requirements)
        if not (recorder.conditions.keys() & asked.conditions.keys() or recorder.deciders & asked.deciders) and (
            self._sure(checks, body.handler.arch, site.capability, none) is False
        ):
            return
        # A list of exceptions that both handlers ask says nothing of other conditions, whatever it answers.
        lists = sorted(recorder.deciders & asked.deciders)
        given = [{}, *(dict.fromkeys(lists, holds) for holds in (False, True) if lists)]
        needs = [list(self._needed(root, recorder, site, deciders)) for deciders in given]
        for beside in (False, True):
            for deciders, needed in zip(given, needs, strict=True):
                both = {entry.node: not entry.refused for entry in needed if beside and entry.node in asked.conditions}
                setting = Setting(self._requirements, both, deciders)
                sure = self._sure(checks, body.handler.arch, site.capability, setting) if needed else False
                found = [entry for entry in needed if satisfiable(conjunction([sure, entry.formula]))]
                described = list(self._described(found, sure, both, recorder, site))
                if described:
                    yield from described
                    return

    def _described(
        self, found: list[_Needed], sure: Formula, beside: Mapping[Node, bool], recorder: Recorder, site: Site
    ) -> Iterator[UnaskedCondition]:
        """Yield those of the conditions that are conditions of the host or the VM."""
        others = [self.conditions.of(node, recorder.conditions[node]) for node in beside] if found else []
        for entry in found:
            where = recorder.conditions[entry.node]
            condition = self.conditions.of(entry.node, where)
            if condition is None or entry.node in beside or (beside and condition.kind == "operation"):
                continue  # tables of functions differ in what else is the case
            kinds = {other.kind if other else condition.kind for other in others}
            certain = int(not (kinds & {condition.kind, "operation"}))
            path, at = where.handler.path, _line(where, entry.node, site)
            formula = conjunction([sure, entry.formula])
            partial = int(satisfiable(conjunction([sure, entry.unneeded])))
            yield UnaskedCondition(
                text_of(entry.node), entry.refused, *condition, path, at, text(formula), partial, certain
            )

    def _needed(self, root: Root, recorder: Recorder, site: Site, deciders: Mapping[str, bool]) -> Iterator[_Needed]:
        """Yield the conditions without which enabling fails."""
        within = parse(site.condition)
        ordinary = Setting(self._requirements, {}, deciders)
        as_it_is = root.watched(site.capability, ordinary).success(within)
        for node in [node for node, body in recorder.conditions.items() if self.conditions.may_be(node, body)]:
            for holds in (False, True):
                outcome = root.watched(site.capability, Setting(self._requirements, {node: holds}, deciders)).success(
                    within
                )
                refused = conjunction([as_it_is, negation(outcome)])
                if satisfiable(refused):
                    yield _Needed(node, int(holds), refused, conjunction([as_it_is, outcome]))

    def _sure(self, checks: list[Root], arch: str, capability: str, setting: Setting) -> Formula:
        """Return the condition under which the answer exceeds 0 whatever the host and the VM are."""
        generic, own = [], []
        for root in checks:
            if root.reason:
                return False
            verdicts = root.watched(capability, setting)
            if root.body.handler.arch == GENERIC:
                generic.append(verdicts)
            elif satisfiable(verdicts.success()):
                own.append(verdicts)
        answered = conjunction(verdicts.only(POSITIVE) for verdicts in own) if own else False
        if not generic:
            return answered
        passed = conjunction(verdicts.only(PASSED_ON) for verdicts in generic)
        first = conjunction(verdicts.only(POSITIVE) for verdicts in generic)
        return disjunction([first, conjunction([passed, answered])]) if arch != GENERIC else first


def _line(body: Body, node: Node, site: Site) -> int:
    """Return the line of the first test that mentions a condition, first of all in the case of a site."""
    words, last = text_of(node).replace(" ", ""), list(node.within())[-1].text
    for row in (*between(body.tests, site.start, site.stop), *body.tests):
        if words in row.text.replace(" ", "") or (node.kind == "binary" and last in row.text):
            return row.line
    return line_of(body)
