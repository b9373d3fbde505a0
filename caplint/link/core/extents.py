"""Rows that have a place in a file: where they begin, and what they stretch over."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

START = attrgetter("start")
# Rows of one entry of `Extents._reach`.
_BATCH = 64


class Placed(Protocol):
    """Something that begins at an offset."""

    @property
    def start(self) -> int:
        """Where it begins."""


class Stretch(Placed, Protocol):
    """Something that stands between two offsets."""

    @property
    def stop(self) -> int:
        """Where what is behind it begins."""


_T = TypeVar("_T", bound=Stretch)
_P = TypeVar("_P", bound=Placed)


class Extents(Generic[_T]):
    """Rows that stretch over code, in file order, to be found by an offset inside."""

    def __init__(self, rows: list[_T]) -> None:
        self._rows = rows
        self._reach = [max(row.stop for row in rows[at : at + _BATCH]) for at in range(0, len(rows), _BATCH)]

    def at(self, offset: int) -> Iterator[_T]:
        """The rows that hold an offset, in file order; a batch that ends before it is passed over."""
        last = bisect_left(self._rows, offset + 1, key=START)
        for batch, reach in enumerate(self._reach[: -(-last // _BATCH)]):
            if reach > offset:
                begin = batch * _BATCH
                yield from (row for row in self._rows[begin : min(begin + _BATCH, last)] if row.stop > offset)


def last_before(rows: list[_P], stop: int) -> Iterator[_P]:
    """The rows that begin before an offset, the last one first."""
    return (rows[at] for at in range(bisect_left(rows, stop, key=START) - 1, -1, -1))
