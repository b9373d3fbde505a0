"""Rows of a query as a table, as objects and as comma-separated values."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import TextIO

import pytest

from caplint.report.query import Rows, write_csv, write_json, write_text
from caplint.report.style import Style


def _written(write: Callable[[Rows, TextIO, Style], None], found: Rows) -> str:
    out = io.StringIO(newline="")
    write(found, out, Style())
    return out.getvalue()


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ((["a", "bb"], []), "a  bb\n"),
        (([], []), "\n"),
        ((["a", "b"], [("long", 1), (None, 22)]), "a     b\nlong  1\n      22\n"),
        ((["a"], [("x\x1b[2J",), ("\u202e",)]), "a\nx\\x1b[2J\n\\u202e\n"),
        ((["a"], [("two\nlines",)]), "a\ntwo\\x0alines\n"),
        ((["a", "b"], [("x" * 70, "y"), ("z", "y")]), f"a{' ' * 61}b\n{'x' * 70}  y\nz{' ' * 61}y\n"),
        ((["a"], [(b"\xff",)]), "a\nb'\\xff'\n"),
    ],
)
def test_tables(found: Rows, text: str) -> None:
    assert _written(write_text, found) == text


def test_objects() -> None:
    rows: Rows = (["a", "b"], [("x", None), ("\ud800\u202e", 10**30)])
    assert json.loads(_written(write_json, rows)) == [{"a": "x", "b": None}, {"a": "\ud800\u202e", "b": 10**30}]
    assert _written(write_json, (["a"], [])) == "[]\n"


def test_rows_that_do_not_fit_their_columns() -> None:
    with pytest.raises(ValueError, match="zip"):
        _written(write_json, (["a"], [("x", "y")]))


def test_comma_separated_values() -> None:
    rows: Rows = (["a", "b"], [('x, "y"', None), ("two\nlines", 3)])
    assert list(csv.reader(io.StringIO(_written(write_csv, rows)))) == [
        ["a", "b"], ['x, "y"', ""], ["two\\x0alines", "3"],
    ]  # fmt: skip
