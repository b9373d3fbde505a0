"""What a path says of the architecture that a file is compiled for."""

from __future__ import annotations

import pytest

from caplint.knowledge.load import GENERIC, knowledge

PATHS = [
    ("linux", "arch/x86/kvm/x86.c", "x86"),
    ("linux", "arch/sparc/kernel/setup.c", "sparc"),
    ("linux", "virt/kvm/kvm_main.c", GENERIC),
    ("linux", "tools/arch/s390/include/uapi/asm/kvm.h", "s390"),
    ("linux", "virt/kvm/arm/arm.c", "arm64"),
    ("linux", "virt/kvm/arm/vgic/vgic.c", "arm64"),
    ("linux", "virt/kvm/hooks/x.c", GENERIC),
    ("linux", "arch/sw_64/kvm/kvm-sw64.c", "sw_64"),
    ("linux", "arch/e2k/include/uapi/asm/kvm.h", "e2k"),
    ("linux", "arch/newcomer/kvm/kvm.c", "newcomer"),
    ("qemu", "target-i386/kvm.c", "x86"),
    ("qemu", "target-s390x/kvm.c", "s390"),
    ("qemu", "target-unicore32/cpu.c", "unicore32"),
    ("qemu", "target/sw64/kvm.c", "sw_64"),
    ("qemu", "target/newcomer/kvm.c", "newcomer"),
    ("qemu", "linux-headers/asm-generic/kvm.h", None),
    ("qemu", "hw/newcomer/board.c", None),
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


def test_architectures_that_no_table_names_come_last_by_name() -> None:
    assert knowledge().ordered({"zeta", "sw_64", "x86", "alpha", "s390"}) == ["x86", "s390", "sw_64", "alpha", "zeta"]
