"""Choice of the project that a file of a diff belongs to: by its path, what it says, the trees given, and --for."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, bare_kernel, bare_qemu

from caplint.knowledge.load import knowledge
from caplint.trees.detect import name_of
from caplint.trees.excerpt import EmptyTree
from caplint.trees.excerpt_places import Places
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff, Hunk
from caplint.util.errors import CaplintError

EVERY = [
    EmptyTree(name_of(project), project.role, project)
    for project in knowledge().projects
    if project.name in {"linux", "qemu", "libvirt"}
]
MENTION, PLAIN = b"+\treturn kvm_vm_check_extension(s, KVM_CAP_HLT);", b"+\treturn 0;"


def _file(path: str, line: bytes = MENTION, old: str | None = "") -> FileDiff:
    before = path if old == "" else old
    return FileDiff(before, path, "modified" if before else "added", (Hunk(1, 1, (b" {", line)),))


def _routed(*files: FileDiff, given: tuple[Tree, ...] = (), preferred: str | None = None) -> list[tuple[str, str]]:
    found = Places(EVERY, given, preferred).route(files, "p")
    return [(name, file.path) for name, file in found]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("arch/x86/kvm/x86.c", "kernel"),
        (UAPI, "kernel"),
        ("Documentation/virt/kvm/api.rst", "kernel"),
        ("accel/kvm/kvm-all.c", "qemu"),
        (QEMU_UAPI, "qemu"),
        ("hw/i386/x86.c", "qemu"),
        ("src/qemu/qemu_process.c", "libvirt"),
    ],
)
@pytest.mark.parametrize("line", [MENTION, PLAIN])
def test_a_path_that_one_project_alone_has(path: str, name: str, line: bytes) -> None:
    assert _routed(_file(path, line)) == [(name, path)]


@pytest.mark.parametrize("path", ["README.md", "drivers/net/tap.c", "scripts/x.py", "tests/qtest/kvm.c"])
def test_what_its_project_does_not_read_is_left_out(path: str) -> None:
    assert _routed(_file(path)) == []


def test_a_path_of_several_counts_only_if_it_mentions_kvm() -> None:
    assert _routed(_file("tools/x.c", PLAIN)) == []
    with pytest.raises(CaplintError, match=r"^p: tools/x\.c fits qemu and libvirt; choose with --for NAME$"):
        _routed(_file("tools/x.c"))


def test_a_path_of_several_goes_where_the_others_of_the_patch_go() -> None:
    assert _routed(_file("tools/x.c"), _file("hw/a.c", PLAIN)) == [("qemu", "tools/x.c"), ("qemu", "hw/a.c")]
    assert _routed(_file("tools/x.c"), _file("src/a.c", PLAIN))[0][0] == "libvirt"


@pytest.mark.parametrize("preferred", ["qemu", "vmm"])
def test_a_tree_of_a_name_or_role_takes_all_that_it_reads(preferred: str) -> None:
    files = [_file("tools/x.c"), _file("include/uapi/x.h", PLAIN), _file("drivers/net/tap.txt")]
    found = _routed(*files, preferred=preferred)
    assert found == [("qemu", "tools/x.c"), ("qemu", "include/uapi/x.h")]


def test_a_tree_of_a_project_is_meant_by_its_name_too() -> None:
    assert _routed(_file("include/hw/x.h"), preferred="linux") == [("kernel", "include/hw/x.h")]
    assert _routed(_file("hw/x.c"), preferred="linux") == []


def test_a_name_that_no_tree_has() -> None:
    names = ", ".join(tree.name for tree in EVERY)
    with pytest.raises(CaplintError, match=f"^--for kernal: unknown tree; choose from {names}$"):
        Places(EVERY, [], "kernal")


def test_a_tree_that_has_the_file_decides_before_its_path(tmp_path: Path) -> None:
    fork = bare_kernel(tmp_path, {"include/hw/kvm.h": "int a;\n"})
    assert _routed(_file("include/hw/kvm.h"), given=(fork,)) == [("kernel", "include/hw/kvm.h")]
    assert _routed(_file("include/hw/kvm.h")) == [("qemu", "include/hw/kvm.h")]
    moved = _file("include/hw/moved.h", old="include/hw/kvm.h")
    assert _routed(moved, given=(fork,)) == [("kernel", "include/hw/moved.h")]


@pytest.mark.parametrize(("old", "name"), [(None, "kernel"), ("include/hw/new.h", "qemu")])
def test_only_a_new_file_goes_by_its_directory(tmp_path: Path, old: str | None, name: str) -> None:
    fork = bare_kernel(tmp_path, {"include/hw/kvm.h": "int a;\n"})
    assert _routed(_file("include/hw/new.h", old=old), given=(fork,)) == [(name, "include/hw/new.h")]


def test_of_two_trees_that_have_a_file_the_preferred_role_counts(tmp_path: Path) -> None:
    linux = bare_kernel(tmp_path / "k", {"include/x.h": ""})
    qemu = bare_qemu(tmp_path / "q", {"include/x.h": ""})
    for preferred, name in (("kernel", "kernel"), ("vmm", "qemu")):
        assert _routed(_file("include/x.h"), given=(linux, qemu), preferred=preferred) == [(name, "include/x.h")]
    with pytest.raises(CaplintError, match=r"^p: include/x\.h fits kernel and qemu; choose with --for NAME$"):
        _routed(_file("include/x.h"), given=(linux, qemu))
    assert _routed(_file("include/x.h"), given=(linux,)) == [("kernel", "include/x.h")]
