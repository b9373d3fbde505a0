"""Lines that an earlier version does not have, found in time proportional to the file."""

from __future__ import annotations

import random
import time

import pytest

from caplint.link import new_lines as under_test
from caplint.link.new_lines import new_lines


def _text(letters: str) -> list[bytes]:
    return [letter.encode() for letter in letters]


@pytest.mark.parametrize("small", [0, 1_000_000])
@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("", "", []),
        ("abc", "abc", []),
        ("", "ab", [1, 2]),
        ("ab", "", []),
        ("abc", "aXc", [2]),
        ("abcdef", "aXcdYef", [2, 5]),
        ("abcdef", "acdef", []),
        ("abcdef", "abXcdeYf", [3, 7]),
        ("abcdefg", "defgabc", [5, 6, 7]),
    ],
)
def test_which_lines_are_new(
    monkeypatch: pytest.MonkeyPatch, small: int, before: str, after: str, lines: list[int]
) -> None:
    monkeypatch.setattr(under_test, "_SMALL", small)
    assert list(new_lines(_text(before), _text(after))) == lines


def test_cutting_up_finds_what_comparing_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where every line is another one, there is but one answer."""
    chance = random.Random(1)
    for _ in range(200):
        before = [b"%d" % number for number in range(chance.randrange(1, 60))]
        after = [line for line in before if chance.random() > 0.2]
        for number in range(chance.randrange(8)):
            after.insert(chance.randrange(len(after) + 1), b"new %d" % number)
        expected = [number for number, line in enumerate(after, 1) if line.startswith(b"new")]
        for small in (0, 20, 1_000_000):
            monkeypatch.setattr(under_test, "_SMALL", small)
            assert list(new_lines(before, after)) == expected


@pytest.mark.parametrize("kinds", [1, 2, 100, 10**9])
def test_time(kinds: int) -> None:
    """Comparing every line with every other takes minutes."""
    before = [b"%d" % (number * 7919 % kinds) for number in range(100_000)]
    after = [line if number % 8 else b"new" for number, line in enumerate(before)]
    begun = time.process_time()
    found = set(new_lines(before, after))
    assert time.process_time() - begun < 10
    assert found >= set(range(1, 100_001, 8))
