"""What links remember: every table and view is what it would be in a store that knows nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from views import differences, views_of

from caplint.trees.detect import directory_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

UAPI = "include/uapi/linux/kvm.h"
X86 = "arch/x86/kvm/x86.c"
S390 = "arch/s390/kvm/kvm-s390.c"
HOST = "arch/x86/include/asm/kvm_host.h"
QEMU_X86 = "target/i386/kvm/kvm.c"
API = "Documentation/virt/kvm/api.rst"

Change = Callable[[bytes], bytes | None]


def above(text: str) -> Change:
    """Everything moves down."""
    return lambda content: text.encode() + content


def below(text: str) -> Change:
    """More at the end."""
    return lambda content: content + text.encode()


def without(word: str) -> Change:
    """Lines that hold a word are gone."""
    return lambda content: b"".join(line for line in content.splitlines(True) if word.encode() not in line)


def gone(_: bytes) -> None:
    """The whole file."""


LAYOUT = "struct kvm_cup {\n\t__u32 size;\n};\n#define KVM_CUP _IOW(KVMIO, 0xfe, struct kvm_cup)\n"
MACROS = "#define MSR_IA32_TSC_ADJUST 0x999\n#define kvm_is_brewed(v) ((v)->arch.brew)\n"
HELPER = "static int kvm_brew(struct kvm *kvm)\n{\n\tkvm->arch.brew = 1;\n\treturn 0;\n}\n"

EDITS: dict[str, dict[str, dict[str, Change]]] = {
    "lines move": {"linux": {UAPI: above("\n"), X86: above("\n\n"), HOST: above("\n"), S390: above("\n")}},
    "a number": {"linux": {UAPI: below("#define KVM_CAP_BREW 250\n")}},
    "a layout": {"linux": {UAPI: below(LAYOUT)}},
    "a macro": {"linux": {HOST: below(MACROS)}},
    "a member": {"linux": {HOST: below("struct kvm_vcpu_arch {\n\tu64 brew;\n};\n")}},
    "a helper": {"linux": {X86: below(HELPER)}},
    "cases": {"linux": {X86: without("case ")}},
    "one architecture": {"linux": {S390: without("case ")}},
    "a file": {"linux": {S390: gone}},
    "shared code": {"linux": {"virt/kvm/kvm_main.c": above("\n\n")}},
    "macros of another architecture": {"linux": {"arch/s390/include/asm/kvm_host.h": below(MACROS)}},
    "a makefile": {"linux": {"arch/x86/kvm/Makefile": below("kvm-$(CONFIG_BREW) += x86.o\n")}},
    "words": {"linux": {API: below("\n9.9 KVM_CAP_BREW\n----------------\n\n:Architectures: x86\n")}},
    "a check": {"qemu": {QEMU_X86: without("kvm_check_extension")}},
    "both": {"linux": {X86: above("\n")}, "qemu": {QEMU_X86: above("\n"), "linux-headers/linux/kvm.h": above("\n")}},
}


@pytest.fixture(scope="module")
def trees() -> dict[str, Tree]:
    return {name: directory_tree(str(shipped_files.FIXTURES / name)) for name in ("linux", "qemu")}


@pytest.fixture(scope="module")
def warm(trees: dict[str, Tree], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that has seen the trees without a patch."""
    cache = tmp_path_factory.mktemp("warm")
    views_of([*trees.values()], str(cache))
    return cache


def edited(trees: dict[str, Tree], edits: dict[str, dict[str, Change]]) -> list[Tree]:
    return [
        OverlayTree(tree, {path: change(tree.read(path)) for path, change in edits[name].items()})
        if name in edits
        else tree
        for name, tree in trees.items()
    ]


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_a_patch_on_known_trees(trees: dict[str, Tree], warm: Path, edits: dict[str, dict[str, Change]]) -> None:
    patched = edited(trees, edits)
    expected = views_of(patched, "none")
    assert differences(views_of(patched, str(warm)), expected) == {}
    assert differences(views_of(patched, str(warm)), expected) == {}  # from memory now


def test_the_edits_show(trees: dict[str, Tree]) -> None:
    """Else there would be nothing to be compared."""
    bare = views_of([*trees.values()], "none")
    for name, edits in EDITS.items():
        shown = differences(bare, views_of(edited(trees, edits), "none"))
        assert shown.keys() - {"tree", "all_file", "base_file", "code_function"}, name


def test_memory_of_a_tree_serves_as_a_base(trees: dict[str, Tree], tmp_path: Path) -> None:
    linux = trees["linux"]
    before = views_of([linux], str(tmp_path))
    after = views_of([OverlayTree(linux, {X86: linux.read(X86) + b"\n"})], str(tmp_path))
    for name in ("all_msr_site", "all_msr_state", "all_cap_enable", "all_cap_state"):
        now = [row for row in before[name] if "'now'" in row]
        assert now
        assert {row.replace("'now", "'base") for row in now} <= set(after[name])
