"""Runs tasks in other processes, each with a time limit, and all of them within one."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as Timeout
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

_Result = TypeVar("_Result")


class Workers:
    """Processes that are stopped when their time is over."""

    def __init__(self, pool: ProcessPool, limit: float, total: float) -> None:
        self._pool = pool
        self._limit = limit
        self._end = time.monotonic() + total

    def map(self, function: Callable[..., _Result], tasks: Sequence[tuple[Any, ...]]) -> list[_Result | None]:
        """The results in the tasks' order; None where a task took too long, killed its process, or came too late."""
        futures = [self._pool.schedule(function, args=list(task), timeout=self._limit) for task in tasks]
        results: list[_Result | None] = []
        for future in futures:
            try:
                results.append(future.result(max(0.0, self._end - time.monotonic())))
            except (Timeout, ProcessExpired, MemoryError):
                future.cancel()  # type: ignore[no-untyped-call]
                results.append(None)
        return results


@contextmanager
def workers(jobs: int, limit: float, total: float) -> Iterator[Workers]:
    """As many processes; seconds for each task and for all."""
    # What the parent has dropped is not for its children to close.
    pool = ProcessPool(max_workers=jobs, context=get_context("fork"), initializer=gc.freeze)
    try:
        yield Workers(pool, limit, total)
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()
