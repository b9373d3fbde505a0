"""Edits of whole lines: where one ends, and which of them meet."""

from __future__ import annotations

import pytest

from caplint.findings.fix import LineEdit


def _edit(line: int, count: int, path: str = "a.c", tree: str = "kernel") -> LineEdit:
    return LineEdit(tree, path, line, tuple(f"line {line + index}" for index in range(count)), ("new",))


@pytest.mark.parametrize(("line", "count", "stop"), [(1, 1, 2), (5, 3, 8), (10, 0, 10)])
def test_end(line: int, count: int, stop: int) -> None:
    assert _edit(line, count).stop == stop


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        (_edit(1, 1), _edit(1, 1), True), (_edit(1, 1), _edit(2, 1), False), (_edit(1, 2), _edit(2, 1), True),
        (_edit(1, 5), _edit(3, 1), True), (_edit(4, 1), _edit(1, 3), False), (_edit(3, 1), _edit(1, 3), True),
        (_edit(1, 1), _edit(1, 1, "b.c"), False), (_edit(1, 1), _edit(1, 1, tree="qemu"), False),
    ],
)  # fmt: skip
def test_edits_of_one_line(one: LineEdit, other: LineEdit, meet: bool) -> None:
    assert one.overlaps(other) is meet
    assert other.overlaps(one) is meet
