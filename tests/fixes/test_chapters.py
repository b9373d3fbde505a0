"""The chapter that a new section belongs to, its end, and the next number there."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, bench

from caplint.fixes.architecture_words import word_for
from caplint.fixes.chapters import ChapterEnd, chapter_end, chapter_for

SECTION = "api_section(tree, path, line, number, chapter, ordinal)"
LINES = [
    "4. Ioctls",
    "===",
    "",
    "4.1 A",
    "---",
    "",
    "text",
    "",
    ".. _label:",
    "",
    "5. More",
    "===",
    "",
    "5.1 B",
    "---",
    "",
]


def _end(
    root: Path, rows: list[tuple[int, str, str, int | None]], chapter: str, *taken: str, lines: list[str] = LINES
) -> ChapterEnd | None:
    tables: dict[str, Rows] = {SECTION: [("kernel", API, *row) for row in rows]}
    made = bench(root, {API: "".join(f"{line}\n" for line in lines)}, tables)
    return chapter_end(made, ("kernel", API), chapter, taken)


ROWS: list[tuple[int, str, str, int | None]] = [
    (1, "4", "", None),
    (4, "4.1", "4", 1),
    (11, "5", "", None),
    (14, "5.1", "5", 1),
]


@pytest.mark.parametrize(
    ("chapter", "taken", "expected"),
    [
        ("4", [], ChapterEnd(7, "4.2")),
        ("4", ["4.2", "4.3", "5.2"], ChapterEnd(7, "4.4")),
        ("4", ["4.3"], ChapterEnd(7, "4.2")),
        ("5", [], None),
    ],
)
def test_ends(tmp_path: Path, chapter: str, taken: list[str], expected: ChapterEnd | None) -> None:
    assert _end(tmp_path, ROWS, chapter, *taken) == expected


def test_the_last_chapter_ends_with_the_file(tmp_path: Path) -> None:
    assert _end(tmp_path, ROWS, "5", lines=[*LINES, "text", "", ""]) == ChapterEnd(17, "5.2")


def test_the_number_is_above_the_highest(tmp_path: Path) -> None:
    rows = [*ROWS[:2], (6, "4.9", "4", 9), *ROWS[2:]]
    assert _end(tmp_path, sorted(rows), "4", lines=[*LINES[:7], "more", *LINES[8:]]) == ChapterEnd(8, "4.10")


def test_the_chapter_of_most(tmp_path: Path) -> None:
    tables: dict[str, Rows] = {
        "api_section(tree, path, line, chapter)": [("kernel", API, line, str(line // 10)) for line in range(40, 80)],
        "doc_cap(tree, path, line, heading, api, pattern, cap)": [
            ("kernel", API, line, 1, 1, 0, f"CAP{line}") for line in (41, 42, 51, 61, 62, 63)
        ],
        "cap_enable(tree, cap, scope)": [("kernel", f"CAP{line}", "vm") for line in (41, 61, 62)],
    }
    made = bench(tmp_path, {}, tables)
    assert chapter_for(made, "kernel", "vm") == (API, "6")
    assert chapter_for(made, "kernel", "vcpu") is None
    assert chapter_for(made, "other", "vm") is None


@pytest.mark.parametrize(
    ("text", "arch", "word"),
    [
        (":Architectures: x86, ppc\n:Architectures: ppc64\n:Architecture: ppc\n", "powerpc", "ppc"),
        (":Architectures: x86\n", "powerpc", "powerpc"), ("", "arm64", "arm64"),
        ("Architectures: ppc\n", "powerpc", "powerpc"),
    ],
)  # fmt: skip
def test_words_for_architectures(tmp_path: Path, text: str, arch: str, word: str) -> None:
    assert word_for(bench(tmp_path, {API: text}), ("kernel", API), arch) == word
