"""Logical lines of build files: continuation, line ends and limits."""

from __future__ import annotations

import pytest

from caplint.c.syntax import UnreadableError
from caplint.facts.syntax.logical_lines import MAX_BYTES, MAX_LINE, logical_lines


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", [(1, "")]),
        ("a", [(1, "a")]),
        ("a\nb\n", [(1, "a"), (2, "b"), (3, "")]),
        ("a\\\nb", [(1, "a b")]),
        ("a \\\n b \\\n c\nd", [(1, "a   b   c"), (4, "d")]),
        ("a\r\nb\r\n", [(1, "a"), (2, "b"), (3, "")]),
        ("a\\\r\nb", [(1, "a b")]),
        ("a\\", [(1, "a")]),
        ("a\\\n", [(1, "a ")]),
        ("\\\n\\\nb\nc", [(1, "  b"), (4, "c")]),
        ("a\x0cb\x1cc\u2028d", [(1, "a\x0cb\x1cc\u2028d")]),
        ("a\\ \nb", [(1, "a\\ "), (2, "b")]),
        ("a\rb", [(1, "a\rb")]),
    ],
)
def test_lines(source: str, lines: list[tuple[int, str]]) -> None:
    assert list(logical_lines(source)) == lines


@pytest.mark.parametrize("source", ["x" * MAX_LINE, "x\\\n" * MAX_LINE, "x\n" * (MAX_BYTES // 2)])
def test_what_is_just_small_enough(source: str) -> None:
    assert sum(len(line.replace(" ", "")) for _, line in logical_lines(source)) == source.count("x")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x" * (MAX_LINE + 1), "has a line longer than 64 KiB"),
        ("xy\\\n" * (MAX_LINE // 2 + 1), "has a line longer than 64 KiB"),
        ("x\n" * (MAX_BYTES // 2) + "x", "larger than 1024 KiB"),
    ],
)
def test_limits(source: str, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        list(logical_lines(source))
