"""Sizes of files and functions, and the wording of docstrings, as figures over the whole package."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from imports import modules

FILES = modules(Path(__file__).parents[2])
TREES = {name: ast.parse(file.read_text("utf-8")) for name, file in FILES.items()}
# A reader of such a beginning has to look for the word that it stands for.
_RIDDLES = re.compile(r"(?:What|That|These|Those|Of|The same)\b")


def _docstrings() -> Iterator[tuple[str, str]]:
    """Yield place and text of every string that stands by itself, below a module, class, function or variable."""
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            match node:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield f"{name}:{node.lineno}", text


@pytest.fixture(scope="module")
def docstrings() -> dict[str, str]:
    return dict(_docstrings())


def test_files_are_short() -> None:
    sizes = {name: len(file.read_text("utf-8").splitlines()) for name, file in FILES.items()}
    assert {name: size for name, size in sizes.items() if size > 400} == {}
    assert median(sizes.values()) <= 110


def test_functions_are_short() -> None:
    sizes = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    assert sizes[len(sizes) * 9 // 10] <= 22


def test_docstrings_seldom_say_what(docstrings: dict[str, str]) -> None:
    words = re.findall(r"[a-z]+", " ".join(docstrings.values()).lower())
    assert words.count("what") * 1000 <= 2 * len(words)


def test_no_docstring_begins_with_a_riddle(docstrings: dict[str, str]) -> None:
    assert {place: text for place, text in docstrings.items() if _RIDDLES.match(text)} == {}
