"""What diffs alone show: lines of each, where the last one leaves them; none is lost to another."""

from __future__ import annotations

import time

import pytest

from caplint.trees.excerpt import apply_excerpts
from caplint.trees.series import PatchedTrees, read_series
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

UAPI = "include/uapi/linux/kvm.h"


def _diff(old: int, new: int, *lines: str, path: str = UAPI) -> bytes:
    counts = [sum(line[0] in marks for line in lines) for marks in (" -", " +")]
    head = f"--- a/{path}\n+++ b/{path}\n@@ -{old},{counts[0]} +{new},{counts[1]} @@\n"
    return (head + "".join(f"{line}\n" for line in lines)).encode()


def _lay(*files: bytes) -> list[PatchedTrees]:
    return apply_excerpts(
        read_series([(f"{number}.patch", text) for number, text in enumerate(files)], print), [], None
    )


def _lines(tree: Tree | None) -> dict[int, str]:
    assert tree is not None
    content = tree.read_or_none(UAPI) or b""
    return {number: line for number, line in enumerate(content.decode().splitlines(), 1) if line}


def _sides(laid: PatchedTrees) -> tuple[dict[int, str], dict[int, str]]:
    (tree,) = laid.trees
    return _lines(tree.base), _lines(tree)


FIRST = _diff(10, 10, " a", "+x", " b")
ABOVE = _diff(8, 8, " p", "+1", "+2", "+3", " q")
NEAR = _diff(10, 10, "+0", " a", " x", "-b", "+c")


def test_a_later_diff_moves_the_lines_of_an_earlier_one() -> None:
    assert _sides(*_lay(FIRST + ABOVE)) == (
        {8: "p", 9: "q", 10: "a", 11: "b"},
        {8: "p", 9: "1", 10: "2", 11: "3", 12: "q", 13: "a", 14: "x", 15: "b"},
    )


def test_lines_that_an_earlier_diff_has_added_were_not_there_before() -> None:
    assert _sides(*_lay(FIRST + NEAR)) == ({10: "a", 11: "b"}, {10: "0", 11: "a", 12: "x", 13: "c"})


def test_lines_below_are_those_of_the_file_as_it_was() -> None:
    below = _diff(31, 31, " k", "+y")
    last = _diff(41, 43, " m", "-n")
    assert _sides(*_lay(FIRST + below + last))[0] == {10: "a", 11: "b", 30: "k", 39: "m", 40: "n"}


def test_hunks_in_any_order() -> None:
    hunks = FIRST + b"@@ -1,1 +1,1 @@\n-r\n+s\n"
    assert _sides(*_lay(hunks)) == ({1: "r", 10: "a", 11: "b"}, {1: "s", 10: "a", 11: "x", 12: "b"})


def test_series_are_shown_each_of_its_own() -> None:
    theirs = _diff(10, 10, " a", "+y", " b")
    for files in ((FIRST, theirs), (theirs, FIRST)):
        shown = [_sides(laid)[1][11] for laid in _lay(*files)]
        assert sorted(shown) == ["x", "y"]


def test_series_of_different_trees_are_shown_together() -> None:
    (laid,) = _lay(FIRST, _diff(1, 1, " a", "+b", path="accel/kvm/kvm-all.c"))
    assert len(laid.trees) == len(laid.series) == 2


@pytest.mark.parametrize(
    "diff",
    [
        FIRST + b"@@ -11,1 +12,2 @@\n b\n+y\n",
        FIRST + _diff(10, 10, " a", "+y", " b"),
        FIRST + _diff(20, 11, " z", "+y"),
        _diff(0, 1, "+a").replace(b"a/" + UAPI.encode(), b"/dev/null") * 2,
    ],
)
def test_diffs_that_do_not_fit_together(diff: bytes) -> None:
    with pytest.raises(CaplintError, match=r"do not fit together|is added twice"):
        _lay(diff)


def test_time_for_diffs_of_one_file() -> None:
    text = b"".join(_diff(line, line, f" {line}", "+x") for line in range(600_000, 2_000, -100))
    begun = time.process_time()
    with pytest.raises(CaplintError, match="too many diffs"):
        _lay(text)
    assert time.process_time() - begun < 5
