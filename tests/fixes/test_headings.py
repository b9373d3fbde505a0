"""A title that changes takes its underline along."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, bench

from caplint.fixes.headings import retitled


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("4.1 A\n-----\n", {1: "4.10 A"}, [(1, ("4.10 A", "------"))]),
        ("4.1 A\n=====\n", {1: "4 A"}, [(1, ("4 A", "==="))]),
        ("4.1 A\n-------\n", {1: "4.10 A"}, [(1, ("4.10 A",))]),
        ("4.1 A\n--\n", {1: "4.10 A"}, [(1, ("4.10 A",))]),
        ("4.1 A\ntext \n", {1: "4.10 A"}, [(1, ("4.10 A",))]),
        ("4.1 A\n--=--\n", {1: "4.10 A"}, [(1, ("4.10 A",))]),
        ("4.1 A\n", {1: "4.10 A"}, [(1, ("4.10 A",))]),
        ("a b\n---\n\nc d\n~~~\n", {4: "c dd", 1: "a bb"}, [(1, ("a bb", "----")), (4, ("c dd", "~~~~"))]),
        ("4.1 A\n-----\n", {}, []),
        ("4.1 A\n-----\n", {1: "4.1 A"}, None),
        ("4.1 A\n-----\n", {7: "4.10 A"}, None),
        ("4.1 A\n-----\n", {1: "4.10 A", 7: "x"}, None),
    ],
)
def test_titles(
    tmp_path: Path, text: str, changes: dict[int, str], expected: list[tuple[int, tuple[str, ...]]] | None
) -> None:
    edits = retitled(bench(tmp_path, {API: text}), "kernel", API, changes)
    assert (None if edits is None else [(edit.line, edit.new) for edit in edits]) == expected
