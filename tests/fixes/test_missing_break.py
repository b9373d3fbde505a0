"""The `break` that a case lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import bench, finding

from caplint.fixes.missing_break import propose

FILE = "virt/kvm/a.c"
TABLE = "cap_fall_through(tree, path, line, column, cap, into_line)"


def _edit(root: Path, *lines: str, into: int | None = None, rows: int = 1) -> tuple[int, tuple[str, ...]] | None:
    """Line and text of the edit, for a case at the first line that falls into the last one."""
    code = "".join(f"{line}\n" for line in lines)
    row = ("kernel", FILE, 1, 1, "KVM_CAP_A", into or len(lines))
    made = bench(root, {FILE: code}, {TABLE: [(*row[:5], row[5] + extra) for extra in range(rows)]})
    fixes = list(propose([finding(1, path=FILE)], made))
    return (fixes[0][1].edits[0].line, fixes[0][1].edits[0].new) if fixes else None


CASE, NEXT = "\tcase KVM_CAP_A:", "\tcase KVM_CAP_B:"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([CASE, "\t\tr = 1;", NEXT], (2, ("\t\tr = 1;", "\t\tbreak;"))),
        ([CASE, "\t\tr = 1;", "", "", NEXT], (2, ("\t\tr = 1;", "\t\tbreak;"))),
        ([CASE, "\t\tf();", "\t\tr = f(a, b);", NEXT], (3, ("\t\tr = f(a, b);", "\t\tbreak;"))),
        ([CASE, "\t\tif (a) {", "\t\t}", "\t\tr = 1;", NEXT], (4, ("\t\tr = 1;", "\t\tbreak;"))),
        ([CASE, "\t\tr = 1;", "\tcase KVM_CAP_B: /* why */"], (2, ("\t\tr = 1;", "\t\tbreak;"))),
        ([CASE, "\t\tif (a)", "\t\t\tr = 1;", NEXT], None),
        ([CASE, "\t\tif (a)", "\t\tr = 1;", NEXT], None),
        ([CASE, "\t\tr = 1; /* why */", NEXT], None),
        ([CASE, "\t\tr = 1;", "\t\tfallthrough;", NEXT], None),
        ([CASE, "\t\tr = 1;", "\t\t/* fall through */", NEXT], None),
        ([CASE, "\t\tr = 1;", "#ifdef A", NEXT], None),
        ([CASE, "\t\tr = \"a;\";", NEXT], None),
        ([CASE, "\t\tr = 1;", "\tdefault:"], None),
        ([CASE, "\t\tr = 1;", "\tcase a ? b : c:"], None),
        ([CASE, "\tr = 1;", NEXT], None),
        ([CASE, "\t\tr += 1;", NEXT], None),
        ([CASE, NEXT], None),
        ([CASE, *[""] * 30, NEXT], None),
        ([CASE, "\t\tr = 1;", *[""] * 30, NEXT], None),
    ],
)  # fmt: skip
def test_cases(tmp_path: Path, lines: list[str], expected: tuple[int, tuple[str, ...]] | None) -> None:
    assert _edit(tmp_path, *lines) == expected


def test_a_case_that_falls_into_several_or_nowhere(tmp_path: Path) -> None:
    lines = (CASE, "\t\tr = 1;", NEXT, NEXT)
    assert _edit(tmp_path / "a", *lines, into=3, rows=2) is None
    assert _edit(tmp_path / "b", *lines, into=3, rows=0) is None
    assert _edit(tmp_path / "c", *lines, into=99) is None
