"""Positions of lines in the versions of a file, such as those after each patch of a series."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher

from caplint.fixes.draft import Block, lines_of

_MOST_COMPARED = 6_000
"""Lines between the first and the last change that are compared one by one."""
_MOST_PAIRS = 200_000
"""Pairs of equal lines up to which all are compared."""


def blocks(before: bytes, after: bytes) -> list[Block] | None:
    """Return the stretches in which two versions differ; None if they are too long to be compared one by one."""
    old, new = lines_of(before), lines_of(after)
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle, other = old[start : len(old) - end], new[start : len(new) - end]
    if not middle or not other:
        return [Block(start, len(old) - end, start, len(new) - end)] if middle or other else []
    if len(middle) + len(other) > _MOST_COMPARED:
        return None
    return [
        Block(a + start, b + start, c + start, d + start)
        for tag, a, b, c, d in matcher(middle, other).get_opcodes()
        if tag != "equal"
    ]


def matcher(old: list[bytes], new: list[bytes]) -> SequenceMatcher[bytes]:
    """Return a comparison of lines; of so many equal ones that it would take minutes, the most frequent do not count.

    Its time grows with the pairs of equal lines, once for each stretch that it finds.
    """
    counts = Counter(new)
    return SequenceMatcher(None, old, new, autojunk=sum(counts[line] for line in old) > _MOST_PAIRS)


def earlier(changes: list[Block], first: int, stop: int) -> int | None:
    """Return where the lines from `first` to before `stop`, counted from 0, begin in the version before.

    None if one of them is new there, or others stood between them.
    """
    shift = 0
    for block in changes:
        if block.new >= stop:
            break
        if (
            block.new_stop <= first and (block.new, block.new_stop) != (first, first)
        ) or block.new == block.new_stop == first:
            shift = block.old_stop - block.new_stop
        else:
            return None
    return first + shift
