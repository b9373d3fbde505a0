"""The files of a call graph are listed once per state of a tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import bare_qemu

from caplint.facts.store.store import FactStore
from caplint.graph.tree_files import code_of, content_of
from caplint.trees.detect import directory_tree
from caplint.trees.directory import DirectoryTree

FILES = {"hw/a.c": "int a;\n", "hw/b.c": "int b;\n"}


def _aged(root: Path) -> None:
    """Make all files older than those whose stamps are not trusted."""
    for file in root.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))


def _count(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    listed: list[str] = []
    original = DirectoryTree.code_files

    def noted(tree: DirectoryTree, cache: FactStore) -> object:
        listed.append(tree.name)
        return original(tree, cache)

    monkeypatch.setattr(DirectoryTree, "code_files", noted)
    return listed


def test_a_known_state_is_not_listed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare_qemu(tmp_path, FILES)
    _aged(tmp_path)
    store, listed = FactStore(None), _count(monkeypatch)
    first = directory_tree(str(tmp_path))
    content, files = content_of(first, store), code_of(first, store)
    again = directory_tree(str(tmp_path))
    assert (content_of(again, store), code_of(again, store)) == (content, files)
    assert [file.path for file in files if file.path.startswith("hw/")] == ["hw/a.c", "hw/b.c"]
    assert len(listed) == 1


def test_another_content(tmp_path: Path) -> None:
    bare_qemu(tmp_path, FILES)
    _aged(tmp_path)
    store = FactStore(None)
    before = content_of(directory_tree(str(tmp_path)), store)
    (tmp_path / "hw/b.c").write_text("int c;\n")
    changed = directory_tree(str(tmp_path))
    assert content_of(changed, store) != before, "the changed file is young, so that nothing is kept of this state"
    (tmp_path / "hw/b.c").write_text("int b;\n")
    assert content_of(directory_tree(str(tmp_path)), store) == before


def test_a_damaged_listing(tmp_path: Path) -> None:
    bare_qemu(tmp_path, FILES)
    _aged(tmp_path)
    store = FactStore(None)
    files = code_of(directory_tree(str(tmp_path)), store)
    store.connection.execute("UPDATE memo SET value = '[1]' WHERE name LIKE 'graph files %'")
    assert code_of(directory_tree(str(tmp_path)), store) == files
