"""Jobs in processes of their own: a result or one line for each, and nothing that stays behind."""

from __future__ import annotations

import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fleets import processes, until

from caplint.matrix import processes as pool
from caplint.matrix.cell import CHECKS
from caplint.matrix.model import Cell, FleetMember, Job
from caplint.matrix.processes import Processes, run_here
from caplint.matrix.work import JobKind


def _job(place: Path) -> Job:
    one, other = (FleetMember(name, str(place / name), role, name) for name, role in (("k", "kernel"), ("q", "vmm")))
    return Job(one, other, config=None, rules=(), codes=(), fail_on="error", cache="none")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import os; os.kill(os.getpid(), 9)", "died of signal 9"),
        ("import sys; print('half'); sys.exit(3)", "died with exit code 3"),
    ],
)
def test_a_process_that_dies_is_the_error_of_its_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, said: str
) -> None:
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", code))
    cells = dict(pool.run_here(CHECKS, [_job(tmp_path)] * 2, [0, 1], 2))
    assert all(said in str(cell.error) for cell in cells.values())
    assert len(cells) == 2


def test_what_a_process_leaves_behind_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = "import subprocess; subprocess.Popen(['sleep', '100']); print('{}')"
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(pool, "_read", lambda _work, answer, status: Cell(error=f"{answer!r} {status}"))
    assert pool.Processes(CHECKS).run(_job(tmp_path)) == Cell(error="b'{}\\n' 0")
    until(lambda: not processes(tmp_path), 5)


def test_what_runs_is_ended_when_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(100)"))
    started = pool.Processes(CHECKS)
    with ThreadPoolExecutor(1) as thread:
        cell = thread.submit(started.run, _job(tmp_path))
        until(lambda: bool(started._running))
        started.stop()
        assert "died of signal 9" in str(cell.result(60).error)


def test_a_process_that_ends_before_it_has_read_its_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", "import sys; sys.exit(3)"))
    job = replace(_job(tmp_path), rules=("x" * 10_000_000,))
    assert "died with exit code 3" in str(pool.Processes(CHECKS).run(job).error)


def test_nothing_is_started_once_it_is_stopped(tmp_path: Path) -> None:
    started = pool.Processes(CHECKS)
    started.stop()
    assert started.run(_job(tmp_path)).error == "stopped before it began"


@dataclass(frozen=True)
class _PlainJob:
    jobs: int = 1
    paths: list[str] = field(default_factory=list)


def test_a_result_is_let_go_when_it_has_been_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    results: list[weakref.ref[Cell]] = []

    def run(_starter: object, _job: object) -> Cell:
        cell = Cell()
        results.append(weakref.ref(cell))
        return cell

    monkeypatch.setattr(Processes, "run", run)
    work: JobKind[Cell] = JobKind("", lambda _: Cell(), lambda _: Cell())
    for done, (_, _cell_taken) in enumerate(run_here(work, [_PlainJob()] * 50, [*range(50)], 1), 1):
        alive = sum(result() is not None for result in results)
        assert alive <= 50 - done + 1


_PROGRAM = """\
import os, sys
from caplint.matrix.work import serve
def main():
    serve(lambda data: {"jobs": data["jobs"], "name": data["paths"][0], **around})
around = {"here": sys.path[:1], "pythonpath": os.environ.get("PYTHONPATH")}
"""
_DATA: JobKind[dict[str, object]] = JobKind("plain_program", dict, lambda reason: {"error": reason})


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that answers with what it was given, where this process looks for modules."""
    (tmp_path / "plain_program.py").write_text(_PROGRAM)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "/nowhere")


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize(("count", "at_most", "each"), [(2, 4, 2), (2, 5, 2), (3, 2, 1), (1, 3, 3)])
def test_jobs_share_the_processes(tmp_path: Path, count: int, at_most: int, each: int) -> None:
    jobs = [_PlainJob(paths=[str(number)]) for number in range(count)]
    found = dict(run_here(_DATA, jobs, [*range(count)], at_most))
    assert [found[number]["name"] for number in range(count)] == [str(number) for number in range(count)]
    assert {result["jobs"] for result in found.values()} == {each}
    assert found[0]["here"] == [str(tmp_path)]
    assert found[0]["pythonpath"] is None


@pytest.mark.usefixtures("program")
def test_only_the_jobs_of_the_order_are_done() -> None:
    jobs = [_PlainJob(paths=[name]) for name in "abc"]
    assert {index: result["name"] for index, result in run_here(_DATA, jobs, [2, 0], 1)} == {2: "c", 0: "a"}
    assert list(run_here(_DATA, jobs, [], 2)) == []
    assert list(run_here(_DATA, [], [], 0)) == []


def test_a_program_that_is_not_there_is_the_error_of_its_job() -> None:
    ((_, found),) = run_here(replace(_DATA, program="no_such_program"), [_PlainJob(paths=["a"])], [0], 1)
    assert "died with exit code 1" in str(found["error"])
