"""Files of a VMM that issue ioctls through a function whose name is not known, and name nothing else of KVM's."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

ISSUES = """\
int ask_vm(KVMState *s, unsigned long type, void *arg)
{
    return ioctl(s->vmfd, type, arg);
}
int tell_vm(KVMState *s, int type, void *arg)
{
    return ask_vm(s, (int)type, arg);
}
"""
USE = "int pour(KVMState *s)\n{{\n    return {};\n}}\n"
QUERY = "SELECT path, ioctl, scope FROM vmm_ioctl WHERE path LIKE 'hw/%'"


@pytest.mark.parametrize("call", ["ask_vm(s, KVM_SET_TEA, 0)", "tell_vm(s, KVM_SET_TEA, 0)"])
def test_they_are_read(tmp_path: Path, call: str) -> None:
    files = {"accel/kvm/kvm-all.c": ISSUES, "hw/pot/pot.c": USE.format(call)}
    assert ask([bare_qemu(tmp_path, files)], QUERY) == [("hw/pot/pot.c", "KVM_SET_TEA", "vm")]


@pytest.mark.parametrize("call", ["ask_vm(s, TEA, 0)", "other(s, KVM_SET_TEA, 0)"])
def test_others_are_not(tmp_path: Path, call: str) -> None:
    files = {"accel/kvm/kvm-all.c": ISSUES, "hw/pot/pot.c": USE.format(call)}
    assert ask([bare_qemu(tmp_path, files)], QUERY) == []
