"""Runs that are stopped half-way, by a person, by the system, or because a worker dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from runs import SLOW, group, run, start, tree, truth, until

_INTERRUPTED = 130


def _temporary(place: Path) -> list[Path]:
    """What lies where temporary files go."""
    return sorted(place.iterdir())


def _half_way(leader: int) -> bool:
    """Whether a worker is at it beside the run itself."""
    return len(group(leader)) >= 2


@pytest.mark.parametrize("whom", ["group", "leader"])
def test_control_c_leaves_nothing_behind(tmp_path: Path, whom: str) -> None:
    """A terminal signals the whole group; a supervisor only the process that it started."""
    made, scratch = tree(tmp_path / "k"), tmp_path / "scratch"
    scratch.mkdir()
    process = start(made, tmp_path / "cache", "--jobs", "2", code=SLOW, TMPDIR=str(scratch))
    assert until(lambda: _half_way(process.pid))
    (os.killpg if whom == "group" else os.kill)(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (_INTERRUPTED, b"", b"")
    assert until(lambda: not group(process.pid), 5), "children are left"
    assert _temporary(scratch) == []
    assert run(made, tmp_path / "cache") == truth()


def test_a_run_that_is_killed_costs_nothing_but_its_time(tmp_path: Path) -> None:
    made = tree(tmp_path / "k")
    process = start(made, tmp_path / "cache", "--jobs", "2", code=SLOW)
    assert until(lambda: _half_way(process.pid))
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert until(lambda: not group(process.pid), 10), "workers outlive the run that they work for"
    assert run(made, tmp_path / "cache") == truth()


_DEADLY = SLOW.replace("time.sleep(0.3)", "words[0].count(b'kvm_tea7') and __import__('os')._exit(9)")


def test_a_worker_that_dies_is_reported_and_its_file_is_a_blind_spot(tmp_path: Path) -> None:
    made = tree(tmp_path / "k")
    status, _, err = run(made, tmp_path / "cache", code=_DEADLY)
    assert status == 0
    assert err != truth()[2]
    assert "not understood" in err
    # The next run gives the file another chance.
    assert run(made, tmp_path / "cache") == truth()
