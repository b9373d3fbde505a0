"""Line diff between two versions of a file, in time proportional to the lines of both."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

_SMALL = 1_000_000
"""Largest number of line pairs that is compared directly; larger spans are split first."""
_SHARE = 500
"""Line pairs that may be compared directly per line of both files; lines beyond this budget count as new."""
_DEEPEST = 8

_Span = tuple[int, int, int, int]
"""Half-open line ranges, from 0: start and stop in the earlier version, start and stop in the later one."""


def new_lines(before: list[bytes], after: list[bytes]) -> Iterator[int]:
    """Yield the numbers (from 1) of lines of `after` that `before` lacks."""
    budget = _SMALL + _SHARE * (len(before) + len(after))
    spans: list[tuple[_Span, int]] = [((0, len(before), 0, len(after)), 0)]
    while spans:
        span, depth = spans.pop()
        start, stop, first, last = span = _trimmed(before, after, span)
        pairs = (stop - start) * (last - first)
        if not pairs:
            yield from range(first + 1, last + 1)
        elif pairs <= min(_SMALL, budget):
            budget -= pairs
            yield from _compared(before[start:stop], after[first:last], first)
        elif depth < _DEEPEST and (parts := _parts(before, after, span)):
            spans += [(part, depth + 1) for part in reversed(parts)]
        else:
            yield from range(first + 1, last + 1)


def _trimmed(before: list[bytes], after: list[bytes], span: _Span) -> _Span:
    """Return the span without the lines that both sides have in common at its start and its end."""
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
    """Split a span at lines that occur once on each side, in the same order; return nothing without such lines."""
    start, stop, first, last = span
    unique = {line for line, count in Counter(before[start:stop]).items() if count == 1}
    positions = {line: position for position, line in enumerate(before[start:stop], start) if line in unique}
    counts = Counter(after[first:last])
    pairs = [
        (positions[line], position)
        for position, line in enumerate(after[first:last], first)
        if line in positions and counts[line] == 1
    ]
    parts = []
    for old_position, new_position in _ascending(pairs):
        parts.append((start, old_position, first, new_position))
        start, first = old_position + 1, new_position + 1
    return [*parts, (start, stop, first, last)] if parts else []


def _ascending(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return a longest subsequence of the pairs in which both members ascend, by patience sorting."""
    tops: list[int] = []
    piles: list[int] = []
    below: list[int | None] = []
    for step, (old, _) in enumerate(pairs):
        pile = bisect_left(tops, old)
        below.append(piles[pile - 1] if pile else None)
        tops[pile : pile + 1] = [old]
        piles[pile : pile + 1] = [step]
    longest = []
    current = piles[-1] if piles else None
    while current is not None:
        longest.append(pairs[current])
        current = below[current]
    return longest[::-1]
