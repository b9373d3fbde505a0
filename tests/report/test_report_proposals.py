"""Proposed words as a table for caplint.toml, and as data."""

from __future__ import annotations

import tomllib

import pytest

from caplint.c.repair_trials import RepairWord
from caplint.c.tables import Repairs
from caplint.coverage.causes import Spot
from caplint.coverage.proposals import Proposal, Proposals
from caplint.report.proposals import as_object, lines

NONE = Repairs((), ())
OURS = Proposal(RepairWord("attributes", "__ours"), 1, 2, 1, ("linux", "a.c", 3))
EACH = Proposal(RepairWord("iterators", 'each_"\\w+'), 20, 1, 5, ("qemu\x1b", "b\n.c", 4))
SMALL, LARGE = Spot("linux", "a.c", 1, 0, 1, "small", None), Spot("linux", "b\x1b.c", 2, 5, 50, "large\x07", None)


def _table(found: Proposals, repairs: Repairs = NONE) -> dict[str, list[str]]:
    table: dict[str, list[str]] = tomllib.loads("\n".join(lines(found, repairs))).get("c", {})
    return table


@pytest.mark.parametrize(
    ("entries", "repairs", "expected"),
    [
        ([OURS], NONE, {"attributes": ["__ours"]}),
        ([EACH], NONE, {"iterators": ['each_"\\w+']}),
        ([OURS, EACH], Repairs(("__old",), ("x_.*",)), {
            "attributes": ["__old", "__ours"], "iterators": ["x_.*", 'each_"\\w+'],
        }),
        ([EACH], Repairs(("__old",), ()), {"attributes": ["__old"], "iterators": ['each_"\\w+']}),
        ([], Repairs(("__old",), ()), {}),
    ],
)  # fmt: skip
def test_the_table_contains_what_was_configured(
    entries: list[Proposal], repairs: Repairs, expected: dict[str, list[str]]
) -> None:
    assert _table(Proposals(entries, [SMALL], 0), repairs) == expected


def test_comments_say_how_much_a_word_repairs() -> None:
    found = list(lines(Proposals([OURS, EACH], [], 0), NONE))
    assert "    # 1 byte, 2 spots, 1 file, such as linux:a.c:3" in found
    assert "    # 20 bytes, 1 spot, 5 files, such as qemu\\x1b:b\\x0a.c:4" in found


@pytest.mark.parametrize(
    ("remaining", "untried", "expected"),
    [
        ([], 0, ["# Nothing to propose: all C was understood."]),
        (
            [SMALL, LARGE, SMALL],
            0,
            [
                "# Nothing to propose: no word of [c] repairs the code that was not understood.",
                "# 47 bytes in 3 spots remain, such as", "#   linux:b\\x1b.c:2: large\\x07",
            ],
        ),
        (
            [],
            1,
            [
                "# Nothing to propose: all C was understood.",
                "# 1 file was not tried for lack of time; add these words and run again.",
            ],
        ),
    ],
)  # fmt: skip
def test_without_a_proposal(remaining: list[Spot], untried: int, expected: list[str]) -> None:
    assert list(lines(Proposals([], remaining, untried), NONE)) == expected


def test_proposals_as_data() -> None:
    found = as_object(Proposals([OURS], [SMALL, LARGE], 2))
    assert found == {
        "entries": [
            {"list": "attributes", "word": "__ours", "bytes": 1, "spots": 2, "files": 1,
             "example": {"tree": "linux", "path": "a.c", "line": 3}},
        ],
        "remaining_spots": 2, "remaining_bytes": 46, "untried_files": 2,
    }  # fmt: skip
