"""Cells of a fleet: the findings of pairs alone are kept, in whatever order the checks end."""

from __future__ import annotations

import random
import tracemalloc

from caplint.matrix.cells import Cells
from caplint.matrix.model import Cell, FleetMember


def _members(role: str, count: int) -> list[FleetMember]:
    return [FleetMember(f"{role}-{number}", f"/{role}-{number}", role, role) for number in range(count)]


def _cell(*marks: str) -> Cell:
    findings = [{"fingerprint": mark, "severity": "error"} for mark in marks]
    counted = tuple((mark, "error") for mark in marks)
    return Cell(agrees=not marks, counts={"error": len(marks)}, findings=tuple(findings), marks=counted)


def _all(rows: int, columns: int) -> dict[int, Cell]:
    """Cells of a fleet: each tree has a finding, and each pair those of its trees and one of its own."""
    alone = [_cell(f"kernel {row}") for row in range(rows)] + [_cell(f"vmm {column}") for column in range(columns)]
    pairs = [
        _cell(f"kernel {row}", f"vmm {column}", f"pair {row} {column}")
        for row in range(rows)
        for column in range(columns)
    ]
    return dict(enumerate(alone + pairs))


def test_a_pair_keeps_what_needs_both_trees() -> None:
    found = _all(3, 4)
    for seed in range(20):
        cells = Cells(_members("kernel", 3), _members("vmm", 4))
        order = random.Random(seed).sample(cells.missing(), len(found))
        for place in order:
            cells.add(place, found[place])
        assert cells.missing() == []
        assert [cell.marks for cell in cells.pairs] == [
            ((f"pair {row} {column}", "error"),) for row in range(3) for column in range(4)
        ]
        assert [cell.marks for cell in cells.alone] == [found[place].marks for place in range(7)]


def test_trees_are_checked_before_their_pairs() -> None:
    cells = Cells(_members("kernel", 2), _members("vmm", 3))
    assert cells.missing()[:5] == [0, 1, 2, 3, 4]
    cells.add(1, _cell())
    assert sorted(cells.missing()) == [0, *range(2, 11)]
    kernels, vmms = _members("kernel", 2), _members("vmm", 3)
    assert cells.checks[:5] == [(kernels[0], None), (kernels[1], None), *((None, vmm) for vmm in vmms)]
    assert cells.checks[5:] == [(kernel, vmm) for kernel in kernels for vmm in vmms]


def test_an_error_of_a_tree_is_that_of_its_pairs() -> None:
    cells = Cells(_members("kernel", 1), _members("vmm", 2))
    cells.add(1, Cell(error="gone"))
    for place in (3, 4, 0, 2):
        cells.add(place, _cell("a"))
    assert [cell.error for cell in cells.pairs] == ["gone", None]


def test_memory_does_not_grow_with_the_pairs() -> None:
    """A thousand findings of the trees stand in every pair's cell; they are kept once for each tree."""
    kept = []
    for columns in (2, 20):
        tracemalloc.start()
        cells = Cells(_members("kernel", 5), _members("vmm", columns))
        own = [f"kernel {number}" for number in range(1_000)]
        for place in cells.missing():
            cells.add(place, _cell(*(f"{mark} " for mark in own), *([f"pair {place}"] if place >= 5 + columns else [])))
        kept.append(tracemalloc.get_traced_memory()[0] / (5 + columns))
        tracemalloc.stop()
    assert kept[1] < 1.5 * kept[0]
