"""The state of a working directory: what changes it, and when it cannot be told."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import UAPI, X86, age, bare_kernel, bare_qemu, commit, lay

from caplint.trees.detect import directory_tree, revision_tree, staged_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.walk import covers, walk

SELFTEST = "tools/testing/selftests/kvm/x86/cap.c"


def _state(root: Path) -> str | None:
    return directory_tree(str(root)).state_id({})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A kernel that nobody has touched for a while."""
    bare_kernel(tmp_path, {X86: "int x;", SELFTEST: "int y;", "README": "", "fs/a.c": "int z;"})
    age(tmp_path, 1000)
    return tmp_path


def test_the_state_stays_while_nothing_changes(root: Path) -> None:
    assert _state(root) == _state(root) is not None


def _settle(root: Path) -> None:
    """Make what is new old enough, and leave the stamps of all else."""
    for file in root.rglob("*.c"):
        if file.is_file() and file.stat().st_mtime > time.time() - 500:
            os.utime(file, (5, 5))


def _replace(file: Path) -> None:
    """Put another file of the same content and time in its place."""
    old = file.rename(file.with_name("o"))
    file.write_bytes(old.read_bytes())
    os.utime(file, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "longer": lambda root: lay(root, {X86: "int xx;"}),
    "later": lambda root: os.utime(root / X86, (1, 1)),
    "another inode": lambda root: _replace(root / X86),
    "gone": lambda root: (root / X86).unlink(),
    "new": lambda root: lay(root, {"virt/kvm/new.c": ""}),
    "moved": lambda root: (root / X86).rename(root / "arch/x86/kvm/y.c"),
    "a self-test": lambda root: lay(root, {SELFTEST: "int yy;"}),
    "a link to a directory": lambda root: (root / "arch/arm").symlink_to("x86"),
    "a dangling link": lambda root: (root / "arch/x86/kvm/l.c").symlink_to("nowhere"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_is_another_state(root: Path, change: Callable[[Path], object]) -> None:
    before = _state(root)
    change(root)
    _settle(root)
    after = _state(root)
    assert after is not None
    assert after != before


def test_where_a_link_leads_is_part_of_the_state(root: Path) -> None:
    (root / "arch/arm").symlink_to("x86")
    before = _state(root)
    (root / "arch/arm").unlink()
    (root / "arch/arm").symlink_to("x87")
    assert _state(root) != before


@pytest.mark.parametrize("path", ["README", "fs/a.c", ".git/a.c"])
def test_what_a_run_never_reads_is_no_part_of_the_state(root: Path, path: str) -> None:
    before = _state(root)
    lay(root, {path: "changed"})
    assert _state(root) == before


def test_the_state_with_a_young_file_cannot_be_told(root: Path) -> None:
    os.utime(root / X86)
    assert _state(root) is None


@pytest.mark.parametrize("path", ["fs/a.c", "README"])
def test_the_state_says_nothing_once_something_outside_of_it_was_looked_at(root: Path, path: str) -> None:
    tree = directory_tree(str(root))
    assert tree.read_or_none(UAPI) is not None
    assert tree.state_id({}) is not None
    assert tree.read_or_none(path) is not None
    assert tree.state_id({}) is None


def test_a_link_that_leads_outside_of_the_state_is_such_a_look(root: Path) -> None:
    (root / "arch/x86/kvm/l.h").symlink_to("../../../fs/a.c")
    tree = directory_tree(str(root))
    assert tree.read_or_none("arch/x86/kvm/l.h") == b"int z;"
    assert tree.state_id({}) is None


def test_a_walk_serves_the_listing_once_and_later_listings_see_what_is_new(root: Path) -> None:
    tree = directory_tree(str(root))
    tree.state_id({})
    assert X86 in tree.candidates()
    lay(root, {"virt/kvm/new.c": ""})
    assert "virt/kvm/new.c" in tree.candidates()


def test_states_of_revisions_and_of_the_index(root: Path) -> None:
    first = commit(root)
    assert revision_tree(str(root), "HEAD").state_id({}) == revision_tree(str(root), first).state_id({})
    staged = staged_tree(directory_tree(str(root))).state_id({})
    lay(root, {X86: "int xx;"})
    assert staged_tree(directory_tree(str(root))).state_id({}) == staged
    commit(root)
    assert revision_tree(str(root), "HEAD").state_id({}) != revision_tree(str(root), first).state_id({})
    assert staged_tree(directory_tree(str(root))).state_id({}) != staged


def test_the_state_of_an_overlay_is_that_of_the_tree_and_of_what_lies_over_it(root: Path) -> None:
    tree = directory_tree(str(root))
    changes: list[dict[str, bytes | None]] = [{X86: b"int x;"}, {X86: b"int y;"}, {X86: None}, {}]
    states = {OverlayTree(tree, change).state_id({}) for change in changes}
    assert len(states) == 4
    assert None not in states
    os.utime(root / X86)
    assert OverlayTree(tree, {}).state_id({}) is None


@pytest.mark.parametrize(
    ("path", "covered"),
    [("a/b.h", True), ("a/b.txt", False), ("ab/b.h", False), ("b.h", False), ("a/.git/b.h", False),
     ("a/c/b.h", True), ("a/d/b.h", False), ("a/d/c/b.h", False), ("d/e/b.h", True), ("d/b.h", False)],
)  # fmt: skip
def test_what_a_walk_covers(path: str, covered: bool) -> None:
    assert covers(["a", "d/e"], path, lambda directory: not f"{directory}/".startswith(("a/d/", "d/"))) is covered
    assert covers([""], "b.h", lambda _: False)


def test_a_walk_covers_what_it_finds_and_nothing_else(root: Path) -> None:
    project = directory_tree(str(root)).project
    walked = ["arch", "arch/x86", "arch/x86/kvm/mmu", "arch/arm/include/asm/x", "include/a/b", "virt/lib"]
    others = ["arch/x86/mm", "tools/arch/x86/include/asm", "fs/kvm", ".git/a"]
    files = {f"{place}/f.c" for place in (*walked, *others)}
    lay(root, dict.fromkeys(files, ""))
    directories = [*project.roots, *project.selftests]
    found = {path for _, path in walk("k", root, directories, project.may_hold)[0]}
    assert found & files == {f"{place}/f.c" for place in walked}
    assert found & files == {path for path in files if covers(directories, path, project.may_hold)}
    assert SELFTEST in found


def test_firmware_and_builds_of_qemu_are_not_walked(tmp_path: Path) -> None:
    kept = ["target/i386/kvm/a.c", "hw/a/b/c.c", "linux-headers/linux/a.h", "include/standard-headers/asm-x86/a.h"]
    gone = ["roms/edk2/a.c", "build/a.h", "tests/a.c", "subprojects/a/b.c", "linux-headers/rdma/a.h"]
    tree = bare_qemu(tmp_path, dict.fromkeys([*kept, *gone], "KVM_CAP_A"))
    found = {path for _, path in walk("q", tmp_path, tree.project.roots, tree.project.may_hold)[0]}
    assert found >= set(kept)
    assert found.isdisjoint(gone)
