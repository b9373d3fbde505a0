"""Positions in code units, words, and lines that edits move."""

from __future__ import annotations

import pytest

from caplint.server.positions import UTF8, UTF16, UTF32, Moves, Span, characters, lines_of, span_of, units, word_at

_FACE = "\N{GRINNING FACE}"


@pytest.mark.parametrize(
    ("encoding", "length"), [(UTF8, 1 + 2 + 4), (UTF16, 1 + 1 + 2), (UTF32, 3), ("unheard of", 1 + 1 + 2)]
)
def test_units(encoding: str, length: int) -> None:
    assert units(f"a\xe9{_FACE}", encoding) == length


@pytest.mark.parametrize(
    ("column", "encoding", "expected"),
    [
        (0, UTF16, 0),
        (1, UTF16, 1),
        (2, UTF16, 1),  # within the face
        (3, UTF16, 2),
        (4, UTF16, 3),
        (10**30, UTF16, 3),
        (-1, UTF16, 0),
        (4, UTF8, 1),
        (5, UTF8, 2),
        (2, UTF32, 2),
        (9, UTF32, 3),
    ],
)
def test_characters(column: int, encoding: str, expected: int) -> None:
    assert characters(f"a{_FACE}b", column, encoding) == expected


def test_lone_surrogates_are_counted() -> None:
    assert units("\ud800", UTF16) == 1
    assert characters("\ud800x", 1, UTF16) == 1
    assert units("\ud800", UTF8) == 3


def test_lines_end_as_the_protocol_says() -> None:
    assert lines_of("a\r\nb\rc\nd\x0ce\u2028f") == ["a", "b", "c", "d\x0ce\u2028f"]


@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [
        (0, 0, "one"),
        (0, 3, "one"),
        (0, 4, None),
        (0, 5, None),
        (0, 6, "two_2"),
        (0, 10**6, "two_2"),
        (1, 0, None),
        (7, 0, None),
        (-1, 0, None),
    ],
)
def test_word_at(line: int, column: int, expected: str | None) -> None:
    found = word_at("one ++two_2\n", line, column, UTF16)
    assert (found[0] if found else None) == expected


def test_word_behind_wide_characters() -> None:
    assert word_at(f"{_FACE} KVM_X", 0, 4, UTF16) == ("KVM_X", Span(0, 3, 8))
    assert word_at(f"{_FACE} KVM_X", 0, 6, UTF8) == ("KVM_X", Span(0, 5, 10))


@pytest.mark.parametrize(
    ("line", "column", "name", "expected"),
    [
        (b"#define KVM_CAP_X 1", 9, "KVM_CAP_X", Span(4, 8, 17)),
        (b"#define KVM_CAP_X 1", 9, "other", Span(4, 8, 17)),
        (b"4.7 KVM_X", 1, "4.7 KVM_X", Span(4, 0, 9)),
        (b"\xf0\x9f\x98\x80 x", 6, "", Span(4, 3, 4)),
        (b"+ rest\r", 1, "", Span(4, 0, 6)),
        (b"\xff\xfe x", 4, "", Span(4, 3, 4)),
        (b"", 1, "", Span(4, 0, 0)),
        (b"short", 99, "", Span(4, 5, 5)),
    ],
)
def test_span_of(line: bytes, column: int, name: str, expected: Span) -> None:
    assert span_of(line, 5, column, UTF16, name) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc", "a\nb\nc", [0, 1, 2]),
        ("a\nb\nc", "x\na\nb\nc", [1, 2, 3]),
        ("a\nb\nc", "a\nc", [0, None, 1]),
        ("a\nb\nc", "a\nB\nc", [0, None, 2]),
        ("a\nb\nc", "", [None, None, None]),
        ("a\na\na", "a\na\na\na", [0, 1, 2]),
        ("a\na", "a", [0, None]),
    ],
)
def test_moves(old: str, new: str, expected: list[int | None]) -> None:
    moves = Moves.between(old, new)
    assert [moves.line(line) for line in range(old.count("\n") + 1)] == expected
