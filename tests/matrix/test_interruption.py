"""Runs that are ended: nothing of them stays but what is known, and the next one goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import UAPI, Caplint
from fleets import fleet, outcomes, processes

from caplint.matrix import processes as pool
from caplint.matrix.cell import CHECKS
from caplint.matrix.model import Cell, FleetMember, Job
from caplint.trees.walk import Found, walk


def _until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_run_leaves_nothing_and_the_next_goes_on(
    caplint: Caplint, apart: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    words = fleet(apart)
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "caplint", "matrix", *words, "--jobs", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as run:
        _until(lambda: len(outcomes(cache)) >= 2 and len(processes(apart)) > 1)
        os.kill(run.pid, number)
        out, err = run.communicate(timeout=20)
    assert (run.returncode, out, err) == (status, b"", b"")
    _until(lambda: not processes(apart), 10)
    before = outcomes(cache)
    assert 2 <= len(before) < 8
    again = caplint("matrix", *words)
    assert again.out.endswith("2 of 4 pairs agree (--fail-on error)\n")
    after = outcomes(cache)
    assert len(after) == 8
    # What is recalled is not written again.
    assert before.items() <= after.items()
    caplint("matrix", *words)
    assert outcomes(cache) == after


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
    _until(lambda: not processes(tmp_path), 5)


def test_what_runs_is_ended_when_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(100)"))
    started = pool.Processes(CHECKS)
    with ThreadPoolExecutor(1) as thread:
        cell = thread.submit(started.run, _job(tmp_path))
        _until(lambda: bool(started._running))
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


def test_code_of_the_working_directory_is_not_run(caplint: Caplint, apart: Path) -> None:
    words = fleet(apart)
    for name in ("json", "caplint", "sqlite3"):
        (apart / f"{name}.py").write_text("raise SystemExit('run')\n")
    assert caplint("matrix", *words).status == 1


def test_pairs_that_are_known_start_no_process_and_every_tree_is_looked_at_once(
    caplint: Caplint, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = fleet(apart)
    first = caplint("matrix", *words)
    walked: list[str] = []

    def counting(
        name: str, root: Path, directories: Iterable[str], enters: Callable[[str], bool]
    ) -> tuple[Found, Found]:
        walked.append(root.name)
        return walk(name, root, directories, enters)

    monkeypatch.setattr("caplint.trees.directory.walk", counting)
    monkeypatch.setattr(pool, "_COMMAND", (sys.executable, "-c", "raise SystemExit(3)"))
    assert caplint("matrix", *words).out == first.out
    assert sorted(walked) == ["linux-1", "linux-2", "qemu-1", "qemu-2"]
    os.utime(apart / "linux-2" / UAPI, (5, 5))
    assert caplint("matrix", *words).out.endswith("2 not checked\n")
    assert caplint("matrix", *words[:2], *words[3:]).out.count("died with exit code 3") == 0
