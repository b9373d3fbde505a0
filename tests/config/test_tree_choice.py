"""Which trees are meant: named ones, configured ones, and the one of the working directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import kernel, qemu

from caplint.config.settings import Config, ConfiguredTree
from caplint.config.tree_choice import Asked, around, between, chosen
from caplint.util.errors import CaplintError


def test_named_trees_keep_their_order(tmp_path: Path) -> None:
    one, two = (str(kernel(tmp_path / name)) for name in ("one", "two"))
    trees = chosen(Asked(kernel=one, trees=(f"old=reference:{two}",)), Config())
    assert [(tree.name, tree.role) for tree in trees] == [("kernel", "kernel"), ("old", "reference")]


def test_the_tree_of_the_working_directory_is_taken_where_asked_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(kernel(tmp_path / "k"))
    assert [tree.role for tree in around(Asked(), Config())] == ["kernel"]
    other = str(kernel(tmp_path / "other"))
    (tree,) = around(Asked(kernel=other), Config())
    assert tree.location == other


def test_the_tree_of_the_working_directory_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = kernel(tmp_path / "k")
    monkeypatch.chdir(root / "arch")
    here = chosen(Asked(), Config())
    assert [(tree.role, tree.location) for tree in here] == [("kernel", str(root))]
    other = str(kernel(tmp_path / "other"))
    assert [tree.location for tree in chosen(Asked(kernel=other), Config())] == [other]
    configured = Config(trees=(ConfiguredTree("kernel", other, "kernel"),))
    assert [tree.location for tree in chosen(Asked(), configured)] == [other]
    vmm = Config(trees=(ConfiguredTree("qemu", str(qemu(tmp_path / "q")), "vmm"),))
    assert [tree.role for tree in chosen(Asked(), vmm)] == ["vmm", "kernel"]


def test_no_tree_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert around(Asked(), Config()) == []
    with pytest.raises(CaplintError, match="no tree given"):
        chosen(Asked(), Config())


def test_two_trees_of_one_name_and_no_tree_to_compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, two = (str(kernel(tmp_path / name)) for name in ("one", "two"))
    with pytest.raises(CaplintError, match="two trees are named kernel"):
        chosen(Asked(paths=(one, two)), Config())
    with pytest.raises(CaplintError, match="no tree to compare"):
        between(Asked(kernel=one, trees=(f"old=reference:{two}",)), Config(), ("a", "b"), fork=False)
