"""Where the lines of one version of a file are in another one."""

from __future__ import annotations

import random
import time

import pytest

from caplint.fixes.draft import Block, Draft
from caplint.fixes.line_map import blocks, earlier


def _text(letters: str) -> bytes:
    return "".join(f"{letter}\n" for letter in letters).encode()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ("abc", "abc", []),
        ("", "ab", [Block(0, 0, 0, 2)]),
        ("ab", "", [Block(0, 2, 0, 0)]),
        ("abc", "aXbc", [Block(1, 1, 1, 2)]),
        ("abc", "ac", [Block(1, 2, 1, 1)]),
        ("abc", "aXc", [Block(1, 2, 1, 2)]),
        ("abcde", "XbcdY", [Block(0, 1, 0, 1), Block(4, 5, 4, 5)]),
        ("aaa", "aa", [Block(2, 3, 2, 2)]),
        ("abcabc", "abc", [Block(3, 6, 3, 3)]),
    ],
)
def test_stretches(before: str, after: str, expected: list[Block]) -> None:
    assert blocks(_text(before), _text(after)) == expected


def test_a_last_line_without_an_end_is_another_line() -> None:
    assert blocks(b"a\nb\n", b"a\nb") == [Block(1, 2, 1, 2)]


def test_versions_that_are_too_different() -> None:
    one, other = (b"".join(b"%s%d\n" % (kind, number) for number in range(3001)) for kind in (b"a", b"b"))
    assert blocks(one, other) is None
    assert blocks(one, b"") == [Block(0, 3001, 0, 0)]
    assert blocks(one + b"x\n", one + b"y\n") == [Block(3001, 3002, 3001, 3002)]


@pytest.mark.parametrize("letters", ["ab", "abcdefgh"])
def test_the_stretches_make_the_one_version_into_the_other(letters: str) -> None:
    chance = random.Random(7)
    for _ in range(50):
        before, after = (_text("".join(chance.choices(letters, k=chance.randrange(20)))) for _ in range(2))
        changes = blocks(before, after)
        assert changes is not None
        assert Draft.between(before, after, changes).content == after


def test_equal_lines_without_end() -> None:
    begun = time.process_time()
    one, other = b"p\n" + b"x\n" * 2_900 + b"q\n", b"r\n" + b"x\ny\n" * 1_450 + b"s\n"
    changes = blocks(one, other)
    assert changes is not None
    assert Draft.between(one, other, changes).content == other
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("first", "stop", "expected"),
    [
        (0, 2, 0),  # in front of all
        (0, 3, None),  # a line is new
        (2, 3, None),
        (4, 6, 3),  # behind one line more
        (4, 4, 3),
        (5, 7, None),  # another line stood between them
        (5, 6, 4),
        (6, 7, 6),
        (7, 9, 7),
    ],
)
def test_earlier_places(first: int, stop: int, expected: int | None) -> None:
    """One line is added as the third, and one taken out in front of what is now the seventh."""
    changes = [Block(2, 2, 2, 3), Block(5, 6, 6, 6)]
    assert earlier(changes, first, stop) == expected


def test_lines_that_were_replaced_are_new() -> None:
    changes = [Block(1, 3, 1, 2)]
    assert [earlier(changes, line, line + 1) for line in range(4)] == [0, None, 3, 4]
    assert earlier([], 5, 9) == 5
