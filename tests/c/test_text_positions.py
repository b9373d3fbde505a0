"""Positions in C text: parentheses, visible bytes, columns."""

from __future__ import annotations

import pytest

from caplint.c.text_positions import MAX_INVOCATION, Parentheses, indentation, opening_before, visible_before


def test_parentheses_close_in_any_order_of_questions() -> None:
    text = b"a(b(c), d)(e"
    parentheses = Parentheses(text)
    assert [parentheses.closing(offset) for offset in (1, 3, 10)] == [10, 6, -1]
    assert Parentheses(text).closing(3) == 6


def test_a_parenthesis_that_closes_too_far_away_does_not_count() -> None:
    assert Parentheses(b"(" + b" " * MAX_INVOCATION + b")").closing(0) == -1
    assert Parentheses(b"(" + b" " * (MAX_INVOCATION - 2) + b")").closing(0) == MAX_INVOCATION


@pytest.mark.parametrize(("text", "offset", "opening"), [(b"f(a, (b), c", 10, 1), (b"f(a) b", 5, -1), (b"((", 2, 1)])
def test_the_innermost_open_parenthesis(text: bytes, offset: int, opening: int) -> None:
    assert opening_before(text, offset) == opening


def test_the_byte_before() -> None:
    assert visible_before(b"a;" + b" \n" * 400 + b"b", 802) == b";"
    assert visible_before(b"  x", 2) == b""


def test_columns_count_tabs_as_eight() -> None:
    assert indentation(b"x\n\t  y", 5) == 10
