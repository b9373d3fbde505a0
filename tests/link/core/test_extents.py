"""Rows around an offset, forwards and backwards."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from caplint.link.core.extents import Extents


class _Row(NamedTuple):
    start: int
    stop: int


ROWS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=200)


@given(ROWS, st.integers(0, 90))
def test_rows_that_contain_an_offset(places: list[tuple[int, int]], offset: int) -> None:
    rows = sorted(_Row(start, start + length) for start, length in places)
    containing = [row for row in rows if row.start <= offset < row.stop]
    assert list(Extents(rows).at(offset)) == containing
    assert list(Extents(rows).at_reversed(offset)) == containing[::-1]
