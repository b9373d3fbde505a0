"""Fixes that can be made together: equal edits once, overlapping ones in a later round, in linear time."""

from __future__ import annotations

import time

from caplint.findings.finding import Finding, Location
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.lay import compatible


def _finding(*edits: LineEdit) -> Finding:
    return Finding("CAP502", "x", "note", "X", None, None, "m", Location("kernel", "a", 1), fix=Fix("mend", edits))


def _edit(line: int, count: int = 1, new: str = "new", path: str = "a") -> LineEdit:
    return LineEdit("kernel", path, line, ("old",) * count, (new,))


def test_overlapping_fixes_wait() -> None:
    first, other = _finding(_edit(1, 3), _edit(9)), _finding(_edit(3))
    assert compatible([first, other]) == [first]
    assert compatible([first, _finding(_edit(4))])[1:] == [_finding(_edit(4))]
    assert compatible([first, _finding(_edit(3, path="b"))])[1:]


def test_equal_edits_are_no_conflict() -> None:
    first, same, other = _finding(_edit(1)), _finding(_edit(1), _edit(5)), _finding(_edit(1, new="else"))
    assert compatible([first, same, other]) == [first, same]


def test_half_a_fix_takes_nothing() -> None:
    first, half, other = _finding(_edit(1)), _finding(_edit(1, 2), _edit(7)), _finding(_edit(7))
    assert compatible([first, half, other]) == [first, other]


def test_a_finding_without_a_fix_is_left_out() -> None:
    assert compatible([Finding("CAP502", "x", "note", "X", None, None, "m", Location("kernel", "a", 1))]) == []


def test_time_grows_with_the_edits() -> None:
    many = [_finding(*(_edit(50 * number + line) for line in range(50))) for number in range(1_000)]
    start = time.process_time()
    assert len(compatible(many)) == 1_000
    assert time.process_time() - start < 5
