"""Byte extents, and texts in which extents are blanked without changing any offset."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice

# Long white space, left where comments, directives and other variants were blanked.
_GAP = re.compile(rb"\n\s{100,}(?=\n)")
# Cutting out more gaps than this costs more than it saves.
_MAX_GAPS = 500
_SPACES = bytes(byte if byte == 10 else 32 for byte in range(256))


class Spans:
    """Sorted, disjoint extents `[start, end)`, searched by offset."""

    def __init__(self, extents: Sequence[tuple[int, int]]) -> None:
        self.extents = sorted(extents)
        self._starts = [start for start, _ in self.extents]

    def index(self, offset: int) -> int:
        """Return the index of the extent that holds the offset, or -1."""
        candidate = bisect_right(self._starts, offset) - 1
        return candidate if candidate >= 0 and offset < self.extents[candidate][1] else -1

    def between(self, start: int, end: int) -> list[tuple[int, int]]:
        """Return the extents that begin in `[start, end)`."""
        return self.extents[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def __contains__(self, offset: int) -> bool:
        return self.index(offset) >= 0


def blank(source: bytes, extents: Iterable[tuple[int, int]]) -> bytes:
    """Return the source with sorted, disjoint extents replaced by spaces; newlines stay."""
    pieces: list[bytes] = []
    position = 0
    for start, end in extents:
        pieces += source[position:start], spaces(source[start:end])
        position = end
    pieces.append(source[position:])
    return b"".join(pieces)


def merged(extents: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return sorted, disjoint extents that cover the same bytes."""
    united: list[tuple[int, int]] = []
    for start, end in sorted(extents):
        if united and start < united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def spaces(text: bytes) -> bytes:
    """Return white space of the same length, with newlines at the same offsets."""
    return text.translate(_SPACES)


def stretches(text: bytes) -> list[tuple[int, int]]:
    """Return the extents between long runs of blank lines (gaps); each keeps the newlines at its borders."""
    ranges: list[tuple[int, int]] = []
    position = 0
    for gap in islice(_GAP.finditer(text), _MAX_GAPS):
        ranges.append((position, gap.start() + 1))
        position = gap.end()
    return [*ranges, (position, len(text))]
