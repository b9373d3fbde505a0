"""Wrapper of the descriptor on which the kernel accepts a capability, with a variable that is in scope there."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, Tables, bench, edited, finding

from caplint.fixes.enabled_scope import propose

FILE = "target/i386/kvm/kvm.c"
ENABLES = "vmm_enable(tree, path, line, column, cap, callee, scope, arch)"
ACCEPTS, TREE = "cap_enable(tree, cap, scope, arch)", "tree(name, role)"


def _mended(
    root: Path,
    signature: str,
    lines: list[str],
    accepts: Rows,
    *,
    arch: str | None = "x86",
    below: str = "    return ret;",
) -> str | None:
    """The last of the lines, which has the call."""
    text = "".join(f"{line}\n" for line in [signature, "{", *lines, below, "}"])
    line, call = 2 + len(lines), lines[-1]
    callee = next(name for name in ("kvm_vm_enable_cap", "kvm_vcpu_enable_cap", "ioctl") if f"{name}(" in call)
    scope = {"kvm_vm_enable_cap": "vm", "kvm_vcpu_enable_cap": "vcpu"}.get(callee, "vm")
    column = call.index(callee) + 1
    tables = {
        ENABLES: [("qemu", FILE, line, column, "KVM_CAP_A", callee, scope, arch)],
        ACCEPTS: [("linux", "KVM_CAP_A", *row) for row in accepts] + [("vmm", "KVM_CAP_A", "system", "x86")],
        TREE: [("linux", "kernel"), ("vmm", "vmm")],
    }
    found = finding(line, path=FILE, tree="qemu", column=column)
    after = edited(propose, found, bench(root, {FILE: text}, tables, "qemu"))
    return None if after is None else after.splitlines()[line - 1]


VM: Rows = [("vm", "x86")]
VCPU: Rows = [("vcpu", "x86")]
PER_VCPU = "    ret = kvm_vcpu_enable_cap(CPU(first_cpu), KVM_CAP_A, 0);"
PER_VM = "    ret = kvm_vm_enable_cap(cs->kvm_state, KVM_CAP_A, 0, x);"


@pytest.mark.parametrize(
    ("signature", "variable"),
    [
        ("int f(MachineState *ms, KVMState *s)", "s"),
        ("int f(MachineState *ms)", "kvm_state"),
        ("int f(KVMState *s, KVMState *t)", None),
    ],
)
def test_the_vm_of_the_function_or_of_the_process(tmp_path: Path, signature: str, variable: str | None) -> None:
    expected = variable and f"    ret = kvm_vm_enable_cap({variable}, KVM_CAP_A, 0);"
    assert _mended(tmp_path, signature, [PER_VCPU], VM) == expected


@pytest.mark.parametrize(
    ("signature", "variable"),
    [
        ("int f(CPUState *cpu)", "cpu"),
        ("int f(X86CPU *cpu)", "CPU(cpu)"),
        ("int f(CPUState *cs, PowerPCCPU *cpu)", "cs"),
        ("int f(S390CPU *a, S390CPU *b)", None),
        ("int f(KVMState *s)", None),
    ],
)
def test_the_vcpu_of_the_function(tmp_path: Path, signature: str, variable: str | None) -> None:
    expected = variable and f"    ret = kvm_vcpu_enable_cap({variable}, KVM_CAP_A, 0, x);"
    assert _mended(tmp_path, signature, [PER_VM], VCPU) == expected


def test_a_variable_of_the_function_itself(tmp_path: Path) -> None:
    lines = ["    CPUState *cs = first_cpu;", "    int ret;", "", PER_VM]
    assert _mended(tmp_path / "a", "int f(void)", lines, VCPU) == "    ret = kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0, x);"
    inner = ["    if (x) {", "        CPUState *other = first_cpu;", "    }", PER_VM]
    assert _mended(tmp_path / "b", "int f(void)", inner, VCPU) is None


def test_a_variable_may_not_be_left_without_use(tmp_path: Path) -> None:
    lines = ["    CPUState *cs = first_cpu;", "", "    ret = kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0);"]
    assert _mended(tmp_path / "a", "int f(KVMState *s)", lines, VM) is None
    used = _mended(tmp_path / "b", "int f(KVMState *s)", lines, VM, below="    return g(cs);")
    assert used == "    ret = kvm_vm_enable_cap(s, KVM_CAP_A, 0);"


@pytest.mark.parametrize(
    ("accepts", "arch", "mended"),
    [
        (VM, "x86", True),
        ([("vm", "generic")], "x86", True),
        ([("vm", "arm64")], "x86", False),
        ([("vm", "arm64")], None, True),
        ([("vm", "x86"), ("vcpu", "x86")], "x86", False),
        ([("vm", "x86"), ("vcpu", "arm64")], "x86", True),
        ([], "x86", False),
    ],
)
def test_one_descriptor_is_certain(tmp_path: Path, accepts: Rows, arch: str | None, mended: bool) -> None:
    assert (_mended(tmp_path, "int f(KVMState *s)", [PER_VCPU], accepts, arch=arch) is not None) is mended


def test_the_ioctl_itself_has_a_descriptor_of_its_own(tmp_path: Path) -> None:
    lines = ["    ret = ioctl(fd, KVM_ENABLE_CAP, &cap);"]
    assert _mended(tmp_path, "int f(KVMState *s)", lines, VM) is None


def test_a_call_outside_of_a_function(tmp_path: Path) -> None:
    call = "static int a = kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0);"
    tables: Tables = {
        ENABLES: [("qemu", FILE, 1, 16, "KVM_CAP_A", "kvm_vcpu_enable_cap", "vcpu", "x86")],
        ACCEPTS: [("linux", "KVM_CAP_A", "vm", "x86")], TREE: [("linux", "kernel")],
    }  # fmt: skip
    made = bench(tmp_path, {FILE: f"{call}\n"}, tables, "qemu")
    assert edited(propose, finding(1, path=FILE, tree="qemu", column=16), made) is None
