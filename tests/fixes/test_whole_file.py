"""Edits that give a file another content: applied from the end, they lead to the wanted lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, bench

from caplint.fixes.whole_file import edits_to

LINES = ["a", "b", "c", "d", "e"]


def _applied(lines: list[str], root: Path, wanted: list[str], most: int = 10) -> tuple[int, list[str]] | None:
    edits = edits_to(bench(root, {API: "".join(f"{line}\n" for line in lines)}), "kernel", API, wanted, most)
    if edits is None:
        return None
    for edit in sorted(edits, key=lambda edit: -edit.line):
        assert lines[edit.line - 1 : edit.line - 1 + len(edit.old)] == list(edit.old)
        lines = [*lines[: edit.line - 1], *edit.new, *lines[edit.line - 1 + len(edit.old) :]]
    return len(edits), lines


@pytest.mark.parametrize(
    ("wanted", "number"),
    [
        ("abcde", 0), ("abXde", 1), ("Xbcde", 1), ("abcdX", 1),
        # Lines that are added at the beginning, in between, and at the end; and lines that go.
        ("Xabcde", 1), ("abXcde", 1), ("abcdeX", 1), ("bcde", 1), ("abcd", 1), ("ade", 1), ("XabcdeY", 2), ("aXcYe", 2),
        ("XXXaYYbcdZe", 2), ("XaYZe", 2), ("XYZ", 1), ("e", 1),
    ],
)  # fmt: skip
def test_edits_lead_to_the_wanted_lines(tmp_path: Path, wanted: str, number: int) -> None:
    assert _applied(LINES, tmp_path, list(wanted)) == (number, list(wanted))


@pytest.mark.parametrize(("most", "edited"), [(2, True), (1, False), (0, False)])
def test_no_more_stretches_than_allowed_are_edited(tmp_path: Path, most: int, edited: bool) -> None:
    assert (_applied(LINES, tmp_path, list("aXcYe"), most) is not None) is edited


@pytest.mark.parametrize("content", [b"", b"a\r\nb\n", b"a\nb", b"\xff\n"])
def test_a_file_that_cannot_be_edited_exactly(tmp_path: Path, content: bytes) -> None:
    assert edits_to(bench(tmp_path, {API: content}), "kernel", API, ["x"], 10) is None
