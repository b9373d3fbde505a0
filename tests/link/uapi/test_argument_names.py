"""Macros of architectures' headers that are arguments of a capability, and capabilities of architectures."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, ask, bare_kernel, bare_qemu

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.findings.finding import Finding
from caplint.rules import page as rule_pages
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

ASM = "arch/arm64/include/uapi/asm/kvm.h"
SHARED = (
    "#define KVM_CAP_IRQCHIP 0\n#define KVM_CAP_HLT 1\n#define KVM_CAP_ARM_RME 300\n#define KVM_CAP_ARM_RME_ODD 301\n"
)
NAMES = "#define KVM_CAP_ARM_RME_CONFIG 0\n#define KVM_CAP_E2K_TEA 1000\n"
SWITCH = (
    "int f(struct kvm *kvm, struct kvm_enable_cap *cap, long ext)\n{{\n\tswitch ({0}) {{\n{1}\t}}\n\treturn 0;\n}}\n"
)
CONFIG = "\tcase KVM_CAP_ARM_RME_CONFIG:\n\t\treturn 1;\n"
OTHER = "\tcase KVM_CAP_HLT:\n\t\treturn 1;\n"

CODE = {
    "unused": ("", ["CONFIG"]),
    "switch over an argument": (SWITCH.format("cap->args[0]", CONFIG), ["CONFIG"]),
    "switch over the flags": (SWITCH.format("cap->flags", CONFIG), ["CONFIG"]),
    "switch over a copy": (SWITCH.format("cmd", CONFIG), ["CONFIG"]),
    "switch over capabilities": (SWITCH.format("cap->cap", CONFIG), []),
    "beside another capability": (SWITCH.format("number", CONFIG + OTHER), []),
    "comparison": ("int f(long ext)\n{\n\treturn ext == KVM_CAP_ARM_RME_CONFIG;\n}\n", []),
    "comparison of an argument": ("int f(u64 args)\n{\n\treturn args == KVM_CAP_ARM_RME_CONFIG;\n}\n", ["CONFIG"]),
    "member of an argument": ("void f(struct item *args)\n{\n\targs->algo = KVM_CAP_ARM_RME_CONFIG;\n}\n", ["CONFIG"]),
    "member that holds a capability": (
        "void f(struct item *args)\n{\n\targs->one.cap = KVM_CAP_ARM_RME_CONFIG;\n}\n",
        [],
    ),
    "member, and a variable": (
        "void f(struct item *args)\n{\n\tint n;\n\n\targs->algo = KVM_CAP_ARM_RME_CONFIG;\n"
        "\tn = KVM_CAP_ARM_RME_CONFIG;\n}\n",
        [],
    ),
    "in a list": ("static const u32 caps[] = { KVM_CAP_ARM_RME_CONFIG };\n", []),
}


@pytest.mark.parametrize(("code", "arguments"), CODE.values(), ids=CODE)
def test_arguments_and_capabilities(tmp_path: Path, code: str, arguments: list[str]) -> None:
    tree = bare_kernel(tmp_path, {UAPI: SHARED, ASM: NAMES, "arch/arm64/kvm/arm.c": code})
    rows = ask([tree], "SELECT name, cap FROM cap_value")
    assert rows == [(f"KVM_CAP_ARM_RME_{name}", "KVM_CAP_ARM_RME") for name in arguments]
    names = {name for (name,) in ask([tree], "SELECT name FROM cap")}
    assert {"KVM_CAP_E2K_TEA", "KVM_CAP_ARM_RME_ODD"} <= names
    assert ("KVM_CAP_ARM_RME_CONFIG" in names) is (not arguments)


def test_argument_that_a_vmm_passes(tmp_path: Path) -> None:
    call = "void f(KVMState *s)\n{\n\tkvm_vm_enable_cap(s, KVM_CAP_ARM_RME, 0, KVM_CAP_ARM_RME_CONFIG, 1);\n}\n"
    files = {QEMU_UAPI: SHARED, "linux-headers/asm-arm64/kvm.h": NAMES, "target/arm/kvm.c": call}
    tree = bare_qemu(tmp_path, files)
    assert ask([tree], "SELECT name FROM cap_value") == [("KVM_CAP_ARM_RME_CONFIG",)]
    assert ask([tree], "SELECT cap FROM cap_use") == [("KVM_CAP_ARM_RME",)]


def test_capability_that_a_vmm_asks_for(tmp_path: Path) -> None:
    call = "int f(KVMState *s)\n{\n\treturn kvm_check_extension(s, KVM_CAP_ARM_RME_CONFIG);\n}\n"
    files = {QEMU_UAPI: SHARED, "linux-headers/asm-arm64/kvm.h": NAMES, "target/arm/kvm.c": call}
    assert ask([bare_qemu(tmp_path, files)], "SELECT name FROM cap_value") == []


def _found(*trees: Tree, code: str = "CAP102") -> list[Finding]:
    rules = [rule for rule in rule_pages.load([shipped_files.RULES]) if rule.code == code]
    return check(list(trees), rules, Config(cache="none", jobs=1)).findings


def _blamed(*trees: Tree) -> list[tuple[str, str]]:
    return [(finding.place.tree, finding.subject.removeprefix("KVM_CAP_")) for finding in _found(*trees)]


def test_collision_in_two_headers_blames_the_architectures(tmp_path: Path) -> None:
    files = {UAPI: SHARED + "#define KVM_CAP_NEW 900\n", ASM: "#define KVM_CAP_ODD 900\n"}
    assert _blamed(bare_kernel(tmp_path, files)) == [("kernel", "ODD")]


def test_collision_blames_what_the_patch_adds(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {UAPI: SHARED + "#define KVM_CAP_OLD 900\n"})
    patched = OverlayTree(tree, {UAPI: (SHARED + "#define KVM_CAP_NEW 900\n#define KVM_CAP_OLD 900\n").encode()})
    assert _blamed(patched) == [("kernel", "NEW")]


def test_collision_blames_the_name_without_a_history(tmp_path: Path) -> None:
    kernel = bare_kernel(tmp_path / "k", {UAPI: SHARED + "#define KVM_CAP_VENDOR 182\n"})
    qemu = bare_qemu(tmp_path / "q", {QEMU_UAPI: SHARED + "#define KVM_CAP_HALT_POLL 182\n"})
    assert _blamed(kernel, qemu) == [("kernel", "VENDOR")]


def test_one_finding_for_a_collision_that_is_copied(tmp_path: Path) -> None:
    header = SHARED + "#define KVM_CAP_ONE 900\n#define KVM_CAP_TWO 900\n"
    trees = (bare_kernel(tmp_path / "k", {UAPI: header}), bare_qemu(tmp_path / "q", {QEMU_UAPI: header}))
    assert _blamed(*trees) == [("kernel", "TWO")]


def test_names_that_linux_removed(tmp_path: Path) -> None:
    former = {
        "DEVICE_ASSIGNMENT": 17,
        "DEVICE_MSI": 20,
        "DEVICE_DEASSIGNMENT": 27,
        "DEVICE_MSIX": 28,
        "X86_GUEST_MWAIT": 143,
    }
    lines = "".join(f"#define KVM_CAP_{name} {number}\n" for name, number in former.items())
    now = SHARED + "#define KVM_CAP_X86_DISABLE_EXITS 143\n"
    trees = (bare_kernel(tmp_path / "k", {UAPI: now}), bare_qemu(tmp_path / "q", {QEMU_UAPI: SHARED + lines}))
    assert _blamed(*trees) == []
    (finding,) = _found(*trees, code="CAP104")
    assert finding.severity == "note"
    assert all(name in finding.message for name in former)
