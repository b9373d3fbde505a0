"""Blind spots by cause, the worst first."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from conftest import bare_kernel

from caplint.c.tables import tables
from caplint.coverage import causes as module
from caplint.coverage.causes import Cause, Spot, blind_spots, causes
from caplint.trees.tree import Tree


def _spot(start: int, stop: int, path: str = "a.c", reason: str = "no C", token: str | None = None) -> Spot:
    return Spot("linux", path, start, start, stop, reason, token)


@pytest.mark.parametrize(
    ("spots", "expected"),
    [
        ([], []),
        ([_spot(5, 9)], [Cause("no C", None, 1, 4, 1, ("linux", "a.c", 5))]),
        (
            [_spot(7, 9), _spot(2, 3), _spot(1, 2, "b.c")],
            [Cause("no C", None, 3, 4, 2, ("linux", "a.c", 2))],
        ),
        (
            [_spot(1, 2), _spot(1, 5, token="X"), _spot(1, 5, reason="late"), _spot(5, 9, reason="late")],
            [
                Cause("late", None, 2, 8, 1, ("linux", "a.c", 1)), Cause("no C", "X", 1, 4, 1, ("linux", "a.c", 1)),
                Cause("no C", None, 1, 1, 1, ("linux", "a.c", 1)),
            ],
        ),
        (
            [_spot(0, 4, token="A"), _spot(0, 2, token="B"), _spot(2, 4, token="B")],
            [Cause("no C", "B", 2, 4, 1, ("linux", "a.c", 0)), Cause("no C", "A", 1, 4, 1, ("linux", "a.c", 0))],
        ),
    ],
)  # fmt: skip
def test_groups(spots: list[Spot], expected: list[Cause]) -> None:
    assert causes(spots) == expected
    assert causes(reversed(spots)) == expected


CODE = "int f(void) our_word\n{\n}\n"


def _spots(tree: Tree, reason: str, *places: tuple[int, int]) -> list[Spot]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE blind(tree, path, line, start, stop, reason)")
    rows = [("kernel", "virt/kvm/a.c", 1, start, stop, reason) for start, stop in places]
    connection.executemany("INSERT INTO blind VALUES (?, ?, ?, ?, ?, ?)", rows)
    return blind_spots(connection, [tree], tables((), ()))


def test_the_word_that_confused_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = bare_kernel(tmp_path, {"virt/kvm/a.c": CODE})
    reason = "syntax not understood"
    (spot,) = _spots(tree, reason, (0, len(CODE)))
    assert (spot.token, spot.start, spot.stop) == ("our_word", 0, len(CODE))
    monkeypatch.setattr(module, "MAX_NAMED", 1)
    assert [one.token for one in _spots(tree, reason, (0, len(CODE)), (0, len(CODE)))] == ["our_word", None]


def test_other_reasons_have_no_word(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {"virt/kvm/a.c": CODE})
    assert [spot.token for spot in _spots(tree, "too large", (5, 9), (0, 3))] == [None, None]
    assert [spot.start for spot in _spots(tree, "too large", (5, 9), (0, 3))] == [0, 5]
