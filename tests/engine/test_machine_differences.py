"""Answers of a machine that the sources of a kernel would not give, each with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import kernel

from caplint.config.settings import Config
from caplint.engine.machine_differences import machine_differences
from caplint.machine.record import Answer, Machine
from caplint.session import no_progress
from caplint.trees.detect import directory_tree
from caplint.util.errors import CaplintError

CONFIG = Config(cache="none", jobs=1)


def _rows(root: Path, *answers: Answer, arch: str = "x86") -> list[tuple[str | None, int, int, int, int | None]]:
    machine = Machine("box", "6.12.1", arch, 0, 20, answers)
    found = machine_differences(machine, [directory_tree(str(kernel(root)))], CONFIG, no_progress)
    return [(row["cap"], row["number"], row["source"], row["system"], row["vm"]) for row in found]


ALL = (Answer(0, None, 1, 1), Answer(1, None, 1, 1), Answer(9, None, 0, 255))


def test_a_machine_that_answers_what_the_source_answers(tmp_path: Path) -> None:
    assert _rows(tmp_path, *ALL) == []


def test_an_answer_that_the_source_does_not_give(tmp_path: Path) -> None:
    assert _rows(tmp_path, *ALL, Answer(12, None, 4, 2)) == [(None, 12, 0, 4, 2)]


def test_an_answer_that_the_machine_does_not_give(tmp_path: Path) -> None:
    (row,) = _rows(tmp_path, ALL[0], ALL[2])
    assert row[:3] == ("KVM_CAP_HLT", 1, 1)


def test_rows_are_in_the_order_of_numbers_and_say_why(tmp_path: Path) -> None:
    machine = Machine("box", "6.12.1", "x86", 0, 20, (Answer(17, None, 1, 1), Answer(3, None, 1, 1)))
    rows = machine_differences(machine, [directory_tree(str(kernel(tmp_path)))], CONFIG, no_progress)
    assert [row["number"] for row in rows] == sorted(row["number"] for row in rows)
    assert {3, 17} < {row["number"] for row in rows}
    assert all(row["why"] and row["reason"] and row["tree"] == "kernel" and row["line"] for row in rows)


@pytest.mark.parametrize("arch", ["s390", "arm64"])
def test_code_of_another_architecture_answers_nothing_for_it(tmp_path: Path, arch: str) -> None:
    with pytest.raises(CaplintError, match=f"has no check handler for {arch}, so nothing can be compared"):
        _rows(tmp_path, *ALL, arch=arch)
