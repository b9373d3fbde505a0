"""Lines of one file that diffs show, as they were before all diffs and as the last one leaves them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from caplint.trees.hunks import Effort
from caplint.trees.unified import Hunk
from caplint.util.errors import CaplintError

Lines = dict[int, bytes]
_Moves = list[tuple[int, int]]
"""From which line on lines move, and by how much; in order."""
_ANY = 1 << 40
"""Above every number of a line."""


class SparseFile:
    """Lines of a file that are in view. Every diff is against the result of the previous one."""

    def __init__(self, effort: Effort) -> None:
        self._effort = effort
        self.before: Lines = {}
        self.after: Lines = {}
        self._moved: _Moves = []
        """Lines of `after` against those of `before`."""

    def apply(self, hunks: Iterable[Hunk], where: str) -> None:
        """Take the lines that a diff shows.

        Raises `CaplintError` where its hunks overlap, or have other lines than the diffs before it have left there.
        """
        hunks = tuple(hunks)
        self._spend(hunks, where)
        old: Lines = {}
        new: Lines = {}
        moves: _Moves = []
        for hunk in hunks:
            _put(old, hunk.side(b"-"), where)
            _put(new, hunk.side(b"+"), where)
            moves.append(_move(hunk))
        moves.sort()
        for number, line in old.items():
            if number not in self.after:
                self.before[number - _by(self._moved, number)] = line
            elif self.after[number] != line:
                raise _differ(where, number)
        kept = {number + _by(moves, number): line for number, line in self.after.items() if number not in old}
        _put(new, kept.items(), where)
        self.after = new
        self._moved = _together(self._moved, moves)

    def _spend(self, hunks: tuple[Hunk, ...], where: str) -> None:
        """Every diff moves all lines that are in view: a mbox could ask for the square of its size."""
        self._effort.grant(sum(len(hunk.lines) for hunk in hunks))
        try:
            self._effort.spend(len(self.after) + len(self._moved))
        except CaplintError:
            raise CaplintError(f"{where}: it is changed by too many diffs; give fewer at a time") from None


def _put(lines: Lines, shown: Iterable[tuple[int, bytes]], where: str) -> None:
    for number, line in shown:
        if number in lines:
            raise _differ(where, number)
        lines[number] = line


def _differ(where: str, number: int) -> CaplintError:
    return CaplintError(
        f"{where}: its diffs do not fit together at line {number:,}; give each alone, or the tree that they apply to"
    )


def _move(hunk: Hunk) -> tuple[int, int]:
    """From which line on lines move behind a hunk, and by how much; its head names the line before where none is."""
    old, new = (sum(1 for _ in hunk.side(mark)) for mark in (b"-", b"+"))
    start, end = hunk.old + (old or 1), hunk.new + (new or 1)
    return start, end - start


def _by(moves: _Moves, line: int) -> int:
    place = bisect_right(moves, (line, _ANY))
    return moves[place - 1][1] if place else 0


def _together(first: _Moves, then: _Moves) -> _Moves:
    """Compose two moves: from lines before both to lines after both."""
    starts = {start + moved for start, moved in then} | {start + _by(then, start) for start, _ in first}
    back = sorted((start + moved, moved) for start, moved in then)
    return [(start, _by(first, start - _by(back, start)) + _by(back, start)) for start in sorted(starts)]
