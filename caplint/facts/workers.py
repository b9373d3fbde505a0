"""Extraction in worker processes with a time limit per file, so that no file can hang or kill a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Timeout
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired, ProcessPool

from caplint.c.tables import Repairs, tables
from caplint.facts.extract import extract
from caplint.facts.store.records import BlindSpot, FileFacts
from caplint.facts.store.store import BlobKey
from caplint.util.errors import CaplintError
from caplint.util.limited_processes import begin, finished, is_spent, process_pool

# Limit of processor time per file, in seconds. The slowest real file, half a megabyte, takes less than one second.
FILE_TIMEOUT = 15.0
# Files up to this size, in bytes, cannot take long: no process is started for them.
_HARMLESS = 20_000
# Total bytes below which one process is enough.
_WORTH_MANY = 1 << 20

DIED = "the worker process died"
STUCK = "the worker process did not finish"
PASSING = frozenset({DIED, STUCK})
"""Transient reasons of blind spots, which another run may not have."""

Batch = list[tuple[BlobKey, bytes]]
Read = tuple[BlobKey, int, FileFacts, bool]
"""Blob, its size in bytes, its facts, and whether the facts may be kept."""


def read_all(batches: Iterable[Batch], largest: int, total: int, repairs: Repairs, jobs: int) -> Iterator[list[Read]]:
    """Yield the facts of all files, batch by batch in any order.

    `largest` and `total` are bytes. A file that takes too long, or kills its process, becomes a blind spot.
    """
    # A user's regular expression can take for ever even on the smallest file.
    if largest <= _HARMLESS and total < _WORTH_MANY and not repairs.iterators:
        for batch in batches:
            yield _read(batch, repairs)
        return
    pool = process_pool(jobs if total >= _WORTH_MANY else 1)
    try:
        yield from _pooled(pool, batches, repairs, jobs)
        pool.close()  # type: ignore[no-untyped-call]
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


def _pooled(pool: ProcessPool, batches: Iterable[Batch], repairs: Repairs, jobs: int) -> Iterator[list[Read]]:
    running: dict[Future[list[Read]], Batch] = {}
    retry: list[Batch] = []
    for batch in batches:
        running[begin(pool, FILE_TIMEOUT, _read, batch, repairs)] = batch
        if len(running) >= 2 * jobs:  # keeps few files' bytes in memory at once
            yield from _finished(pool, running, retry)
    while running or retry:
        while retry:
            batch = retry.pop()
            running[begin(pool, FILE_TIMEOUT, _read, batch, repairs)] = batch
        yield from _finished(pool, running, retry)


def _finished(pool: ProcessPool, running: dict[Future[list[Read]], Batch], retry: list[Batch]) -> Iterator[list[Read]]:
    for future in finished(pool, running, running):
        batch = running.pop(future)
        try:
            yield future.result()
        except Timeout:
            yield from _failed(batch, retry, STUCK, keep=False)
        except ProcessExpired as error:
            spent = is_spent(error)
            yield from _failed(batch, retry, f"took longer than {FILE_TIMEOUT:g} s" if spent else DIED, keep=spent)
        except BrokenProcessPool as error:
            raise CaplintError("the worker processes ended unexpectedly; run caplint again") from error
        except MemoryError:
            yield from _failed(batch, retry, DIED, keep=False)


def _failed(batch: Batch, retry: list[Batch], reason: str, *, keep: bool) -> Iterator[list[Read]]:
    """Yield a blind spot for a batch of one file; queue the files of a larger batch to be retried singly."""
    if len(batch) > 1:
        retry.extend([entry] for entry in batch)
        return
    ((key, content),) = batch
    yield [(key, len(content), FileFacts([BlindSpot(0, len(content), 1, reason)]), keep)]


def _read(batch: Batch, repairs: Repairs) -> list[Read]:
    table = tables(repairs.attributes, repairs.iterators)
    return [(key, len(content), extract(content, key[1], table), True) for key, content in batch]
