"""Lookup of rows by offset in a file: rows that contain an offset, and rows that begin before one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

START = attrgetter("start")
# Number of rows per entry of `Extents._reach`.
_BATCH = 64


class Placed(Protocol):
    """Row that begins at an offset."""

    @property
    def start(self) -> int:
        """Offset of the first byte."""


class Stretch(Placed, Protocol):
    """Row with an extent in a file."""

    @property
    def stop(self) -> int:
        """Offset after the last byte."""


_T = TypeVar("_T", bound=Stretch)
_P = TypeVar("_P", bound=Placed)


class Extents(Generic[_T]):
    """Rows with extents, in file order, found by an offset inside their extent."""

    def __init__(self, rows: list[_T]) -> None:
        self._rows = rows
        self._reach = [max(row.stop for row in rows[at : at + _BATCH]) for at in range(0, len(rows), _BATCH)]

    def at(self, offset: int) -> Iterator[_T]:
        """Yield the rows that contain an offset, in file order; batches that end before it are skipped."""
        last = bisect_left(self._rows, offset + 1, key=START)
        for batch, reach in enumerate(self._reach[: -(-last // _BATCH)]):
            if reach > offset:
                begin = batch * _BATCH
                yield from (row for row in self._rows[begin : min(begin + _BATCH, last)] if row.stop > offset)

    def at_reversed(self, offset: int) -> Iterator[_T]:
        """Yield the rows that contain an offset, the last one first."""
        last = bisect_left(self._rows, offset + 1, key=START)
        for batch in range(-(-last // _BATCH) - 1, -1, -1):
            if self._reach[batch] > offset:
                begin = batch * _BATCH
                rows = self._rows[begin : min(begin + _BATCH, last)]
                yield from (row for row in reversed(rows) if row.stop > offset)


def last_before(rows: list[_P], stop: int) -> Iterator[_P]:
    """Return the rows that begin before an offset, the last one first."""
    return (rows[at] for at in range(bisect_left(rows, stop, key=START) - 1, -1, -1))
