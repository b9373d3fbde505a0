"""Public faults of VMMs, rebuilt in QEMU."""

from __future__ import annotations

from editing import both, every, inside, swap
from public_fault import QEMU_ALL, QEMU_ARM, QEMU_PPC, QEMU_X86, Fault, issue, qemu_list

FAULTS = [
    Fault(
        "a mask is compared as a whole",
        "2022-09-20",
        qemu_list("20220920144024.3559708-1-vkuznets@redhat.com"),
        "QEMU wanted exactly one flag of the clock; when KVM got more flags, guests lost their clock in migration.",
        "answer misused",
        {
            QEMU_X86: inside(
                "kvm_has_adjust_clock_stable",
                swap("return (ret & KVM_CLOCK_TSC_STABLE);", "return (ret == KVM_CLOCK_TSC_STABLE);"),
            )
        },
        "KVM_CAP_ADJUST_CLOCK",
        "CAP410",
    ),
    Fault(
        "a count is taken for a yes",
        "2020-07-07",
        issue("rust-vmm/kvm", 103),
        "A library offered only yes or no, so VMMs learnt no limits; here QEMU guesses the number of memory slots.",
        "answer misused",
        {
            QEMU_ALL: inside(
                "kvm_init",
                swap(
                    "    s->nr_slots_max = kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS);\n",
                    "    s->nr_slots_max = kvm_check_extension(s, KVM_CAP_NR_MEMSLOTS) ? 509 : 0;\n",
                ),
            )
        },
        "KVM_CAP_NR_MEMSLOTS",
        "CAP410",
    ),
    Fault(
        "a size is taken for a yes",
        "2025-03-06",
        issue("rust-vmm/kvm", 310),
        "KVM_GET_XSAVE2 writes as much as the capability's answer says; a buffer of the old size is overrun with AMX.",
        "answer misused",
        {
            QEMU_X86: inside(
                "kvm_init_xsave",
                swap(
                    "    if (has_xsave2) {\n        env->xsave_buf_len = QEMU_ALIGN_UP(has_xsave2, 4096);\n"
                    "    } else {\n"
                    "        env->xsave_buf_len = sizeof(struct kvm_xsave);\n    }\n",
                    "    env->xsave_buf_len = sizeof(struct kvm_xsave);\n",
                ),
            )
        },
        "KVM_CAP_XSAVE2",
        "CAP410",
    ),
    Fault(
        "the list of required capabilities is incomplete",
        "2024-05-07",
        issue("cloud-hypervisor/cloud-hypervisor", 6449),
        "A VMM used ioctls of capabilities that it did not require, and failed late on kernels without them.",
        "ioctl without asking",
        {QEMU_X86: swap("    KVM_CAP_INFO(DEBUGREGS),\n", "")},
        "KVM_CAP_DEBUGREGS KVM_GET_DEBUGREGS KVM_SET_DEBUGREGS",
        "CAP409",
    ),
    Fault(
        "a VMM starts without asking for what it needs",
        "2018-05-16",
        issue("firecracker-microvm/firecracker", 278),
        "Missing capabilities of the host showed as strange failures at boot; here it is eventfds for I/O.",
        "ioctl without asking",
        {QEMU_ALL: swap("    KVM_CAP_INFO(IOEVENTFD),\n", "")},
        "KVM_CAP_IOEVENTFD KVM_IOEVENTFD",
        "CAP409",
    ),
    Fault(
        "state is saved with an ioctl that nobody asked for",
        "2020-10-07",
        issue("cloud-hypervisor/cloud-hypervisor", 1833),
        "Snapshots on arm64 relied on a capability that the VMM did not require; here it is the state of a vCPU.",
        "ioctl without asking",
        {QEMU_ARM: inside("kvm_arch_init", swap("kvm_check_extension(s, KVM_CAP_MP_STATE);", "true;"))},
        "KVM_CAP_MP_STATE KVM_GET_MP_STATE KVM_SET_MP_STATE",
        "CAP409",
    ),
    Fault(
        "a feature of a vCPU is set unasked",
        "2023-04-12",
        issue("cloud-hypervisor/cloud-hypervisor", 5360),
        "The PMU was requested for every vCPU, and on hosts without one KVM_ARM_VCPU_INIT failed with EINVAL.",
        "vCPU feature without asking",
        {
            QEMU_ARM: inside(
                "kvm_arm_pmu_supported",
                swap("return kvm_check_extension(kvm_state, KVM_CAP_ARM_PMU_V3);", "return true;"),
            )
        },
        "KVM_ARM_VCPU_PMU_V3 KVM_CAP_ARM_PMU_V3",
        "CAP411",
    ),
    Fault(
        "an MSR is written that older kernels do not know",
        "2020-02-11",
        qemu_list("20200211175516.10716-1-pbonzini@redhat.com"),
        "QEMU set the microcode's revision on every kernel and aborted where KVM does not list the register.",
        "unlisted MSR written",
        {
            QEMU_X86: inside(
                "kvm_init_msrs",
                swap(
                    "    if (has_msr_ucode_rev) {\n"
                    "        kvm_msr_entry_add(cpu, MSR_IA32_UCODE_REV, cpu->ucode_rev);\n    }\n",
                    "    kvm_msr_entry_add(cpu, MSR_IA32_UCODE_REV, cpu->ucode_rev);\n",
                ),
            )
        },
        "MSR_IA32_UCODE_REV",
        "CAP311",
    ),
    Fault(
        "an MSR is written whether or not the host has it",
        "2024-10-02",
        issue("LabNConsulting/munet", 38),
        "QEMU wrote the capabilities of the PMU on hosts whose KVM does not know them, and aborted.",
        "unlisted MSR written",
        {
            QEMU_X86: both(
                inside(
                    "kvm_msr_entry_add_perf",
                    swap(
                        "    if (kvm_perf_cap) {\n        kvm_msr_entry_add(cpu, MSR_IA32_PERF_CAPABILITIES,\n"
                        "                        kvm_perf_cap & f[FEAT_PERF_CAPABILITIES]);\n    }\n",
                        "    kvm_msr_entry_add(cpu, MSR_IA32_PERF_CAPABILITIES,\n"
                        "                      kvm_perf_cap & f[FEAT_PERF_CAPABILITIES]);\n",
                    ),
                ),
                inside(
                    "kvm_init_msrs",
                    swap(
                        "    if (has_msr_perf_capabs && cpu->enable_pmu) {\n"
                        "        kvm_msr_entry_add_perf(cpu, env->features);\n    }\n",
                        "    kvm_msr_entry_add_perf(cpu, env->features);\n",
                    ),
                ),
            )
        },
        "MSR_IA32_PERF_CAPABILITIES",
        "CAP311",
    ),
    Fault(
        "MSRs of nesting are written where nesting is off",
        "2019-12-04",
        qemu_list("1575449430-23366-1-git-send-email-catherine.hecx@gmail.com"),
        "A guest's CPUID had VMX, the host's KVM had not its MSRs, and QEMU aborted; the CPUID test was not enough.",
        "unlisted MSR written",
        {
            QEMU_X86: both(
                inside(
                    "kvm_msr_entry_add_vmx",
                    every(r"^    if \(!kvm_vmx_basic\) \{\n(?:.*\n)*?^    \}\n\n", ""),
                ),
                inside("kvm_init_msrs", swap("if (kvm_feature_msrs && cpu_has_vmx(env))", "if (cpu_has_vmx(env))")),
            )
        },
        "MSR_IA32_VMX_BASIC MSR_IA32_VMX_MISC MSR_IA32_VMX_TRUE_PINBASED_CTLS",
    ),
    Fault(
        "MSRs that were not restored go unnoticed",
        "2022-10-05",
        issue("firecracker-microvm/firecracker", 3164),
        "KVM_SET_MSRS stops at the first register that it refuses and counts them; the VMM looked for errors only.",
        "MSR count ignored",
        {
            QEMU_X86: inside(
                "kvm_buf_set_msrs",
                every(r"^    if \(ret < cpu->kvm_msr_buf->nmsrs\) \{\n(?:.*\n)*?^    \}\n\n", ""),
                swap("    assert(ret == cpu->kvm_msr_buf->nmsrs);\n", ""),
            )
        },
        "KVM_SET_MSRS",
        "CAP313",
    ),
    Fault(
        "MSRs that were not saved go unnoticed",
        "2020-08-05",
        issue("cloud-hypervisor/cloud-hypervisor", 1543),
        "KVM_GET_MSRS had stopped halfway through the list, and the snapshot lacked the rest.",
        "MSR count ignored",
        {
            QEMU_X86: inside(
                "kvm_get_msrs",
                every(r"^    if \(ret < cpu->kvm_msr_buf->nmsrs\) \{\n(?:.*\n)*?^    \}\n\n", ""),
                swap("    assert(ret == cpu->kvm_msr_buf->nmsrs);\n", ""),
            )
        },
        "KVM_GET_MSRS",
        "CAP313",
    ),
    Fault(
        "a single MSR that was refused goes unnoticed",
        "2019-10-15",
        issue("rust-vmm/kvm", 63),
        "The wrapper of KVM_SET_MSRS turned the count into a success; so does here the reading of one register.",
        "MSR count ignored",
        {QEMU_X86: inside("kvm_get_one_msr", swap("    assert(ret == 1);\n", ""))},
        "KVM_GET_MSRS",
        "CAP313",
    ),
    Fault(
        "an MSR is read and never written back",
        "2026-03-06",
        issue("firecracker-microvm/firecracker", 5738),
        "The interrupt of asynchronous page faults was missing from what a restored vCPU gets.",
        "MSR one way",
        {
            QEMU_X86: inside(
                "kvm_put_msrs",
                swap(
                    "        if (env->features[FEAT_KVM] & CPUID_KVM_ASYNCPF_INT) {\n"
                    "            kvm_msr_entry_add(cpu, MSR_KVM_ASYNC_PF_INT, env->async_pf_int_msr);\n        }\n",
                    "",
                ),
            )
        },
        "MSR_KVM_ASYNC_PF_INT",
        "CAP306 CAP312",
    ),
    Fault(
        "a listed MSR is not saved",
        "2022-07-26",
        issue("firecracker-microvm/firecracker", 3064),
        "What a guest had asked of halt polling was lost in snapshots, as were three more registers.",
        "MSR not saved",
        {
            QEMU_X86: both(
                inside(
                    "kvm_put_msrs",
                    swap(
                        "        if (env->features[FEAT_KVM] & CPUID_KVM_POLL_CONTROL) {\n"
                        "            kvm_msr_entry_add(cpu, MSR_KVM_POLL_CONTROL, env->poll_control_msr);\n        }\n",
                        "",
                    ),
                ),
                inside(
                    "kvm_get_msrs",
                    swap(
                        "    if (env->features[FEAT_KVM] & CPUID_KVM_POLL_CONTROL) {\n"
                        "        kvm_msr_entry_add(cpu, MSR_KVM_POLL_CONTROL, 1);\n    }\n",
                        "",
                    ),
                    swap(
                        "        case MSR_KVM_POLL_CONTROL: {\n            env->poll_control_msr = msrs[i].data;\n"
                        "            break;\n        }\n",
                        "",
                    ),
                ),
            )
        },
        "MSR_KVM_POLL_CONTROL",
        "CAP306",
    ),
    Fault(
        "a VM's capability is enabled on /dev/kvm",
        "2026-09-21",
        issue("dosemu2/dosemu2", 3062),
        "The request to disable bus lock detection went to the system's descriptor, which refuses everything.",
        "wrong descriptor",
        {
            QEMU_X86: inside(
                "kvm_vm_enable_bus_lock_exit",
                swap(
                    "    int ret = 0;\n",
                    "    struct kvm_enable_cap cap = {\n        .cap = KVM_CAP_X86_BUS_LOCK_EXIT,\n"
                    "        .args[0] = KVM_BUS_LOCK_DETECTION_EXIT,\n    };\n    int ret = 0;\n",
                ),
                swap(
                    "    ret = kvm_vm_enable_cap(s, KVM_CAP_X86_BUS_LOCK_EXIT, 0,\n"
                    "                            KVM_BUS_LOCK_DETECTION_EXIT);\n",
                    "    ret = kvm_ioctl(s, KVM_ENABLE_CAP, &cap);\n",
                ),
            )
        },
        "KVM_CAP_X86_BUS_LOCK_EXIT",
        "CAP403",
    ),
    Fault(
        "a capability of a VM is asked of the system",
        "2017-09-14",
        "QEMU commit 6977afda16 (ppc/kvm: check some capabilities with kvm_vm_check_extension())",
        "With both kinds of KVM loaded on powerpc the system's answer is a guess, and QEMU believed it.",
        "asked on the wrong scope",
        {
            QEMU_PPC: inside(
                "kvmppc_reset_htab",
                swap(
                    "kvm_vm_check_extension(kvm_state, KVM_CAP_PPC_ALLOC_HTAB)",
                    "kvm_check_extension(kvm_state, KVM_CAP_PPC_ALLOC_HTAB)",
                ),
            )
        },
        "KVM_CAP_PPC_ALLOC_HTAB",
        "CAP406",
    ),
    Fault(
        "nobody looks whether enabling has worked",
        "2026-05-26",
        issue("hyperlight-dev/hyperlight", 1474),
        "A VMM enabled exits for accesses that cannot be decoded, dropped the result, and relied on the exits.",
        "result ignored",
        {
            QEMU_ARM: inside(
                "kvm_arch_init",
                swap(
                    "        if (kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0)) {\n"
                    '            error_report("Failed to enable KVM_CAP_ARM_NISV_TO_USER cap");\n'
                    "        } else {\n"
                    "            /* Set status for supporting the external dabt injection */\n"
                    "            cap_has_inject_ext_dabt = kvm_check_extension(s,\n"
                    "                                    KVM_CAP_ARM_INJECT_EXT_DABT);\n        }\n",
                    "        kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0);\n"
                    "        cap_has_inject_ext_dabt = kvm_check_extension(s,\n"
                    "                                KVM_CAP_ARM_INJECT_EXT_DABT);\n",
                ),
            )
        },
        "KVM_CAP_ARM_NISV_TO_USER",
        "CAP401",
    ),
    Fault(
        "the count of the MSRs is checked for errors only",
        "2026-07-23",
        issue("microsoft/openvmm", 4015),
        "Reading a feature MSR succeeded with no register read; the value of the buffer was taken for the host's.",
        "MSR count ignored",
        {QEMU_X86: inside("kvm_arch_get_supported_msr_feature", swap("    if (ret != 1) {\n", "    if (ret < 0) {\n"))},
        "KVM_GET_MSRS",
        "CAP313",
    ),
]
