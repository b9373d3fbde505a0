"""Public faults that were written down before they were tried, by somebody who knew the rules.

Three of the five were found at once; for "an interrupt controller comes after vCPUs" CAP218 was extended.
"""

from __future__ import annotations

from editing import inside, swap
from public_fault import QEMU_X86, X86, Fault, commit, issue

COUNT = (
    "    if (ret < cpu->kvm_msr_buf->nmsrs) {\n"
    "        struct kvm_msr_entry *e = &cpu->kvm_msr_buf->entries[ret];\n"
    '        error_report("error: failed to set MSR 0x%" PRIx32 " to 0x%" PRIx64,\n'
    "                     (uint32_t)e->index, (uint64_t)e->data);\n"
    "    }\n\n"
    "    assert(ret == cpu->kvm_msr_buf->nmsrs);\n"
)

FAULTS = [
    Fault(
        "two releases give a capability different numbers",
        "2025-12-05",
        issue("NVIDIA/QEMU", 6),
        "A capability of arm64 had another number in the next kernel, and QEMU had to look at the kernel's version.",
        "number",
        {
            "linux-headers/linux/kvm.h": swap(
                "KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES 230", "KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES 243"
            )
        },
        "KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES",
        "CAP101",
    ),
    Fault(
        "interrupts of Hyper-V are not saved",
        "2020-10-21",
        issue("cloud-hypervisor/cloud-hypervisor", 1886),
        "Registers that a guest of Windows sets for its interrupts were lost when the VM was restored.",
        "MSR not saved",
        {
            QEMU_X86: swap(
                "        kvm_msr_entry_add(cpu, HV_X64_MSR_SCONTROL, 0);\n"
                "        kvm_msr_entry_add(cpu, HV_X64_MSR_SIEFP, 0);\n"
                "        kvm_msr_entry_add(cpu, HV_X64_MSR_SIMP, 0);\n",
                "",
            )
        },
        "HV_X64_MSR_SCONTROL",
        "CAP306 CAP312",
    ),
    Fault(
        "the number of written MSRs is thrown away",
        "2019-10-15",
        issue("rust-vmm/kvm", 63),
        "The wrapper of KVM_SET_MSRS returned success, however few registers the kernel had taken.",
        "answer misused",
        {QEMU_X86: inside("kvm_buf_set_msrs", swap(COUNT, ""))},
        "KVM_SET_MSRS",
        "CAP313",
    ),
    Fault(
        "an interrupt controller comes after vCPUs",
        "2012-03-05",
        commit("3e515705a1f4"),
        "vCPUs from before KVM_CREATE_IRQCHIP had no APIC: a null pointer; here it is the split irqchip.",
        "enabled too late",
        {X86: swap("\t\tif (kvm->created_vcpus)\n\t\t\tgoto split_irqchip_unlock;\n", "")},
        "KVM_CAP_SPLIT_IRQCHIP",
        "CAP218",
    ),
    Fault(
        "a vCPU's number is refused that the check promises",
        "2025-06-11",
        commit("1aa6e256e46f"),
        "With AVIC a vCPU could not be created with a number above 254, although 4,095 was reported as the highest.",
        "ioctl refuses what the check promises",
        {
            X86: inside(
                "kvm_arch_vcpu_precreate",
                swap(
                    "\tif (id >= kvm->arch.max_vcpu_ids)\n",
                    "\tif (enable_apicv && id > 254)\n\t\treturn -EINVAL;\n\n\tif (id >= kvm->arch.max_vcpu_ids)\n",
                ),
            )
        },
        "KVM_CAP_MAX_VCPU_ID",
    ),
]
