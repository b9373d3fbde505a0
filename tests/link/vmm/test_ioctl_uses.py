"""vmm_ioctl: how a VMM issues ioctls."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import ask, bare_qemu, lay

from caplint.trees.detect import directory_tree

ALL = "accel/kvm/kvm-all.c"


def _function(*lines: str, head: str = "static int f(KVMState *s)") -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


def _found(root: Path, text: str, columns: str = "ioctl") -> list[tuple[object, ...]]:
    return ask([bare_qemu(root, {ALL: text})], f"SELECT {columns} FROM vmm_ioctl ORDER BY line, ioctl")


AROUND = _function("return ioctl(s->vmfd, type, arg);", head="int around(KVMState *s, unsigned long type, void *arg)")


@pytest.mark.parametrize(
    ("text", "ioctls"),
    [
        (_function("kvm_vm_ioctl(s, KVM_A, &x);"), "KVM_A"),
        (_function("ioctl(s->vmfd, KVM_A, &x);"), "KVM_A"),
        (_function("ioctl(s->vmfd, (unsigned long)KVM_A, &x);"), "KVM_A"),
        (_function("if (ioctl(s->vmfd, KVM_A) < 0) g();"), "KVM_A"),
        (_function("unsigned long t = x ? KVM_A : KVM_B;", "kvm_vm_ioctl(s, t, 0);"), "KVM_A KVM_B"),
        (_function("return kvm_vm_ioctl(s, x ? KVM_A : KVM_B, 0);"), "KVM_A KVM_B"),
        (AROUND + _function("around(s, KVM_A, 0);"), "KVM_A"),
        (
            AROUND
            + _function("return around(s, t, 0);", head="static int outer(KVMState *s, int t)")
            + _function("outer(s, KVM_A);", "outer(s, KVM_B);"),
            "KVM_A KVM_B",
        ),
        ("#define CALL(s, what) ioctl((s)->vmfd, KVM_##what, 0)\n" + _function("CALL(s, A);"), "KVM_A"),
        ("#define CALL(s, r) ioctl((s)->vmfd, r, 0)\n" + _function("CALL(s, KVM_A);"), "KVM_A"),
        ("#define OURS KVM_A\n" + _function("kvm_vm_ioctl(s, OURS, 0);"), "KVM_A"),
        (_function("s->irq = KVM_A;", "if (x) s->irq = KVM_B;", "kvm_vm_ioctl(s, s->irq, 0);"), "KVM_A KVM_B"),
        ("static const int all[] = { KVM_A, KVM_B };\n" + _function("kvm_vm_ioctl(s, all[i], 0);"), "KVM_A KVM_B"),
        (
            "static const struct row rows[] = { { .r = KVM_A }, { .r = KVM_B } };\n"
            + _function("kvm_vm_ioctl(s, rows[i].r, 0);"),
            "KVM_A KVM_B",
        ),
        (_function("s->ops->ioctl(s, KVM_A, 0);"), "KVM_A"),
        (_function("vm.ioctl(KVM_A);"), "KVM_A"),
        (_function("switch (type) { case KVM_A: g(); }"), ""),
        (_function('g("KVM_A");', "/* ioctl(fd, KVM_A) */", "trace_ioctl(KVM_A, 0);"), ""),
        (_function("x = KVM_A;", "if (t == KVM_A) g();"), ""),
        (_function("kvm_vm_ioctl(s, KVM_CAP_A, 0);"), ""),
        (_function("ioctl(fd, VFIO_DEVICE_RESET);"), ""),
    ],
)
def test_a_request(tmp_path: Path, text: str, ioctls: str) -> None:
    assert [ioctl for (ioctl,) in _found(tmp_path, text)] == ioctls.split()


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        ("kvm_ioctl(s, KVM_A)", "system"),
        ("kvm_vm_ioctl(s, KVM_A)", "vm"),
        ("kvm_vcpu_ioctl(cs, KVM_A)", "vcpu"),
        ("ioctl(s->vmfd, KVM_A)", "vm"),
        ("ioctl(cpu->kvm_fd, KVM_A)", "vcpu"),
        ("ioctl(x, KVM_A)", "unknown"),
        ("around(s, KVM_A, 0)", "vm"),
    ],
)
def test_a_descriptor(tmp_path: Path, call: str, scope: str) -> None:
    assert _found(tmp_path, AROUND + _function(f"{call};"), "ioctl, scope") == [("KVM_A", scope)]


def test_a_file_that_names_no_capability_is_read(tmp_path: Path) -> None:
    tree = bare_qemu(tmp_path, {"hw/intc/chip.c": _function("kvm_vcpu_ioctl(cs, KVM_A);")})
    assert ask([tree], "SELECT path, ioctl FROM vmm_ioctl") == [("hw/intc/chip.c", "KVM_A")]


def test_a_manager(tmp_path: Path) -> None:
    body = _function("int x = ioctl(fd, KVM_A, 0);", "return ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_A);")
    lay(
        tmp_path,
        {"src/util/virhostcpu.c": body, "src/qemu/qemu_driver.c": "", "src/libvirt-domain.c": ""},
    )
    tree = directory_tree(str(tmp_path))
    assert ask([tree], "SELECT ioctl FROM vmm_ioctl ORDER BY 1") == [("KVM_A",), ("KVM_CHECK_EXTENSION",)]


def test_many_wrappers_of_wrappers(tmp_path: Path) -> None:
    chain = [_function(f"return w{i}(s, t);", head=f"int w{i + 1}(KVMState *s, int t)") for i in range(3000)]
    first = _function("return ioctl(s->vmfd, t);", head="int w0(KVMState *s, int t)")
    began = time.process_time()
    assert _found(tmp_path, first + "".join(chain) + _function("w1(s, KVM_A);")) == [("KVM_A",)]
    assert time.process_time() - began < 20
