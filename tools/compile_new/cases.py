"""Capabilities that are written and compiled, and the files of a patch that a compiler sees."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Case(NamedTuple):
    """Capability that is written, as on the command line."""

    title: str
    options: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the capability."""
        return self.options[0]


CASES = (
    Case("asked for only", ("KVM_CAP_SAMPLE_QUERY", "--scope", "none")),
    Case("mask on x86", ("KVM_CAP_X86_SAMPLE_MASK", "--arch", "x86", "--answer", "mask", "--args", "mask:FAST,SLOW=4")),
    Case("bool for a VM of arm64", ("KVM_CAP_ARM_SAMPLE_BOOL", "--arch", "arm64", "--args", "bool")),
    Case("for each vCPU of s390", ("KVM_CAP_S390_SAMPLE_VCPU", "--arch", "s390", "--scope", "vcpu")),
    Case("descriptor, shared code", ("KVM_CAP_SAMPLE_FD", "--args", "fd")),
    Case("size, x86 and arm64", ("KVM_CAP_SAMPLE_SIZE", "--arch", "x86", "--arch", "arm64", "--args", "size",
                                 "--answer", "count")),
    Case("PPIN, read only", ("KVM_CAP_X86_PPIN", "--arch", "x86", "--msr", "MSR_PPIN:ro")),
    Case("register that guests write", ("KVM_CAP_X86_SAMPLE_MSR", "--arch", "x86", "--msr", "MSR_SAMPLE=0x7e7:rw")),
    Case("ioctl with a mask, x86", ("KVM_CAP_X86_SAMPLE_IOCTL", "--arch", "x86", "--answer", "mask",
                                    "--args", "mask:FAST,SLOW=4", "--ioctl", "KVM_SET_SAMPLE")),
    Case("ioctl of each vCPU, s390", ("KVM_CAP_S390_SAMPLE_IOCTL", "--arch", "s390", "--scope", "vcpu",
                                      "--ioctl", "KVM_S390_SAMPLE")),
    Case("ioctl with a descriptor, shared code", ("KVM_CAP_SAMPLE_IOCTL", "--args", "fd", "--ioctl", "KVM_SAMPLE")),
)  # fmt: skip


def touched(patches: list[Path]) -> list[str]:
    """Return the files that patches change or add, in order."""
    marks = (line[6:] for patch in patches for line in patch.read_text().splitlines() if line.startswith("+++ b/"))
    return sorted(set(marks))
