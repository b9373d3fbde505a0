"""Demonstration: the same findings everywhere, whatever a directory configures, and what to type next."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from conftest import Caplint

from caplint.cli import demo
from caplint.cli.demo import patched_trees
from caplint.trees.overlay import OverlayTree

SELECT = ("--select", "CAP105")
NEXT = "This was a pair of patches that adds KVM_CAP_PPIN to miniature trees."


def test_the_patches_are_laid_over_the_mini_trees() -> None:
    trees = {tree.name: tree for tree in patched_trees()}
    assert {"kernel", "qemu"} <= trees.keys()
    for name, path in (("kernel", "include/uapi/linux/kvm.h"), ("qemu", "linux-headers/linux/kvm.h")):
        tree = trees[name]
        assert isinstance(tree, OverlayTree)
        assert tree.base is not None
        assert b"KVM_CAP_PPIN" in tree.read(path)
        assert b"KVM_CAP_PPIN" not in tree.base.read(path)


def test_findings_do_not_make_it_fail_unless_it_is_asked_for(caplint: Caplint) -> None:
    run = caplint("demo", *SELECT)
    assert run.status == 0
    assert "CAP105 KVM_CAP_PPIN" in run.out
    assert "resolved" not in run.out
    assert [line.strip() for line in run.out.partition(NEXT)[2].splitlines() if line.startswith("    ")] == [
        "caplint check --kernel ~/linux --qemu ~/qemu", "caplint explain CAP204",
    ]  # fmt: skip
    assert caplint("demo", *SELECT, "--fail-on", "note", "--output-format", "concise").status == 1


def test_what_a_directory_configures_changes_nothing(caplint: Caplint, apart: Path) -> None:
    plain = json.loads(caplint("demo", *SELECT, "--output-format", "json").out)["findings"]
    (apart / "caplint.toml").write_text(
        'fail-on = "note"\nignore = ["CAP105"]\nvendor-range = "200-300"\n[coverage]\nfloor = 100\n'
        '[[suppress]]\ncode = "CAP105"\nsubject = "*"\nreason = "so"\n'
    )
    run = caplint("demo", *SELECT, "--output-format", "json")
    assert (run.status, json.loads(run.out)["findings"]) == (0, plain)
    assert {entry["subject"] for entry in plain} == {"KVM_CAP_PPIN"}


@pytest.mark.parametrize(
    ("script", "shown"),
    [
        ("{here}/.venv/bin/caplint", ".venv/bin/caplint"),
        (".venv/bin/caplint", ".venv/bin/caplint"),
        ("/usr/bin/caplint", "caplint"),
        ("{here}-more/caplint", "caplint"),
        ("{here}/bin/pytest", "caplint"),
    ],
)
def test_the_program_as_it_can_be_typed(apart: Path, monkeypatch: pytest.MonkeyPatch, script: str, shown: str) -> None:
    monkeypatch.setattr(sys, "argv", [script.format(here=apart)])
    assert demo._program() == shown
