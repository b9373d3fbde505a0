"""Trees with a patch over them, and what stays visible of them without it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, bare_kernel

from caplint.facts.store.store import FactStore
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import File, Tree, object_id

MAIN = "virt/kvm/kvm_main.c"


def _laid(root: Path, changes: dict[str, bytes | None]) -> OverlayTree:
    return OverlayTree(bare_kernel(root, {X86: "int x;"}), changes)


def _paths(tree: Tree) -> list[str]:
    store = FactStore(None)
    try:
        return [file.path for file in tree.files(store)]
    finally:
        store.close()


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({}, [X86, UAPI, MAIN]),
        ({X86: b"int y;"}, [X86, UAPI, MAIN]),
        ({X86: None}, [UAPI, MAIN]),
        ({"arch/arm64/kvm/arm.c": b""}, ["arch/arm64/kvm/arm.c", X86, UAPI, MAIN]),
        ({"README.md": b"KVM_CAP_X", "drivers/x.c": b"KVM_CAP_X"}, [X86, UAPI, MAIN]),
        ({"include/linux/other.h": b"int y;"}, [X86, UAPI, MAIN]),
        ({"include/linux/other.h": b"KVM_CAP_X"}, [X86, "include/linux/other.h", UAPI, MAIN]),
        ({"gone.c": None}, [X86, UAPI, MAIN]),
    ],
)
def test_files_that_matter(tmp_path: Path, changes: dict[str, bytes | None], paths: list[str]) -> None:
    tree = _laid(tmp_path, changes)
    assert _paths(tree) == paths
    assert _paths(tree.base or tree) == [X86, UAPI, MAIN]
    assert tree.changes == changes


def test_contents(tmp_path: Path) -> None:
    tree = _laid(tmp_path, {X86: b"int y;", UAPI: None})
    assert tree.read(X86) == b"int y;"
    assert tree.read(MAIN) == b""
    with pytest.raises(FileNotFoundError):
        tree.read(UAPI)
    assert tree.base is not None
    assert tree.base.read(X86) == b"int x;"
    store = FactStore(None)
    found = {file.path: (file.oid, file.size) for file in tree.files(store)}
    store.close()
    assert found[X86] == (object_id(b"int y;"), 6)


def test_it_passes_for_the_tree_below(tmp_path: Path) -> None:
    tree = _laid(tmp_path, {})
    assert tree.base is not None
    assert (tree.name, tree.role, tree.project, tree.location, tree.revision) == (
        tree.base.name,
        tree.base.role,
        tree.base.project,
        tree.base.location,
        tree.base.revision,
    )


def test_overlays_lie_on_one_another(tmp_path: Path) -> None:
    tree = OverlayTree(_laid(tmp_path, {X86: b"int y;", MAIN: None}), {MAIN: b"int z;"})
    assert (tree.read(X86), tree.read(MAIN)) == (b"int y;", b"int z;")
    assert _paths(tree) == [X86, UAPI, MAIN]


def test_both_sides_of_one_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = _laid(tmp_path, {X86: b"int y;", "arch/arm64/kvm/arm.c": b""})
    below, store = tree.base, FactStore(None)
    assert below is not None
    expected = (tree.files(store), below.files(store))
    walks: list[Tree] = []
    files = type(below).files

    def counted(each: Tree, cache: FactStore) -> list[File]:
        walks.append(each)
        return files(each, cache)

    monkeypatch.setattr(type(below), "files", counted)
    assert tree.with_base(store) == expected
    assert walks == [below]
    assert tree.without_base().with_base(store) == (expected[0], [])
    store.close()
