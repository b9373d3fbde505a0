"""Conditions that hold at a place of a handler, on the way through one of its cases."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.knowledge.capability_names import is_capability
from caplint.link.core.extents import START, Extents
from caplint.link.functions.body import Body
from caplint.link.functions.code_function import facts_between
from caplint.link.functions.function_facts import GuardRange, SwitchLabel
from caplint.link.handlers.reach import ReachedCode
from caplint.link.handlers.sites import Site
from caplint.link.handlers.value_tests import ConditionResult


@dataclass(frozen=True)
class Region:
    """Part of a function that runs for one case: the code above its switch, and the case."""

    head: int
    """Offset of the switch; what begins there or above it holds for each of its cases."""
    start: int
    stop: int
    presence: str
    """Presence condition of the case."""
    reach: ReachedCode | None = field(default=None, compare=False)
    """Code that runs for the capability; None if that is not known, or is not asked."""

    def holds(self, offset: int) -> bool:
        """Tell whether the code at an offset may run."""
        within = offset <= self.head or self.start <= offset < self.stop
        return within and (self.reach is None or self.reach.holds(offset))

    @staticmethod
    def of(body: Body, site: Site, reach: ReachedCode | None) -> Region:
        """Return the region of a capability's site."""
        if site.kind != "case":
            return Region(site.start, site.start, site.stop, site.condition, reach)
        return Region.around(body, site.start, site.stop, site.condition, reach)

    @staticmethod
    def around(body: Body, start: int, stop: int, presence: str, reach: ReachedCode | None = None) -> Region:
        """Return the region of a case by the extent of its label."""
        switches = [row.start for row in body.switches.at(start) if row.start < start]
        return Region(max(switches, default=start), start, stop, presence, reach)

    @staticmethod
    def whole(body: Body, reach: ReachedCode | None = None) -> Region:
        """Return the region that is a whole function."""
        return Region(body.handler.stop, body.handler.start, body.handler.stop, body.presence, reach)


class Place(NamedTuple):
    """Place of a function on the way through one case."""

    offset: int
    region: Region


class Condition(NamedTuple):
    """Condition that holds, or does not hold, over an extent; or the choice of a case by a `switch`."""

    start: int
    stop: int
    text: str
    outcome: ConditionResult
    offset: int
    """Offset behind its evaluation."""
    presence: str
    selector: str = ""
    """Expression of the `switch`, empty for a condition."""
    listed: bool = False
    """Whether the chosen case names values, and is not `default`."""


@dataclass
class Conditions:
    """Conditions of one function."""

    body: Body

    def at(self, offset: int, region: Region) -> Iterator[Condition]:
        """Yield the conditions that hold at an offset."""
        for condition in self._holding.at(offset):
            if region.holds(condition.start):
                yield condition

    def above(self, head: int) -> Iterator[Condition]:
        """Yield the conditions that begin before an offset."""
        yield from self._sorted[: bisect_left(self._sorted, head, key=START)]

    def deciding(self, offset: int, end: int, region: Region) -> Iterator[Condition]:
        """Yield the conditions that decide whether control, on its way to an end, comes through an offset."""
        for condition in self._enclosing.at(offset):
            entered = condition.start <= region.start < condition.stop
            if condition.stop <= end and not entered and region.holds(condition.start):
                yield condition

    @cached_property
    def _sorted(self) -> list[Condition]:
        return sorted([*self._guards, *self._cases, *self._left, *self._falling], key=START)

    @cached_property
    def _holding(self) -> Extents[Condition]:
        return Extents(self._sorted)

    @cached_property
    def _enclosing(self) -> Extents[Condition]:
        kinds = {"enclosing", "ternary", "short_circuit"}
        rows = [condition for row, condition in zip(self.body.guards, self._guards, strict=True) if row.kind in kinds]
        return Extents(sorted([*rows, *self._cases], key=START))

    @cached_property
    def _guards(self) -> list[Condition]:
        """Return guards as conditions, each with the offset behind its evaluation."""
        taken: dict[str, list[GuardRange]] = {}
        conditions = []
        for row in self.body.guards:
            negated = row.negated
            if row.kind == "enclosing" and not negated:
                taken.setdefault(row.text, []).append(row)
            offset = row.start if not negated else _evaluated(taken.get(row.text, []), row.start)
            outcome = ConditionResult.ZERO if negated else ConditionResult.NONZERO
            if row.kind == "early_exit" and not negated:
                offset = _evaluated(taken.get(row.text, []), row.start)
            conditions.append(Condition(row.start, row.stop, row.text, outcome, offset, row.condition))
        return conditions

    @cached_property
    def _falling(self) -> list[Condition]:
        """Return the early exits of a case from which control falls into the next, with the extent that adds."""
        starts = [row.start for row in self.body.labels]
        conditions = []
        for row, condition in zip(self.body.guards, self._guards, strict=True):
            index = bisect_left(starts, row.stop)
            if row.kind != "early_exit" or index == len(starts) or self.body.weight(row.stop, starts[index]):
                continue
            begins = [test.start for test in self.body.ends_of_ifs.get(row.start, [])]
            label = self.body.labels[index]
            around = self._enclosing.at(begins[0]) if begins else ()
            if begins and not any(entry.stop <= label.start and not entry.selector for entry in around):
                conditions.append(condition._replace(stop=label.stop))
        return conditions

    @cached_property
    def _cases(self) -> list[Condition]:
        """Return the cases of all switches, except capabilities, as conditions over their extents."""
        return [
            Condition(
                row.start, row.stop, row.text, ConditionResult.NONZERO, row.start, "1", row.selector, row.text != ""
            )
            for row in self.body.labels
            if row.start < row.stop and not is_capability(row.text)
        ]

    @cached_property
    def _left(self) -> list[Condition]:
        """Return for each switch whose `default` leaves the function that behind it a listed case was chosen."""
        defaults = [row for row in self.body.labels if not row.text and self._leaves(row)]
        conditions = []
        for row in defaults:
            switch = max((switch for switch in self.body.switches.at(row.start)), key=START, default=None)
            if switch is not None:
                around = [entry.stop for entry in self._enclosing.at(switch.start) if entry.stop > switch.stop]
                stop = min(around, default=self.body.handler.stop)
                if switch.stop < stop:
                    conditions.append(
                        Condition(
                            switch.stop, stop, "", ConditionResult.NONZERO, switch.stop, "1", row.selector, listed=True
                        )
                    )
        return conditions

    def _leaves(self, label: SwitchLabel) -> bool:
        """Tell whether the code of a label always returns or jumps."""
        exits = facts_between(label.start, label.stop, self.body.returns, self.body.jumps)
        return any(all(entry.start <= label.start for entry in self._enclosing.at(row.start)) for row in exits)


def _evaluated(branches: list[GuardRange], offset: int) -> int:
    """Return the offset of the branch that the condition of a guard leads to, which begins behind its evaluation."""
    index = bisect_left(branches, offset, key=START)
    for row in reversed(branches[max(0, index - 4) : index]):
        if row.stop <= offset:
            return row.start
    return offset
