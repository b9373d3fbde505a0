"""Processes that are lost are not waited for."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
from pebble.pool.process import PoolManager

from caplint import bounded
from caplint.bounded import workers
from caplint.errors import CaplintError


def _double(number: int) -> int:
    return 2 * number


def _ended(*_: Any) -> None:
    raise MemoryError


def _refused(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A pool whose tasks nobody does raises, and does not wait for its time."""
    monkeypatch.setattr(bounded, "_LOOK", 0.05)
    begun = time.monotonic()
    with pytest.raises(CaplintError, match="where memory is short; give it more memory"):  # noqa: SIM117
        with workers(1, 60.0, 600.0) as pool:
            pool.map(_double, [(number,) for number in range(3)])
    assert time.monotonic() - begun < seconds


@pytest.mark.parametrize("loop", ["schedule", "process_next_message", "update_status"])
def test_threads_that_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], loop: str) -> None:
    monkeypatch.setattr(PoolManager, loop, _ended)
    _refused(monkeypatch, 20)
    assert capsys.readouterr().err == ""


def test_a_task_that_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends between taking a task and saying so takes it with it."""
    monkeypatch.setattr(PoolManager, "schedule", lambda self, task: self.task_manager.register(task))
    _refused(monkeypatch, 20)


def test_a_thread_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("pebble.pool.process.launch_thread", refuse)
    _refused(monkeypatch, 20)


def test_a_process_that_dies_is_passing_and_one_that_spends_its_time_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded, "PATIENCE", 200)  # the machine may be busy
    with workers(1, 60.0, 600.0) as pool:
        assert pool.map(os._exit, [(9,)]) == [None]
        assert pool.passing
    with workers(1, 0.5, 600.0) as pool:
        assert pool.map(_busy, [()]) == [None]
        assert not pool.passing
    with workers(1, 60.0, 600.0) as pool:
        assert pool.map(_double, [(1,), (2,)]) == [2, 4]
        assert not pool.passing


def _busy() -> None:
    while True:
        pass
