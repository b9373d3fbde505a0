"""A fault that was public once, and how it is put back into the fixed sources."""

from __future__ import annotations

from dataclasses import dataclass

from editing import NEW, Transform

X86 = "arch/x86/kvm/x86.c"
VMX = "arch/x86/kvm/vmx/vmx.c"
ARM64 = "arch/arm64/kvm/arm.c"
VGIC = "arch/arm64/kvm/vgic/vgic-kvm-device.c"
S390 = "arch/s390/kvm/kvm-s390.c"
POWERPC = "arch/powerpc/kvm/powerpc.c"
RISCV = "arch/riscv/kvm/vm.c"
MAIN = "virt/kvm/kvm_main.c"

QEMU_ALL = "accel/kvm/kvm-all.c"
QEMU_X86 = "target/i386/kvm/kvm.c"
QEMU_ARM = "target/arm/kvm.c"
QEMU_PPC = "target/ppc/kvm.c"


@dataclass(frozen=True)
class Fault:
    """One fault: what went wrong for whom, and the edit of a pair that brings it back.

    `expects` are the codes whose definition in the rule catalogue covers the fault, separated by spaces; it is empty
    where no rule claims to find such a fault. `names` are words: a finding counts if it speaks of one of them.
    """

    name: str
    date: str
    source: str
    says: str
    kind: str
    changes: dict[str, Transform | None]
    names: str
    expects: str = ""
    pair: tuple[str, str] = NEW


def lore(message: str) -> str:
    """The address of a mail on the kernel's lists."""
    return f"https://lore.kernel.org/r/{message}"


def qemu_list(message: str) -> str:
    """The address of a mail on QEMU's list."""
    return f"https://lore.kernel.org/qemu-devel/{message}"


def commit(sha: str) -> str:
    """The address of a commit of Linux."""
    return f"https://git.kernel.org/torvalds/c/{sha}"


def issue(repository: str, number: int) -> str:
    """The address of an issue or a proposed change."""
    return f"https://github.com/{repository}/issues/{number}"
