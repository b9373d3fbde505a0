"""The scope of a descriptor is the same for an ioctl, a capability and an MSR, however the code comes by it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu, lay

from caplint.trees.detect import directory_tree

ALL = "accel/kvm/kvm-all.c"
OPEN = 'open("/dev/kvm", O_RDWR)'
VM, VCPU = "ioctl(a, KVM_CREATE_VM, 0)", "ioctl(b, KVM_CREATE_VCPU, 0)"

SHAPES = {
    "a local that is opened": (f"int x = {OPEN}; USE(x);", "system"),
    "another function that opens": ('int x; x = qemu_open_old("/dev/kvm", O_RDWR); USE(x);', "system"),
    "opened at the call": (f"USE({OPEN});", "system"),
    "a VM that is created": (f"int x = {VM}; USE(x);", "vm"),
    "a vCPU that is created": (f"int x; x = {VCPU}; USE(x);", "vcpu"),
    "created in a condition": (f"int x = -1; if ((x = {VM}) < 0) return; USE(x);", "vm"),
    "a number is none": (f"int x = -1; if (b) x = {VM}; USE(x);", "vm"),
    "what is opened counts, not the name": (f"int vcpufd = {VM}; USE(vcpufd);", "vm"),
    "either of two": (f"int x; if (b) x = {VM}; else x = {VCPU}; USE(x);", "unknown"),
    "one that is not known beside one that is": (f"int x = g(); if (b) x = {VM}; USE(x);", "unknown"),
    "opened only behind the call": (f"int x = g(); USE(x); x = {VM};", "unknown"),
    "opened again": (f"int x = {OPEN}; x = {VM}; USE(x);", "vm"),
    "a name": ("USE(vmfd);", "vm"),
    "the last name of a chain": ("USE(s->parent[0].vmfd);", "vm"),
    "a cast": ("USE((int)vmfd);", "vm"),
    "a whole chain of QEMU": ("USE(s->fd);", "system"),
    "a name of QEMU's own": ("USE(cpu->kvm_fd);", "vcpu"),
    "no name that is known": ("USE(y);", "unknown"),
}


def _function(text: str, use: str) -> str:
    return "static void f(KVMState *s, CPUState *cpu, int b)\n{\n\t" + text.replace("USE", use) + "\n}\n"


@pytest.mark.parametrize("shape", SHAPES)
def test_of_an_ioctl(tmp_path: Path, shape: str) -> None:
    text, scope = SHAPES[shape]
    tree = bare_qemu(tmp_path, {ALL: "#define ISSUE(fd) ioctl(fd, KVM_A, 0)\n" + _function(text, "ISSUE")})
    assert ask([tree], "SELECT scope FROM vmm_ioctl WHERE ioctl = 'KVM_A'") == [(scope,)]


@pytest.mark.parametrize("shape", SHAPES)
def test_of_a_capability(tmp_path: Path, shape: str) -> None:
    text, scope = SHAPES[shape]
    asked = "#define ASK(fd) ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_A)\n"
    tree = bare_qemu(tmp_path, {ALL: asked + _function(text, "ASK")})
    assert ask([tree], "SELECT scope FROM vmm_use WHERE cap = 'KVM_CAP_A'") == [(scope,)]


@pytest.mark.parametrize(
    ("call", "scope"),
    [("kvm_ioctl(x, KVM_A)", "system"), ("kvm_vm_ioctl(x, KVM_A)", "vm"), ("kvm_vcpu_ioctl(x, KVM_A)", "vcpu")],
)
def test_a_function_that_is_known_decides(tmp_path: Path, call: str, scope: str) -> None:
    """Its first argument is an object, whatever a local of that name holds."""
    tree = bare_qemu(tmp_path, {ALL: _function(f"int x = {OPEN}; {call};", "")})
    assert ask([tree], "SELECT scope FROM vmm_ioctl WHERE ioctl = 'KVM_A'") == [(scope,)]


def test_a_function_of_another_project_does_not_decide(tmp_path: Path) -> None:
    """A `kvm_vm_ioctl` with too few parameters to be QEMU's is another one: its descriptor counts."""
    text = "int kvm_vm_ioctl(int fd, long r);\nint kvm_vm_ioctl(int fd, long r)\n{\n\treturn ioctl(fd, r);\n}\n"
    text += _function("kvm_vm_ioctl(vcpu_fd, KVM_A);", "")
    files = {"linux-headers/linux/kvm.h": "", "main.c": text}
    tree = directory_tree(str(lay(tmp_path, files)), "vmm", "ours")
    assert ("vcpu",) in ask([tree], "SELECT scope FROM vmm_ioctl WHERE ioctl = 'KVM_A'")
