"""Globs, and the directories that they lead through."""

from __future__ import annotations

import pytest

from caplint.knowledge.globs import compile_globs, directories


@pytest.mark.parametrize(
    ("glob", "through", "not_through"),
    [
        ("a/b.c", ["a"], ["b", "a/b", ""]),
        ("a/*/c/d.h", ["a", "a/x", "a/x/c"], ["a/x/d", "a/x/c/d", "x"]),
        ("{a,b}/c.h", ["a", "b"], ["c", "a/c"]),
        ("a/**/d.h", ["a", "a/x", "a/x/y"], ["b", "ab"]),
        ("a/**", ["a", "a/b", "a/b/c"], ["b"]),
        ("**/b.c", ["a", "a/b", "x/y/z"], []),
        ("**/b/c.h", ["a", "a/b"], []),
        ("b.c", [], ["a", "b.c"]),
        ("a*/b.c", ["a", "ab"], ["ba", "a/b"]),
    ],
)
def test_the_directories_above_what_a_glob_matches(glob: str, through: list[str], not_through: list[str]) -> None:
    found = directories([glob])
    assert all(found.fullmatch(path) for path in through)
    assert not any(found.fullmatch(path) for path in not_through)


def test_no_globs_lead_nowhere() -> None:
    assert directories([]).fullmatch("a") is None
    assert compile_globs([]).fullmatch("a") is None


@pytest.mark.parametrize("glob", ["a**", "{a", "a{b/c"])
def test_what_is_no_glob(glob: str) -> None:
    with pytest.raises(ValueError, match="not a glob"):
        compile_globs([glob])
