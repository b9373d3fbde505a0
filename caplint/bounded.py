"""Runs tasks in other processes, each with a limit of processor time, and all of them within one of the clock."""

from __future__ import annotations

import gc
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Timeout
from contextlib import contextmanager
from math import ceil
from multiprocessing import get_context
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

_Result = TypeVar("_Result")

# How many times its processor time a task may take by the clock. What it found must not depend on how busy the
# machine is; this is for a task that waits for something.
PATIENCE = 10


class Workers:
    """Processes that are stopped when their time is over."""

    def __init__(self, pool: ProcessPool, limit: float, total: float) -> None:
        self._pool = pool
        self._limit = limit
        self._end = time.monotonic() + total
        self.passing = False
        """Whether some task has no result for a reason of the moment: its process was killed, or all took too long."""

    def map(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[_Result | None]:
        """The results in the tasks' order; None where a task took too long, killed its process, or came too late."""
        return self.results(self.begin(function, tasks))

    def begin(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[Future[_Result]]:
        """Start the tasks, and do not wait for them."""
        return [begin(self._pool, self._limit, function, *task) for task in tasks]

    def results(self, futures: list[Future[_Result]]) -> list[_Result | None]:
        """What `map` gives, of tasks that have been started."""
        results: list[_Result | None] = []
        for future in futures:
            try:
                results.append(future.result(max(0.0, self._end - time.monotonic())))
            except (Timeout, ProcessExpired, MemoryError) as error:
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
    # What the parent has dropped is not for its children to close: a connection, a pipe to git.
    return ProcessPool(max_workers=jobs, context=get_context("fork"), initializer=gc.freeze)


def begin(pool: ProcessPool, limit: float, function: Callable[..., _Result], *given: Any) -> Future[_Result]:
    """Start a task that may take so many seconds of processor time."""
    return pool.schedule(_spending, args=[limit, function, *given], timeout=PATIENCE * limit)


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
