"""Code of a function that runs for one capability, as the simulation of its handler found it.

A test in front of a switch, a chain of `else if`, a nested switch, a helper that tells capabilities apart, and a walk
over a table all decide which statements run. What does not run for a capability says nothing about it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from caplint.link.core.extents import START
from caplint.link.functions.flow import FlowStep, Sequence


@dataclass(frozen=True)
class ReachedCode:
    """Statements of a function that run for a capability."""

    whole: Sequence
    reached: frozenset[int]
    """The statements that run, by `id` of their steps."""
    _known: dict[int, bool] = field(default_factory=dict)

    def holds(self, offset: int) -> bool:
        """Tell whether control may come to an offset for the capability."""
        if offset not in self._known:
            self._known[offset] = self._holds(offset)
        return self._known[offset]

    def _holds(self, offset: int) -> bool:
        sequence, around = self.whole, True
        while True:
            index = bisect_right(sequence.steps, offset, key=START) - 1
            if index < 0:  # in front of a branch's first statement, or in the head of a loop or switch
                return id(sequence.steps[0]) in self.reached if sequence.start else around
            step = sequence.steps[index]
            around = id(step) in self.reached
            if step.stop <= offset or not around:
                return around
            other = step.otherwise
            sequence = other if other is not None and offset >= other.start else step.body
            if not sequence.steps or offset < sequence.start:
                return around

    @property
    def is_entered(self) -> bool:
        """Whether the function runs for the capability as far as is known."""
        return bool(self.whole.steps) and id(self.whole.steps[0]) in self.reached

    def beyond(self, common: frozenset[int]) -> tuple[int, int] | None:
        """Return the first run of statements in one block that run for the capability, and not for all of `common`."""
        run: list[FlowStep] = []
        for block in _blocks(self.whole):
            for step in block.steps:
                if id(step) in self.reached and id(step) not in common:
                    run.append(step)
                elif run:
                    break
            if run:
                return run[0].start, max(step.stop for step in run)
        return None


def _blocks(whole: Sequence) -> Iterator[Sequence]:
    """Yield a sequence of statements and all below it, outer ones first."""
    waiting = [whole]
    for block in waiting:
        yield block
        for step in block.steps:
            waiting += [step.body, *([step.otherwise] if step.otherwise is not None else [])]
