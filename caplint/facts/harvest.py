"""Makes sure that the store knows every blob that a run needs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caplint.c import MAX_BYTES
from caplint.c.tables import Repairs, tables
from caplint.errors import CaplintError
from caplint.facts.languages import identity, language_of
from caplint.facts.store import BlobKey, FactStore
from caplint.trees.tree import File, Tree, object_id

if TYPE_CHECKING:
    from caplint.facts.workers import Batch, Read

_BATCH_BYTES = 400_000
# How many times as long a byte takes whose macros are to be expanded.
_EXPANSION_COST = 20


@dataclass(frozen=True)
class Reading:
    """How files are read: with which additions to the repair tables, in how many processes."""

    repairs: Repairs
    jobs: int

    @property
    def extractor(self) -> str:
        """Names everything that decides what is found in a file."""
        return identity(tables(self.repairs.attributes, self.repairs.iterators).identity)


def harvest(
    store: FactStore,
    wanted: list[tuple[Tree, File]],
    reading: Reading,
    progress: Callable[[int, int], None],
    language: str | None = None,
) -> dict[BlobKey, int]:
    """Make sure that every wanted file's facts are in the store, and say under which row.

    `language` is what all of them are read as, where that is not what their names say. `progress` is told bytes
    done and bytes in all. Raises `CaplintError` for a file that changes meanwhile.
    """
    extractor = reading.extractor
    known = store.known(extractor)
    missing: dict[BlobKey, tuple[Tree, File]] = {}
    for tree, file in wanted:
        key = _key(file, language)
        if key not in known:
            missing.setdefault(key, (tree, file))
    if missing:
        # Most runs find everything in the store, and need neither parser nor processes.
        from caplint.facts.workers import read_all  # noqa: PLC0415

        sizes = [file.size for _, file in missing.values()]
        done = _pass_over(store, extractor, missing)
        lost: dict[BlobKey, int] = {}
        total = sum(file.size for _, file in missing.values())
        largest = max((file.size for _, file in missing.values()), default=0)
        for results in read_all(_batches(missing), largest, total, reading.repairs, reading.jobs):
            lost |= _add(store, extractor, results)
            done += sum(size for _, size, *_ in results)
            progress(done, sum(sizes))
        known = lost | store.known(extractor)
    store.touch(known[key] for key in {_key(file, language) for _, file in wanted})
    return known


def _key(file: File, language: str | None) -> BlobKey:
    return file.oid, language or language_of(file.path) or "c"


def harvest_contents(store: FactStore, contents: dict[BlobKey, bytes], reading: Reading) -> dict[BlobKey, int]:
    """Make sure that the store knows contents that are in no tree's file, and say under which rows."""
    known = store.known(reading.extractor)
    missing = {key: content for key, content in contents.items() if key not in known}
    if missing:
        sizes = [len(content) for content in missing.values()]
        batches: list[Batch] = [[entry] for entry in sorted(missing.items(), key=lambda item: (-len(item[1]), item[0]))]
        from caplint.facts.workers import read_all  # noqa: PLC0415

        total = _EXPANSION_COST * sum(sizes)
        lost: dict[BlobKey, int] = {}
        for results in read_all(batches, max(sizes), total, reading.repairs, reading.jobs):
            lost |= _add(store, reading.extractor, results)
        known = lost | store.known(reading.extractor)
    return known


def _pass_over(store: FactStore, extractor: str, missing: dict[BlobKey, tuple[Tree, File]]) -> int:
    """Take out, and do not even load, what is too large to be read. Gives its bytes."""
    large = [(key, file.size) for key, (_, file) in missing.items() if file.size > MAX_BYTES]
    if not large:
        return 0
    from caplint.facts.records import BlindSpot, FileFacts  # noqa: PLC0415 - a run that reads nothing needs none

    for key, _ in large:
        del missing[key]
    reason = f"larger than {MAX_BYTES >> 20} MiB"
    store.add(extractor, [(key, size, FileFacts([BlindSpot(0, size, 1, reason)])) for key, size in large])
    return sum(size for _, size in large)


def _add(store: FactStore, extractor: str, results: list[Read]) -> dict[BlobKey, int]:
    """Add what was read. Gives the rows of what could not be read for a reason of the moment.

    These are kept under a name that no other run asks for, and nothing that the run makes of them is retained.
    """
    store.add(extractor, [(key, size, facts) for key, size, facts, keep in results if keep])
    lost = [(key, size, facts) for key, size, facts, keep in results if not keep]
    if not lost:
        return {}
    store.incomplete = True
    once = f"{extractor} {os.getpid()} {time.time_ns()}"
    store.add(once, lost)
    return store.known(once)


def _batches(missing: dict[BlobKey, tuple[Tree, File]]) -> Iterator[Batch]:
    """Files in batches of similar cost, the largest first so that no worker is left with one at the end."""
    batch: Batch = []
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
