"""Mutation testing: which faults are made, that they are in force where they are tried, and what is said of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from tools.errors import ToolError
from tools.mutants import equivalent, swap
from tools.mutants.summary import Row, interval, said, table
from tools.mutants.trial import KILLED, SURVIVED, TIMED_OUT, UNTESTED, Job, Order, attempt, read_jobs, write_jobs

REPOSITORY = Path(__file__).parents[2]

SAMPLE = """\
from functools import cache

LIMIT = 3


@cache
def over(number):
    return number > LIMIT


class Box:
    def size(self):
        while LIMIT < 0:
            pass
        return LIMIT
"""

TESTS = """\
import sample

def test_three_is_not_over():
    assert not sample.over(3)

def test_four_is_over():
    assert sample.over(4)

def test_size():
    assert sample.Box().size() < 9
"""
OVER = {f"test_sample.py::{name}": 0.01 for name in ("test_three_is_not_over", "test_four_is_over")}
SIZE = {"test_sample.py::test_size": 0.01}


def _job(old: str, new: str, function: str, line: int, tests: dict[str, float]) -> Job:
    assert old in SAMPLE
    return Job(f"{old} {new}", "sample.py", function, line, SAMPLE.replace(old, new), tests, {}, 30)


def _tried(place: Path, *jobs: Job) -> list[tuple[str, str]]:
    """Verdict on each job, and the test that noticed it."""
    (place / "sample.py").write_text(SAMPLE)
    (place / "test_sample.py").write_text(TESTS)
    write_jobs(place / "jobs", jobs)
    assert list(read_jobs(place / "jobs")) == list(jobs)
    environment = {**os.environ, "PYTHONPATH": f"{place}{os.pathsep}{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tools.mutants.trial", "jobs", "out"],
        cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ToolError(done.stderr)
    verdicts = {entry["name"]: entry for entry in map(json.loads, (place / "out").read_text().splitlines())}
    return [(verdicts[job.name]["verdict"], verdicts[job.name]["by"].partition("::")[2]) for job in jobs]


def test_mutants_are_tried(tmp_path: Path) -> None:
    assert _tried(
        tmp_path,
        _job("number > LIMIT", "number >= LIMIT", "over", 6, OVER),
        _job("number > LIMIT", "number > LIMIT + 0", "over", 6, OVER),
        _job("number > LIMIT", "None", "over", 6, OVER),
        _job("return LIMIT", "return 9", "Box.size", 12, SIZE),
        _job("return LIMIT", "return 8", "Box.size", 12, SIZE),
        _job("return LIMIT", "raise SystemExit(0)", "Box.size", 12, SIZE),
        _job("LIMIT = 3", "LIMIT = 2", "", 0, OVER),
        _job("LIMIT = 3", "LIMIT = 3.5", "", 0, OVER),
        _job("LIMIT = 3", "LIMIT = None.x", "", 0, OVER),
        _job("return LIMIT", "return LIMIT - 1", "Box.size", 12, {}),
    ) == [
        (KILLED, "test_three_is_not_over"),
        (SURVIVED, ""),
        (KILLED, "test_four_is_over"),
        (KILLED, "test_size"),
        (SURVIVED, ""),
        (KILLED, "test_size"),
        (KILLED, "test_three_is_not_over"),
        (SURVIVED, ""),
        (KILLED, ""),
        (UNTESTED, ""),
    ]


def test_what_cannot_be_put_in_is_an_error_and_not_a_verdict(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="under cannot be exchanged"):
        _tried(tmp_path, _job("number > LIMIT", "True", "under", 6, OVER))


@pytest.mark.parametrize(
    ("end", "verdict"),
    [
        (lambda: 0, SURVIVED),
        (lambda: 1, KILLED),
        (lambda: 1 // 0, KILLED),
        (lambda: signal.raise_signal(signal.SIGALRM), TIMED_OUT),
        (lambda: signal.raise_signal(signal.SIGKILL), KILLED),
    ],
    ids=["passes", "fails", "breaks", "does not end", "is killed"],
)
def test_how_a_child_may_end(end: object, verdict: str, capfd: pytest.CaptureFixture[str]) -> None:
    job = _job("LIMIT = 3", "LIMIT = 2", "", 0, OVER)
    assert attempt(job, Order(), lambda _, __: end()).verdict == verdict  # type: ignore[operator]


def test_what_noticed_a_fault_before_comes_first_then_what_is_quick() -> None:
    tests = {"slow": 20.0, "quick": 1.0, "quicker": 0.5, "long": 9.0}
    job = Job("a", "a.py", "f", 1, "", tests, {}, 12.0)
    order = Order()
    assert order.pick(job) == ["quicker", "quick", "long"]
    order.learn(job, "long")
    assert order.pick(job) == ["long", "quicker", "quick"]
    order.learn(job, "slow")
    order.learn(job, "slow")
    assert order.pick(job) == ["slow"]
    assert order.pick(Job("b", "b.py", "f", 1, "", tests, {}, 1.2)) == ["quicker"]


def test_what_runs_more_of_the_source_takes_turns_with_what_is_quick() -> None:
    tests = {"quicker": 0.1, "quick": 0.2, "thorough": 1.0, "slow": 9.0}
    job = Job("a", "a.py", "f", 1, "", tests, {"quicker": 1, "quick": 1, "thorough": 40, "slow": 50}, 12.0)
    assert Order().pick(job) == ["quicker", "thorough", "quick", "slow"]


def test_a_function_is_found_behind_its_decorator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "swapped_sample.py").write_text(SAMPLE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    module = import_module("swapped_sample")
    known = swap.functions(["swapped_sample.py"])
    assert module.over(3) is False
    swap.swap(known, "swapped_sample.py", "over", 6, SAMPLE.replace("> LIMIT", ">= LIMIT"))
    module.over.cache_clear()
    assert module.over(3) is True
    with pytest.raises(ToolError, match=r"^swapped_sample.py:7: over cannot be exchanged$"):
        swap.swap(known, "swapped_sample.py", "over", 7, SAMPLE)


def test_a_module_that_is_imported_cannot_be_given_another_text() -> None:
    with pytest.raises(ToolError, match=r"^tools.mutants.swap is imported already$"):
        swap.Finder("tools/mutants/swap.py", "").install()


@pytest.mark.parametrize(
    ("noticed", "tried", "everything", "bounds"),
    [
        (0, 0, 10, (0.0, 1.0)),
        (9, 10, 10, (0.9, 0.9)),
        (85, 100, 10**9, (0.767, 0.907)),  # as statistics' textbooks have it for a sample of an infinite number
        (85, 100, 200, (0.794, 0.893)),
        (100, 100, 10**9, (0.963, 1.0)),
    ],
)
def test_the_interval_of_a_sample(noticed: int, tried: int, everything: int, bounds: tuple[float, float]) -> None:
    assert tuple(round(bound, 3) for bound in interval(noticed, tried, everything)) == bounds


def test_the_table() -> None:
    one, two, other = Row("link/a.py", 40), Row("link/b.py", 60), Row("link/c.py", 1)
    one.counts.update({KILLED: 6, TIMED_OUT: 1, SURVIVED: 2, UNTESTED: 1})
    two.counts.update({KILLED: 9, SURVIVED: 1, "equivalent": 2})
    assert list(table({"link/": [one, two, other]}))[1:] == [
        "| link/a.py | 40 | 10 | 6 | 1 | 2 | 1 | 0 | 70.0 % |",
        "| link/b.py | 60 | 10 | 9 | 0 | 1 | 0 | 2 | 90.0 % |",
        "| **link/ in all** | 101 | 20 | 15 | 1 | 3 | 1 | 2 | 80.0 % |",
    ]
    assert said("link/", [one, two, other]).startswith("link/: 22 of 101 mutants drawn; at 95 %, ")


def test_what_is_called_equivalent_is_there_and_has_a_reason() -> None:
    for (source, before, after), reason in equivalent.load().items():
        assert before in " ".join((REPOSITORY / source).read_text("utf-8").split()), f"{source}: {before}"
        assert before != after
        assert len(reason) > 20
