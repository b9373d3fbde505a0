"""Events of single commits between two states, where a change may have been taken back before the later state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from caplint.history import place_events
from caplint.history.detours import DetourSearch, StatePair
from caplint.history.headers import Definitions, definitions
from caplint.history.line import cause
from caplint.history.model import BROUGHT, CHANGED, REMOVED, RENAMED, Event
from caplint.history.place_events import PlaceChange
from caplint.history.places import CapabilityPlace, Places, PlaceState
from caplint.history.steps import steps
from caplint.trees.git_log import LoggedCommit
from caplint.trees.repository import Repository

_MOST_COMMITS = 200
"""Commits whose trees are read, each with those of its parents."""
ReadCommits = Callable[[list[str]], dict[str, Places]]
"""Function that returns the places at commits; those whose layout caplint does not read are left out."""


class CommitStep(NamedTuple):
    """Change of a place by one commit."""

    change: PlaceChange
    commit: LoggedCommit

    def event(self, label: str | None) -> Event:
        """Return the step as an event of a release."""
        return place_events.event(self.change, label, (cause(self.commit),))


class CommitSteps:
    """Reader of the trees around the commits that may have taken a change back."""

    def __init__(self, repository: Repository, search: DetourSearch, headers: list[str], read: ReadCommits) -> None:
        """`headers`: paths of the header with the numbers, the present one first."""
        self._repository = repository
        self._search = search
        self._headers = headers
        self._read = read
        self._defined: dict[str, Definitions] = {}
        self.remarks: list[str] = []

    def of(self, pairs: list[StatePair], wanted: Callable[[str], bool]) -> list[list[CommitStep]]:
        """Return the changes by commits of each pair, by capability, oldest first. Raises `CaplintError`."""
        listed = self._search.suspects(pairs)
        self.remarks += self._search.remarks
        chosen: list[list[tuple[str, LoggedCommit]]] = [
            [(cap, commit) for cap, commits in suspects.items() if wanted(cap) for commit in commits]
            for suspects in listed
        ]
        commits = list({commit.oid: commit for some in chosen for _, commit in some}.values())
        if len(commits) > _MOST_COMMITS:
            left = len(commits) - _MOST_COMMITS
            self.remarks.append(f"{left} commits that may take changes back are not read; name fewer capabilities")
            commits = commits[-_MOST_COMMITS:]
        ids = list(dict.fromkeys(oid for commit in commits for oid in (*commit.parents, commit.oid)))
        states = self._read(ids) if ids else {}
        kept = {commit.oid for commit in commits}
        return [
            _detours([step for cap, commit in some if commit.oid in kept for step in self._steps(cap, commit, states)])
            for some in chosen
        ]

    def _steps(self, cap: str, commit: LoggedCommit, states: dict[str, Places]) -> list[CommitStep]:
        """Return the changes of a capability from the first parent, as far as no other parent has the result.

        Parents whose layout caplint does not read are of another project.
        """
        after = states.get(commit.oid)
        parents = [states[parent] for parent in commit.parents if parent in states]
        if after is None or not parents:
            return []
        changes = place_events.changes(parents[0], after, self._renamed(commit, states), {cap})
        now = after.get(cap, {})
        others = [parent.get(cap, {}) for parent in parents[1:]]
        return [
            CommitStep(change, commit)
            for change in changes
            if all(_text(other, change.place) != _text(now, change.place) for other in others)
        ]

    def _renamed(self, commit: LoggedCommit, states: dict[str, Places]) -> dict[str, str]:
        parent = next(parent for parent in commit.parents if parent in states)
        found = steps(self._definitions(parent), self._definitions(commit.oid))
        return {step.cap: str(step.after) for step in found if step.kind == RENAMED and step.cap == step.before}

    def _definitions(self, commit: str) -> Definitions:
        if commit not in self._defined:
            entries = self._repository.entries(self._repository.tree(commit)[1], self._headers)
            present = [entries[path] for path in self._headers if path in entries]
            texts = [definitions(content) for content in self._repository.read_all(present)]
            self._defined[commit] = next(filter(None, texts), {})
        return self._defined[commit]


def _detours(found: list[CommitStep]) -> list[CommitStep]:
    """Return the steps of places that one of them leads back to a former state, or away again after it.

    The same change on two branches, one of which has copied it from the other, is none.
    """
    by_place: dict[tuple[str, CapabilityPlace], list[PlaceChange]] = defaultdict(list)
    for step in found:
        by_place[step.change.cap, step.change.place].append(step.change)
    taken_back = {place for place, changes in by_place.items() if _leads_back(changes)}
    return [step for step in found if (step.change.cap, step.change.place) in taken_back]


def _leads_back(changes: list[PlaceChange]) -> bool:
    seen: set[str | None] = set()
    for change in changes:
        comes, goes = change.before is None, change.after is None
        if change.after in seen or (comes and "" in seen):
            return True
        seen |= {change.before} | ({""} if goes else set())
    return False


def _text(places: dict[CapabilityPlace, PlaceState], place: CapabilityPlace) -> str | None:
    state = places.get(place)
    return state.text if state is not None else None


def remaining(changes: list[PlaceChange], found: list[CommitStep], new: Places) -> list[PlaceChange]:
    """Return the changes that remain between the end of the commits' steps and the later state."""
    known = {(change.cap, change.place): change for change in changes}
    kept = []
    for key, last in {(step.change.cap, step.change.place): step.change for step in found}.items():
        whole = known.get(key, last)
        after = _text(new.get(last.cap, {}), last.place)
        if RENAMED not in {last.kind, whole.kind} and last.after != after:
            kind = CHANGED if last.after and after else BROUGHT if after else REMOVED
            kept.append(whole._replace(kind=kind, before=last.after, after=after))
    return kept
