"""The next free number, and the new capabilities that get one."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, bench, finding
from conftest import UAPI

from caplint.fixes.next_number import next_number, propose


@pytest.mark.parametrize(
    ("numbers", "free"),
    [
        ([], 0), ([0], 1), ([2, 0, 1], 3), ([0, 1, 5], 6), ([0, 32], 33), ([0, 33], 1), ([0, 1, 0x4000], 2),
        ([7], 8), ([0, 0, 1, 1], 2), ([-1, 0], 1),
    ],
)  # fmt: skip
def test_the_number_after_the_dense_run(numbers: list[int], free: int) -> None:
    assert next_number(numbers) == free


TREE, CAP = "tree(name, patched)", "cap(tree, role, name, number, alias, header, path, line)"
EMPTY: dict[str, Rows] = {
    TREE: [("kernel", 1)], CAP: [], "base_cap(tree, name, header, number)": [], "vendor_range(low, high)": [],
    "pending_cap(number)": [], "cap_release(name)": [], "former_cap(name)": [],
}  # fmt: skip
BASE = {"base_cap(tree, name, header, number)": [("kernel", f"OLD{number}", "uapi", number) for number in range(3)]}


def _cap(name: str, number: int, line: int, tree: str = "kernel") -> tuple[object, ...]:
    return (tree, "kernel", name, number, None, "uapi", UAPI, line)


def _fixed(
    root: Path, header: str, caps: list[tuple[object, ...]], wrong: list[str], more: dict[str, Rows] | None = None
) -> dict[str, list[str]]:
    """Name of each mended capability → its new lines."""
    made = bench(root, {UAPI: header}, {**EMPTY, **BASE, CAP: list(caps), **(more or {})})
    found = [finding(line, name, UAPI) for line, name in enumerate(wrong, 1)]
    return {mended.subject: [*edit.new] for mended, fix in propose(found, made) for edit in fix.edits}


HEADER = "#define A 1\n#define B  7 /* why */\n"


def test_numbers_are_given_out_in_order(tmp_path: Path) -> None:
    caps = [_cap("A", 1, 1), _cap("B", 7, 2)]
    assert _fixed(tmp_path, HEADER, caps, ["A", "B"]) == {"A": ["#define A 3"], "B": ["#define B  4 /* why */"]}


def test_numbers_that_others_have_or_wait_for(tmp_path: Path) -> None:
    caps = [_cap("A", 1, 1), _cap("B", 3, 2)]
    more: dict[str, Rows] = {"pending_cap(number)": [(4,)]}
    assert _fixed(tmp_path / "a", HEADER, caps, ["A"]) == {"A": ["#define A 4"]}
    assert _fixed(tmp_path / "b", HEADER, [_cap("A", 1, 1)], ["A"], {"pending_cap(number)": [(3,)]}) == {}
    assert _fixed(tmp_path / "c", HEADER, caps, ["A"], more) == {}


@pytest.mark.parametrize(
    "more",
    [
        {"cap_release(name)": [("A",)]},
        {"former_cap(name)": [("A",)]},
        {"base_cap(tree, name, header, number)": [("kernel", "A", "uapi", 1)]},
        {TREE: [("kernel", 0)]},
    ],
    ids=["released", "former", "there before", "no patch"],
)
def test_a_capability_that_somebody_may_depend_on(tmp_path: Path, more: dict[str, Rows]) -> None:
    assert _fixed(tmp_path, HEADER, [_cap("A", 1, 1)], ["A"], more) == {}


@pytest.mark.parametrize(
    "line",
    [
        "#define A (1)", "#define A 0x1", "#define A 1UL", "#define A B", "#define A 1 + 1", "# define X 1", "",
        "#define A 1 // why", "#define A 1234567890",
    ],
)  # fmt: skip
def test_a_definition_that_is_no_plain_number(tmp_path: Path, line: str) -> None:
    assert _fixed(tmp_path, line + "\n", [_cap("A", 1, 1)], ["A"]) == {}


def test_all_definitions_of_a_name_or_none(tmp_path: Path) -> None:
    header = "#define A 1\n#define A 1\n"
    caps = [_cap("A", 1, 1), _cap("A", 1, 2)]
    made = bench(tmp_path / "a", {UAPI: header}, {**EMPTY, **BASE, CAP: list(caps)})
    ((_, fix),) = propose([finding(1, "A", UAPI)], made)
    assert [edit.line for edit in fix.edits] == [1, 2]
    assert _fixed(tmp_path / "c", "#define A 1\n#define A (1)\n", caps, ["A"]) == {}


def test_two_patched_kernels_have_no_common_number(tmp_path: Path) -> None:
    caps = [_cap("A", 1, 1), _cap("B", 1, 2, "other")]
    more: dict[str, Rows] = {TREE: [("kernel", 1), ("other", 1)]}
    assert _fixed(tmp_path, HEADER, caps, ["A", "B"], more) == {}
