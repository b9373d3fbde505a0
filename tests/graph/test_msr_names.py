"""Which words name a model-specific register."""

from __future__ import annotations

import pytest

from caplint.graph.msr_names import is_msr


@pytest.mark.parametrize("name", ["MSR_IA32_TSC", "HV_X64_MSR_GUEST_OS_ID", "MSR_KVM_WALL_CLOCK_NEW", "MSR_STAR"])
def test_registers(name: str) -> None:
    assert is_msr(name)


@pytest.mark.parametrize(
    "name",
    [
        "KVM_CAP_MSR_PLATFORM_INFO", "KVM_CAP_X86_USER_SPACE_MSR", "KVM_GET_MSR_INDEX_LIST", "KVM_X86_SET_MSR_FILTER",
        "KVM_CAP_IRQCHIP", "KVM_GET_MSRS", "msr_star", "MSR_",
        "MSR_STAR x", "MSR_STAR\n", "./MSR_STAR", "XMSR_STAR",
    ],
)  # fmt: skip
def test_other_words(name: str) -> None:
    assert not is_msr(name)
