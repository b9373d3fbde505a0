"""Inverted index of a tree's names, kept in parts of which a question reads those that hold its words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cached_property
from zlib import crc32

from caplint.facts.store.store import FactStore

# Words of one part, about; a part is read as a whole.
_WORDS = 64


class Postings:
    """Word → ordinals of the files that contain it."""

    def __init__(self, store: FactStore, state: Callable[[], str], collect: Callable[[], dict[str, list[int]]]) -> None:
        """`state` returns the cache key over the tree, `collect` reads it."""
        self._store = store
        self._state = state
        self._collect = collect
        self._read: dict[int, dict[str, list[int]]] = {}

    def of(self, words: Iterable[str]) -> list[list[int]]:
        """Return the ordinals for each word; the index is made if there is none."""
        words = list(words)
        count = self._count
        places = [crc32(word.encode("utf-8", "surrogateescape")) % count for word in words]
        missing = sorted(set(places) - self._read.keys())
        if missing:
            kept = self._store.recall_all(self._name(place) for place in missing)
            try:
                self._read |= {place: dict(json.loads(kept[self._name(place)])) for place in missing}
            except (KeyError, ValueError, TypeError):  # deleted by another run, or damaged
                self._read = self._parts(self._collect(), count)
        return [self._read[place].get(word, []) for place, word in zip(places, words, strict=True)]

    @cached_property
    def _key(self) -> str:
        return self._state()

    @cached_property
    def _count(self) -> int:
        """Number of parts."""
        kept = self._store.recall(f"words {self._key}")
        if kept is not None and kept.isdecimal() and int(kept):
            return int(kept)
        postings = self._collect()
        count = len(postings) // _WORDS + 1
        self._read = self._parts(postings, count)
        return count

    def _parts(self, postings: dict[str, list[int]], count: int) -> dict[int, dict[str, list[int]]]:
        """Divide the index into parts and retain them."""
        parts: dict[int, dict[str, list[int]]] = {place: {} for place in range(count)}
        for word, ordinals in postings.items():
            parts[crc32(word.encode("utf-8", "surrogateescape")) % count][word] = ordinals
        texts = {self._name(place): json.dumps(part, separators=(",", ":")) for place, part in parts.items()}
        self._store.retain_all({**texts, f"words {self._key}": str(count)})
        return parts

    def _name(self, place: int) -> str:
        return f"words {self._key} {place}"
