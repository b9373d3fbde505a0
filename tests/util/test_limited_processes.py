"""Tasks in worker processes: lost processes are not waited for, and limits hold."""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from pebble.pool.process import PoolManager

from caplint.abi import evaluation_pool
from caplint.abi.sources import Sources
from caplint.util import limited_processes
from caplint.util.errors import CaplintError
from caplint.util.limited_processes import workers


def _double(number: int) -> int:
    return 2 * number


def _ended(*_: Any) -> None:
    raise MemoryError


def _refused(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A pool whose tasks nobody does raises, and does not wait for its time."""
    monkeypatch.setattr(limited_processes, "_LOOK", 0.05)
    begun = time.monotonic()
    with pytest.raises(CaplintError, match="for lack of memory; provide more memory"):  # noqa: SIM117
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
    monkeypatch.setattr(limited_processes, "PATIENCE", 200)  # the machine may be busy
    with workers(1, 60.0, 600.0) as pool:
        assert pool.map(os._exit, [(9,)]) == [None]
        assert pool.passing
    with workers(1, 0.5, 600.0) as pool:
        assert pool.map(_busy, [()]) == [None]
        assert not pool.passing
    with workers(1, 60.0, 600.0) as pool:
        assert pool.map(_double, [(1,), (2,)]) == [2, 4]
        assert not pool.passing


def _raised(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("error", [MemoryError(), BrokenProcessPool("lost")], ids=["memory", "pool"])
def test_a_task_that_fails_for_the_machine_is_passing(error: BaseException) -> None:
    with workers(1, 60.0, 600.0) as pool:
        assert pool.map(_raised, [(error,)]) == [None]
        assert pool.passing


def test_a_task_is_not_waited_for_longer_than_all_have() -> None:
    begun = time.monotonic()
    with workers(1, 60.0, 0.5) as pool:
        assert pool.map(time.sleep, [(50,)]) == [None]
        assert pool.passing
    assert time.monotonic() - begun < 40


def _told() -> int:
    sys.stderr.write("of a worker\n")
    sys.stderr.flush()
    return resource.getrlimit(resource.RLIMIT_CORE)[0]


def test_a_process_tells_nothing_and_leaves_no_core_file(capfd: pytest.CaptureFixture[str]) -> None:
    before, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        with workers(1, 60.0, 600.0) as pool:
            assert pool.map(_told, [()]) == [0]
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (before, hard))
    assert capfd.readouterr().err == ""


def _under(kind: int, hard: int, function: Callable[..., Any], given: tuple[Any, ...]) -> object:
    resource.setrlimit(kind, (hard, hard))
    return function(*given)


def test_limits_that_the_user_has_set_stay() -> None:
    """A limit above the hard one cannot be set, and would be an error."""
    with workers(1, 60.0, 600.0) as pool:
        given: tuple[Any, ...] = (5_000.0, _double, 2)
        assert pool.map(_under, [(resource.RLIMIT_CPU, 1_000, limited_processes._spending, given)]) == [4]
    with workers(1, 60.0, 600.0) as pool:
        given = (Sources({}, {}), [])
        assert pool.map(_under, [(resource.RLIMIT_AS, 3 << 30, evaluation_pool._evaluate, given)]) == ["{}"]


def test_a_header_has_no_more_memory_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    much = bytes(evaluation_pool._MEMORY // 1024)
    monkeypatch.setattr("caplint.abi.rust_bindings.evaluate_any", lambda *_: {"x86": much * 1025})
    with evaluation_pool.evaluating({"k": (Sources({}, {}), ["x86"])}, 1) as results:
        found, is_reproducible = results()
    assert "or more memory than there is" in found["k"]
    assert not is_reproducible


def test_other_faults_of_threads_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for error in (MemoryError("short"), OSError("short"), ValueError("a fault")):
        limited_processes._thread_ended(threading.ExceptHookArgs((type(error), error, None, None)))
    assert "ValueError: a fault" in (told := capsys.readouterr().err)
    assert "short" not in told


def _busy() -> None:
    while True:
        pass


def test_a_machine_without_shared_memory_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", refused)
    with pytest.raises(CaplintError, match=r"/dev/shm must be there and writable: Permission denied$"):  # noqa: SIM117
        with workers(1, 60.0, 600.0) as pool:
            pool.map(_double, [(1,)])
