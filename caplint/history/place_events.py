"""Events of code, documentation and tests between two states of a tree, and the commits that brought them."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from typing import NamedTuple

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history.line import cause
from caplint.history.model import BROUGHT, CHANGED, PRESENT, REMOVED, RENAMED, Event, EventCause
from caplint.history.places import CapabilityPlace, Places, PlaceState
from caplint.knowledge.capability_names import PREFIX, capabilities_in, pasted_in
from caplint.trees.git_log import LoggedCommit
from caplint.trees.repository import Repository
from caplint.util.code_identity import CHANGING, code_identity

# Above this number of names, git searches for their common prefix.
_MOST_NAMES = 40
_LONGEST = 500
"""Characters of a line that are searched for a function's name."""


class PlaceChange(NamedTuple):
    """Change of a place of a capability between two states."""

    cap: str
    place: CapabilityPlace
    kind: str
    before: str | None
    after: str | None
    sites: frozenset[tuple[str, str]]
    """Files and functions of the place in both states; see `PlaceState.sites`."""


def changes(old: Places | None, new: Places, renamed: dict[str, str], caps: set[str]) -> Iterator[PlaceChange]:
    """Yield the changes of some capabilities; `old` is None before the first state, whose places are `present`."""
    former = {after: before for before, after in renamed.items()}
    for cap in sorted(caps):
        before, after = (old or {}).get(cap, {}), new.get(cap, {})
        for place in dict.fromkeys([*before, *after]):
            was, now = before.get(place), after.get(place)
            if old is None or (was.text if was else None) == (now.text if now else None):
                if old is None and now is not None:
                    yield PlaceChange(cap, place, PRESENT, None, now.text, frozenset())
                continue
            sites = frozenset(site for state in (was, now) if state is not None for site in state.sites)
            kind = CHANGED if was and now else BROUGHT if now else REMOVED
            change = PlaceChange(cap, place, kind, was.text if was else None, now.text if now else None, sites)
            twin = (
                (new if kind == REMOVED else old or {}).get(renamed.get(cap, "") or former.get(cap, ""), {}).get(place)
            )
            yield _as_rename(change, twin, renamed.get(cap), former.get(cap))


def _as_rename(change: PlaceChange, twin: PlaceState | None, later: str | None, former: str | None) -> PlaceChange:
    """Return the change of a capability that has another name on the other side, where it is in the same place."""
    if twin is None or change.kind == CHANGED or twin.text not in {change.before, change.after}:
        return change
    if change.kind == BROUGHT and former:
        return change._replace(kind=RENAMED, before=former, after=change.cap, sites=change.sites | {*twin.sites})
    if change.kind == REMOVED and later:
        return change._replace(kind=RENAMED, before=change.cap, after=later, sites=change.sites | {*twin.sites})
    return change


class Window(NamedTuple):
    """Changes between two states."""

    changes: list[PlaceChange]
    label: str | None
    """Label of the later state."""
    ends: tuple[str, str] | None
    """Commits of both; None if one is not known."""


class Causes:
    """Finder of the commits between two states of a repository that change lines which name a capability."""

    def __init__(self, repository: Repository, config: Config) -> None:
        self._repository = repository
        self._config = config
        self._lines: dict[str, _Lines] = {}

    def events(self, windows: list[Window]) -> Iterator[list[Event]]:
        """Yield the events of each window. The commits are cached, because finding them reads the whole history."""
        keys = [_cache_key(*window) for window in windows]
        store = FactStore(self._config.store_path)
        try:
            known = store.recall_all(filter(None, keys))
            for key, (found, label, ends) in zip(keys, windows, strict=True):
                causes = _parsed(known.get(key or "", ""), len(found))
                if causes is None:
                    causes = self._causes(found, ends)
                    if key is not None:
                        store.retain(key, json.dumps([list(map(astuple, some)) for some in causes]))
                yield [event(change, label, some) for change, some in zip(found, causes, strict=True)]
        finally:
            store.close()

    def _causes(self, found: list[PlaceChange], ends: tuple[str, str] | None) -> list[tuple[EventCause, ...]]:
        wanted = [change for change in found if change.sites] if ends else []
        commits = self._commits(wanted, ends) if ends and wanted else []
        self._texts_of(commits, {change.cap for change in wanted})
        causes = [tuple(map(cause, self._deciding(commits, change))) for change in found]
        self._lines.clear()
        return causes

    def _commits(self, wanted: list[PlaceChange], ends: tuple[str, str]) -> list[LoggedCommit]:
        caps = sorted({change.cap for change in wanted})
        pasted = "|".join(cap.removeprefix(PREFIX) for cap in caps)
        pattern = (
            f"({'|'.join(caps)})([^A-Za-z0-9_]|$)|{PREFIX}[A-Z_]+\\(({pasted})\\)"
            if len(caps) <= _MOST_NAMES
            else PREFIX
        )
        files = sorted({file for change in wanted for file, _ in change.sites})
        return self._repository.origins(ends[1], ends[0], files, pattern)

    def _texts_of(self, commits: list[LoggedCommit], caps: set[str]) -> None:
        """Cache the lines of each text that name one of the capabilities."""
        oids = {oid for commit in commits for change in commit.changes for oid in (*change.before, change.after)}
        ordered = sorted(oid for oid in oids if oid is not None)
        for oid, content in zip(ordered, self._repository.read_all(ordered), strict=True):
            self._lines[oid] = _lines_of(content, caps)

    def _deciding(self, commits: list[LoggedCommit], change: PlaceChange) -> list[LoggedCommit]:
        """Return the last commit that brought the first line, or removed the last one; else all that may have mattered.

        Lines count in the functions of the place; where no commit changes one there, in its files.
        """
        found = list(self._touching(commits, change, change.sites))
        if not found:
            return [commit for commit, *_ in self._touching(commits, change, {(file, "") for file, _ in change.sites})]
        comes = change.kind == BROUGHT or (change.kind == RENAMED and change.after == change.cap)
        turned = [commit for commit, *sides in found if sides == [not comes, comes]]
        return turned[-1:] if turned and change.kind != CHANGED else [commit for commit, *_ in found]

    def _touching(
        self, commits: list[LoggedCommit], change: PlaceChange, sites: Iterable[tuple[str, str]]
    ) -> Iterator[tuple[LoggedCommit, bool, bool]]:
        """Yield the commits after which the lines of the capability differ, and whether there were and are some."""
        for commit in commits:
            for path in sorted({path for path, _ in sites}):
                functions = {function for file, function in sites if file == path}
                for entry in commit.changes:
                    before = [self._of(oid, change.cap, functions) for oid in entry.before]
                    after = self._of(entry.after, change.cap, functions)
                    if entry.path == path and after not in before:
                        yield commit, any(before), bool(after)

    def _of(self, oid: str | None, cap: str, functions: set[str]) -> list[str]:
        lines = self._lines.get(oid or "", {}).get(cap, [])
        return [line for function, line in lines if "" in functions or function in functions]


_Lines = dict[str, list[tuple[str, str]]]
"""Capability → the lines that name it, each with its function."""
_FUNCTION = re.compile(rb"[^;={}]*?\b(\w+)[ \t]*\((?![^\n]*;\s*\Z)")


def _lines_of(content: bytes, caps: set[str]) -> _Lines:
    """Return the lines that name some capabilities; a function begins with a line at the margin that names one."""
    found: _Lines = defaultdict(list)
    function = ""
    for line in content.split(b"\n"):
        if line[:1].isalpha() or line[:1] == b"_":
            head = _FUNCTION.match(line[:_LONGEST])
            function = head[1].decode("utf-8", "replace") if head else function
        elif line[:1] == b"}":
            function = ""
        if PREFIX.encode() in line:
            text = line.decode("utf-8", "replace")
            for cap in caps.intersection([*capabilities_in(text), *pasted_in(text)]):
                found[cap].append((function, " ".join(text.split())))
    return found


def _cache_key(found: list[PlaceChange], label: str | None, ends: tuple[str, str] | None) -> str | None:  # noqa: ARG001
    program = code_identity("caplint.history.place_events")
    if program.startswith(CHANGING) or ends is None or not found:
        return None
    plain = [(*change[:-1], sorted(change.sites)) for change in found]
    return (
        f"history causes {hashlib.sha256(repr((program, plain, ends)).encode('utf-8', 'surrogateescape')).hexdigest()}"
    )


def _parsed(text: str, count: int) -> list[tuple[EventCause, ...]] | None:
    try:
        causes = [tuple(EventCause(*entry) for entry in some) for some in json.loads(text or "null")]
    except (ValueError, TypeError):
        return None
    return causes if len(causes) == count else None


def event(change: PlaceChange, label: str | None, causes: tuple[EventCause, ...] = ()) -> Event:
    """Return the change as an event of a release."""
    place, arch = change.place
    return Event(change.cap, place, arch, change.kind, change.before, change.after, label, causes)
