"""Reader of states, with trees and processes that the test stands in for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history import point_reader
from caplint.history.model import Point
from caplint.history.places import CapabilityPlace, Places, PlaceState, retain
from caplint.history.point_reader import PointReader, ReadingWith
from caplint.history.state_jobs import StatesJob, StatesRead
from caplint.matrix import run_jobs as jobs_module
from caplint.trees.detect import UnknownProjectError
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


def _places(commit: str) -> Places:
    return {"KVM_CAP_A": {CapabilityPlace("check", "x86"): PlaceState(commit, ())}}


def _points(count: int) -> list[Point]:
    return [Point(f"v{number}", f"c{number}", "/k") for number in range(count)]


@dataclass
class Desk:
    """A reader whose trees are the labels of their states."""

    config: Config
    directory: tuple[str, str] | None = ("/k", "below/")
    unknown: frozenset[str] = frozenset()
    """Labels of states without a known layout."""
    opened: list[str] = field(default_factory=list)
    jobs: list[StatesJob] = field(default_factory=list)
    progress: list[tuple[int, int]] = field(default_factory=list)
    error: str | None = None
    remarks: list[str] = field(default_factory=list)

    def read(self, points: list[Point], *, scheduler: bool = False) -> dict[Point, Places]:
        given = ReadingWith(
            self.config, lambda *at: self.progress.append(at), cast("Any", object() if scheduler else None)
        )
        reader = PointReader(given, "kernel", "linux", self.directory)
        found = reader.read(points, self._open)
        self.remarks = reader.remarks
        return found

    def _open(self, point: Point) -> Tree:
        if point.label in self.unknown:
            raise UnknownProjectError(point.label)
        self.opened.append(point.label)
        return cast("Tree", point)

    def run(self, _scheduler: object, _kind: object, jobs: list[StatesJob], _order: object, _: int) -> Iterator[Any]:
        self.jobs = jobs
        for index, job in reversed([*enumerate(jobs)]):  # jobs are done in any order
            absent = tuple(commit for commit in job.commits if commit.replace("c", "v") in self.unknown)
            states = {commit: _places(commit) for commit in job.commits if commit not in absent}
            yield index, StatesRead(self.error, states, absent)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = Desk(Config(cache=str(tmp_path), jobs=2))

    def read(tree: Tree, config: Config, key: str | None) -> Places:
        places = _places(cast("Point", tree).commit or cast("Point", tree).label)
        store = FactStore(config.store_path)
        retain(store, key, places)
        store.close()
        return places

    monkeypatch.setattr(point_reader, "read", read)
    monkeypatch.setattr(point_reader, "cache_key", lambda name, role, _config, state: f"history {name} {role} {state}")
    monkeypatch.setattr(PointReader, "_parse", lambda *_: None)
    monkeypatch.setattr(jobs_module, "run_jobs", made.run)
    return made


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 20])
def test_each_state_is_read_once_and_in_order(desk: Desk, count: int) -> None:
    points = _points(count)
    found = desk.read(points)
    assert list(found) == points
    assert all(found[point] == _places(point.commit or "") for point in points)
    assert len(desk.opened) == (count if count < 3 else 0)
    assert desk.progress[-1:] == ([(count, count)] if 0 < count < 3 else [(2 * count, 2 * count)] if count else [])
    again = Desk(desk.config)
    assert again.read(points) == found
    assert (again.opened, again.progress) == ([], [])


@pytest.mark.parametrize(
    ("count", "jobs", "size"), [(3, 2, 1), (8, 2, 1), (9, 2, 2), (64, 2, 8), (1000, 2, 8), (10, 20, 1), (3, 1, 1)]
)
def test_states_of_one_job(desk: Desk, tmp_path: Path, count: int, jobs: int, size: int) -> None:
    desk.config = Config(cache=str(tmp_path), jobs=jobs)
    desk.read(_points(count), scheduler=True)
    assert [commit for job in desk.jobs for commit in job.commits] == [f"c{number}" for number in range(count)]
    assert {len(job.commits) for job in desk.jobs[:-1]} <= {size}
    assert 0 < len(desk.jobs[-1].commits) <= size
    job = desk.jobs[0]
    assert (job.path, job.prefix, job.role, job.name, job.config) == ("/k", "below/", "kernel", "linux", None)
    assert job.cache == str(tmp_path)


@pytest.mark.parametrize(
    ("cache", "jobs", "directory"),
    [("none", 2, ("/k", "")), ("kept", 1, ("/k", "")), ("kept", 2, None)],
    ids=["no cache", "one job", "directories"],
)
def test_states_that_are_read_here(
    desk: Desk, tmp_path: Path, cache: str, jobs: int, directory: tuple[str, str] | None
) -> None:
    desk.config = Config(cache=str(tmp_path / cache) if cache == "kept" else cache, jobs=jobs)
    desk.directory = directory
    points = _points(5)
    assert list(desk.read(points)) == points
    assert desk.opened == [point.label for point in points]
    assert desk.jobs == []
    if directory is None:  # a directory's files may change
        desk.read(points)
        assert len(desk.opened) == 10


def test_a_cluster_has_even_a_single_state(desk: Desk) -> None:
    desk.config = Config(cache="none", jobs=1)
    assert list(desk.read(_points(1), scheduler=True)) == _points(1)
    assert (desk.opened, len(desk.jobs), desk.jobs[0].cache) == ([], 1, "none")


@pytest.mark.parametrize("count", [2, 6])
def test_only_what_is_not_known_is_read(desk: Desk, count: int) -> None:
    points = _points(count)
    desk.read(points[1:])
    new = Desk(desk.config, desk.directory)
    assert list(new.read(points)) == points
    assert new.opened == ["v0"]
    other = Desk(desk.config, ("/k", "elsewhere/"))
    other.read(points[:2])
    assert other.opened == ["v0", "v1"]


@pytest.mark.parametrize(
    ("unknown", "remark"),
    [
        ([], []),
        ([1], ["1 states are older than the layout that caplint reads: v1"]),
        ([0, 1, 2], ["3 states are older than the layout that caplint reads: v0, v1, v2"]),
        ([0, 1, 2, 3], ["4 states are older than the layout that caplint reads: v0, v1, v2, …"]),
    ],
)
@pytest.mark.parametrize("jobs", [1, 2])
def test_states_of_an_unknown_layout(
    desk: Desk, tmp_path: Path, unknown: list[int], remark: list[str], jobs: int
) -> None:
    desk.config = Config(cache=str(tmp_path), jobs=jobs)
    desk.unknown = frozenset(f"v{number}" for number in unknown)
    points = _points(6)
    assert list(desk.read(points)) == [point for point in points if point.label not in desk.unknown]
    assert desk.remarks == remark


def test_a_job_that_fails_is_an_error_and_others_are_kept(desk: Desk) -> None:
    desk.error = "no memory"
    with pytest.raises(CaplintError, match="no memory"):
        desk.read(_points(4))
