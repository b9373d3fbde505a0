"""Program that reads the places of some states of a repository, as a job of its own; see `matrix/processes.py`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from caplint.history.places import Places, cache_key, parsed, read, rendered
from caplint.matrix.cell import job_settings
from caplint.matrix.work import JobKind, answered, serve
from caplint.trees.detect import UnknownProjectError, revision_tree


@dataclass(frozen=True)
class StatesJob:
    """States to read, one after the other: neighbours share most of their files."""

    path: str
    """Absolute path of the directory in the repository."""
    prefix: str
    """Path of the directory within the repository."""
    role: str
    name: str
    commits: tuple[str, ...]
    config: str | None
    """Configuration file, None without one."""
    restricted: str
    """Digest of the configuration's restricted settings."""
    cache: str
    jobs: int = 1

    @property
    def paths(self) -> list[str]:
        """Paths that a worker must see."""
        return [self.path, *([self.config] if self.config else [])]


@dataclass(frozen=True)
class StatesRead:
    """Places of states, by commit."""

    error: str | None = None
    """Reason in one line why they could not be read."""
    states: dict[str, Places] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    """Commits whose layout caplint does not read."""


def main() -> None:
    """Read the states that standard input describes."""
    serve(lambda data: _plain(answered(lambda: _read(StatesJob(**data)), _failed)))


def _read(job: StatesJob) -> StatesRead:
    config = job_settings(job.config, job.restricted, job.cache, job.jobs)
    states, unknown = {}, []
    for commit in job.commits:
        try:
            tree = revision_tree(job.path, commit, job.role, job.name)
        except UnknownProjectError:
            unknown.append(commit)
            continue
        key = cache_key(job.name, job.role, config, f"{commit} {job.prefix}")
        states[commit] = read(tree, config, key)
    return StatesRead(None, states, tuple(unknown))


def _failed(message: str) -> StatesRead:
    return StatesRead(" ".join(message.split()))


def _plain(answer: StatesRead) -> dict[str, Any]:
    return {**asdict(answer), "states": {commit: rendered(places) for commit, places in answer.states.items()}}


def _of_plain(data: dict[str, Any]) -> StatesRead:
    states = {commit: parsed(text) for commit, text in data["states"].items()}
    return StatesRead(data["error"], states, tuple(data["unknown"]))


STATES: JobKind[StatesRead] = JobKind("caplint.history.state_jobs", _of_plain, _failed)
"""Readings of states."""

if __name__ == "__main__":
    main()
