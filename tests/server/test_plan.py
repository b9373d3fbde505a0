"""Trees of a server as its own process and its checks see them: with an editor's buffers laid over the files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import KERNEL_FILES, QEMU_FILES, commit, git, lay, made_up_rule

from caplint.config.settings import Config
from caplint.server.messages import ServedTree
from caplint.server.plan import ServerPlan, laid_over
from caplint.trees.detect import directory_tree, revision_tree
from caplint.trees.tree import LARGEST, Tree


def _plan(place: Path) -> ServerPlan:
    lay(place / "k", KERNEL_FILES)
    return ServerPlan([directory_tree(str(place / "k"))], [made_up_rule()], Config(known=("a.json", "b/c.json")))


def test_what_the_servers_own_process_is_told(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "k")
    plan = _plan(tmp_path)
    git(tmp_path / "k", "init", "-q")
    last = commit(tmp_path / "k", "first")
    old = revision_tree(str(tmp_path / "k"), last, "reference", "old")
    linked = directory_tree(str(tmp_path / "link"))
    plan = ServerPlan([*plan.trees, old, linked], plan.rules, plan.config)
    kernel, reference, through_link = plan.served
    assert kernel == ServedTree("kernel", "kernel", str(tmp_path / "k"), str(tmp_path / "k"))
    assert (reference.name, reference.role, reference.root) == ("old", "reference", None)
    assert through_link.root == str(tmp_path / "k")  # as the addresses of buffers are, without links
    assert plan.known == (Path("a.json"), Path("b/c.json"))


@pytest.mark.parametrize("size", [0, 1, LARGEST, LARGEST + 1, LARGEST + 2])
def test_contents_are_bounded(tmp_path: Path, size: int) -> None:
    tree: Tree = directory_tree(str(lay(tmp_path, KERNEL_FILES)))
    (laid,) = laid_over([tree], {tree.name: {"virt/kvm/kvm_main.c": b"x" * size}})
    content = laid.read("virt/kvm/kvm_main.c")
    assert len(content) == min(size, LARGEST + 1)
    assert content[:1] == (b"" if not size else b"x" if size <= LARGEST else b"\0")


def test_only_trees_with_contents_are_others(tmp_path: Path) -> None:
    plan = _plan(tmp_path)
    unchanged: list[dict[str, dict[str, bytes]]] = [{}, {"another": {"a.c": b""}}, {"kernel": {}}]
    for overlays in unchanged:
        assert laid_over(plan.trees, overlays)[0] is plan.trees[0]
    (laid,) = laid_over(plan.trees, {"kernel": {"virt/kvm/new.c": b"int kvm;\n"}})
    assert (laid.name, laid.role, laid.location, laid.base) == ("kernel", "kernel", str(tmp_path / "k"), None)
    assert laid.read("virt/kvm/new.c") == b"int kvm;\n"
    assert laid.read("virt/kvm/kvm_main.c") == plan.trees[0].read("virt/kvm/kvm_main.c")
    assert not os.path.exists(tmp_path / "k/virt/kvm/new.c")  # noqa: PTH110 - nothing is written


def test_each_tree_has_its_own_contents_and_the_order_stays(tmp_path: Path) -> None:
    trees = [directory_tree(str(lay(tmp_path / "q", QEMU_FILES))), *_plan(tmp_path).trees]
    path = "accel/kvm/kvm-all.c"
    laid = laid_over(trees, {"kernel": {path: b"kernel"}, "qemu": {path: b"qemu"}})
    assert [(tree.name, tree.read(path)) for tree in laid] == [("qemu", b"qemu"), ("kernel", b"kernel")]


def test_a_tree_that_is_compared_is_compared_no_more(tmp_path: Path) -> None:
    """Buffers are checked as they are, not against a revision."""
    (tree,) = _plan(tmp_path).trees
    tree.base = directory_tree(str(lay(tmp_path / "old", KERNEL_FILES)))
    (laid,) = laid_over([tree], {"kernel": {"virt/kvm/new.c": b"x"}})
    assert laid.base is None
