"""Reader of the places of many states of a tree; each state's result is cached, so that a run can be resumed.

Files are parsed first, each content once, whatever number of states has it. The states of a repository are then linked
in several processes here, or on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from caplint.config.settings import Config
from caplint.config.trust import digest
from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.facts.store.store import FactStore
from caplint.history.model import Point
from caplint.history.places import Places, cache_key, read, recalled, retain
from caplint.knowledge.languages import language_of
from caplint.trees.detect import UnknownProjectError
from caplint.trees.tree import File, Tree
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.history.state_jobs import StatesJob
    from caplint.matrix.tls import Scheduler

_FEW = 3
"""States below which no process is worth its start."""
_MOST_AT_ONCE = 8
"""States of one job, and those whose files are listed at one time."""


@dataclass(frozen=True)
class ReadingWith:
    """Settings of a reading, and where it takes place."""

    config: Config
    progress: Callable[[int, int], None]
    scheduler: Scheduler | None = None


class PointReader:
    """Reader of the states of one tree."""

    def __init__(self, given: ReadingWith, role: str, name: str, directory: tuple[str, str] | None) -> None:
        """`directory`: path of the tree, and its path in its repository; None for states that have no commit."""
        self._given, self._config = given, given.config
        self._role, self._name, self._directory = role, name, directory
        self.remarks: list[str] = []
        """States that were left out, with the reason."""

    def read(self, points: list[Point], opened: Callable[[Point], Tree]) -> dict[Point, Places]:
        """Return the places of each state; `opened` returns its tree. Raises `CaplintError`."""
        keys = {point: self._key(point) for point in points}
        found = self._cached(keys)
        missing = [point for point in points if point not in found]
        scheduler, here = self._given.scheduler, self._config.cache_directory is not None and self._config.jobs > 1
        if missing and self._directory is not None and (scheduler or (here and len(missing) >= _FEW)):
            if scheduler is None:
                self._parse(missing, opened)
            unknown = self._in_processes(missing, keys, found)
        else:
            unknown = self._one_by_one(missing, keys, found, opened)
        if unknown:
            some = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")
            self.remarks.append(f"{len(unknown)} states are older than the layout that caplint reads: {some}")
        return {point: found[point] for point in points if point in found}

    def _one_by_one(
        self,
        missing: list[Point],
        keys: dict[Point, str | None],
        found: dict[Point, Places],
        opened: Callable[[Point], Tree],
    ) -> list[str]:
        """Add the places of states to those found; return the labels of states that cannot be read."""
        unknown = []
        for done, point in enumerate(missing, 1):
            try:
                tree = opened(point)
            except UnknownProjectError:
                unknown.append(point.label)
                continue
            found[point] = read(tree, self._config, keys[point])
            self._given.progress(done, len(missing))
        return unknown

    def _parse(self, missing: list[Point], opened: Callable[[Point], Tree]) -> None:
        """Put the facts of all files of some states into the store, in several processes."""
        settings = ExtractionSettings(self._config.repairs, self._config.jobs)
        store = FactStore(self._config.store_path)
        try:
            for start in range(0, len(missing), _MOST_AT_ONCE):
                wanted: dict[tuple[str, str | None], tuple[Tree, File]] = {}
                for point in missing[start : start + _MOST_AT_ONCE]:
                    try:
                        tree = opened(point)
                    except UnknownProjectError:
                        continue
                    for file in tree.files(store):
                        wanted.setdefault((file.oid, language_of(file.path)), (tree, file))
                harvest(store, list(wanted.values()), settings, lambda _done, _total: None)
                self._given.progress(min(start + _MOST_AT_ONCE, len(missing)), 2 * len(missing))
        finally:
            store.close()

    def _in_processes(
        self, missing: list[Point], keys: dict[Point, str | None], found: dict[Point, Places]
    ) -> list[str]:
        """Do the same as `_one_by_one`, in several processes or on the cluster. Raises `CaplintError`."""
        from caplint.history.state_jobs import STATES  # noqa: PLC0415 - a run whose states are cached needs no process
        from caplint.matrix.run_jobs import run_jobs  # noqa: PLC0415

        jobs = self._jobs([point.commit or "" for point in missing])
        by_commit = {point.commit: point for point in missing}
        unknown: set[str | None] = set()
        store = FactStore(self._config.store_path)
        try:
            scheduler, done = self._given.scheduler, 0
            for index, answer in run_jobs(scheduler, STATES, jobs, list(range(len(jobs))), self._config.jobs):
                if answer.error is not None:
                    raise CaplintError(answer.error)
                unknown |= {*answer.unknown}
                for commit, places in answer.states.items():
                    found[by_commit[commit]] = places
                    retain(store, keys[by_commit[commit]], places)  # a worker's cache may be another one
                done += len(jobs[index].commits)
                self._given.progress(len(missing) + done, 2 * len(missing))
        finally:
            store.close()
        return [point.label for point in missing if point.commit in unknown]

    def _jobs(self, commits: list[str]) -> list[StatesJob]:
        from caplint.history.state_jobs import StatesJob  # noqa: PLC0415

        config, cache = self._config, self._config.cache_directory
        path, prefix = self._directory or ("", "")
        size = min(_MOST_AT_ONCE, ceil(len(commits) / (4 * config.jobs)))
        return [
            StatesJob(
                str(Path(path).absolute()),
                prefix,
                self._role,
                self._name,
                tuple(commits[start : start + size]),
                str(config.source.absolute()) if config.source else None,
                digest(config.restricted),
                str(cache.absolute()) if cache else "none",
            )
            for start in range(0, len(commits), size)
        ]

    def _key(self, point: Point) -> str | None:
        """Return the cache key of a commit; None for a directory, whose files may change."""
        if point.commit is None or self._directory is None:
            return None
        return cache_key(self._name, self._role, self._config, f"{point.commit} {self._directory[1]}")

    def _cached(self, keys: dict[Point, str | None]) -> dict[Point, Places]:
        wanted = [key for key in keys.values() if key is not None]
        if not wanted:
            return {}
        store = FactStore(self._config.store_path)
        try:
            known = recalled(store, wanted)
        finally:
            store.close()
        return {point: known[key] for point, key in keys.items() if key in known}
