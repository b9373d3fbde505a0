"""Search for changes that are taken back between two states, which a comparison of the states does not show.

Lines decide which commits may have made and undone such a change; `commit_steps.py` then reads the trees around them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history.places import Places
from caplint.knowledge.capability_names import mentions_in, pasted_in
from caplint.knowledge.load import knowledge
from caplint.knowledge.project import Project
from caplint.trees.git_log import LoggedCommit
from caplint.trees.repository import Repository
from caplint.util.code_identity import CHANGING, code_identity

_MOST_TEXTS = 20_000
"""Contents of files that are looked through between two states; a release of Linux has 2,000."""
_MOST_MENTIONS = 5_000
"""Mentions of capabilities in a file; api.rst has 700."""
_LONGEST = 500
"""Characters of a line, before a mention and in all."""
_FOLLOWING = 20
"""Lines behind the mention of a capability that may belong to it: up to the next `break`, `return` or brace."""
_END = re.compile(rb"\s*(?:(break|goto|continue|\}|default\b|\Z)|(return\b))")
_OTHER_CASE = re.compile(rb"\s*case\b")


class StatePair(NamedTuple):
    """Two states of a tree, one after the other, and their commits."""

    old: Places
    new: Places
    first: str
    last: str


Suspects = dict[str, list[LoggedCommit]]
"""Capability → commits that change its lines, oldest first, where a later one brings back what was there before."""
_Lines = dict[str, str]
"""Capability → digest of the lines that name it in one text."""


class DetourSearch:
    """Finder of the commits between states that may have taken a change back."""

    def __init__(self, repository: Repository, config: Config, project: Project) -> None:
        self._repository = repository
        self._config = config
        self._project = project
        self._wanted: dict[str, bool] = {}
        self.remarks: list[str] = []

    def suspects(self, pairs: list[StatePair]) -> list[Suspects]:
        """Return the commits of each pair. They are cached, because finding them reads the whole history."""
        keys = [self._key(pair) for pair in pairs]
        store = FactStore(self._config.store_path)
        try:
            known = store.recall_all(filter(None, keys))
            found = []
            for key, pair in zip(keys, pairs, strict=True):
                suspects = _parsed(known.get(key or "", ""))
                if suspects is None:
                    suspects = self._between(pair)
                    if key is not None and suspects is not None:
                        store.retain(key, json.dumps(suspects))
                found.append(suspects or {})
            return found
        finally:
            store.close()

    def _between(self, pair: StatePair) -> Suspects | None:
        """Return the commits of a pair; None where its contents are not all read."""
        named = {file for places in (pair.old, pair.new) for known in places.values()
                 for state in known.values() for file, _ in state.sites}  # fmt: skip
        paths = named | self._paths(pair)
        commits = self._repository.origins(pair.last, pair.first, sorted(paths)) if paths else []
        times = Counter(change.path for commit in commits for change in commit.changes)
        often = {path for path, count in times.items() if count > 1 and (path in named or self._is_read(path))}
        changes = [(commit, change) for commit in commits for change in commit.changes if change.path in often]
        texts = self._texts({oid for _, change in changes for oid in (*change.before, change.after)})
        if texts is None:
            ends = f"{pair.first[:12]} and {pair.last[:12]}"
            self.remarks.append(f"changes that are taken back between {ends} are not looked for: too much lies there")
            return None
        transitions: dict[tuple[str, str], list[_Transition]] = defaultdict(list)
        for commit, change in changes:
            # A parent without the file is another project, or has moved it; a first version has no other parent.
            before = [texts[oid] for oid in change.before if oid is not None] or [{}]
            after = texts.get(change.after or "", {})
            for cap in {cap for side in (after, *before) for cap in side}:
                sides = [side.get(cap) for side in before]
                if after.get(cap) not in sides:
                    transitions[cap, change.path].append(_Transition(commit, sides, after.get(cap)))
        return _suspects(commits, transitions)

    def _paths(self, pair: StatePair) -> set[str]:
        """Return the directories and files that are always read, in one of the states or between them."""
        found = {*self._project.selftests}
        for commit in (pair.first, pair.last):
            files = self._repository.entries(self._repository.tree(commit)[1], self._project.roots)
            found |= _directories(files, {path for path in files if self._is_read(path)})
        return found

    def _is_read(self, path: str) -> bool:
        if path not in self._wanted:
            below = any(path.startswith(f"{directory}/") for directory in self._project.selftests)
            self._wanted[path] = below or self._project.wants(path) is True
        return self._wanted[path]

    def _texts(self, oids: set[str | None]) -> dict[str, _Lines] | None:
        ordered = sorted(oid for oid in oids if oid is not None)
        if len(ordered) > _MOST_TEXTS:
            return None
        found = {}
        for oid, content in zip(ordered, self._repository.read_present(ordered), strict=True):
            found[oid] = _lines_of(content) if content is not None else None
        known = {oid: lines for oid, lines in found.items() if lines is not None}
        return known if len(known) == len(found) else None

    def _key(self, pair: StatePair) -> str | None:
        program = code_identity("caplint.history.detours")
        if program.startswith(CHANGING):
            return None
        named = (program, self._project.name, self._repository.prefix, pair.first, pair.last)
        return f"history detours {hashlib.sha256(repr(named).encode('utf-8', 'surrogateescape')).hexdigest()}"


class _Transition(NamedTuple):
    """Commit after which the lines of a capability in a file are those of none of its parents."""

    commit: LoggedCommit
    before: list[str | None]
    after: str | None


def _suspects(commits: list[LoggedCommit], transitions: dict[tuple[str, str], list[_Transition]]) -> Suspects:
    chosen: dict[str, set[str]] = defaultdict(set)
    for (cap, _), found in transitions.items():
        presence = [([str(side is None) for side in entry.before], str(entry.after is None)) for entry in found]
        if _returns((entry.before, entry.after) for entry in found) or _returns(presence):
            chosen[cap] |= {entry.commit.oid for entry in found}
    return {
        cap: [commit._replace(changes=()) for commit in commits if commit.oid in oids]
        for cap, oids in sorted(chosen.items())
    }


def _returns(changes: Iterable[tuple[Sequence[str | None], str | None]]) -> bool:
    """Tell whether a change restores the state before an earlier change."""
    seen: set[str | None] = set()
    for before, after in changes:
        if after not in before:
            if after in seen:
                return True
            seen.update(before)
    return False


def _directories(files: Iterable[str], wanted: set[str]) -> set[str]:
    """Return the directories of which most files are wanted, and the other wanted files."""
    every, some = (Counter(path.rpartition("/")[0] for path in paths) for paths in (files, wanted))
    whole = {directory for directory in some if directory and 2 * some[directory] >= every[directory]}
    return whole | {path for path in wanted if path.rpartition("/")[0] not in whole}


def _lines_of(content: bytes) -> _Lines:
    """Return digests of the lines that name capabilities, each with the lines that belong to it."""
    found: dict[str, list[bytes]] = defaultdict(list)
    for name, offset in mentions_in(content)[:_MOST_MENTIONS]:
        macro = name in knowledge().not_capabilities
        line = content[offset : offset + _LONGEST].partition(b"\n")[0] if macro else b""
        for cap in pasted_in(line.decode("utf-8", "replace"))[:1] if macro else [name]:
            found[cap] += _passage(content, offset)
    return {cap: hashlib.blake2b(b"\n".join(lines), digest_size=12).hexdigest() for cap, lines in found.items()}


def _passage(content: bytes, offset: int) -> Iterator[bytes]:
    """Yield the line of a mention, and the lines behind it that are no other case, up to the end of the statements."""
    start = content.rfind(b"\n", max(0, offset - _LONGEST), offset) + 1
    for number in range(_FOLLOWING):
        line = content[start : start + _LONGEST].partition(b"\n")[0]
        end = _END.match(line) if number else None
        if not number or (not _OTHER_CASE.match(line) and not (end and end[1] is not None)):
            yield b" ".join(line.split())
        start = content.find(b"\n", start) + 1
        if end or not start:
            return


def _parsed(text: str) -> Suspects | None:
    try:
        return {
            cap: [LoggedCommit(oid, tuple(parents), date, subject, ()) for oid, parents, date, subject, _ in commits]
            for cap, commits in json.loads(text or "null").items()
        }
    except (ValueError, TypeError, AttributeError):
        return None
