"""Revisions and the index as trees: the same files as a checkout would have, and nothing touched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import KERNEL_FILES, QEMU_FILES, UAPI, X86, commit, git, kernel, lay, qemu

from caplint.facts.store.store import FactStore
from caplint.trees.detect import against, directory_tree, parse_tree, staged_tree, tree_of
from caplint.trees.repository import Repository
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

OTHER = "include/linux/other.h"


@pytest.fixture
def store() -> Iterator[FactStore]:
    opened = FactStore(None)
    yield opened
    opened.close()


def _state(tree: Tree, store: FactStore) -> dict[str, tuple[str, int]]:
    return {file.path: (file.oid, file.size) for file in tree.files(store)}


def test_a_revision_is_what_a_checkout_would_be(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k", {OTHER: "KVM_CAP_HLT\n", "include/linux/plain.h": "int x;\n"})
    first = commit(root)
    expected = _state(directory_tree(str(root)), store)
    lay(root, {X86: "int y;\n", OTHER: "int y;\n"})
    (root / UAPI).unlink()
    commit(root)
    tree = tree_of(f"{root}@HEAD~1")
    assert _state(tree, store) == expected
    assert OTHER in expected
    assert (tree.name, tree.role, tree.location, tree.revision) == ("kernel", "kernel", f"{root}@HEAD~1", first)
    assert tree.read(X86) == str(KERNEL_FILES[X86]).encode()
    assert tree.candidates() == sorted([*expected, "include/linux/plain.h"])
    assert git(root, "status", "--porcelain") == ""


def test_a_directory_below_the_repository(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "all" / "deep" / "k")
    lay(tmp_path / "all", {"virt/kvm/elsewhere.c": "KVM_CAP_X"})
    commit(tmp_path / "all")
    tree = tree_of(f"{root}@HEAD")
    assert _state(tree, store) == _state(directory_tree(str(root)), store)
    assert _state(staged_tree(directory_tree(str(root))), store) == _state(tree, store)


def test_links_and_submodules_are_not_followed(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k")
    (root / "virt/kvm/link.c").symlink_to("/etc/passwd")
    git(root, "init", "-q")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},virt/kvm/sub.c")
    commit(root)
    assert sorted(_state(tree_of(f"{root}@HEAD"), store)) == sorted(KERNEL_FILES)


def test_a_name_that_is_no_utf8(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k")
    Path(os.fsdecode(os.fsencode(str(root / "virt/kvm")) + b"/\xff.c")).write_text("int x;")
    commit(root)
    assert _state(tree_of(f"{root}@HEAD"), store) == _state(directory_tree(str(root)), store)


def test_unchanged_objects_are_read_once(tmp_path: Path, store: FactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    root = kernel(tmp_path / "k", {OTHER: "int x;\n"})
    commit(root)
    lay(root, {OTHER: "KVM_CAP_HLT\n"})
    commit(root)
    asked: list[str] = []
    real = Repository.read_present
    monkeypatch.setattr(Repository, "read_present", lambda self, oids: asked.extend(oids) or real(self, oids))  # type: ignore[func-returns-value]
    assert OTHER not in _state(tree_of(f"{root}@HEAD~1"), store)
    assert len(asked) == len(KERNEL_FILES) + 1
    asked.clear()
    assert OTHER in _state(tree_of(f"{root}@HEAD"), store)
    assert len(asked) == 1


def test_the_index_and_its_base(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    lay(root, {X86: "staged\n"})
    git(root, "add", "-A")
    lay(root, {X86: "not staged\n", "virt/kvm/new.c": ""})
    tree = staged_tree(directory_tree(str(root)))
    assert tree.read(X86) == b"staged\n"
    assert "virt/kvm/new.c" not in _state(tree, store)
    assert tree.base is not None
    assert tree.base.read(X86) == str(KERNEL_FILES[X86]).encode()
    assert (tree.location, tree.base.location) == (str(root), f"{root}@HEAD")


def test_an_index_before_the_first_commit(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k")
    git(root, "init", "-q")
    git(root, "add", "-A")
    tree = staged_tree(directory_tree(str(root)))
    assert len(_state(tree, store)) == len(KERNEL_FILES)
    assert tree.base is not None
    assert _state(tree.base, store) == {}


def test_an_index_that_is_being_merged(tmp_path: Path) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    git(root, "checkout", "-q", "-b", "side")
    lay(root, {X86: "a\n"})
    commit(root)
    git(root, "checkout", "-q", "master")
    lay(root, {X86: "b\n"})
    commit(root)
    with pytest.raises(Exception, match="git"):
        git(root, "merge", "side")
    with pytest.raises(CaplintError, match=f"{X86} has a merge conflict; resolve it"):
        staged_tree(directory_tree(str(root)))


def test_a_hook_of_another_repository_does_not_mislead(
    tmp_path: Path, store: FactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, other = kernel(tmp_path / "k"), qemu(tmp_path / "q")
    commit(root)
    commit(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert sorted(_state(tree_of(f"{root}@HEAD"), store)) == sorted(KERNEL_FILES)
    assert sorted(_state(staged_tree(directory_tree(str(root))), store)) == sorted(KERNEL_FILES)
    assert sorted(_state(staged_tree(directory_tree(str(other))), store)) == sorted(QEMU_FILES)


def test_the_index_that_a_hook_is_given(tmp_path: Path, store: FactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """`git commit FILE` has the hook run with an index of its own."""
    root = kernel(tmp_path / "k")
    commit(root)
    lay(root, {X86: "partly\n"})
    own = root / ".git" / "next-index"
    own.write_bytes((root / ".git/index").read_bytes())
    monkeypatch.setenv("GIT_INDEX_FILE", str(own))
    git(root, "add", X86)
    assert staged_tree(directory_tree(str(root))).read(X86) == b"partly\n"
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert staged_tree(directory_tree(str(root))).read(X86) == str(KERNEL_FILES[X86]).encode()


def test_a_working_directory_against_a_revision(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    lay(root, {"virt/kvm/new.c": ""})
    tree = against(directory_tree(str(root)), "HEAD", str(root))
    assert tree.base is not None
    assert _state(tree, store).keys() - _state(tree.base, store).keys() == {"virt/kvm/new.c"}


def test_where_a_path_is_split(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k@e")
    commit(root)
    assert tree_of(str(root)).revision is None
    assert parse_tree(f"a=reference:{root}@HEAD").location == f"{root}@HEAD"
    git(root, "branch", "a@b")
    assert len(_state(tree_of(f"{root}@a@b"), store)) == len(KERNEL_FILES)


@pytest.mark.parametrize(
    ("suffix", "message"),
    [
        ("@nope", "no revision 'nope' in this repository"),
        ("@", "'' is not a revision"),
        ("@--help", "'--help' is not a revision"),
        ("@HEAD:virt", "no revision 'HEAD:virt' in this repository"),
        ("@HEAD^{blob}", "no revision"),
        ("@HEAD@{1}", "'HEAD@{1}': reflogs and upstreams are not read; name a branch, tag or commit"),
        ("@:/change", "no revision ':/change'"),
    ],
)
def test_no_such_revision(tmp_path: Path, suffix: str, message: str) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    with pytest.raises(CaplintError, match=r"^" + str(root)) as error:
        tree_of(f"{root}{suffix}")
    assert message in str(error.value)


def test_what_is_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = kernel(tmp_path / "k")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(CaplintError, match=r"k: not in a git repository"):
        tree_of(f"{root}@HEAD")
    with pytest.raises(CaplintError, match=r"gone@HEAD: no such directory"):
        tree_of(f"{tmp_path}/gone@HEAD")
    commit(root)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CaplintError, match=r"^git is not installed"):
        tree_of(f"{root}@HEAD")


def test_a_revision_of_no_known_project(tmp_path: Path) -> None:
    root = lay(tmp_path / "x", {"a": ""})
    commit(root)
    with pytest.raises(CaplintError, match=r"x@HEAD: unknown project"):
        tree_of(f"{root}@HEAD")


def test_a_damaged_repository(tmp_path: Path, store: FactStore) -> None:
    root = kernel(tmp_path / "k")
    commit(root)
    oid = git(root, "rev-parse", f"HEAD:{X86}")
    (root / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(CaplintError, match=f"cannot read object {oid} from the repository; run `git fsck`"):
        _state(tree_of(f"{root}@HEAD"), store)
