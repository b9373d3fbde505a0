"""Changes of QEMU at the places where public faults were, as its maintainers make them."""

from __future__ import annotations

from editing import Edit, before, both, inside, swap
from public_fault import QEMU_ALL, QEMU_ARM, QEMU_PPC, QEMU_X86

EDITS = [
    Edit(
        "a flag of an answer is tested at once",
        {
            QEMU_X86: inside(
                "kvm_has_adjust_clock_stable",
                swap(
                    "    int ret = kvm_check_extension(kvm_state, KVM_CAP_ADJUST_CLOCK);\n\n"
                    "    return (ret & KVM_CLOCK_TSC_STABLE);\n",
                    "    return !!(kvm_check_extension(kvm_state, KVM_CAP_ADJUST_CLOCK) &\n"
                    "              KVM_CLOCK_TSC_STABLE);\n",
                ),
            )
        },
    ),
    Edit(
        "a count goes through a local",
        {
            QEMU_ALL: inside(
                "kvm_init",
                swap(
                    "    s->nr_slots_max = kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS);\n",
                    "    ret = kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS);\n"
                    "    s->nr_slots_max = ret > 0 ? ret : 0;\n",
                ),
            )
        },
    ),
    Edit(
        "a size has a lower bound",
        {
            QEMU_X86: inside(
                "kvm_init_xsave",
                swap(
                    "    if (has_xsave2) {\n        env->xsave_buf_len = QEMU_ALIGN_UP(has_xsave2, 4096);\n"
                    "    } else {\n        env->xsave_buf_len = sizeof(struct kvm_xsave);\n    }\n",
                    "    env->xsave_buf_len = MAX(QEMU_ALIGN_UP(has_xsave2, 4096),\n"
                    "                             sizeof(struct kvm_xsave));\n",
                ),
            )
        },
    ),
    Edit(
        "a required capability is asked for by hand",
        {
            QEMU_X86: both(
                swap("    KVM_CAP_INFO(DEBUGREGS),\n", ""),
                inside(
                    "kvm_arch_init",
                    swap(
                        "    has_xcrs = kvm_check_extension(s, KVM_CAP_XCRS);\n",
                        "    if (!kvm_check_extension(s, KVM_CAP_DEBUGREGS)) {\n"
                        '        error_report("kvm does not support KVM_CAP_DEBUGREGS");\n'
                        "        return -ENOTSUP;\n    }\n"
                        "    has_xcrs = kvm_check_extension(s, KVM_CAP_XCRS);\n",
                    ),
                ),
            )
        },
    ),
    Edit(
        "an answer is compared with zero",
        {
            QEMU_ARM: inside(
                "kvm_arm_pmu_supported",
                swap("KVM_CAP_ARM_PMU_V3);", "KVM_CAP_ARM_PMU_V3) > 0;"),
            )
        },
    ),
    Edit(
        "a guarded MSR is added by a helper",
        {
            QEMU_X86: both(
                inside(
                    "kvm_init_msrs",
                    swap(
                        "    if (has_msr_ucode_rev) {\n"
                        "        kvm_msr_entry_add(cpu, MSR_IA32_UCODE_REV, cpu->ucode_rev);\n    }\n",
                        "    kvm_msr_entry_add_ucode(cpu);\n",
                    ),
                ),
                before(
                    "kvm_init_msrs",
                    "static void kvm_msr_entry_add_ucode(X86CPU *cpu)\n{\n"
                    "    if (!has_msr_ucode_rev) {\n        return;\n"
                    "    }\n    kvm_msr_entry_add(cpu, MSR_IA32_UCODE_REV, cpu->ucode_rev);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "a short count is an error instead of an abort",
        {
            QEMU_X86: inside(
                "kvm_buf_set_msrs",
                swap(
                    "    assert(ret == cpu->kvm_msr_buf->nmsrs);\n    return 0;\n",
                    "    return ret == cpu->kvm_msr_buf->nmsrs ? 0 : -EIO;\n",
                ),
            )
        },
    ),
    Edit(
        "a result is kept before it is tested",
        {
            QEMU_ARM: inside(
                "kvm_arch_init",
                swap(
                    "        if (kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0)) {\n",
                    "        int failed = kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0);\n\n"
                    "        if (failed < 0) {\n",
                ),
            )
        },
    ),
    Edit(
        "a VM is asked through a local",
        {
            QEMU_PPC: inside(
                "kvmppc_reset_htab",
                swap(
                    "    uint32_t shift = shift_hint;\n",
                    "    KVMState *s = kvm_state;\n    uint32_t shift = shift_hint;\n",
                ),
                swap(
                    "kvm_vm_check_extension(kvm_state, KVM_CAP_PPC_ALLOC_HTAB)",
                    "kvm_vm_check_extension(s, KVM_CAP_PPC_ALLOC_HTAB) > 0",
                ),
            )
        },
    ),
]
