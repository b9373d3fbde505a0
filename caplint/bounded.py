"""Runs tasks in other processes, each with a limit of processor time, and all of them within one of the clock."""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as Timeout
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from math import ceil
from multiprocessing import get_context
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from caplint.errors import CaplintError

_Result = TypeVar("_Result")

# How many times its processor time a task may take by the clock. What it found must not depend on how busy the
# machine is; this is for a task that waits for something.
PATIENCE = 10
# Seconds between two looks at whether the threads that feed the processes are alive.
_LOOK = 1.0
# Looks in a row at which none of the tasks is begun: a process that ended before it could say so took one with it.
_IDLE = 15
_NO_MEMORY = "the processes that read files could not be kept at work, as where memory is short; give it more memory"


class Workers:
    """Processes that are stopped when their time is over."""

    def __init__(self, pool: ProcessPool, limit: float, total: float) -> None:
        self._pool = pool
        self._limit = limit
        self._end = time.monotonic() + total
        self._begun: list[Future[Any]] = []
        self.passing = False
        """Whether some task has no result for a reason of the moment: its process was killed, or all took too long."""

    def map(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[_Result | None]:
        """The results in the tasks' order; None where a task took too long, killed its process, or came too late."""
        return self.results(self.begin(function, tasks))

    def begin(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[Future[_Result]]:
        """Start the tasks, and do not wait for them."""
        begun = [begin(self._pool, self._limit, function, *task) for task in tasks]
        self._begun += begun
        return begun

    def results(self, futures: list[Future[_Result]]) -> list[_Result | None]:
        """What `map` gives, of tasks that have been started."""
        results: list[_Result | None] = []
        for future in futures:
            try:
                finished(self._pool, [future], self._begun, self._end)
                results.append(future.result(0))
            except (Timeout, ProcessExpired, MemoryError, BrokenProcessPool) as error:
                self.passing |= not is_spent(error)
                future.cancel()
                results.append(None)
        return results


@contextmanager
def workers(jobs: int, limit: float, total: float) -> Iterator[Workers]:
    """As many processes; seconds of processor time for each task, and of the clock for all."""
    pool = process_pool(jobs)
    try:
        yield Workers(pool, limit, total)
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def process_pool(jobs: int) -> ProcessPool:
    """As many processes, forked from this one."""
    threading.excepthook = _thread_ended
    # What the parent has dropped is not for its children to close: a connection, a pipe to git.
    return ProcessPool(max_workers=jobs, context=get_context("fork"), initializer=_set_up)


def _set_up() -> None:
    """Prepare a process of a pool. What goes wrong in it is told by its end, and not by a traceback."""
    gc.freeze()
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - it is open as long as the process


def begin(pool: ProcessPool, limit: float, function: Callable[..., _Result], *given: Any) -> Future[_Result]:
    """Start a task that may take so many seconds of processor time. Raises `CaplintError` where that cannot be done."""
    try:
        return pool.schedule(_spending, args=[limit, function, *given], timeout=PATIENCE * limit)
    except RuntimeError as error:  # a thread could not be started, or has ended
        raise CaplintError(_NO_MEMORY) from error


def finished(
    pool: ProcessPool, futures: Iterable[Future[_Result]], begun: Iterable[Future[Any]], end: float | None = None
) -> set[Future[_Result]]:
    """Wait until one of some futures is done, or until a time (`time.monotonic`), and give those that are.

    `begun` are all that the pool has to do. Raises `CaplintError` where none would ever be done, since what feeds the
    processes has ended or lost a task.
    """
    waited, known = list(futures), list(begun)
    idle = 0
    while True:
        left = _LOOK if end is None else max(0.0, min(_LOOK, end - time.monotonic()))
        done, _ = wait(waited, left, return_when=FIRST_COMPLETED)
        if done or (end is not None and time.monotonic() >= end):
            return done
        idle = 0 if any(future.running() for future in known) else idle + 1
        if idle >= _IDLE or not pool.active:
            raise CaplintError(_NO_MEMORY)


def _thread_ended(given: threading.ExceptHookArgs) -> None:
    """Say nothing of a thread that ran out of memory: `finished` notices it and ends the run with one line."""
    if not issubclass(given.exc_type, MemoryError | OSError):
        threading.__excepthook__(given)


def _spending(seconds: float, function: Callable[..., _Result], *given: Any) -> _Result:
    """The function's result; this process ends with SIGXCPU where that takes more processor time, in whole seconds."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))  # the signal would have one written
    return function(*given)


def is_spent(error: BaseException) -> bool:
    """Whether a process ended because its processor time was used up, as it would be another time."""
    return isinstance(error, ProcessExpired) and bool(error.exitcode == -signal.SIGXCPU)
