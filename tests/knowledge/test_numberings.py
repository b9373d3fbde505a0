"""Which constants of the UAPI belong to one numbering, and which to none."""

from __future__ import annotations

import pytest

from caplint.knowledge.numberings import is_bound, numbered, numbering_of

TOGETHER = [
    ("KVM_EXIT_IO", "KVM_EXIT_MEMORY_FAULT"),
    ("KVM_EXIT_HYPERV_SYNIC", "KVM_EXIT_HYPERV_HCALL"),
    ("KVM_X86_DEFAULT_VM", "KVM_X86_SNP_VM"),
    ("KVM_DEV_TYPE_VFIO", "KVM_DEV_TYPE_RISCV_AIA"),
    ("KVM_DEV_ARM_VGIC_GRP_ADDR", "KVM_DEV_ARM_VGIC_GRP_NR_IRQS"),
    ("KVM_DEV_ARM_VGIC_CTRL_INIT", "KVM_DEV_ARM_ITS_SAVE_TABLES"),
    ("KVM_S390_IO_ADAPTER_MASK", "KVM_S390_IO_ADAPTER_MAP"),
    ("KVM_S390_VM_CPU_PROCESSOR", "KVM_S390_VM_CPU_MACHINE_FEAT"),
    ("KVM_ARM_VCPU_SVE", "KVM_ARM_VCPU_PMU_V3"),
    ("KVM_STATS_UNIT_BYTES", "KVM_STATS_UNIT_CYCLES"),
]
APART = [
    ("KVM_EXIT_IO", "KVM_EXIT_IO_OUT"),
    ("KVM_EXIT_HYPERV", "KVM_EXIT_HYPERV_SYNIC"),
    ("KVM_DEV_XICS_GRP_CTRL", "KVM_DEV_XIVE_GRP_CTRL"),
    ("KVM_ARM_VCPU_TIMER_CTRL", "KVM_ARM_VCPU_TIMER_IRQ_VTIMER"),
    ("KVM_ARM_VCPU_PMU_V3_CTRL", "KVM_ARM_VCPU_PMU_V3_INIT"),
    ("KVM_ARM_VCPU_PMU_V3_INIT", "KVM_ARM_VCPU_EL1_32BIT"),
    ("KVM_XEN_ATTR_TYPE_EVTCHN", "KVM_XEN_VCPU_ATTR_TYPE_TIMER"),
    ("KVM_S390_VM_MEM_CTRL", "KVM_S390_VM_MEM_ENABLE_CMMA"),
    ("KVM_S390_VM_CPU_FEAT_ESOP", "KVM_S390_VM_CPU_PROCESSOR"),
    ("KVM_STATS_UNIT_BYTES", "KVM_STATS_TYPE_PEAK"),
]
NONE = [
    "KVM_DEV_TYPE_MAX", "KVM_NR_IRQCHIPS", "KVM_S390_MEMOP_F_CHECK_ONLY", "KVM_X86_QUIRK_LINT0_REENABLED",
    "KVM_STATS_TYPE_MASK", "KVM_REG_PPC_DAWR", "KVM_MEM_READONLY", "KVM_GUESTDBG_ENABLE", f"KVM_EXIT_{'A' * 300}",
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_names_of_one_numbering(one: str, other: str) -> None:
    assert numbering_of(one) is not None
    assert numbering_of(one) == numbering_of(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_of_different_numberings(one: str, other: str) -> None:
    assert numbering_of(one) != numbering_of(other)


@pytest.mark.parametrize("name", NONE)
def test_names_of_no_numbering(name: str) -> None:
    assert numbering_of(name) is None


def test_an_enumeration_is_a_numbering_unless_its_names_belong_to_one() -> None:
    assert numbering_of("KVM_SEV_INIT", "sev_cmd_id") == "enum sev_cmd_id"
    assert numbering_of("KVM_SEV_NR_MAX", "sev_cmd_id") is None
    assert numbering_of("KVM_DEV_TYPE_VFIO", "kvm_device_type") == numbering_of("KVM_DEV_TYPE_XICS")
    assert numbering_of("A", "enum of A") == "enum of A"


def test_details_of_another_name_belong_to_none() -> None:
    names = ["KVM_EXIT_TEA", "KVM_EXIT_TEA_FLAG_HOT", "KVM_EXIT_TEAPOT", "KVM_SYSTEM_EVENT_RESET_FLAG_X"]
    assert set(numbered(dict.fromkeys(names, ""))) == {
        "KVM_EXIT_TEA",
        "KVM_EXIT_TEAPOT",
        "KVM_SYSTEM_EVENT_RESET_FLAG_X",
    }
    commands = {"KVM_SEV_INIT": "sev_cmd_id", "KVM_SEV_INIT_TWO": "sev_cmd_id"}
    assert set(numbered(commands)) == set(commands)


def test_bounds_change_with_what_they_count() -> None:
    assert all(map(is_bound, ("KVM_MAX_XCRS", "NR_SMCCC_FILTER_ACTIONS", "KVM_IOAPIC_NUM_PINS", "KVM_SPSR_NR")))
    assert not any(map(is_bound, ("KVM_S390_IO_ADAPTER_MASK", "KVM_DEV_XICS_NR_SERVERS", "KVM_MAXIMUM")))
