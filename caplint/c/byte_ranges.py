"""Extents of bytes, and texts with extents blanked: every offset stays what it was."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

# What comments, directives and other variants leave behind.
_GAP = re.compile(rb"\n\s{100,}(?=\n)")
# More of them than people write would cost more than they save.
_MAX_GAPS = 500
_SPACES = bytes(byte if byte == 10 else 32 for byte in range(256))


class Spans:
    """Sorted, disjoint extents `[start, end)`, searched by offset."""

    def __init__(self, extents: Sequence[tuple[int, int]]) -> None:
        self.extents = sorted(extents)
        self._starts = [start for start, _ in self.extents]

    def index(self, offset: int) -> int:
        """Index of the extent that holds the offset, or -1."""
        found = bisect_right(self._starts, offset) - 1
        return found if found >= 0 and offset < self.extents[found][1] else -1

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """The extents that begin in `[start, end)`."""
        return self.extents[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def __contains__(self, offset: int) -> bool:
        return self.index(offset) >= 0


def blank(source: bytes, extents: Iterable[tuple[int, int]]) -> bytes:
    """The source with the extents turned into spaces; newlines stay."""
    pieces: list[bytes] = []
    position = 0
    for start, end in extents:
        pieces += source[position:start], spaces(source[start:end])
        position = end
    pieces.append(source[position:])
    return b"".join(pieces)


def merged(extents: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted and disjoint extents that cover the same bytes."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(extents):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def spaces(text: bytes) -> bytes:
    """As many bytes of white space, with the newlines where they were."""
    return text.translate(_SPACES)


def stretches(text: bytes) -> list[tuple[int, int]]:
    """The extents of a text between its gaps, blank lines; a newline is left at either side of each."""
    found: list[tuple[int, int]] = []
    position = 0
    for gap in islice(_GAP.finditer(text), _MAX_GAPS):
        found.append((position, gap.start() + 1))
        position = gap.end()
    return [*found, (position, len(text))]
