"""Which tree each file of a patch belongs to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conftest import bare_kernel, bare_qemu

from caplint.trees.routing import decide, route
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff
from caplint.util.errors import CaplintError

SHARED = "scripts/shared.c"


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[Tree]:
    root = tmp_path_factory.mktemp("routing")
    kernel = bare_kernel(root / "k", {"arch/x86/kvm/x86.c": "", SHARED: "", "arch/x86/kvm/moved.c": ""})
    return [kernel, bare_qemu(root / "q", {"target/i386/kvm/kvm.c": "", SHARED: ""})]


def _changed(path: str) -> FileDiff:
    return FileDiff(path, path, "modified")


def _added(path: str) -> FileDiff:
    return FileDiff(None, path, "added")


X86, I386 = _changed("arch/x86/kvm/x86.c"), _changed("target/i386/kvm/kvm.c")


def _names(trees: list[Tree], *patches: list[FileDiff], preferred: str | None = None) -> list[list[str]]:
    return [[name for name, _ in patch] for patch in route(patches, trees, preferred, "p")]


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ([[X86, I386]], [["kernel", "qemu"]]),
        ([[X86, _changed(SHARED)]], [["kernel", "kernel"]]),
        ([[I386, _changed(SHARED)]], [["qemu", "qemu"]]),
        ([[X86], [_changed(SHARED)]], [["kernel"], ["kernel"]]),
        ([[X86], [I386, _changed(SHARED)]], [["kernel"], ["qemu", "qemu"]]),
        ([[_added("arch/x86/kvm/new.c")]], [["kernel"]]),
        ([[_added("target/i386/kvm/deep/new.c")]], [["qemu"]]),
        ([[_added("arch/x86/kvm/new.c")], [_changed("arch/x86/kvm/new.c")]], [["kernel"], ["kernel"]]),
        ([[_added("q/new.c"), X86], [_changed("q/new.c"), I386]], [["kernel", "kernel"], ["qemu", "qemu"]]),
        ([[FileDiff("arch/x86/kvm/gone.c", "arch/x86/kvm/moved.c", "renamed")]], [["kernel"]]),
        ([[FileDiff("arch/x86/kvm/gone.c", None, "removed")]], [["kernel"]]),
        ([[]], [[]]),
        ([], []),
    ],
)
def test_routes(trees: list[Tree], patches: list[list[FileDiff]], expected: list[list[str]]) -> None:
    assert _names(trees, *patches) == expected


@pytest.mark.parametrize(("preferred", "expected"), [("qemu", "qemu"), ("vmm", "qemu"), ("kernel", "kernel")])
def test_a_tree_that_is_preferred(trees: list[Tree], preferred: str, expected: str) -> None:
    assert _names(trees, [_changed(SHARED)], preferred=preferred) == [[expected]]
    assert _names(trees, [X86, _changed(SHARED)], preferred=preferred) == [["kernel", "kernel"]]


def test_errors(trees: list[Tree]) -> None:
    with pytest.raises(CaplintError, match=f"p: {SHARED} fits kernel and qemu; choose with --for NAME"):
        _names(trees, [_changed(SHARED)])
    with pytest.raises(CaplintError, match="--for nobody: unknown tree; choose from kernel, qemu"):
        _names(trees, [X86], preferred="nobody")
    with pytest.raises(CaplintError, match=r"p: virt/kvm/gone.c fits none of the trees \(kernel, qemu\); add its tree"):
        _names(trees, [_changed("virt/kvm/gone.c")])
    with pytest.raises(CaplintError, match=r"fits none of the trees \(none\)"):
        _names([], [_changed("README")])


def test_files_that_are_never_read_are_left_out(trees: list[Tree]) -> None:
    said: list[str] = []
    patch = [_changed("a.py"), _changed("b.py"), X86, _changed("a.py")]
    assert [[file.path for _, file in found] for found in route([patch], trees, None, "p", said.append)] == [[X86.path]]
    assert said == ["p: left out a.py and 1 more: in none of the trees, and not read by caplint"]


def test_a_reference_is_no_target(trees: list[Tree], tmp_path: Path) -> None:
    other = bare_kernel(tmp_path, {"arch/x86/kvm/x86.c": ""})
    other.role = "reference"
    assert _names([other, *trees], [X86]) == [["kernel"]]


def test_opinions_are_asked_in_their_order(trees: list[Tree]) -> None:
    either = (_changed(SHARED), ["kernel", "qemu"])
    assert decide([either], [], "p", Counter(qemu=1))[0][0] == "qemu"
    assert decide([either], [trees[0]], "p", Counter(qemu=5))[0][0] == "kernel"
    assert decide([either, (I386, ["qemu"])], [trees[0]], "p")[0][0] == "qemu"
