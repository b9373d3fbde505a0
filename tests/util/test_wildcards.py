"""Patterns with `*` and `**`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caplint.util.wildcards import matches, path_matches


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("", "", True), ("", "a", False), ("*", "", True), ("**", "a", True), ("a", "a", True), ("a*", "ab", True),
        ("*b", "ab", True), ("a*a", "a", False), ("a*a", "aa", True), ("a*b*c", "a-b-c", True), ("a*b*c", "a-c", False),
        ("a*bc*c", "abc", False), ("a.c", "abc", False), ("[a]", "a", False), ("[a]", "[a]", True),
    ],
)  # fmt: skip
def test_texts(pattern: str, text: str, fits: bool) -> None:
    assert matches(pattern, text) is fits


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_as_a_regular_expression(pattern: str, text: str) -> None:
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a/b.c", "a/b.c", True), ("a/*.c", "a/b.c", True), ("a/*", "a/b/c", False), ("a/**", "a/b/c", True),
        ("a/**", "a", True), ("**/c", "c", True), ("**/c", "a/b/c", True), ("**/c", "a/bc", False),
        ("a/**/c", "a/c", True), ("a/**/c", "a/b/b/c", True), ("a/**/c", "a/b", False), ("*", "a/b", False),
        ("**", "a/b", True), ("a**", "a/b", False), ("a**", "ab", True), ("", "a", False), ("a/", "a", False),
    ],
)  # fmt: skip
def test_paths(pattern: str, path: str, fits: bool) -> None:
    assert path_matches(pattern, path) is fits


def test_no_pattern_takes_long() -> None:
    assert not matches("*a" * 2_000 + "b", "a" * 4_000)
    assert not path_matches("**/*a/" * 300 + "b", "/".join(["a"] * 300))
