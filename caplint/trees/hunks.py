"""Application of hunks to the lines of one file, by the rules of `git apply` and in linear time.

Nothing is run and no file is opened: a diff may have any names and content. `git apply` puts a hunk at the line in its
header, or else at the nearest matching lines. A hunk that begins at line 1 or has no context after its changes applies
only at the beginning or end of the file (git-apply(1), `--unidiff-zero` and `-C`). Unlike git, a hunk never applies
before an earlier hunk of the diff, and no line is joined to a line without a newline.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.trees.unified import Hunk
from caplint.util.errors import CaplintError

_SHARE = 50
"""Comparisons allowed per line of a file or hunk; real patches need two or three."""
_SMALL = 200_000
"""Comparisons that are always allowed."""
_STEP = 20
"""Cost of trying one position, besides the compared lines."""


class Effort:
    """Budget of comparisons; a hostile diff could need the square of its size, or more."""

    def __init__(self) -> None:
        self._left = _SMALL

    def grant(self, lines: int) -> None:
        """Add the budget of so many lines."""
        self._left += _SHARE * lines

    def spend(self, lines: int) -> None:
        """Spend budget. Raises `CaplintError` when it is used up."""
        self._left -= lines + _STEP
        if self._left < 0:
            raise CaplintError("its hunks match too many positions; regenerate the patch against this tree")


@dataclass(frozen=True)
class Placement:
    """Position of an applied hunk: the line of the result, counted from 1, at which it begins."""

    line: int
    reduced: bool
    """Whether some of its context was ignored."""
    loose: int = 0
    """Number of the file's two ends at which the hunk would have to be, and is not."""


class _Window:
    """Lines of a hunk before and after the change; its context can be reduced."""

    def __init__(self, hunk: Hunk) -> None:
        self.before, self.after = hunk.text(b"-"), hunk.text(b"+")
        self.leading, self.trailing = hunk.context()
        self.reduced = False
        self.broken = any(not line.endswith(b"\n") for line in self.after[:-1])

    def reduce(self) -> int:
        """Drop a line of context from the longer side, or from both; return the number dropped at the beginning."""
        self.reduced = True
        first = self.leading >= self.trailing
        if first:
            del self.before[0], self.after[0]
            self.leading -= 1
        if self.trailing > self.leading:
            del self.before[-1], self.after[-1]
            self.trailing -= 1
        return int(first)


class _Index:
    """Index of the positions of each line in a file."""

    def __init__(self, lines: list[bytes]) -> None:
        self._numbers: dict[bytes, int] = {}
        self.lines = [self._numbers.setdefault(line, len(self._numbers)) for line in lines]
        self._places: list[list[int]] = [[] for _ in self._numbers]
        for place, number in enumerate(self.lines):
            self._places[number].append(place)

    def numbers(self, lines: list[bytes]) -> list[int] | None:
        """Return the numbers of lines in `self.lines`; None if some line does not occur."""
        found = [self._numbers.get(line, -1) for line in lines]
        return None if -1 in found else found

    def rarest(self, numbers: list[int]) -> tuple[int, list[int]]:
        """Return the index of the line with the fewest positions, and these positions."""
        step = min(range(len(numbers)), key=lambda step: len(self._places[numbers[step]]))
        return step, self._places[numbers[step]]


class Applier:
    """Application of hunks to the lines of one file, one after another."""

    def __init__(self, lines: list[bytes], effort: Effort) -> None:
        self._lines = lines
        self._effort = effort
        self._done: list[bytes] = []
        self._next = 0
        """First line that no hunk has consumed or passed."""
        self._index: _Index | None = None

    def result(self) -> list[bytes]:
        """Return the lines after the hunks."""
        return self._done + self._lines[self._next :]

    def apply(self, hunk: Hunk, bare: bool, least: int | None) -> Placement | None:
        """Apply a hunk. Returns its position, None if it does not apply.

        For `bare` hunks the missing context means nothing. `least` is the number of context lines that must remain on
        each side; None for all of them, at the beginning or end of the file if the hunk says so.
        """
        window = _Window(hunk)
        at_start, at_end = hunk.old == 0 or (hunk.old == 1 and not bare), not bare and not window.trailing
        # Without old lines, the header names the line before the hunk.
        wanted = max(hunk.new - bool(window.after), 0) - len(self._done) + self._next
        ends = at_start, at_end
        while (place := self._find(window, wanted, at_start, at_end)) is None:
            context = max(window.leading, window.trailing)
            if least is None or context <= min(least, 1):
                return None
            if at_start or at_end:
                at_start = at_end = False
            elif context <= least:
                return None
            else:
                wanted += window.reduce()
        loose = (ends[0] and place != 0) + (ends[1] and place + len(window.before) != len(self._lines))
        self._done += self._lines[self._next : place]
        line = len(self._done) + 1
        self._done += window.after
        self._next = place + len(window.before)
        return Placement(line, window.reduced, loose)

    def _find(self, window: _Window, wanted: int, at_start: bool, at_end: bool) -> int | None:
        last = len(self._lines) - len(window.before)
        if last < self._next or window.broken:
            return None
        if at_start or at_end:
            place = 0 if at_start else last
            allowed = not (at_start and (self._done or self._next)) and not (at_end and place != last)
            return place if allowed and self._fits(window, place) else None
        nearest = min(max(wanted, self._next), last)
        if not window.before and wanted < self._next:
            return None  # the position would be arbitrary
        if self._fits(window, nearest):
            return nearest
        # Without new lines, git starts its search one line earlier.
        return self._search(window, max(nearest - (not window.after), self._next), last) if window.before else None

    def _fits(self, window: _Window, place: int) -> bool:
        size = len(window.before)
        self._effort.spend(size)
        return self._lines[place : place + size] == window.before and self._ends_well(window, place)

    def _ends_well(self, window: _Window, place: int) -> bool:
        """Return whether a line without a newline would be the last one, as in every file."""
        if not window.after:
            return True
        ahead = self._lines[place - 1 : place] if place > self._next else self._done[-1:]
        at_end = place + len(window.before) == len(self._lines)
        return all(line.endswith(b"\n") for line in ahead) and (at_end or window.after[-1].endswith(b"\n"))

    def _search(self, window: _Window, nearest: int, last: int) -> int | None:
        """Return the matching position nearest to a line; the later one of two."""
        if self._index is None:
            self._effort.spend(len(self._lines))
            self._index = _Index(self._lines)
        size = len(window.before)
        self._effort.spend(size)
        numbers = self._index.numbers(window.before)
        if numbers is None:
            return None
        step, places = self._index.rarest(numbers)
        for found in _outward(places, nearest + step, self._next + step, last + step):
            self._effort.spend(size)
            place = found - step
            if self._index.lines[place : place + size] == numbers and self._ends_well(window, place):
                return place
        return None


def _outward(places: list[int], middle: int, lowest: int, highest: int) -> Iterator[int]:
    """Yield ascending positions within bounds, nearest to the middle first."""
    first, behind = bisect_left(places, lowest), bisect_right(places, highest)
    right = bisect_left(places, middle, first, behind)
    left = right - 1
    while left >= first or right < behind:
        if left < first or (right < behind and places[right] - middle <= middle - places[left]):
            yield places[right]
            right += 1
        else:
            yield places[left]
            left -= 1
