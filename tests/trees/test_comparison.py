"""Comparison of a tree with a revision of its repository: which commit is the base, and which lie between."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import UAPI, X86, commit, git, kernel, lay

from caplint.trees.comparison import compared
from caplint.trees.detect import directory_tree, revision_tree
from caplint.trees.tree import PatchFile, Tree
from caplint.util.errors import CaplintError

LATER, MINE = "int later;\n", "int mine;\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A topic of one commit that master has left behind."""
    root = kernel(tmp_path_factory.mktemp("comparison") / "k")
    commit(root, "first")
    git(root, "branch", "topic")
    lay(root, {X86: LATER})
    commit(root, "later")
    git(root, "checkout", "-q", "topic")
    lay(root, {"virt/kvm/mine.c": MINE})
    commit(root, "mine")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    """A copy of it that may be changed."""
    shutil.copytree(made, tmp_path / "k", symlinks=True)
    return tmp_path / "k"


def _base(tree: Tree) -> Tree:
    assert tree.base is not None
    return tree.base


def test_the_base_is_the_revision_itself(root: Path) -> None:
    tree = compared(directory_tree(str(root)), str(root), ("master", None), fork=False)
    assert (_base(tree).read(X86), tree.read("virt/kvm/mine.c")) == (LATER.encode(), MINE.encode())
    assert (_base(tree).name, _base(tree).role) == (tree.name, tree.role)
    assert tree.steps is not None
    assert tree.steps.missing.startswith("master..: the commits do not lead from one end to the other")


def test_with_a_fork_the_base_is_where_both_have_parted(root: Path) -> None:
    tree = compared(directory_tree(str(root)), str(root), ("master", None), fork=True, rest="uncommitted changes")
    assert _base(tree).read(X86) != LATER.encode()
    assert _base(tree).revision == git(root, "rev-parse", "master~1")
    assert tree.steps is not None
    assert tree.steps.missing == ""
    name = f"{git(root, 'rev-parse', 'topic')[:12]} mine"
    assert tree.patch_files == [PatchFile("master...", 1, name, "virt/kvm/mine.c", "added")]
    assert [step.patch for step in tree.steps.read(tree)] == [name, "uncommitted changes"]


def test_two_revisions_whatever_is_checked_out(root: Path) -> None:
    later = revision_tree(str(root), "master", "kernel", "kernel")
    tree = compared(later, str(root), ("topic", "master"), fork=True)
    assert (tree.read(X86), tree.exists("virt/kvm/mine.c")) == (LATER.encode(), False)
    assert [(entry.series, entry.path) for entry in tree.patch_files] == [("topic...master", X86)]


def test_patches_that_a_tree_has_already_stay_its_own(root: Path) -> None:
    tree = directory_tree(str(root))
    tree.patch_files = [PatchFile("a.patch", 1, "of a mail", UAPI, "modified")]
    assert compared(tree, str(root), ("master", None), fork=True).patch_files[0].patch == "of a mail"


def test_errors_are_of_the_repository(root: Path) -> None:
    tree = directory_tree(str(root))
    with pytest.raises(CaplintError, match=f"^{root}: no revision 'gone' in this repository"):
        compared(tree, str(root), ("gone", None), fork=False)
    git(root, "checkout", "-q", "--orphan", "other")
    commit(root, "other")
    with pytest.raises(CaplintError, match="have no commit in common"):
        compared(tree, str(root), ("master", None), fork=True)
    assert _base(compared(tree, str(root), ("master", None), fork=False)).read(X86) == LATER.encode()
