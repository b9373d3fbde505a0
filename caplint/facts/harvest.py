"""Harvest: extract the facts of every blob that a run needs and the store lacks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caplint.c import MAX_BYTES
from caplint.c.tables import Repairs, tables
from caplint.facts.identity import identity
from caplint.facts.store.store import BlobKey, FactStore
from caplint.knowledge.languages import language_of
from caplint.trees.tree import File, Tree, absent_id, object_id
from caplint.util.errors import CaplintError

if TYPE_CHECKING:
    from caplint.facts.workers import Batch, Read

_BATCH_BYTES = 400_000
# Relative cost of a byte whose macros must be expanded.
_EXPANSION_COST = 20


@dataclass(frozen=True)
class ExtractionSettings:
    """Settings of the extraction: additions to the repair tables, and the number of processes."""

    repairs: Repairs
    jobs: int

    @property
    def extractor(self) -> str:
        """Cache key over everything that decides the facts of a file."""
        return identity(tables(self.repairs.attributes, self.repairs.iterators).identity)


def harvest(
    store: FactStore,
    wanted: list[tuple[Tree, File]],
    settings: ExtractionSettings,
    progress: Callable[[int, int], None],
    language: str | None = None,
) -> dict[BlobKey, int]:
    """Put the facts of every wanted file into the store; return each blob's row id.

    `language` overrides the language that the files' names imply. `progress` gets the bytes done and the total bytes.
    Raises `CaplintError` for a file that changes meanwhile.
    """
    extractor = settings.extractor
    rows = _in_use(store, extractor, {_key(file, language) for _, file in wanted})
    missing: dict[BlobKey, tuple[Tree, File]] = {}
    for tree, file in wanted:
        key = _key(file, language)
        if key not in rows:
            missing.setdefault(key, (tree, file))
    if missing:
        # Imported on demand: most runs find everything in the store.
        from caplint.facts.workers import read_all  # noqa: PLC0415

        sizes = [file.size for _, file in missing.values()]
        done = _pass_over(store, extractor, missing)
        lost: dict[BlobKey, int] = {}
        total = sum(file.size for _, file in missing.values())
        largest = max((file.size for _, file in missing.values()), default=0)
        for results in read_all(_batches(missing), largest, total, settings.repairs, settings.jobs):
            lost |= _add(store, extractor, results)
            done += sum(size for _, size, *_ in results)
            progress(done, sum(sizes))
        rows = lost | store.known(extractor)
    return rows


def _in_use(store: FactStore, extractor: str, keys: set[BlobKey]) -> dict[BlobKey, int]:
    """Return the row id of every known blob, after those of `keys` were protected from deletion by another process."""
    while True:
        rows = store.known(extractor)
        if store.touch(rows[key] for key in keys & rows.keys()):
            return rows


def _key(file: File, language: str | None) -> BlobKey:
    return file.oid, language or language_of(file.path) or "c"


def harvest_contents(
    store: FactStore, contents: dict[BlobKey, bytes], settings: ExtractionSettings
) -> dict[BlobKey, int]:
    """Put the facts of contents that are not files of a tree into the store; return each blob's row id."""
    rows = _in_use(store, settings.extractor, set(contents))
    missing = {key: content for key, content in contents.items() if key not in rows}
    if missing:
        sizes = [len(content) for content in missing.values()]
        batches: list[Batch] = [[entry] for entry in sorted(missing.items(), key=lambda item: (-len(item[1]), item[0]))]
        from caplint.facts.workers import read_all  # noqa: PLC0415

        total = _EXPANSION_COST * sum(sizes)
        lost: dict[BlobKey, int] = {}
        for results in read_all(batches, max(sizes), total, settings.repairs, settings.jobs):
            lost |= _add(store, settings.extractor, results)
        rows = lost | store.known(settings.extractor)
    return rows


_LARGE = f"larger than {MAX_BYTES >> 20} MiB"
_ABSENT = "not in the repository, which is a partial clone"


def _pass_over(store: FactStore, extractor: str, missing: dict[BlobKey, tuple[Tree, File]]) -> int:
    """Remove files that are too large or absent from `missing`, unread, as blind spots; return their bytes."""
    large = [(key, file.size, _LARGE) for key, (_, file) in missing.items() if file.size > MAX_BYTES]
    large += [(key, file.size, _ABSENT) for key, (_, file) in missing.items() if file.oid == absent_id()]
    if not large:
        return 0
    from caplint.facts.store.records import BlindSpot, FileFacts  # noqa: PLC0415 - a warm run does not need it

    for key, _, _ in large:
        del missing[key]
    store.add(extractor, [(key, size, FileFacts([BlindSpot(0, size, 1, why)])) for key, size, why in large])
    return sum(size for _, size, _ in large)


def _add(store: FactStore, extractor: str, results: list[Read]) -> dict[BlobKey, int]:
    """Add the results to the store; return the rows of blobs that failed for a transient reason.

    Those rows get a key that no other run uses, and nothing that this run derives from them is retained.
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
    """Yield batches of similar cost, the largest files first, so that no worker ends with a large one."""
    batch: Batch = []
    size = 0
    for key, (tree, file) in sorted(missing.items(), key=lambda item: (-item[1][1].size, item[0])):
        content = tree.read(file.path)
        if object_id(content) != file.oid:
            if tree.absent:
                raise CaplintError(f"{tree.name}: {tree.lack}")
            raise CaplintError(f"{tree.name}: {file.path} changed while it was being read; run again")
        batch.append((key, content))
        size += file.size
        if size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
