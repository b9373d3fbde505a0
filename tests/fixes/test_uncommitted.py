"""Which edited lines of a working tree are not committed yet."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import UAPI, commit, lay

from caplint.findings.fix import LineEdit
from caplint.fixes.draft import Draft
from caplint.fixes.uncommitted import Stretch, changed, uncommitted
from caplint.trees.detect import directory_tree
from caplint.trees.directory import DirectoryTree


def _lines(letters: str) -> list[bytes]:
    return [f"{letter}\n".encode() for letter in letters]


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ("abc", "abc", []),
        ("", "", []),
        ("", "ab", [(0, 2)]),
        ("abc", "aXbc", [(1, 2)]),
        ("abc", "aXc", [(1, 2)]),
        ("abc", "ac", [(0, 2)]),
        ("abc", "bc", [(0, 1)]),
        ("abc", "ab", [(1, 3)]),
        ("abcde", "XbcdY", [(0, 1), (4, 5)]),
        ("abc", "", [(0, 1)]),
    ],
)
def test_changed_stretches(before: str, now: str, expected: list[Stretch]) -> None:
    assert changed(_lines(before), _lines(now)) == expected


def test_of_too_many_changed_lines_all_count() -> None:
    before, now = ([b"%s%d\n" % (kind, number) for number in range(2001)] for kind in (b"a", b"b"))
    assert changed([b"x\n", *before], [b"x\n", *now]) == [(1, 2002)]


def test_many_equal_lines() -> None:
    begun = time.process_time()
    found = changed([b"p\n", *[b"x\n"] * 1_900, b"q\n"], [b"r\n", *[b"x\n", b"y\n"] * 950, b"s\n"])
    assert found
    assert time.process_time() - begun < 2


TEXT = "one\ntwo\nthree\nfour\n"


def _draft(tree: DirectoryTree, path: str, line: int, old: str) -> dict[str, Draft]:
    draft = Draft(tree.read(path))
    draft.edit([LineEdit("kernel", path, line, (old,), ("edited",))])
    return {path: draft}


def _tree(root: Path, text: str) -> DirectoryTree:
    tree = directory_tree(str(lay(root, {UAPI: "", "virt/kvm/kvm_main.c": text})))
    assert isinstance(tree, DirectoryTree)
    return tree


def test_no_repository(tmp_path: Path) -> None:
    tree = _tree(tmp_path, TEXT)
    assert uncommitted(tree, _draft(tree, "virt/kvm/kvm_main.c", 1, "one")) == []


def test_only_what_head_does_not_have(tmp_path: Path) -> None:
    tree = _tree(tmp_path, TEXT)
    commit(tmp_path)
    assert uncommitted(tree, _draft(tree, "virt/kvm/kvm_main.c", 1, "one")) == []
    lay(tmp_path, {"virt/kvm/kvm_main.c": TEXT.replace("three", "THREE"), "virt/kvm/new.c": TEXT})
    assert uncommitted(tree, _draft(tree, "virt/kvm/kvm_main.c", 3, "THREE")) == [("virt/kvm/kvm_main.c", 3)]
    assert uncommitted(tree, _draft(tree, "virt/kvm/kvm_main.c", 1, "one")) == []
    assert uncommitted(tree, _draft(tree, "virt/kvm/new.c", 2, "two")) == [("virt/kvm/new.c", 2)]
