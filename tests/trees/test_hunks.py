"""Hunks take a bounded number of comparisons, and no line is joined to another or laid where no header says."""

from __future__ import annotations

import pytest

from caplint.trees import hunks
from caplint.trees.hunks import Applier, Effort
from caplint.trees.unified import Hunk
from caplint.util.errors import CaplintError

LINES = [b"a\n", b"b\n", b"c\n", b"d\n", b"b\n", b"c\n", b"e\n"]


class _Counted(Effort):
    """Effort that remembers what it was spent on."""

    def __init__(self) -> None:
        super().__init__()
        self.spent: list[int] = []

    def spend(self, lines: int) -> None:
        self.spent.append(lines)
        super().spend(lines)


def _hunk(old: int, *lines: bytes, new: int | None = None) -> Hunk:
    return Hunk(old, old if new is None else new, tuple(line + b"\n" for line in lines))


def test_every_comparison_is_counted() -> None:
    effort = _Counted()
    found = Applier(LINES, effort).apply(_hunk(5, b" b", b"-c", b"+C"), True, 5)
    assert found is not None
    assert effort.spent == [2]  # it stands where it says
    effort = _Counted()
    found = Applier(LINES, effort).apply(_hunk(3, b" b", b" c", b"-e", b"+E"), True, 5)
    assert found is not None
    # The place that it names, the index, its lines, and the place of the rarest of them.
    assert effort.spent == [3, len(LINES), 3, 3]
    effort = _Counted()
    assert Applier(LINES, effort).apply(_hunk(3, b" b", b" b", b"-b", b"+B"), True, 5) is None
    assert effort.spent == [3, len(LINES), 3, 3, 3]


def test_effort_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place costs more than its lines: most hunks are small, and looking for one takes time too."""
    monkeypatch.setattr(hunks, "_SMALL", 0)
    effort = Effort()
    effort.grant(2)
    for _ in range(4):
        effort.spend(2 * hunks._SHARE // 4 - hunks._STEP)
    with pytest.raises(CaplintError, match="match too many positions; regenerate"):
        effort.spend(0)


@pytest.mark.parametrize(
    "lines",
    [
        (b"-c", b"+x", b"\\ No newline at end of file", b"+y"),
        (b"-c", b"+x", b"\\ No newline at end of file"),
    ],
    ids=["within the hunk", "within the file"],
)
def test_no_line_is_joined_to_another(lines: tuple[bytes, ...]) -> None:
    applier = Applier(LINES, Effort())
    assert applier.apply(_hunk(3, *lines), True, None) is None
    assert applier.result() == LINES


def test_no_line_is_laid_behind_one_that_has_no_end() -> None:
    applier = Applier([b"a\n", b"b"], Effort())
    assert applier.apply(_hunk(2, b"+c", new=3), True, None) is None


def test_lines_without_old_ones_are_not_laid_behind_an_earlier_hunk() -> None:
    applier = Applier(LINES, Effort())
    assert applier.apply(_hunk(4, b"-d", b"+D"), True, None) is not None
    assert applier.apply(_hunk(1, b"+x", new=2), True, None) is None


def test_the_beginning_of_a_file_is_not_behind_an_earlier_hunk() -> None:
    applier = Applier(LINES, Effort())
    assert applier.apply(_hunk(4, b"-d", b"+D"), True, None) is not None
    assert applier.apply(_hunk(1, b"-a", b"+A", b" b"), False, None) is None


def test_a_line_that_a_hunk_has_used_is_not_used_again() -> None:
    applier = Applier(LINES, Effort())
    assert applier.apply(_hunk(6, b"-c", b"+C"), True, 5) is not None
    assert applier.apply(_hunk(6, b" c", b"-e", b"+E"), True, 5) is None
