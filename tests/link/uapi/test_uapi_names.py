"""Names in linux/kvm.h, and the architectures that they tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

from caplint.link.uapi.uapi_names import architecture_in


@pytest.mark.parametrize(
    ("name", "arch"),
    [
        ("KVM_PPC_GET_PVINFO", "powerpc"), ("KVM_CAP_PPC_HIOR", "powerpc"), ("KVM_EXIT_S390_TSCH", "s390"),
        ("KVM_S390_INTERRUPT", "s390"), ("KVM_CAP_X86_TEA", "x86"), ("KVM_ARM_VCPU_INIT", "arm64"),
        ("KVM_CAP_ARM_TEA", "arm64"), ("KVM_CAP_LOONGARCH_TEA", "loongarch"), ("KVM_CAP_MIPS_VZ", "mips"),
        ("KVM_CAP_RISCV_TEA", "riscv"),
        # The word of an architecture further behind, or none; a prefix alone.
        ("KVM_REG_RISCV", None), ("KVM_REG_PPC", None), ("KVM_CAP_TEA_S390", None), ("KVM_CAP_IRQCHIP", None),
        ("KVM_CAP", None), ("KVM_EXIT", None), ("KVM_", None), ("KVM", None), ("KVM_TEA", None), ("KVM_EXIT_TEA", None),
    ],
)  # fmt: skip
def test_architecture(name: str, arch: str | None) -> None:
    assert architecture_in(name) == arch


def test_rows(tmp_path: Path) -> None:
    """Names of the generic header alone: an architecture's own header and code show nothing of other architectures."""
    header = (
        "#define KVM_CAP_S390_A 1\n#define KVM_CAP_S390_A 1\n#define KVM_B 2\n#define OTHER 3\n#define MY_KVM_C 4\n"
    )
    files = {
        UAPI: header,
        "arch/x86/include/uapi/asm/kvm.h": "#define KVM_OWN 1\n",
        "arch/x86/kvm/x86.c": "#define KVM_X 1\n",
    }
    rows = ask([bare_kernel(tmp_path, files)], "SELECT side, tree, name, arch FROM all_uapi_name ORDER BY name")
    assert rows == [("now", "kernel", "KVM_B", None), ("now", "kernel", "KVM_CAP_S390_A", "s390")]
