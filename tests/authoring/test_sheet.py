"""A file over several patches, and comments of C."""

from __future__ import annotations

import pytest

from caplint.authoring.sheet import Sheet, comment
from caplint.fixes.draft import Draft


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("short", 80, ["/* short */"]),
        ("x" * 14, 20, [f"/* {'x' * 14} */"]),
        ("x" * 15, 20, ["/*", f" * {'x' * 15}", " */"]),
        ("one two three", 12, ["/*", " * one two", " * three", " */"]),
        ("a-b " * 6, 12, ["/*", " * a-b a-b", " * a-b a-b", " * a-b a-b", " */"]),
        ("x" * 100, 20, ["/*", f" * {'x' * 100}", " */"]),
    ],
)
def test_comments(text: str, width: int, lines: list[str]) -> None:
    assert comment(text, width) == lines


def _sheet(*lines: str) -> tuple[Sheet, Draft]:
    sheet = Sheet(lines)
    return sheet, Draft(sheet.content)


def _numbers(sheet: Sheet) -> list[tuple[int | None, str]]:
    return [(line.number, line.text) for line in sheet.lines]


def test_lines_go_above_a_line_of_the_tree() -> None:
    sheet, draft = _sheet("a", "b")
    sheet.insert(draft, 2, ["x", "y"], "why")
    sheet.insert(draft, 2, ["z"], "also")
    assert _numbers(sheet) == [(1, "a"), (None, "x"), (None, "y"), (None, "z"), (2, "b")]
    assert [line.reason for line in sheet.lines] == ["", "why", "why", "also", ""]
    assert draft.content == sheet.content == b"a\nx\ny\nz\nb\n"


@pytest.mark.parametrize("number", [3, 99, 0])
def test_behind_the_end(number: int) -> None:
    sheet, draft = _sheet("a", "b")
    sheet.insert(draft, number, ["x"], "why")
    assert draft.content == sheet.content == b"a\nb\nx\n"


def test_a_new_file() -> None:
    sheet, draft = _sheet()
    sheet.insert(draft, 1, ["x", "y"], "why")
    assert draft.content == sheet.content == b"x\ny\n"


def test_a_line_that_is_replaced_keeps_its_number() -> None:
    sheet, draft = _sheet("a", "b", "c")
    sheet.replace(draft, 2, ["B", "B2"], "why")
    sheet.insert(draft, 2, ["x"], "also")
    sheet.insert(draft, 3, ["y"], "also")
    assert _numbers(sheet) == [(1, "a"), (None, "x"), (2, "B"), (None, "B2"), (None, "y"), (3, "c")]
    assert draft.content == sheet.content


def test_a_second_patch_knows_what_the_first_has_added() -> None:
    sheet, draft = _sheet("a", "b")
    sheet.insert(draft, 2, ["x"], "first")
    second = Draft(sheet.content)
    sheet.insert(second, 2, ["y"], "second")
    assert second.before == b"a\nx\nb\n"
    assert second.content == sheet.content == b"a\nx\ny\nb\n"
