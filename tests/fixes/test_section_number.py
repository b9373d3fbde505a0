"""Numbers for the new sections of api.rst."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import API, Rows, bench, finding

from caplint.fixes.section_number import propose

SECTIONS = "api_section(tree, path, line, number, title)"
BASE = "base_api_section(tree, path, number, title)"
TREE = "tree(name, patched, complete)"
CHANGED = "changed_line(tree, path, line)"

Section = tuple[str, str]
"""Number and title."""


def _mended(
    root: Path, sections: list[Section], new: list[int], wrong: list[int], *, text: str = "", patched: int = 1
) -> dict[int, tuple[str, ...]]:
    """Index of each mended section → its new lines. Sections have four lines each; `new` and `wrong` are indexes."""
    lines = "".join(f"{number} {title}\n{'-' * len(f'{number} {title}')}\n\n{text}\n" for number, title in sections)
    tables: dict[str, Rows] = {
        TREE: [("kernel", patched, 1)],
        SECTIONS: [("kernel", API, 4 * at + 1, *section) for at, section in enumerate(sections)],
        BASE: [("kernel", API, *section) for at, section in enumerate(sections) if at not in new],
        CHANGED: [("kernel", API, 4 * at + line) for at in new for line in (1, 2, 3, 4)],
    }
    found = [finding(4 * at + 1, sections[at][0]) for at in wrong]
    fixes = propose(found, bench(root, {API: lines}, tables))
    return {(mended.place.line - 1) // 4: fix.edits[0].new for mended, fix in fixes}


OLD = [("4", "Ioctls"), ("4.1", "A"), ("4.2", "B")]


@pytest.mark.parametrize(
    ("sections", "new", "expected"),
    [
        ([*OLD, ("4.2", "C")], [3], {3: "4.3 C"}),
        ([*OLD, ("4.9", "C")], [3], {3: "4.3 C"}),
        ([*OLD, ("5.3", "C")], [3], {3: "4.3 C"}),
        ([*OLD, ("4.2", "C"), ("4.8", "D")], [3, 4], {3: "4.3 C", 4: "4.4 D"}),
        ([*OLD, ("4.2", "C"), ("4.2", "D")], [3, 4], {}),
        ([*OLD, ("4.2", "C"), ("5", "More"), ("5.1", "X")], [3], {3: "4.3 C"}),
        ([*OLD, ("4.99", "C")], [3], {3: "4.3 C"}),
        ([("4", "Ioctls"), ("4.1", "A"), ("4.1", "C"), ("4.2", "B")], [2], {}),
        ([("4", "Ioctls"), ("4.1", "A"), ("4.1", "C"), ("4.7", "B")], [2], {}),
        ([*OLD, ("4.2", "B")], [3], {}),
        ([*OLD, ("text", "C")], [3], {}),
        ([("4.1", "C")], [0], {}),
        ([("4", "Ioctls"), ("4.7", "C"), ("5", "X"), ("4.1", "Lost")], [1], {}),
    ],
)
def test_new_sections(tmp_path: Path, sections: list[Section], new: list[int], expected: dict[int, str]) -> None:
    found = _mended(tmp_path, sections, new, new)
    assert found == {at: (title, "-" * len(title)) for at, title in expected.items()}


def test_an_old_section_keeps_its_number(tmp_path: Path) -> None:
    sections = [*OLD, ("4.2", "C")]
    assert _mended(tmp_path / "a", sections, [], [3]) == {}
    assert _mended(tmp_path / "b", sections, [3], [3], patched=0) == {}


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [("see section 4.9", True), ("4.9.", True), ("4.91", False), ("4.9.1", False), ("14.9", False), ("(4.9)", True)],
)
def test_a_number_that_the_patch_names(tmp_path: Path, text: str, is_kept: bool) -> None:
    assert (_mended(tmp_path, [*OLD, ("4.9", "C")], [3], [3], text=text) == {}) is is_kept
