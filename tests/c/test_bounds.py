"""Limits of nesting: brackets, syntax nodes and unstructured tokens, counted without recursion."""

from __future__ import annotations

import pytest
import tree_sitter

from caplint.c.bounds import MAX_BRACKETS, MAX_DEPTH, MAX_TOKENS, excesses, nests_too_deeply, without
from caplint.c.conditions import Problem
from caplint.c.syntax import language


def _root(text: bytes) -> tree_sitter.Node:
    return tree_sitter.Parser(language()).parse(text).root_node


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        (b"", False),
        (b"f(a[1], {2});" * 1_000, False),
        (b"(" * MAX_BRACKETS + b")" * MAX_BRACKETS, False),
        (b"(" * (MAX_BRACKETS + 1) + b")" * (MAX_BRACKETS + 1), True),
        (b"[{(" * 54 + b")}]" * 54, True),
        (b"[{(" * 53 + b")}]" * 53, False),
        (b"(" * MAX_BRACKETS, False),
        (b"(" * (MAX_BRACKETS + 1), True),
        (b"{" * 100_000, True),
        (b")" * 100_000, False),
        (b"(a" * (MAX_BRACKETS + 1) + b"a)" * (MAX_BRACKETS + 1), True),
    ],
)
def test_brackets(text: bytes, deep: bool) -> None:
    """Brackets of one kind close those of another: which match is the parser's business."""
    assert nests_too_deeply(text) is deep


def _function(body: bytes) -> bytes:
    return b"void f(void)\n{\n" + body + b"\n}\n"


@pytest.mark.parametrize(
    "body",
    [
        b"x = " + b"a + " * 1_000 + b"1;",
        b"if (a) ; " + b"else if (a) ; " * 500,
        b"x = f" + b"(a)" * 1_000 + b";",
        b"x = " + b"!" * 500 + b"a;",
        b"x = a" + b"->b" * 800 + b";",
        b"x = " + b"a ? b : " * 500 + b"c;",
    ],
)
def test_a_statement_that_nests_without_brackets(body: bytes) -> None:
    """It alone is given up: the statements around it, and other functions, stay."""
    text = _function(b"first();\n" + body + b"\nlast();") + _function(b"other();")
    (problem,) = excesses(_root(text))
    assert problem.reason == f"nests deeper than {MAX_DEPTH}"
    assert text[problem.offset : problem.end] == body.strip()
    assert excesses(_root(without(text, [problem]))) == []


def test_a_declaration_that_nests_without_brackets() -> None:
    text = b"int a;\nint b = " + b"1 + " * 1_000 + b"1;\nint c;\n"
    (problem,) = excesses(_root(text))
    assert text[problem.offset : problem.end].startswith(b"int b")
    assert without(text, [problem]).split() == [b"int", b"a;", b"int", b"c;"]


@pytest.mark.parametrize(
    "body", [b"x = a + b;", b"x = " + b"a + " * 80 + b"1;", b"if (a) ; " + b"else if (a) ; " * 40, b"g(a);" * 5_000]
)
def test_code_of_people_is_within_the_limits(body: bytes) -> None:
    assert excesses(_root(_function(body))) == []


@pytest.mark.parametrize(("tokens", "found"), [(MAX_TOKENS - 150, 0), (MAX_TOKENS + 150, 1), (20 * MAX_TOKENS, 1)])
def test_tokens_without_structure(tokens: int, found: int) -> None:
    text = b"int a;\n" + b"} " * tokens
    problems = excesses(_root(text))
    assert len(problems) == found
    assert all(problem.reason == "syntax not understood" for problem in problems)
    assert all(text[problem.offset : problem.end].count(b"}") > MAX_TOKENS / 2 for problem in problems)


def test_problems_are_blanked_together() -> None:
    problems = [Problem(4, 9, "x"), Problem(1, 5, "y"), Problem(8, 8, "z")]
    assert without(b"abc\nefghijk", problems) == b"a  \n     jk"
    assert without(b"abc", []) == b"abc"
