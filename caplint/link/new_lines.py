"""Which lines of a file its earlier version does not have, in time proportional to both."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

_SMALL = 1_000_000
"""Pairs of lines up to which two stretches are compared line by line; beyond that they are cut up first."""
_SHARE = 500
"""Pairs of lines that are compared so for each line of both files; what is beyond that counts as new."""
_DEEPEST = 8

_Span = tuple[int, int, int, int]
"""First and last line, from 0, the last one not included: of the earlier version, and of the later one."""


def new_lines(before: list[bytes], after: list[bytes]) -> Iterator[int]:
    """Lines of `after`, from 1, that `before` does not have."""
    left = _SMALL + _SHARE * (len(before) + len(after))
    spans: list[tuple[_Span, int]] = [((0, len(before), 0, len(after)), 0)]
    while spans:
        span, depth = spans.pop()
        start, stop, first, last = span = _trimmed(before, after, span)
        pairs = (stop - start) * (last - first)
        if not pairs:
            yield from range(first + 1, last + 1)
        elif pairs <= min(_SMALL, left):
            left -= pairs
            yield from _compared(before[start:stop], after[first:last], first)
        elif depth < _DEEPEST and (parts := _parts(before, after, span)):
            spans += [(part, depth + 1) for part in reversed(parts)]
        else:
            yield from range(first + 1, last + 1)


def _trimmed(before: list[bytes], after: list[bytes], span: _Span) -> _Span:
    """A span without what both sides begin and end with."""
    start, stop, first, last = span
    while start < stop and first < last and before[start] == after[first]:
        start, first = start + 1, first + 1
    while start < stop and first < last and before[stop - 1] == after[last - 1]:
        stop, last = stop - 1, last - 1
    return start, stop, first, last


def _compared(before: list[bytes], after: list[bytes], first: int) -> Iterator[int]:
    for tag, _, _, start, stop in difflib.SequenceMatcher(None, before, after).get_opcodes():
        if tag in {"insert", "replace"}:
            yield from range(first + start + 1, first + stop + 1)


def _parts(before: list[bytes], after: list[bytes], span: _Span) -> list[_Span]:
    """The stretches between lines that stand once on each side, in the same order; none where there is no such line."""
    start, stop, first, last = span
    once = {line for line, count in Counter(before[start:stop]).items() if count == 1}
    places = {line: place for place, line in enumerate(before[start:stop], start) if line in once}
    counts = Counter(after[first:last])
    pairs = [
        (places[line], place)
        for place, line in enumerate(after[first:last], first)
        if line in places and counts[line] == 1
    ]
    parts = []
    for old, new in _ascending(pairs):
        parts.append((start, old, first, new))
        start, first = old + 1, new + 1
    return [*parts, (start, stop, first, last)] if parts else []


def _ascending(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """As many of the pairs as both ascend in, by patience sorting."""
    tops: list[int] = []
    piles: list[int] = []
    below: list[int | None] = []
    for step, (old, _) in enumerate(pairs):
        pile = bisect_left(tops, old)
        below.append(piles[pile - 1] if pile else None)
        tops[pile : pile + 1] = [old]
        piles[pile : pile + 1] = [step]
    found = []
    at = piles[-1] if piles else None
    while at is not None:
        found.append(pairs[at])
        at = below[at]
    return found[::-1]
