"""Findings in the unpatched trees: computed once, and again only if something that they depend on has changed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from conftest import HEADER, QEMU_UAPI, Caplint, commit, git, kernel, lay, qemu

from caplint.engine import base_findings
from caplint.engine.check import collect_findings

OLD = HEADER.replace("HLT 1", "HLT 2")
WORDS = ("check", "--staged", "--kernel", "../k", "--output-format", "concise")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart: Path) -> Path:
    """A QEMU repository, which is the working directory, with one old finding; the kernel is beside it."""
    kernel(tmp_path / "k")
    root: Path = qemu(tmp_path / "q", {QEMU_UAPI: OLD})
    commit(root)
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that the findings of unpatched trees are computed."""
    times: list[int] = []

    def counted(*words: object, **named: object) -> object:
        times.append(1)
        return collect_findings(*words, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(base_findings, "collect_findings", counted)
    return times


def _staged(caplint: Caplint, checkout: Path, header: str, *words: str) -> list[str]:
    lay(checkout, {QEMU_UAPI: header})
    git(checkout, "add", "-A")
    run = caplint(*WORDS, *words)
    return [line.split(": ")[1] for line in run.out.splitlines()]


def test_they_are_computed_for_the_first_change_only(caplint: Caplint, checkout: Path, computed: list[int]) -> None:
    wrong = ["error CAP102 KVM_CAP_WRONG"]
    assert _staged(caplint, checkout, f"{OLD}#define KVM_CAP_WRONG 9\n") == wrong
    assert _staged(caplint, checkout, f"{OLD}\n\n#define KVM_CAP_WRONG 9\n") == wrong
    assert _staged(caplint, checkout, f"/* Moved. */\n{OLD}") == []
    assert len(computed) == 1


def test_they_are_computed_again_if_anything_else_has_changed(
    caplint: Caplint, checkout: Path, computed: list[int]
) -> None:
    def count(number: int, *words: str) -> int:
        _staged(caplint, checkout, f"{OLD}#define KVM_CAP_WRONG {number}\n", *words)
        return len(computed)

    assert [count(9), count(10, "--select", "CAP102"), count(11)] == [1, 2, 2]
    header = checkout.parent / "k/include/uapi/linux/kvm.h"
    header.write_text(f"{header.read_text('utf-8')}#define KVM_CAP_OTHER 77\n", "utf-8")
    assert count(12) == 3
    lay(checkout, {QEMU_UAPI: f"{OLD}\n"})
    commit(checkout)
    assert count(13) == 4


def test_damage_costs_time_only(caplint: Caplint, checkout: Path, computed: list[int], tmp_path: Path) -> None:
    wrong = _staged(caplint, checkout, f"{OLD}#define KVM_CAP_WRONG 9\n")
    for damage in ("", "[", "{}7", '[["CAP101"]]', "7"):
        (store,) = (tmp_path / "cache").glob("*.db")
        with sqlite3.connect(store) as connection:
            connection.execute("UPDATE memo SET value = ? WHERE name GLOB 'findings before*'", (damage,))
        connection.close()
        number = len(computed)
        assert _staged(caplint, checkout, f"{OLD}/* {number} */\n#define KVM_CAP_WRONG 9\n") == wrong
        assert len(computed) == number + 1
