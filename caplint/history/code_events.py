"""Events of code, documentation and tests over the states of a tree."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from caplint.history import place_events
from caplint.history.commit_steps import CommitStep, CommitSteps, remaining
from caplint.history.detours import StatePair
from caplint.history.model import Event, Point
from caplint.history.place_events import Causes, PlaceChange, Window
from caplint.history.places import Places

StateOfHistory = tuple[Point, Places, dict[str, str]]
"""State, its places, and the renames of capabilities up to it."""


class CodeEvents:
    """Finder of the events between states that follow each other."""

    def __init__(
        self,
        wanted: Callable[[str], bool],
        labels: set[str],
        causes: Causes | None = None,
        steps: CommitSteps | None = None,
    ) -> None:
        """`labels`: those of releases; `causes`, `steps`: None for states without a repository."""
        self._wanted = wanted
        self._labels = labels
        self._causes = causes
        self._steps = steps

    def of(self, states: list[StateOfHistory]) -> list[list[Event]]:
        """Return the events before each state. Raises `CaplintError`."""
        pairs = _state_pairs(states)
        found = self._steps.of([pair for pair in pairs if pair], self._wanted) if self._steps else []
        of_pairs = iter(found)
        taken = [next(of_pairs, []) if pair else [] for pair in pairs]
        windows, counts = [], []
        for place, (point, new, renamed) in enumerate(states):
            old, earlier = (states[place - 1][1], states[place - 1][2]) if place else (None, {})
            caps = {cap for side in (old or {}, new) for cap in side if self._wanted(cap)}
            fresh = dict(renamed.items() - earlier.items())
            changes = list(place_events.changes(old, new, fresh, caps))
            others = _others(changes, taken[place])
            pair = pairs[place]
            label = point.label if point.label in self._labels else None
            rest = remaining(changes, taken[place], new)
            windows.append(Window(others + rest, label, (pair.first, pair.last) if pair else None))
            counts.append(len(others))
        lists = list(self._causes.events(windows)) if self._causes else [_plain(window) for window in windows]
        return [
            [*events[:count], *(step.event(window.label) for step in steps), *events[count:]]
            for events, count, window, steps in zip(lists, counts, windows, taken, strict=True)
        ]


def _state_pairs(states: list[StateOfHistory]) -> list[StatePair | None]:
    """Return each state paired with the one before it; None for the first, and where one of both has no commit."""
    found: list[StatePair | None] = [None]
    for (last, old, _), (point, new, _) in pairwise(states):
        found.append(StatePair(old, new, last.commit, point.commit) if last.commit and point.commit else None)
    return found[: len(states)]


def _others(changes: list[PlaceChange], steps: list[CommitStep]) -> list[PlaceChange]:
    """Return the changes of places that no commit's step describes."""
    known = {(step.change.cap, step.change.place) for step in steps}
    return [change for change in changes if (change.cap, change.place) not in known]


def _plain(window: Window) -> list[Event]:
    return [place_events.event(change, window.label) for change in window.changes]
