"""What fixers see of a file, and which lines they may replace."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import bench

FILE = "virt/kvm/a.c"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []), (b"one\n", ["one"]), (b"one\n\ntwo\n", ["one", "", "two"]), (b"\tone\n", ["\tone"]),
        ("é\n".encode(), ["é"]),
        (b"no end", []), (b"one\r\ntwo\r\n", []), (b"\xff\n", []), (b"a\x1bb\n", []), ("a\u202eb\n".encode(), []),
        (b"a\x00b\n", []), (b"a\x0cb\n", []),
    ],
)  # fmt: skip
def test_lines_of_a_file_that_can_be_edited_exactly(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    assert bench(tmp_path, {FILE: content}).lines("kernel", FILE) == lines


@pytest.mark.parametrize(("tree", "path"), [("kernel", "gone.c"), ("nowhere", FILE), ("kernel", "a\0b")])
def test_files_that_cannot_be_read(tmp_path: Path, tree: str, path: str) -> None:
    made = bench(tmp_path, {FILE: "one\n"})
    assert made.lines(tree, path) == []
    assert made.line(tree, path, 1) is None
    assert made.replaced(tree, path, 1, ["two"]) is None


def test_a_line(tmp_path: Path) -> None:
    made = bench(tmp_path, {FILE: "one\n" + "x" * 10_000 + "\n" + "x" * 10_001 + "\n"})
    assert [made.line("kernel", FILE, number) for number in (-1, 0, 1, 3, 4)] == [None, None, "one", None, None]
    assert made.line("kernel", FILE, 2) == "x" * 10_000


def test_a_file_is_read_once(tmp_path: Path) -> None:
    made = bench(tmp_path, {FILE: "one\n"})
    assert made.lines("kernel", FILE) == ["one"]
    (tmp_path / FILE).write_text("two\n")
    assert made.lines("kernel", FILE) == ["one"]


@pytest.mark.parametrize(
    ("line", "new", "count", "old"),
    [
        (1, ["ONE"], 1, ("one",)), (1, [], 2, ("one", "two")), (2, ["a", "b"], 1, ("two",)),
        (1, ["one"], 2, ("one", "two")),
        (1, ["one"], 1, None), (3, ["x"], 2, None), (0, ["x"], 1, None), (1, ["x"], 0, None), (4, ["x"], 1, None),
    ],
)  # fmt: skip
def test_edits(tmp_path: Path, line: int, new: list[str], count: int, old: tuple[str, ...] | None) -> None:
    edit = bench(tmp_path, {FILE: "one\ntwo\nthree\n"}).replaced("kernel", FILE, line, iter(new), count)
    assert (edit and (edit.line, edit.old, edit.new)) == (None if old is None else (line, old, tuple(new)))


def test_rows(tmp_path: Path) -> None:
    made = bench(tmp_path, {}, {"t(a, b)": [(1, "x"), (2, "y")]})
    assert made.rows("SELECT b FROM t WHERE a = ?", 2) == [("y",)]
