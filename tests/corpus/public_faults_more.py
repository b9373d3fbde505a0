"""Further public faults, rebuilt after the rules were extended: do those only fit the faults that were known?"""

from __future__ import annotations

from editing import both, every, inside, swap
from public_fault import QEMU_ALL, QEMU_ARM, QEMU_X86, X86, Fault, commit, issue

SCALES = "    if (kvm_check_extension(cs->kvm_state, KVM_CAP_TSC_CONTROL)) {\n        set_ioctl = true;\n    }\n"
STEALS = r"(\tcase MSR_KVM_STEAL_TIME:\n)\t\tif \(!guest_pv_has\(vcpu, KVM_FEATURE_STEAL_TIME\)\)\n.*\n\n"
RATE = r"kvm_check_extension\(cs->kvm_state, KVM_CAP_GET_TSC_KHZ\) \?\s*(kvm_vcpu_ioctl\(.*\)) :\s*-ENOTSUP;"
SLOTS = "    s->nr_slots_max = kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS);\n"

FAULTS = [
    Fault(
        "the clock's rate is set on hosts that cannot scale it",
        "2021-03-26",
        issue("google/gvisor", 5737),
        "Without TSC scaling the ioctl fails and the host's kernel complains; nobody had asked for the capability.",
        "ioctl without asking",
        {
            QEMU_X86: inside(
                "kvm_arch_set_tsc_khz",
                swap(SCALES, "    set_ioctl = true;\n"),
            )
        },
        "KVM_CAP_TSC_CONTROL KVM_CAP_VM_TSC_CONTROL KVM_SET_TSC_KHZ",
        "CAP409",
    ),
    Fault(
        "memory types are not saved",
        "2026-04-01",
        issue("cloud-hypervisor/cloud-hypervisor", 7944),
        "The kernel's list does not name the MTRRs, and a VM restored in its firmware panicked with the wrong ones.",
        "MSR not saved",
        {
            QEMU_X86: both(
                inside(
                    "kvm_put_msrs",
                    every(r"^        if \(env->features\[FEAT_1_EDX\] & CPUID_MTRR\) \{\n(?:.*\n)*?^        \}\n", ""),
                ),
                inside(
                    "kvm_get_msrs",
                    every(r"^    if \(env->features\[FEAT_1_EDX\] & CPUID_MTRR\) \{\n(?:.*\n)*?^    \}\n", ""),
                ),
            )
        },
        "MSR_MTRRdefType MSR_MTRRfix64K_00000 MSR_MTRRphysBase",
        "CAP304 CAP306",
    ),
    Fault(
        "a guest uses a register of a feature that it was not given",
        "2020-08-18",
        commit("66570e966dd9"),
        "Paravirtual registers worked whatever CPUID said, so guests used features that user space had hidden.",
        "gates differ",
        {
            X86: both(
                inside(
                    "kvm_set_msr_common",
                    every(STEALS, r"\1"),
                ),
                inside(
                    "kvm_get_msr_common",
                    every(STEALS, r"\1"),
                ),
            )
        },
        "MSR_KVM_STEAL_TIME",
        "CAP310",
    ),
    Fault(
        "the guest's physical addresses have a fixed width",
        "2021-06-10",
        issue("cloud-hypervisor/cloud-hypervisor", 2735),
        "Forty bits were assumed on every host, whatever KVM answered.",
        "answer misused",
        {
            QEMU_ARM: inside(
                "kvm_arm_get_max_vm_ipa_size",
                swap("    return ret > 0 ? ret : 40;\n", "    return ret > 0 ? 40 : 36;\n"),
            )
        },
        "KVM_CAP_ARM_VM_IPA_SIZE",
        "CAP410",
    ),
    Fault(
        "every bit is taken to be there if one is",
        "2021-12-07",
        issue("rust-vmm/kvm", 151),
        "A positive answer was taken for support of halting and pausing, which failed on a laptop.",
        "answer misused",
        {
            QEMU_X86: swap(
                "        disable_exits &= (KVM_X86_DISABLE_EXITS_MWAIT |",
                "        disable_exits = (KVM_X86_DISABLE_EXITS_MWAIT |",
            )
        },
        "KVM_CAP_X86_DISABLE_EXITS",
        "CAP410",
    ),
    Fault(
        "nobody looks how many memory slots there are",
        "2018-11-02",
        issue("firecracker-microvm/firecracker", 567),
        "The number of regions was never compared with what KVM offers; here a positive answer is enough.",
        "answer misused",
        {
            QEMU_ALL: inside(
                "kvm_init",
                swap(
                    SLOTS,
                    "    s->nr_slots_max = 0;\n    if (kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS) <= 0) {\n"
                    '        warn_report("KVM does not tell its memory slots");\n    }\n',
                ),
            )
        },
        "KVM_CAP_NR_MEMSLOTS",
        "CAP410",
    ),
    Fault(
        "memory slots are counted beyond what KVM has",
        "2024-11-21",
        issue("cloud-hypervisor/cloud-hypervisor", 6842),
        "Each device took a new slot until the ioctl failed; here the VMM has a limit of its own.",
        "answer misused",
        {
            QEMU_ALL: inside(
                "kvm_init",
                swap(
                    SLOTS,
                    "    if (kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS) > 0) {\n"
                    "        s->nr_slots_max = 32764;\n    }\n",
                ),
            )
        },
        "KVM_CAP_NR_MEMSLOTS",
        "CAP410",
    ),
    Fault(
        "more vCPUs are accepted than the hypervisor can have",
        "2023-04-11",
        issue("cloud-hypervisor/cloud-hypervisor", 5357),
        "The limit was the VMM's own instead of what KVM answers.",
        "answer misused",
        {
            QEMU_ALL: inside(
                "kvm_max_vcpus",
                swap(
                    "    return (ret) ? ret : kvm_recommended_vcpus(s);\n",
                    "    return (ret) ? 254 : kvm_recommended_vcpus(s);\n",
                ),
            )
        },
        "KVM_CAP_MAX_VCPUS",
        "CAP410",
    ),
    Fault(
        "a vCPU's rate is read without asking",
        "2021-05-11",
        issue("rust-vmm/kvm", 149),
        "The wrapper of KVM_GET_TSC_KHZ says that it depends on a capability, and leaves the question to its callers.",
        "ioctl without asking",
        {
            QEMU_X86: inside(
                "kvm_arch_init_vcpu",
                every(RATE, r"\1;"),
            )
        },
        "KVM_CAP_GET_TSC_KHZ KVM_GET_TSC_KHZ",
        "CAP409",
    ),
]
