"""Lines that diffs show of a file, one diff after the other."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import count

import pytest

from caplint.trees.hunks import Effort
from caplint.trees.sparse import SparseFile
from caplint.trees.unified import Hunk
from caplint.util.errors import CaplintError


def _hunk(old: int, new: int, *lines: str) -> Hunk:
    return Hunk(old, new, tuple(f"{line}\n".encode() for line in lines))


def _applied(*diffs: list[Hunk]) -> SparseFile:
    file = SparseFile(Effort())
    _apply_all(file, diffs)
    return file


def _apply_all(file: SparseFile, diffs: Iterable[list[Hunk]]) -> None:
    for hunks in diffs:
        file.apply(hunks, "a.c")


def _texts(lines: dict[int, bytes]) -> dict[int, str]:
    return {number: line.decode() for number, line in sorted(lines.items())}


def test_one_diff() -> None:
    file = _applied([_hunk(5, 5, " a", "-b", "+B", "+C", " d"), _hunk(20, 21, "-x")])
    assert _texts(file.before) == {5: "a", 6: "b", 7: "d", 20: "x"}
    assert _texts(file.after) == {5: "a", 6: "B", 7: "C", 8: "d"}


def test_a_second_diff_is_against_the_result_of_the_first() -> None:
    first, second = [_hunk(5, 5, " a", "+new", " b")], [_hunk(30, 30, "-old", " z")]
    file = _applied(first, second)
    assert _texts(file.before) == {5: "a", 6: "b", 29: "old", 30: "z"}
    assert _texts(file.after) == {5: "a", 6: "new", 7: "b", 30: "z"}


def test_a_second_diff_in_front_moves_what_the_first_has_shown() -> None:
    file = _applied([_hunk(50, 50, " a", "-b")], [_hunk(1, 1, "+one", "+two", " x")])
    assert _texts(file.before) == {1: "x", 50: "a", 51: "b"}
    assert _texts(file.after) == {1: "one", 2: "two", 3: "x", 52: "a"}


def test_a_second_diff_changes_what_the_first_has_made() -> None:
    file = _applied([_hunk(5, 5, " a", "+new")], [_hunk(6, 6, "-new", "+newer")])
    assert _texts(file.before) == {5: "a"}
    assert _texts(file.after) == {5: "a", 6: "newer"}


def test_a_new_file() -> None:
    file = _applied([_hunk(0, 1, "+a", "+b")], [_hunk(1, 1, " a", "-b")])
    assert (_texts(file.before), _texts(file.after)) == ({}, {1: "a"})


@pytest.mark.parametrize(
    ("diffs", "line"),
    [
        ([[_hunk(5, 5, " a"), _hunk(5, 5, " a")]], 5),
        ([[_hunk(5, 5, " a", " b"), _hunk(6, 6, "-c")]], 6),
        ([[_hunk(5, 5, " a")], [_hunk(5, 5, " other")]], 5),
        ([[_hunk(5, 5, "+a")], [_hunk(5, 5, "-b")]], 5),
        ([[_hunk(1000, 1000, "-a", "+b")], [_hunk(1000, 1000, "-a", "+b")]], 1000),
    ],
)
def test_diffs_that_do_not_fit_together(diffs: list[list[Hunk]], line: int) -> None:
    with pytest.raises(CaplintError, match=rf"a.c: its diffs do not fit together at line {line:,}; give each alone"):
        _applied(*diffs)


def test_too_many_diffs_of_one_file() -> None:
    effort = Effort()
    effort.spend(effort._left - 20_000)
    file = SparseFile(effort)
    file.apply([_hunk(1, 1, *(f" {number}" for number in range(1000)))], "a.c")
    every = ([_hunk(10_000 + number, 10_000 + number, "+x")] for number in range(5000))
    with pytest.raises(CaplintError, match=r"a\.c: it is changed by too many diffs; give fewer at a time"):
        _apply_all(file, every)


def _edited(lines: list[str], chance: random.Random, fresh: Iterator[int]) -> tuple[list[str], list[Hunk]]:
    """Random hunks of a file, without context, and the file after them."""
    after: list[str] = []
    hunks = []
    at = 0
    while at < len(lines):
        if chance.random() < 0.15:
            taken = chance.randrange(min(3, len(lines) - at) + 1)
            added = [f"n{next(fresh)}" for _ in range(chance.randrange(3))]
            if taken or added:
                # The head of a hunk names the line before where it has none of its own.
                old, new = at + bool(taken), len(after) + bool(added)
                hunks.append(
                    _hunk(old, new, *(f"-{line}" for line in lines[at : at + taken]), *(f"+{a}" for a in added))
                )
            after += added
            at += taken
        if at < len(lines):
            after.append(lines[at])
            at += 1
    return after, hunks


def test_series_of_diffs_show_what_the_whole_files_have() -> None:
    chance = random.Random(3)
    for _ in range(60):
        first = [f"o{number}" for number in range(40)]
        lines, fresh, file = first, count(), SparseFile(Effort())
        for _ in range(3):
            lines, hunks = _edited(lines, chance, fresh)
            file.apply(hunks, "a.c")
        assert {number: first[number - 1] for number in file.before} == _texts(file.before)
        assert {number: lines[number - 1] for number in file.after} == _texts(file.after)
        assert {line for line in lines if line.startswith("n")} == set(_texts(file.after).values())
