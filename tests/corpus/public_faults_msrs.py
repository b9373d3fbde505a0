"""Public faults of x86's MSRs in the kernel: lists, gates and vendors."""

from __future__ import annotations

from editing import both, every, inside, swap
from public_fault import VMX, X86, Fault, commit, issue, lore

FAULTS = [
    Fault(
        "an MSR of a feature is gated by its neighbour's bit",
        "2021-07-22",
        commit("0a31df682323"),
        "The acknowledge register of asynchronous page faults depended on the feature itself instead of its interrupt.",
        "gates differ",
        {
            X86: both(
                inside(
                    "kvm_set_msr_common",
                    every(
                        r"(\tcase MSR_KVM_ASYNC_PF_ACK:\n\t\tif \(!guest_pv_has\(vcpu, KVM_FEATURE_ASYNC_PF)_INT", r"\1"
                    ),
                ),
                inside(
                    "kvm_get_msr_common",
                    every(
                        r"(\tcase MSR_KVM_ASYNC_PF_ACK:\n\t\tif \(!guest_pv_has\(vcpu, KVM_FEATURE_ASYNC_PF)_INT", r"\1"
                    ),
                ),
            )
        },
        "MSR_KVM_ASYNC_PF_ACK MSR_KVM_ASYNC_PF_INT",
        "CAP310",
    ),
    Fault(
        "a listed MSR cannot be read by the host",
        "2017-07-04",
        commit("691bd4340bef"),
        "BNDCFGS was listed for saving and refused to VMMs whose guest has no MPX; nested migration failed.",
        "listed, not served",
        {
            VMX: both(
                inside(
                    "vmx_get_msr",
                    swap(
                        "\t\tif (!kvm_mpx_supported() ||\n\t\t    (!msr_info->host_initiated &&\n"
                        "\t\t     !guest_cpuid_has(vcpu, X86_FEATURE_MPX)))\n",
                        "\t\tif (!kvm_mpx_supported() || !guest_cpuid_has(vcpu, X86_FEATURE_MPX))\n",
                    ),
                ),
                inside(
                    "vmx_set_msr",
                    swap(
                        "\t\tif (!kvm_mpx_supported() ||\n\t\t    (!msr_info->host_initiated &&\n"
                        "\t\t     !guest_cpuid_has(vcpu, X86_FEATURE_MPX)))\n",
                        "\t\tif (!kvm_mpx_supported() || !guest_cpuid_has(vcpu, X86_FEATURE_MPX))\n",
                    ),
                ),
            )
        },
        "MSR_IA32_BNDCFGS",
        "CAP309 CAP310",
    ),
    Fault(
        "the list offers what one vendor does not have",
        "2025-12-05",
        issue("cloud-hypervisor/cloud-hypervisor", 7543),
        "A hypervisor's list held registers of AMD, and saving a VM failed on Intel; here it is the scale of the TSC.",
        "listed, not served",
        {VMX: inside("vmx_has_emulated_msr", swap("\tcase MSR_AMD64_TSC_RATIO:\n", ""))},
        "MSR_AMD64_TSC_RATIO",
        "CAP309",
    ),
    Fault(
        "the list offers what need not be saved",
        "2023-11-13",
        lore("20231113184854.2344416-1-jmattson@google.com"),
        "A register that always reads as 0, and whose writes by the host are ignored, was listed for saving.",
        "listed, not served",
        {
            X86: swap(
                "\tMSR_CORE_PERF_GLOBAL_CTRL,\n\tMSR_IA32_PEBS_ENABLE",
                "\tMSR_CORE_PERF_GLOBAL_CTRL, MSR_CORE_PERF_GLOBAL_OVF_CTRL,\n\tMSR_IA32_PEBS_ENABLE",
            )
        },
        "MSR_CORE_PERF_GLOBAL_OVF_CTRL",
    ),
    Fault(
        "the counters of AMD are not listed",
        "2021-09-15",
        commit("ae34f26d4a84"),
        "VMMs that save what KVM lists lost the counters of AMD's PMU in migration.",
        "state not listed",
        {
            X86: swap(
                "\tMSR_F15H_PERF_CTL0, MSR_F15H_PERF_CTL1, MSR_F15H_PERF_CTL2,\n"
                "\tMSR_F15H_PERF_CTL3, MSR_F15H_PERF_CTL4, MSR_F15H_PERF_CTL5,\n"
                "\tMSR_F15H_PERF_CTR0, MSR_F15H_PERF_CTR1, MSR_F15H_PERF_CTR2,\n"
                "\tMSR_F15H_PERF_CTR3, MSR_F15H_PERF_CTR4, MSR_F15H_PERF_CTR5,\n",
                "",
            )
        },
        "MSR_F15H_PERF_CTL0 MSR_F15H_PERF_CTR0 MSR_F15H_PERF_CTL MSR_F15H_PERF_CTR",
        "CAP304",
    ),
    Fault(
        "state that a guest writes is not listed",
        "2026-03-03",
        commit("3700f0788da6"),
        "DEBUGCTL and the branch records of AMD were neither listed nor restorable; here it is HWCR.",
        "state not listed",
        {X86: swap("\tMSR_K7_HWCR,\n\tMSR_KVM_POLL_CONTROL,\n};\n", "\tMSR_KVM_POLL_CONTROL,\n};\n")},
        "MSR_K7_HWCR",
        "CAP304",
    ),
    Fault(
        "a VMM waits in vain for an MSR in the list",
        "2019-06-17",
        lore("94f9e831-38a0-3cc3-f566-6c8e5909d0fd@linux.intel.com"),
        "QEMU saves UMWAIT_CONTROL only if the kernel lists it, and the kernel's patches had forgotten that.",
        "state not listed",
        {X86: swap("\tMSR_IA32_UMWAIT_CONTROL,\n\n\tMSR_IA32_XFD", "\tMSR_IA32_XFD")},
        "MSR_IA32_UMWAIT_CONTROL",
        "CAP304",
    ),
    Fault(
        "a register that the host sets is not listed",
        "2020-01-21",
        "https://patchwork.kernel.org/patch/11343963 (KVM: x86: list MSR_IA32_UCODE_REV as an emulated MSR)",
        "The microcode's revision is state of a vCPU that a VMM sets, and the list did not tell it.",
        "state not listed",
        {X86: swap("\tMSR_IA32_POWER_CTL,\n\tMSR_IA32_UCODE_REV,\n\n", "\tMSR_IA32_POWER_CTL,\n\n")},
        "MSR_IA32_UCODE_REV",
        "CAP304",
    ),
]
