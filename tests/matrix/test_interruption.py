"""Runs that are ended: nothing of them stays but what is known, and the next one goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import UAPI, Caplint
from fleets import fleet, outcomes, processes, until

from caplint.matrix import processes as pool
from caplint.trees.walk import Found, walk


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_run_leaves_nothing_and_the_next_goes_on(
    caplint: Caplint, apart: Path, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    words = fleet(apart)
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "caplint", "matrix", *words, "--jobs", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as run:
        until(lambda: len(outcomes(cache)) >= 2 and len(processes(apart)) > 1)
        os.kill(run.pid, number)
        out, err = run.communicate(timeout=20)
    assert (run.returncode, out, err) == (status, b"", b"")
    until(lambda: not processes(apart), 10)
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
