"""Reads the blobs that the store does not know yet, in worker processes where there is enough of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from caplint.c.tables import tables
from caplint.errors import CaplintError
from caplint.facts.extract import extract, identity, language_of
from caplint.facts.records import BlindSpot, FileFacts
from caplint.facts.store import BlobKey, FactStore
from caplint.trees.tree import File, Tree, object_id

# Below this many bytes, starting processes costs more than it saves.
_WORTH_WORKERS = 1 << 20
_BATCH_BYTES = 400_000


@dataclass(frozen=True)
class Repairs:
    """A user's additions to the repair tables."""

    attributes: tuple[str, ...] = ()
    iterators: tuple[str, ...] = ()


_Job = list[tuple[BlobKey, bytes]]
_Result = list[tuple[BlobKey, int, FileFacts]]


def harvest(
    store: FactStore,
    wanted: list[tuple[Tree, File]],
    repairs: Repairs,
    jobs: int,
    progress: Callable[[int, int], None],
) -> dict[BlobKey, int]:
    """Make sure that every wanted file's facts are in the store, and say under which row.

    `progress` is told bytes done and bytes in all.
    """
    extractor = identity(tables(repairs.attributes, repairs.iterators).identity)
    known = store.known(extractor)
    missing: dict[BlobKey, tuple[Tree, File]] = {}
    for tree, file in wanted:
        key = (file.oid, language_of(file.path) or "c")
        if key not in known:
            missing.setdefault(key, (tree, file))
    if missing:
        total = sum(file.size for _, file in missing.values())
        done = 0
        for result in _run(missing, repairs, jobs if total >= _WORTH_WORKERS else 1):
            store.add(extractor, result)
            done += sum(size for _, size, _ in result)
            progress(done, total)
        known = store.known(extractor)
    store.touch(known[key] for key in {(file.oid, language_of(file.path) or "c") for _, file in wanted})
    return known


def _run(missing: dict[BlobKey, tuple[Tree, File]], repairs: Repairs, jobs: int) -> Iterator[_Result]:
    batches = _batches(missing)
    if jobs <= 1:
        for batch in batches:
            yield _read(batch, repairs)
        return
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        running: dict[Future[_Result], _Job] = {}
        for batch in batches:
            running[pool.submit(_read, batch, repairs)] = batch
            if len(running) >= 2 * jobs:  # keeps few files' bytes in memory at once
                yield from _finished(running)
        while running:
            yield from _finished(running)


def _finished(running: dict[Future[_Result], _Job]) -> Iterator[_Result]:
    finished, _ = wait(running, return_when=FIRST_COMPLETED)
    for future in finished:
        batch = running.pop(future)
        try:
            yield future.result()
        except BrokenProcessPool:
            yield [(key, len(content), _lost(content)) for key, content in batch]


def _lost(content: bytes) -> FileFacts:
    return FileFacts([BlindSpot(0, len(content), 1, "the process that read it died")])


def _batches(missing: dict[BlobKey, tuple[Tree, File]]) -> Iterator[_Job]:
    """Files in batches of similar cost, the largest first so that no worker is left with one at the end."""
    batch: _Job = []
    size = 0
    for key, (tree, file) in sorted(missing.items(), key=lambda item: (-item[1][1].size, item[0])):
        content = tree.read(file.path)
        if object_id(content) != file.oid:
            raise CaplintError(f"{tree.name}: {file.path} changed while it was being read; run again")
        batch.append((key, content))
        size += file.size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(batch: _Job, repairs: Repairs) -> _Result:
    table = tables(repairs.attributes, repairs.iterators)
    return [(key, len(content), extract(content, key[1], table)) for key, content in batch]


def default_jobs() -> int:
    """As many processes as there are processors to use."""
    return max(1, len(os.sched_getaffinity(0)))
