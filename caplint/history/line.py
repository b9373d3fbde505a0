"""First-parent line of a repository: the releases on it, and the versions of the header that numbers capabilities.

The line is what a release is made from. What a merge brings is looked up in the merged branches, so that work on two
branches at once shows neither as removed and brought again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase
from functools import cached_property

from caplint.history.headers import Definitions, definitions
from caplint.history.model import BROUGHT, CHANGED, REMOVED, RENAMED, RENUMBERED, EventCause
from caplint.history.steps import HeaderStep, step
from caplint.knowledge.load import knowledge
from caplint.trees.git_log import LoggedCommit
from caplint.trees.repository import Repository

_MOST_HEADERS = 20


class HistoryLine:
    """Line of first parents up to one commit."""

    def __init__(self, repository: Repository, last: str, headers: list[str]) -> None:
        """`last`: commit id; `headers`: paths of the header, the present one first. Raises `CaplintError`."""
        self.repository = repository
        self.last = last
        self.headers = headers[:_MOST_HEADERS]
        self.ids = repository.whole_line(last)
        self.place = {oid: number for number, oid in enumerate(self.ids)}
        self._texts: dict[str, Definitions] = {}
        self._merges: dict[str, set[str]] = {}

    def releases(self, patterns: list[str]) -> tuple[list[tuple[int, str]], list[str]]:
        """Return place and name of the tags on the line that name releases, oldest first, and the tags elsewhere.

        `patterns` are globs of names; without any, names such as v6.1 count, or all tags if none looks like that.
        """
        tags = self.repository.tags()
        if patterns:
            chosen = [tag for tag in tags if any(fnmatchcase(tag[0], glob) for glob in patterns)]
        else:
            chosen = [tag for tag in tags if knowledge().release_tag.fullmatch(tag[0])] or tags
        first: dict[int, str] = {}
        for name, commit in sorted(chosen):
            if commit in self.place:
                first.setdefault(self.place[commit], name)
        return sorted(first.items()), [name for name, commit in chosen if commit not in self.place]

    @cached_property
    def versions(self) -> list[LoggedCommit]:
        """Commits of the line that change the header, oldest first."""
        return self.repository.along_first_parents(self.last, self.headers)

    def states(self) -> list[tuple[LoggedCommit, Definitions]]:
        """Return the capabilities that the header defines after each of its versions."""
        self._read({change.after for commit in self.versions for change in commit.changes})
        now: dict[str, str | None] = {}
        found = []
        for commit in self.versions:
            now |= {change.path: change.after for change in commit.changes}
            found.append((commit, self._defined([now.get(path) for path in self.headers])))
        return found

    def _read(self, oids: set[str | None]) -> None:
        wanted = sorted(oid for oid in oids if oid is not None and oid not in self._texts)
        for oid, content in zip(wanted, self.repository.read_all(wanted), strict=True):
            self._texts[oid] = definitions(content)

    def _defined(self, oids: list[str | None]) -> Definitions:
        """Return the definitions of the first text that has some."""
        return next((self._texts[oid] for oid in oids if oid is not None and self._texts[oid]), {})

    @cached_property
    def _transitions(self) -> dict[str, list[tuple[LoggedCommit, HeaderStep, bool]]]:
        """Capability → the commits after which it differs from every parent, oldest first, with the change.

        The change of a merge is from its first parent. The last member tells whether it is one.
        """
        commits = self.repository.origins(self.last, None, self.headers)
        self._read({oid for commit in commits for change in commit.changes for oid in (*change.before, change.after)})
        found: dict[str, list[tuple[LoggedCommit, HeaderStep, bool]]] = defaultdict(list)
        for commit in commits:
            changes = {change.path: change for change in commit.changes}
            ordered = [changes[path] for path in self.headers if path in changes]
            after = self._defined([change.after for change in ordered])
            count = max((len(change.before) for change in ordered), default=0)
            parents = [self._defined([change.before[at] for change in ordered]) for at in range(count)]
            for cap in {cap for side in (after, *parents) for cap in side}:
                own, others = after.get(cap, ()), [parent.get(cap, ()) for parent in parents]
                if others and own not in others:
                    found[cap].append((commit, step(cap, others[0], own), count > 1))
        return found

    def within(self, merge: LoggedCommit, change: HeaderStep) -> list[tuple[LoggedCommit, HeaderStep]]:
        """Return the commits of merged branches that lead to a change, oldest first, each with its own part of it.

        The merge itself is the last if its result is that of none of them: somebody resolved a conflict.
        """
        known = self._transitions.get(change.cap, [])
        if len(known) == 1 and known[0][1].after == change.after:
            return [known[0][:2]]
        merged = self._merged(merge)
        mine = [entry for entry in known if entry[0].oid in merged]
        if change.kind == RENAMED:
            return [(mine[0][0] if len(mine) == 1 else merge, change)]
        found: list[tuple[LoggedCommit, HeaderStep]] = []
        for commit, part, is_merge in mine:
            before = found[-1][1].after if found else change.before
            found.append((commit, _from(before, part) if is_merge else part))
        before = found[-1][1].after if found else change.before
        if not found or before != change.after:
            found.append((merge, _from(before, change)))
        return found

    def _merged(self, merge: LoggedCommit) -> set[str]:
        if merge.oid not in self._merges:
            commits = self.repository.origins(merge.oid, merge.parents[0], self.headers)
            self._merges[merge.oid] = {commit.oid for commit in commits}
        return self._merges[merge.oid]


def _from(before: str | None, change: HeaderStep) -> HeaderStep:
    """Return a change with another state as its beginning."""
    if before is None or change.after is None:
        kind = BROUGHT if before is None else REMOVED
    else:
        kind = RENUMBERED if number(before) != number(change.after) else CHANGED
    return change._replace(before=before, kind=kind)


def number(text: str) -> str:
    """Return the number in front of the text of a definition."""
    return re.split(r" (?:=|if) |;", text)[0]


def cause(commit: LoggedCommit) -> EventCause:
    """Return a commit in the form that reports show."""
    return EventCause(commit.oid, commit.date, commit.subject, len(commit.parents) > 1)
