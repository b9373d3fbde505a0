"""Fixes of findings: by the fixer that the finding's page names, whole, and of files that the trees have."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import bench, filled, finding
from conftest import bare_kernel, made_up_rule

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes import attach
from caplint.fixes.attach import MOST, with_fixes
from caplint.fixes.workbench import Fixer, Proposals, Workbench
from caplint.rules.page import Rule
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

FILE = "virt/kvm/a.c"
CODE = "\tcase KVM_CAP_A:\n\t\tr = 1;\n\tcase KVM_CAP_B:\n"
FALLS = "cap_fall_through(tree, path, line, column, cap, into_line)"
RULE = replace(made_up_rule(), fix="missing-break")
LACKS = finding(1, path=FILE)


def _database() -> sqlite3.Connection:
    return filled({FALLS: [("kernel", FILE, 1, 1, "KVM_CAP_A", 3)]})


def _everywhere(_tree: str, _path: str) -> bool:
    return True


def _trees(root: Path) -> list[Tree]:
    return [bare_kernel(root, {FILE: CODE})]


def test_a_finding_gets_the_fix_of_its_page(tmp_path: Path) -> None:
    other = replace(LACKS, code="CAP998")
    last = replace(LACKS, subject="KVM_CAP_Z")
    found = with_fixes([other, LACKS, last], [RULE], _database(), _trees(tmp_path), _everywhere)
    assert [(one.code, one.subject, one.fix is not None) for one in found] == [
        ("CAP998", "KVM_CAP_A", False), ("CAP999", "KVM_CAP_A", True), ("CAP999", "KVM_CAP_Z", False),
    ]  # fmt: skip
    assert found[1].fix is not None
    assert found[1].fix.edits == (LineEdit("kernel", FILE, 2, ("\t\tr = 1;",), ("\t\tr = 1;", "\t\tbreak;")),)
    assert replace(found[1], fix=None) == LACKS


def test_pages_share_a_fixer(tmp_path: Path) -> None:
    rules = [RULE, replace(RULE, code="CAP998"), made_up_rule("CAP997")]
    given = [LACKS, replace(LACKS, code="CAP998"), replace(LACKS, code="CAP997")]
    found = with_fixes(given, rules, _database(), _trees(tmp_path), _everywhere)
    assert [one.fix is not None for one in found] == [True, True, False]


def test_a_file_that_is_none_of_the_tree_is_not_edited(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def is_file(tree: str, path: str) -> bool:
        asked.append((tree, path))
        return False

    assert with_fixes([LACKS], [RULE], _database(), _trees(tmp_path), is_file) == [LACKS]
    assert asked == [("kernel", FILE)]


def test_a_page_that_names_no_fixer_of_that_name(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match="unknown fixer 'x'"):
        with_fixes([], [replace(RULE, fix="x")], _database(), _trees(tmp_path), _everywhere)


def _edit(line: int, count: int = 1, path: str = FILE) -> LineEdit:
    return LineEdit("kernel", path, line, ("old",) * count, ("new",))


def _proposing(*edits: LineEdit) -> Callable[[str], Fixer]:
    """A fixer that proposes the same edits for each finding."""

    def propose(findings: list[Finding], _: Workbench) -> Proposals:
        for found in findings:
            yield found, Fix("mend", edits)

    return lambda _name: propose


@pytest.mark.parametrize(
    ("edits", "whole"),
    [
        ([_edit(1), _edit(2)], True),
        ([_edit(2), _edit(1)], True),
        ([_edit(1, 2), _edit(3)], True),
        ([_edit(1, 2), _edit(1, path="virt/kvm/b.c")], True),
        ([_edit(1, 2), _edit(2)], False),
        ([_edit(9), _edit(4), _edit(2, 3)], False),
        ([_edit(1), _edit(1)], False),
        ([], False),
        ([_edit(line) for line in range(1, 201)], True),
        ([_edit(line) for line in range(1, 202)], False),
    ],
)
def test_a_fix_is_made_of_edits_that_fit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, edits: list[LineEdit], whole: bool
) -> None:
    """Whatever a fixer proposes, as files of any content may lead it to."""
    monkeypatch.setattr(attach, "fixer", _proposing(*edits))
    (found,) = with_fixes([LACKS], [RULE], filled({}), _trees(tmp_path), _everywhere)
    assert (found.fix is not None) is whole


def test_a_hostile_tree_gets_no_more_fixes_than_somebody_reviews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attach, "fixer", _proposing(_edit(1)))
    many = [finding(line, path=FILE) for line in range(1, MOST + 3)]
    rules: list[Rule] = [RULE]
    found = with_fixes(many, rules, filled({}), _trees(tmp_path), _everywhere)
    assert [one.fix is not None for one in found] == [True] * MOST + [False] * 2


def test_the_workbench_has_all_trees(tmp_path: Path) -> None:
    other = bench(tmp_path / "b", {FILE: CODE}, tree="qemu").trees["qemu"]
    tables = {FALLS: [("qemu", FILE, 1, 1, "KVM_CAP_A", 3)]}
    given = [finding(1, path=FILE, tree="qemu")]
    (found,) = with_fixes(given, [RULE], filled(tables), [*_trees(tmp_path / "a"), other], _everywhere)
    assert found.fix is not None
