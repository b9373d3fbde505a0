"""Fate of a buffer of MSRs that a function fills: whether KVM reads the registers or writes them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from caplint.knowledge.load import knowledge
from caplint.link.core.extents import START
from caplint.link.functions.code_function import CodeFunction
from caplint.link.vmm.msr_code import FEATURE, MsrCode
from caplint.link.vmm.msr_places import MsrPlace, RegisterTaker

_DEPTH = 4


class _Mark(NamedTuple):
    """Call in a function that reads or writes MSRs, by itself or further down."""

    start: int
    verbs: frozenset[str]


@dataclass
class MsrVerbs:
    """Finder of the ioctl that follows a place."""

    code: MsrCode
    takers: dict[str, RegisterTaker]
    _marks: dict[tuple[str, int], list[_Mark]] = field(default_factory=dict)
    _others: dict[tuple[str, int, int], frozenset[str]] = field(default_factory=dict)

    def of(self, place: MsrPlace) -> frozenset[str]:
        """Return get, put or feature for a place, both of the first where the code does both; empty if unknown."""
        own = self.takers[place.taker].verbs if place.taker else frozenset[str]()
        return own or self._at(place.function, place.start, _DEPTH) or self._by_name(place.function)

    def _by_name(self, function: CodeFunction) -> frozenset[str]:
        verbs = knowledge().msr.vmm_functions
        return frozenset(verb for verb, names in verbs.items() if names.fullmatch(function.name))

    def _at(self, function: CodeFunction, offset: int, depth: int) -> frozenset[str]:
        marks = self._marks_in(function, depth)
        if marks:
            at = bisect_right(marks, offset, key=START)
            return self._with_others(function, marks, marks[min(at, len(marks) - 1)])
        callers = self.code.code.callers(function) if depth else []
        if not self.code.code.budget.spend(len(callers) + 1):
            return frozenset()
        return frozenset[str]().union(*(self._at(caller, call.start, depth - 1) for caller, call in callers))

    def _with_others(self, function: CodeFunction, marks: list[_Mark], first: _Mark) -> frozenset[str]:
        """Return what a mark does, and what those do that are in another branch of a condition around it."""
        key = (function.path, function.start, first.start)
        if key not in self._others:
            unlike = (mark for mark in marks if not mark.verbs <= first.verbs and self.code.code.budget.spend())
            others = (mark.verbs for mark in unlike if _exclude(function, first.start, mark.start))
            self._others[key] = first.verbs.union(*others)
        return self._others[key]

    def _marks_in(self, function: CodeFunction, depth: int) -> list[_Mark]:
        key = (function.path, function.start)
        if key not in self._marks:
            self._marks[key] = []  # a function that calls itself adds nothing
            self._marks[key] = sorted(self._find_marks(function, depth))
        return self._marks[key]

    def _find_marks(self, function: CodeFunction, depth: int) -> Iterator[_Mark]:
        direct = {ioctl.call.start: ioctl.verbs for ioctl in self.code.ioctls(function)}
        for call in function.calls:
            if call.start in direct:
                yield _Mark(call.start, direct[call.start])
            elif depth and call.callee not in self.takers:
                for callee in self.code.code.named(call.callee)[:1]:
                    marks = self._marks_in(callee, depth - 1)
                    if verbs := frozenset[str]().union(*(mark.verbs for mark in marks)) - {FEATURE}:
                        yield _Mark(call.start, verbs)


def _exclude(function: CodeFunction, one: int, other: int) -> bool:
    """Tell whether two places are in the two branches of one condition."""
    held = {(extent.expression, extent.negated) for extent in function.guards_at(one)}
    return any((extent.expression, not extent.negated) in held for extent in function.guards_at(other))
