"""Expressions as text, taken apart."""

from __future__ import annotations

import pytest

from caplint.values.expression_text import (
    arguments,
    balanced,
    calls,
    closing,
    closing_byte,
    partner,
    split,
    split_words,
    stripped,
    without_calls,
)


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


@pytest.mark.parametrize(
    ("text", "opening", "found"),
    [("f(a, b)", 1, (["a", "b"], 7)), ("f()", 1, ([""], 3)), ("f((a, b), c) + 1", 1, (["(a, b)", "c"], 12)),
     ("f(x[1, 2], {3, 4})", 1, (["x[1", "2]", "{3", "4}"], 18)), ("f(a", 1, None), ("f(a, (b)", 1, None)],
)  # fmt: skip
def test_arguments_of_a_macro(text: str, opening: int, found: tuple[list[str], int] | None) -> None:
    assert arguments(text, opening) == found


@pytest.mark.parametrize(
    ("code", "end"), [("(a)", 2), ("(a(b))c)", 5), ("(a", -1), ("((((", -1), ("()", 1), ("(é(b))", 6)]
)
def test_every_matcher_finds_the_same_partner(code: str, end: int) -> None:
    encoded = code.encode()
    assert closing_byte(encoded, 0) == end
    assert closing(encoded.decode("latin-1")) == end
    assert partner(encoded.decode("latin-1")) == end
    assert balanced(code) == (code.count("(") == code.count(")"))


@pytest.mark.parametrize("text", [")(", "(", ")", "(()", "())", "a)(b"])
def test_unbalanced(text: str) -> None:
    assert not balanced(text)


@pytest.mark.parametrize(
    ("words", "parts"),
    [("a , b", [["a"], ["b"]]), ("", [[]]), ("f ( a , b ) , c", [["f", "(", "a", ",", "b", ")"], ["c"]]),
     ("[ a , b ] , { c , d }", [["[", "a", ",", "b", "]"], ["{", "c", ",", "d", "}"]]), ("a ,", [["a"], []])],
)  # fmt: skip
def test_words_between_commas(words: str, parts: list[list[str]]) -> None:
    assert list(split_words(words.split())) == parts


def test_calls_have_their_arguments() -> None:
    assert list(calls("f(a, g(b)) + g (c)", {"f", "g"})) == [(0, 10, "f", ["a", "g(b)"]), (13, 18, "g", ["c"])]
    assert list(calls("g(f(a), f(b)", {"f", "g"})) == []
    assert list(calls("f(a)", ())) == []
