"""Applies hunks to the lines of one file, by the rules of `git apply` and in time proportional to both.

Nothing is run and no file is touched: a diff may name and hold whatever it likes. `git apply` places a hunk where its
head says, or else at the nearest lines that are the same; one that begins at line 1, or has no context behind its
changes, only at the beginning or end of the file (git-apply(1), `--unidiff-zero` and `-C`). Other than git, a hunk
never stands before one that precedes it in the diff, and no line is glued to one that ends without a newline.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.errors import CaplintError
from caplint.trees.unified import Hunk

_SHARE = 50
"""Comparisons of lines that each line of a file or hunk allows; what people send takes two or three."""
_SMALL = 200_000
"""Comparisons that are always allowed."""
_STEP = 20
"""What looking at one place costs beside the lines that are compared there."""


class Effort:
    """Comparisons that may still be made. A diff can ask for the square of its size, or worse."""

    def __init__(self) -> None:
        self._left = _SMALL

    def grant(self, lines: int) -> None:
        """Allow for so many lines more."""
        self._left += _SHARE * lines

    def spend(self, lines: int) -> None:
        """Raise `CaplintError` once too much has been compared."""
        self._left -= lines + _STEP
        if self._left < 0:
            raise CaplintError("its hunks could stand in too many places; make it against this very tree")


@dataclass(frozen=True)
class Placement:
    """Where a hunk was put: the line of the result, counted from 1, at which it begins."""

    line: int
    reduced: bool
    """Whether some of its context was ignored."""


class _Window:
    """The lines of a hunk before and after the change, context of which may be taken away."""

    def __init__(self, hunk: Hunk) -> None:
        self.before, self.after = hunk.text(b"-"), hunk.text(b"+")
        self.leading, self.trailing = hunk.context()
        self.reduced = False
        self.broken = any(not line.endswith(b"\n") for line in self.after[:-1])

    def reduce(self) -> int:
        """Take away a line of context from the side that has more, or one from both; how many at the beginning."""
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
    """Where in a file each line stands."""

    def __init__(self, lines: list[bytes]) -> None:
        self._numbers: dict[bytes, int] = {}
        self.lines = [self._numbers.setdefault(line, len(self._numbers)) for line in lines]
        self._places: list[list[int]] = [[] for _ in self._numbers]
        for place, number in enumerate(self.lines):
            self._places[number].append(place)

    def numbers(self, lines: list[bytes]) -> list[int] | None:
        """Lines as the numbers by which `self.lines` has them; None where one stands nowhere."""
        found = [self._numbers.get(line, -1) for line in lines]
        return None if -1 in found else found

    def rarest(self, numbers: list[int]) -> tuple[int, list[int]]:
        """Which of some lines stands in the fewest places, and these."""
        step = min(range(len(numbers)), key=lambda step: len(self._places[numbers[step]]))
        return step, self._places[numbers[step]]


class Applier:
    """Applies hunks to the lines of one file, one after the other."""

    def __init__(self, lines: list[bytes], effort: Effort) -> None:
        self._lines = lines
        self._effort = effort
        self._done: list[bytes] = []
        self._next = 0
        """The first line that no hunk has taken or passed."""
        self._index: _Index | None = None

    def result(self) -> list[bytes]:
        """The lines as the hunks have left them."""
        return self._done + self._lines[self._next :]

    def apply(self, hunk: Hunk, bare: bool, least: int | None) -> Placement | None:
        """Apply a hunk; where it was put, None where it does not apply.

        `bare` hunks say nothing by having no context. `least` is how many lines of context have to be left on each
        side, None for all of them.
        """
        window = _Window(hunk)
        at_start, at_end = hunk.old == 0 or (hunk.old == 1 and not bare), not bare and not window.trailing
        # The head names the line before where nothing stays.
        wanted = max(hunk.new - bool(window.after), 0) - len(self._done) + self._next
        while (place := self._find(window, wanted, at_start, at_end)) is None:
            if least is None or max(window.leading, window.trailing) <= least:
                return None
            if at_start or at_end:
                at_start = at_end = False
            else:
                wanted += window.reduce()
        self._done += self._lines[self._next : place]
        line = len(self._done) + 1
        self._done += window.after
        self._next = place + len(window.before)
        return Placement(line, window.reduced)

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
            return None  # it would be anybody's guess
        if self._fits(window, nearest):
            return nearest
        # git begins to search one line earlier where nothing stays.
        return self._search(window, max(nearest - (not window.after), self._next), last) if window.before else None

    def _fits(self, window: _Window, place: int) -> bool:
        size = len(window.before)
        self._effort.spend(size)
        return self._lines[place : place + size] == window.before and self._ends_well(window, place)

    def _ends_well(self, window: _Window, place: int) -> bool:
        """Whether a line without a newline is the last one, as it is in every file."""
        if not window.after:
            return True
        ahead = self._lines[place - 1 : place] if place > self._next else self._done[-1:]
        at_end = place + len(window.before) == len(self._lines)
        return all(line.endswith(b"\n") for line in ahead) and (at_end or window.after[-1].endswith(b"\n"))

    def _search(self, window: _Window, nearest: int, last: int) -> int | None:
        """The place nearest to one where the lines are the same; of two the later one."""
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
    """Those of some ascending places that lie within bounds, the nearest to the middle first."""
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
