"""Extents of bytes: found by an offset, united, and blanked so that every offset and line stays."""

from __future__ import annotations

import pytest

from caplint.c.byte_ranges import Spans, blank, merged, spaces, stretches

SPANS = Spans([(20, 25), (3, 7), (10, 10), (12, 13)])


@pytest.mark.parametrize(
    ("offset", "index"),
    [(0, -1), (2, -1), (3, 0), (6, 0), (7, -1), (10, -1), (12, 2), (13, -1), (19, -1), (24, 3), (25, -1), (10**9, -1)],
)
def test_extent_that_holds_an_offset(offset: int, index: int) -> None:
    """An extent holds its first byte and not the one behind it; an empty one holds none."""
    assert SPANS.index(offset) == index
    assert (offset in SPANS) is (index >= 0)


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        (0, 30, [(3, 7), (10, 10), (12, 13), (20, 25)]),
        (3, 4, [(3, 7)]),
        (4, 12, [(10, 10)]),
        (4, 13, [(10, 10), (12, 13)]),
        (21, 30, []),
        (5, 5, []),
        (12, 3, []),
    ],
)
def test_extents_that_begin_between(start: int, end: int, found: list[tuple[int, int]]) -> None:
    assert SPANS.between(start, end) == found


def test_no_extents() -> None:
    empty = Spans([])
    assert (empty.index(0), empty.between(0, 10), empty.extents) == (-1, [], [])


@pytest.mark.parametrize(
    ("extents", "united"),
    [
        ([], []),
        ([(1, 2)], [(1, 2)]),
        ([(5, 8), (1, 3)], [(1, 3), (5, 8)]),
        ([(1, 5), (2, 3)], [(1, 5)]),
        ([(1, 5), (4, 9), (8, 12)], [(1, 12)]),
        ([(1, 5), (1, 5)], [(1, 5)]),
        ([(1, 5), (5, 6)], [(1, 5), (5, 6)]),
        ([(1, 9), (2, 3), (8, 10)], [(1, 10)]),
    ],
)
def test_merged(extents: list[tuple[int, int]], united: list[tuple[int, int]]) -> None:
    assert merged(extents) == united
    assert merged(iter(united)) == united


@pytest.mark.parametrize(
    ("source", "extents", "blanked"),
    [
        (b"abcdef", [(1, 3)], b"a  def"),
        (b"abcdef", [(0, 6)], b"      "),
        (b"abcdef", [], b"abcdef"),
        (b"ab\ncd\n", [(1, 5)], b"a \n  \n"),
        (b"a\r\tb\0\xff", [(0, 6)], b"      "),
        (b"abcdef", [(0, 1), (2, 2), (5, 6)], b" bcde "),
        ("aäb".encode(), [(1, 3)], b"a  b"),
    ],
)
def test_blank(source: bytes, extents: list[tuple[int, int]], blanked: bytes) -> None:
    assert blank(source, extents) == blanked


def test_spaces_keep_every_line() -> None:
    every = bytes(range(256))
    assert spaces(every) == every[:0] + b" " * 10 + b"\n" + b" " * 245


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", [(0, 0)]),
        (b"a\n\nb", [(0, 4)]),
        (b"a\n" + b" " * 99 + b"\nb", [(0, 103)]),
        (b"a\n" + b" " * 100 + b"\nb", [(0, 2), (102, 104)]),
        (b"a\n" + b"\n" * 200 + b"b", [(0, 2), (201, 203)]),
        (b" " * 300 + b"\nb", [(0, 302)]),
    ],
)
def test_stretches(text: bytes, found: list[tuple[int, int]]) -> None:
    """A gap begins and ends with a line's end, which stay outside; what is left out is blank."""
    assert stretches(text) == found
    kept = {offset for start, end in found for offset in range(start, end)}
    assert not bytes(byte for offset, byte in enumerate(text) if offset not in kept).strip()


def test_only_so_many_gaps_are_cut_out() -> None:
    text = (b"a\n" + b" " * 150 + b"\n") * 2_000
    found = stretches(text)
    assert len(found) == 501
    assert found[-1][1] == len(text)
