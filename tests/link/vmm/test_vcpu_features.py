"""vmm_feature: where a VMM sets feature bits of a vCPU."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

HELPER = "static void add(struct i *i, int n) { i->features[n / 32] |= 1u << (n % 32); }\n"
OTHER = "static void look(struct i *i, int n) { g(n); }\n"


@pytest.mark.parametrize(
    ("text", "bits"),
    [
        ("i.features[0] |= 1 << KVM_ARM_VCPU_SVE;", "SVE"),
        ("i.features[0] |= (1UL << KVM_ARM_VCPU_SVE);", "SVE"),
        ("i.features[0] |= BIT(KVM_ARM_VCPU_SVE);", "SVE"),
        ("i.features[0] |= BIT_ULL(KVM_ARM_VCPU_SVE) | 1 << KVM_ARM_VCPU_PMU_V3;", "PMU_V3 SVE"),
        ("struct i i = { .features[0] = (1 << KVM_ARM_VCPU_SVE), };", "SVE"),
        ("uint32_t f = 1 << KVM_ARM_VCPU_SVE;", "SVE"),
        ("set_bit(KVM_ARM_VCPU_SVE, i.features);", "SVE"),
        ("add(&i, KVM_ARM_VCPU_SVE);", "SVE"),
        ("look(&i, KVM_ARM_VCPU_SVE);", ""),
        ("finalize(&i, KVM_ARM_VCPU_SVE);", ""),
        ("i.features[0] &= ~(1 << KVM_ARM_VCPU_SVE);", ""),
        ("i.features[0] = i.features[0] & ~(1 << KVM_ARM_VCPU_SVE);", ""),
        ("x = i.features[0] & (1 << KVM_ARM_VCPU_SVE);", ""),
        ("if (i.features[0] & BIT(KVM_ARM_VCPU_SVE)) { g(); }", ""),
        ("i.features[0] |= 1 << KVM_ARM_VCPU_POWER_OFF;", ""),
        ("int f = KVM_ARM_VCPU_SVE;", ""),
    ],
)
def test_a_bit(tmp_path: Path, text: str, bits: str) -> None:
    body = f"{HELPER}{OTHER}static int f(struct i i)\n{{\n\tkvm_ioctl(s, KVM_RUN);\n\t{text}\n}}\n"
    found = ask([bare_qemu(tmp_path, {"target/arm/kvm.c": body})], "SELECT bit, line FROM vmm_feature ORDER BY bit")
    assert found == [(f"KVM_ARM_VCPU_{bit}", 6) for bit in bits.split()]
