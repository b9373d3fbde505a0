"""Construction of histories: of repositories, and of directories that stand for releases."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.config.settings import Config
from caplint.history.code_events import CodeEvents
from caplint.history.commit_steps import CommitSteps
from caplint.history.detours import DetourSearch
from caplint.history.headers import Definitions, definitions
from caplint.history.line import HistoryLine, cause
from caplint.history.model import HEADER, PRESENT, RENAMED, Event, Point, Track
from caplint.history.place_events import Causes
from caplint.history.places import Places
from caplint.history.point_reader import PointReader, ReadingWith
from caplint.history.steps import HeaderStep, steps
from caplint.history.wanted import Wanted
from caplint.knowledge.load import knowledge
from caplint.trees.detect import revision_tree, tree_of
from caplint.trees.repository import Repository
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.matrix.tls import Scheduler

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class HistoryRun:
    """Contents to include, settings, and the receiver of progress messages."""

    wanted: Wanted
    config: Config
    progress: Progress
    scheduler: Scheduler | None = None
    """Cluster to read states on; None: here."""

    @property
    def reading(self) -> ReadingWith:
        """Settings of the reading of states."""
        return ReadingWith(self.config, self.progress, self.scheduler)


_AFTER_HEADERS = 1 << 40
"""Rank of the first event of code behind those of the header."""


@dataclass
class _EventList:
    """Events of one tree, with the number of each capability."""

    events: list[tuple[int, Event]] = field(default_factory=list)
    numbers: dict[str, int | None] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def number(self, known: Definitions) -> None:
        for cap, defined in known.items():
            self.numbers[cap] = defined[0].number

    def add_code(self, lists: list[list[Event]]) -> None:
        """Add the events of code between the states, behind those of the header."""
        self.events += [(_AFTER_HEADERS + number, event) for number, events in enumerate(lists) for event in events]

    def track(self, name: str, role: str, location: str, points: Iterable[Point]) -> Track:
        """Return the history with its events in order."""
        caps = {event.cap for _, event in self.events}
        in_order = sorted(caps, key=lambda cap: ((number := self.numbers.get(cap)) is None, number or 0, cap))
        rank = {cap: place for place, cap in enumerate(in_order)}
        ordered = sorted(self.events, key=lambda entry: (rank[entry[1].cap], entry[0]))
        events = tuple(event for _, event in ordered)
        return Track(name, role, location, tuple(points), events, tuple(self.remarks), tuple(sorted(self.numbers)))


def of_repository(path: str, revision: str, identity: tuple[str, str | None], run: HistoryRun) -> Track:
    """Return the history of a repository up to a revision; `identity`: role and name. Raises `CaplintError`."""
    repository = Repository(Path(path))
    last = repository.commit(revision)
    if last is None:
        raise CaplintError(f"{path}: {revision} is not a commit, so it has no history; name a branch, tag or commit")
    tree = revision_tree(path, last, *identity)
    line = HistoryLine(repository, last, header_paths(tree))
    found = _EventList()
    marks, exact = _marks(line, run.wanted, found)
    renamed = _header_events(line, marks, run.wanted, found, exact=exact)
    points = [Point(label, line.ids[at], path) for at, label in marks]
    if not marks or marks[-1][0] != len(line.ids) - 1:
        points.append(Point(revision, last, path))
    if run.wanted.code:
        reader = PointReader(run.reading, tree.role, tree.name, (path, repository.prefix))

        def opened(point: Point) -> Tree:
            return revision_tree(path, point.commit or "", *identity)

        def read(commits: list[str]) -> dict[str, Places]:
            between = reader.read([Point(oid[:12], oid, path) for oid in commits], opened)
            return {point.commit or "": places for point, places in between.items()}

        states = reader.read(points, opened)
        found.remarks += reader.remarks
        points = [*states]
        compared = [(point, states[point], renamed(line.place[point.commit or ""])) for point in points]
        search = DetourSearch(repository, run.config, tree.project)
        step_reader = CommitSteps(repository, search, line.headers, read)
        code = CodeEvents(run.wanted.has, {label for _, label in marks}, Causes(repository, run.config), step_reader)
        found.add_code(code.of(compared))
        found.remarks += step_reader.remarks
    repository.close()
    return found.track(tree.name, tree.role, path, points)


def header_paths(tree: Tree) -> list[str]:
    """Return the paths of the header with the numbers. Raises `CaplintError` if the tree has none."""
    known = knowledge().number_headers(tree.project.name)
    if known:
        return known
    present = [
        path for path in tree.candidates() if tree.project.header_kind(path) and f"/{path}".endswith("/linux/kvm.h")
    ]
    if not present:
        raise CaplintError(
            f"{tree.location}: has no copy of linux/kvm.h, so there is no history to show; name another tree"
        )
    return present


def _marks(line: HistoryLine, wanted: Wanted, found: _EventList) -> tuple[list[tuple[int, str]], bool]:
    """Return place and label of the releases, and whether a label counts for its own commit alone."""
    marks, elsewhere = line.releases(list(wanted.tags))
    if elsewhere:
        some = ", ".join(elsewhere[:3]) + (", …" if len(elsewhere) > 3 else "")
        found.remarks.append(
            f"{len(elsewhere)} tags are not on the line of first parents, and are left out ({some}); "
            "give REPO@TAG to follow the line of one of them"
        )
    if marks:
        return marks, False
    if wanted.tags:
        raise CaplintError(
            f"no tag that matches {' or '.join(wanted.tags)} is on the line of first parents; name others with --tags"
        )
    labels: dict[int, str] = {}
    for commit in line.versions:
        release = knowledge().copied_release(commit.subject)
        if release is not None and f"Linux {release}" not in labels.values():
            labels[line.place[commit.oid]] = f"Linux {release}"
    if labels:
        found.remarks.append("no tag names a release; the commits that copy headers of Linux stand for releases")
    else:
        found.remarks.append("no tag names a release: events have commits alone")
    return sorted(labels.items()), True


def _header_events(
    line: HistoryLine, marks: list[tuple[int, str]], wanted: Wanted, found: _EventList, *, exact: bool
) -> Callable[[int], dict[str, str]]:
    """Collect the events of the header; return a function from a place on the line to the renames up to there."""
    before: Definitions = {}
    renames: list[tuple[int, str, str]] = []
    places_of_marks = [at for at, _ in marks]
    for commit, now in line.states():
        at = line.place[commit.oid]
        index = bisect_left(places_of_marks, at)
        label = marks[index][1] if index < len(marks) and (not exact or marks[index][0] == at) else None
        for change in steps(before, now):
            if change.kind == RENAMED and change.cap == change.before:
                renames.append((at, change.cap, str(change.after)))
            if not wanted.has(change.cap):
                continue
            for origin, part in line.within(commit, change) if len(commit.parents) > 1 else [(commit, change)]:
                event = _header_event(part, label)
                sync = knowledge().copied_release(origin.subject)
                found.events.append((at, replace(event, causes=(cause(origin),), sync=sync)))
        before = now
        found.number(now)
    return lambda place: {old: new for at, old, new in renames if at <= place}


def _header_event(change: HeaderStep, label: str | None) -> Event:
    return Event(change.cap, HEADER, None, change.kind, change.before, change.after, label)


def of_directories(words: list[tuple[str, str]], identity: tuple[str, str | None], run: HistoryRun) -> Track:
    """Return the history of states, each `DIR` or `DIR@REV` with a label, oldest first. Raises `CaplintError`."""
    trees = [tree_of(text, *identity) for text, _ in words]
    points = [Point(label, tree.revision, tree.location) for (_, label), tree in zip(words, trees, strict=True)]
    found = _EventList()
    before: Definitions = {}
    renames: dict[str, str] = {}
    renamed = []
    for number, (tree, point) in enumerate(zip(trees, points, strict=True)):
        now = _header_of(tree)
        for change in steps(before, now):
            if change.kind == RENAMED:
                renames[str(change.before)] = str(change.after)
            if run.wanted.has(change.cap):
                event = _header_event(change, point.label)
                found.events.append((number, event if number else replace(event, kind=PRESENT)))
        renamed.append(dict(renames))
        before = now
        found.number(now)
    if run.wanted.code:
        reader = PointReader(run.reading, trees[0].role, trees[0].name, None)
        states = reader.read(points, dict(zip(points, trees, strict=True)).__getitem__)
        compared = [(point, states[point], names) for point, names in zip(points, renamed, strict=True)]
        found.add_code(CodeEvents(run.wanted.has, {point.label for point in points}).of(compared))
    return found.track(trees[0].name, trees[0].role, ", ".join(tree.location for tree in trees), points)


def _header_of(tree: Tree) -> Definitions:
    texts = (tree.read_or_none(path) for path in header_paths(tree))
    return next((known for text in texts if text is not None and (known := definitions(text))), {})
