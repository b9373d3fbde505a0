"""What a path says of the architecture that a file is compiled for."""

from __future__ import annotations

import pytest

from caplint.knowledge.load import GENERIC, knowledge

PATHS = [
    ("linux", "arch/x86/kvm/x86.c", "x86"),
    ("linux", "arch/sparc/kernel/setup.c", "sparc"),
    ("linux", "virt/kvm/kvm_main.c", GENERIC),
    ("linux", "tools/arch/s390/include/uapi/asm/kvm.h", "s390"),
    ("qemu", "target/i386/kvm/kvm.c", "x86"),
    ("qemu", "hw/ppc/spapr.c", "powerpc"),
    ("qemu", "hw/intc/xics_kvm.c", "powerpc"),
    ("qemu", "hw/core/cpu-common.c", None),
    ("qemu", "target/alpha/cpu.c", "alpha"),
    ("qemu", "hw/core/machine.c", None),
    ("qemu", "accel/kvm/kvm-all.c", None),
    ("kvmtool", "arm/kvm.c", "arm64"),
    ("kvmtool", "virtio/net.c", None),
]


@pytest.mark.parametrize(("project", "path", "arch"), PATHS)
def test_architecture_of_a_path(project: str, path: str, arch: str | None) -> None:
    (found,) = (entry for entry in knowledge().projects if entry.name == project)
    assert knowledge().architecture_of(found, path) == arch
