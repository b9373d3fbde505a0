"""Expressions as text, taken apart."""

from __future__ import annotations

import pytest

from caplint.link.functions.expression_text import closing, split, stripped, without_calls


@pytest.mark.parametrize(
    ("expression", "bare"),
    [("a", "a"), (" ( a ) ", "a"), ("((a))", "a"), ("(a) + (b)", "(a) + (b)"), ("((a) + b)", "(a) + b"), ("(a", "(a"),
     ("", ""), ("()", "")],
)  # fmt: skip
def test_what_stands_in_parentheses(expression: str, bare: str) -> None:
    assert stripped(expression) == bare


@pytest.mark.parametrize(
    ("text", "opening", "index"), [("(a)", 0, 2), ("(a(b))c)", 0, 5), ("(a(b))", 2, 4), ("(a", 0, -1)]
)
def test_where_a_bracket_closes(text: str, opening: int, index: int) -> None:
    assert closing(text, opening) == index


@pytest.mark.parametrize(
    ("expression", "parts"),
    [("a && b", ["a ", " b"]), ("a", ["a"]), ("(a && b) && c", ["(a && b) ", " c"]), ("x[a && b]", ["x[a && b]"]),
     ("a && b && c", ["a ", " b ", " c"]), ("a || b", ["a || b"])],
)  # fmt: skip
def test_the_operands_of_an_operator(expression: str, parts: list[str]) -> None:
    assert split(expression, "&&") == parts


@pytest.mark.parametrize(
    ("text", "left"),
    [("f(a)", ""), ("f (a) + b", " + b"), ("f((a), g(b)) + c", " + c"), ("g(a)", "g(a)"), ("ff(a)", "ff(a)"),
     ("f(a) + f(b) + h(c)", " +  + "), ("f(a", "f(a"), ("g(f(a), b)", "g(, b)"), ("x.f(a)", "x."), ("f", "f")],
)  # fmt: skip
def test_calls_are_left_out(text: str, left: str) -> None:
    assert without_calls(text, {"f", "h"}) == left


def test_no_calls_at_all() -> None:
    assert without_calls("f(a)", ()) == "f(a)"
