"""Expansion of function-like macros in a text: arguments as written, nested macros, and what is an error."""

from __future__ import annotations

import pytest

from caplint.values.c_integers import UnknownValueError
from caplint.values.macro_text import MAX_DEPTH, MAX_TEXT, Definition, LookedUp, expanded

MACROS = {
    "BIT": Definition(("n",), "(1 << (n))"),
    "BOTH": Definition(("a", "b"), "a | b"),
    "SWAP": Definition(("a", "b"), "BOTH(b, a)"),
    "NONE": Definition((), "7"),
    "NAME": Definition(None, "NONE()"),
    "SELF": Definition(("x",), "SELF(x)"),
    "GROWS": Definition(("x",), "GROWS(x + x)"),
    "CALLS": Definition(("f",), "f(1)"),
    "PART": Definition(("n",), "nn + n + n1"),
    "OPEN": Definition(("n",), "BIT(n"),
    "EMPTY": Definition(("n",), ""),
}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 2", "1 + 2"), ("BIT(3)", "(1 << (3))"), ("BIT (3)", "(1 << (3))"), ("BIT\n(3)", "(1 << (3))"),
        ("BIT", "BIT"), ("BIT + 1", "BIT + 1"), ("xBIT(3)", "xBIT(3)"), ("BIT3(3)", "BIT3(3)"),
        ("OTHER(3)", "OTHER(3)"),
        ("BOTH(1, 2)", "1 | 2"), ("BOTH(f(1, 2), 3)", "f(1, 2) | 3"), ("SWAP(1, 2)", "2 | 1"), ("NONE()", "7"),
        ("NONE( )", "7"), ("NAME", "NAME"), ("BIT(BIT(2))", "(1 << ((1 << (2))))"),
        ("BIT(a) | BIT(b)", "(1 << (a)) | (1 << (b))"),
        ("CALLS(BIT)", "(1 << (1))"), ("PART(9)", "nn + 9 + n1"), ("EMPTY(1) + 2", " + 2"),
        ("BIT()", "(1 << ())"), ("", ""), ("(3)", "(3)"),
    ],
)  # fmt: skip
def test_expansion(text: str, result: str) -> None:
    assert " ".join(expanded(text, MACROS, 0).split()) == " ".join(result.split())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("BIT(1, 2)", r"BIT\(\) takes 1 arguments"), ("BOTH(1)", r"BOTH\(\) takes 2 arguments"),
        ("NONE(1)", r"NONE\(\) takes 0 arguments"), ("BIT(3", "unbalanced parentheses"), ("BIT((3)", "unbalanced"),
        ("OPEN(3)", "unbalanced"), ("SELF(1)", "macros nest too deeply"), ("GROWS(1)", "macros nest too deeply"),
    ],
)  # fmt: skip
def test_errors(text: str, reason: str) -> None:
    with pytest.raises(UnknownValueError, match=reason):
        expanded(text, MACROS, 0)


def test_depth_and_length_are_bounded() -> None:
    assert expanded("BIT(1)", MACROS, MAX_DEPTH) == "(1 << (1))"
    with pytest.raises(UnknownValueError):
        expanded("BIT(1)", MACROS, MAX_DEPTH + 1)
    with pytest.raises(UnknownValueError):
        expanded("1 + " * MAX_TEXT + "BIT(1)", MACROS, 0)
    many = "BIT(1) " * (MAX_DEPTH + 10)
    with pytest.raises(UnknownValueError):
        expanded(many, MACROS, 0)


@pytest.mark.parametrize(
    ("parameters", "definition"),
    [
        (None, Definition(None, "b")), ("[]", Definition((), "b")), ('["a", "c"]', Definition(("a", "c"), "b")),
    ],
)  # fmt: skip
def test_definition_from_a_table(parameters: str | None, definition: Definition) -> None:
    assert Definition.of(parameters, "b") == definition


def test_each_name_is_looked_up_once() -> None:
    asked: list[str] = []

    def find(name: str) -> Definition | None:
        asked.append(name)
        return MACROS.get(name)

    macros = LookedUp(find)
    assert expanded("BIT(1) + BIT(x) + y", macros, 0) == "(1 << (1)) + (1 << (x)) + y"
    assert macros.get("missing") is None
    assert macros.get("missing") is None
    assert sorted(asked) == ["BIT", "missing", "x", "y"]
