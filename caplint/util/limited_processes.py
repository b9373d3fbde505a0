"""Tasks in worker processes: a limit of processor time for each, and of wall-clock time for all."""

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

from caplint.util.errors import CaplintError

_Result = TypeVar("_Result")

# Wall-clock limit of a task, as a multiple of its processor time. Results must not depend on the machine's load; this
# limit is for a task that blocks.
PATIENCE = 10
# Seconds between two checks that the threads that feed the processes are alive.
_LOOK = 1.0
# Consecutive checks without a running task: a process that ended before it could report has lost its task.
_IDLE = 15
_NO_LOCKS = "processes cannot be started, because their locks cannot be made; /dev/shm must be there and writable"
_NO_MEMORY = "the worker processes make no progress, probably for lack of memory; provide more memory or fewer jobs"


class Workers:
    """Worker processes that are stopped when their time is over."""

    def __init__(self, pool: ProcessPool, limit: float, total: float) -> None:
        self._pool = pool
        self._limit = limit
        self._end = time.monotonic() + total
        self._begun: list[Future[Any]] = []
        self.passing = False
        """True if a task failed for a transient reason: its process was killed, or the total time was exceeded."""

    def map(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[_Result | None]:
        """Return results in the tasks' order; None if a task timed out, killed its process, or was not run in time."""
        return self.results(self.begin(function, tasks))

    def begin(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[Future[_Result]]:
        """Start the tasks without waiting for them."""
        begun = [begin(self._pool, self._limit, function, *task) for task in tasks]
        self._begun += begun
        return begun

    def results(self, futures: list[Future[_Result]]) -> list[_Result | None]:
        """Wait for started tasks and return their results as `map` does."""
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
    """Yield `jobs` processes; `limit` is processor time per task, `total` wall-clock time for all, in seconds."""
    pool = process_pool(jobs)
    try:
        yield Workers(pool, limit, total)
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def process_pool(jobs: int) -> ProcessPool:
    """Return a pool of `jobs` processes, forked from this one."""
    threading.excepthook = _thread_ended
    # The children must not close objects that the parent has dropped: a connection, a pipe to git.
    return ProcessPool(max_workers=jobs, context=get_context("fork"), initializer=_set_up)


def _set_up() -> None:
    """Prepare a process of a pool. Its failure is reported by its exit status, without a traceback."""
    gc.freeze()
    sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - open until the process ends


def begin(pool: ProcessPool, limit: float, function: Callable[..., _Result], *given: Any) -> Future[_Result]:
    """Start a task limited to `limit` seconds of processor time. Raises `CaplintError` if it cannot be started."""
    try:
        return pool.schedule(_spending, args=[limit, function, *given], timeout=PATIENCE * limit)
    except RuntimeError as error:  # a thread cannot be started, or has ended
        raise CaplintError(_NO_MEMORY) from error
    except OSError as error:  # with the first task the pool makes its locks
        raise CaplintError(f"{_NO_LOCKS}: {error.strerror}") from error


def finished(
    pool: ProcessPool, futures: Iterable[Future[_Result]], begun: Iterable[Future[Any]], end: float | None = None
) -> set[Future[_Result]]:
    """Wait until a future is done, or until a time (`time.monotonic`), and return the futures that are done.

    `begun` are all tasks of the pool. Raises `CaplintError` if none can finish any more, because the pool's threads
    have ended or a task was lost.
    """
    waited, all_begun = list(futures), list(begun)
    idle = 0
    while True:
        left = _LOOK if end is None else max(0.0, min(_LOOK, end - time.monotonic()))
        done, _ = wait(waited, left, return_when=FIRST_COMPLETED)
        if done or (end is not None and time.monotonic() >= end):
            return done
        idle = 0 if any(future.running() for future in all_begun) else idle + 1
        if idle >= _IDLE or not pool.active:
            raise CaplintError(_NO_MEMORY)


def _thread_ended(given: threading.ExceptHookArgs) -> None:
    """Suppress the traceback of a thread without memory: `finished` detects it and ends the run with one line."""
    if not issubclass(given.exc_type, MemoryError | OSError):
        threading.__excepthook__(given)


def _spending(seconds: float, function: Callable[..., _Result], *given: Any) -> _Result:
    """Return the function's result; SIGXCPU ends this process after `seconds`, rounded up, of processor time."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    limit = ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
    _, hard_core = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard_core))  # SIGXCPU would write a core file
    return function(*given)


def is_spent(error: BaseException) -> bool:
    """Tell whether a process ended because its processor time was used up; this is reproducible."""
    return isinstance(error, ProcessExpired) and bool(error.exitcode == -signal.SIGXCPU)
