"""Changes of the places where public faults were, as maintainers make them: none of them may add a finding."""

from __future__ import annotations

import public_innocent_vmm
from editing import ANSWERS, ENABLES, Edit, before, both, every, inside, swap
from public_fault import ARM64, MAIN, POWERPC, S390, VMX, X86
from public_faults_kernel import COMPAT, answered_too, unanswered
from real_trees import API, QEMU, UAPI

_BNDCFGS = (
    "\t\tif (!kvm_mpx_supported() ||\n\t\t    (!msr_info->host_initiated &&\n"
    "\t\t     !guest_cpuid_has(vcpu, X86_FEATURE_MPX)))\n"
)
_FILTER = (
    "\t\tfilter.flags = filter_compat.flags;\n"
    "\t\tfor (i = 0; i < ARRAY_SIZE(filter.ranges); i++) {\n"
    "\t\t\tstruct kvm_msr_filter_range_compat *cr;\n\n"
    "\t\t\tcr = &filter_compat.ranges[i];\n"
    "\t\t\tfilter.ranges[i] = (struct kvm_msr_filter_range) {\n"
    "\t\t\t\t.flags = cr->flags,\n\t\t\t\t.nmsrs = cr->nmsrs,\n\t\t\t\t.base = cr->base,\n"
    "\t\t\t\t.bitmap = (__u8 *)(ulong)cr->bitmap,\n\t\t\t};\n\t\t}\n"
)

KERNEL = [
    Edit(
        "a label moves to others of its kind",
        {X86: both(unanswered("VM_MOVE_ENC_CONTEXT_FROM"), answered_too("VM_MOVE_ENC_CONTEXT_FROM", "X86_GUEST_MODE"))},
    ),
    Edit(
        "a capability is answered in front of the switch",
        {
            X86: both(
                unanswered("ENABLE_CAP"),
                inside(
                    ANSWERS,
                    swap("\tint r = 0;\n", "\tint r = 0;\n\n\tif (ext == KVM_CAP_ENABLE_CAP)\n\t\treturn 1;\n"),
                ),
            )
        },
    ),
    Edit(
        "a common answer is given by every architecture",
        {
            MAIN: inside(ANSWERS + "_generic", swap("\tcase KVM_CAP_BINARY_STATS_FD:\n", "")),
            X86: answered_too("BINARY_STATS_FD", "SREGS2"),
            ARM64: answered_too("BINARY_STATS_FD", "PTP_KVM"),
            S390: answered_too("BINARY_STATS_FD", "S390_DIAG318"),
            POWERPC: answered_too("BINARY_STATS_FD", "ONE_REG"),
            "arch/riscv/kvm/vm.c": answered_too("BINARY_STATS_FD", "ONE_REG"),
            "arch/loongarch/kvm/vm.c": answered_too("BINARY_STATS_FD", "ONE_REG"),
            "arch/mips/kvm/mips.c": answered_too("BINARY_STATS_FD", "ONE_REG"),
        },
    ),
    Edit(
        "a test for a missing VM is spelt the other way round",
        {
            S390: inside(
                ANSWERS,
                swap("if (hpage && !(kvm && kvm_is_ucontrol(kvm)))", "if (hpage && (!kvm || !kvm_is_ucontrol(kvm)))"),
            )
        },
    ),
    Edit(
        "transactional memory is answered by a helper",
        {
            POWERPC: both(
                inside(
                    ANSWERS,
                    swap(
                        "\t\tr = !!(cur_cpu_spec->cpu_user_features2 & PPC_FEATURE2_HTM) ||\n"
                        "\t\t     (hv_enabled && cpu_has_feature(CPU_FTR_P9_TM_HV_ASSIST));\n",
                        "\t\tr = kvmppc_has_tm(kvm, hv_enabled);\n",
                    ),
                ),
                before(
                    ANSWERS,
                    "static bool kvmppc_has_tm(struct kvm *kvm, bool hv)\n{\n\tif (kvm)\n"
                    "\t\thv = is_kvmppc_hv_enabled(kvm);\n\tif (cur_cpu_spec->cpu_user_features2 & PPC_FEATURE2_HTM)\n"
                    "\t\treturn true;\n\treturn hv && cpu_has_feature(CPU_FTR_P9_TM_HV_ASSIST);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "an answer is set first and changed where there is a VM",
        {
            X86: inside(
                ANSWERS,
                swap(
                    "\t\tr = kvm ? kvm_arch_has_readonly_mem(kvm) : 1;\n",
                    "\t\tr = 1;\n\t\tif (kvm)\n\t\t\tr = kvm_arch_has_readonly_mem(kvm);\n",
                ),
            )
        },
    ),
    Edit(
        "the last case falls into a default that only leaves",
        {X86: inside(ANSWERS, swap(": 1;\n\t\tbreak;\n\tdefault:\n", ": 1;\n\t\tfallthrough;\n\tdefault:\n"))},
    ),
    Edit(
        "a callback is tested as a truth value",
        {X86: inside(ANSWERS, swap("nested_ops->enable_evmcs != NULL;", "nested_ops->enable_evmcs ? 1 : 0;"))},
    ),
    Edit(
        "an answer leaves early where the host lacks the feature",
        {
            X86: inside(
                ANSWERS,
                swap(
                    "\t\tr = kvm_caps.has_notify_vmexit;\n",
                    "\t\tif (!kvm_caps.has_notify_vmexit)\n\t\t\tbreak;\n\t\tr = 1;\n",
                ),
            )
        },
    ),
    Edit(
        "an answer becomes a truth value",
        {
            POWERPC: inside(
                ANSWERS,
                swap("KVM_CAP_PPC_ALLOC_HTAB:\n\t\tr = hv_enabled;", "KVM_CAP_PPC_ALLOC_HTAB:\n\t\tr = !!hv_enabled;"),
            )
        },
    ),
    Edit(
        "a lock is held to the end of a block, and a late request leaves early",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\tmutex_lock(&kvm->lock);\n\t\tif (!kvm->created_vcpus) {\n"
                    "\t\t\tkvm->arch.enable_pmu = !(cap->args[0] & KVM_PMU_CAP_DISABLE);\n\t\t\tr = 0;\n\t\t}\n"
                    "\t\tmutex_unlock(&kvm->lock);\n\t\tbreak;\n",
                    "\t\tscoped_guard(mutex, &kvm->lock) {\n\t\t\tif (kvm->created_vcpus)\n\t\t\t\treturn -EINVAL;\n"
                    "\t\t\tkvm->arch.enable_pmu = !(cap->args[0] & KVM_PMU_CAP_DISABLE);\n\t\t}\n"
                    "\t\tr = 0;\n\t\tbreak;\n",
                ),
            )
        },
    ),
    Edit(
        "the mask of a request is kept in a local",
        {
            X86: inside(
                ENABLES,
                swap("\tint r;\n", "\tu64 known = kvm_caps.supported_quirks;\n\tint r;\n"),
                swap("if (cap->args[0] & ~kvm_caps.supported_quirks)", "if (cap->args[0] & ~known)"),
            )
        },
    ),
    Edit(
        "an argument is stored inside the test of its bits",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\t\tif (cap->args[0] & ~KVM_MSR_EXIT_REASON_VALID_MASK)\n\t\t\tbreak;\n"
                    "\t\tkvm->arch.user_space_msr_mask = cap->args[0];\n\t\tr = 0;\n",
                    "\t\tif (!(cap->args[0] & ~KVM_MSR_EXIT_REASON_VALID_MASK)) {\n"
                    "\t\t\tkvm->arch.user_space_msr_mask = cap->args[0];\n\t\t\tr = 0;\n\t\t}\n",
                ),
            )
        },
    ),
    Edit(
        "flags are tested by themselves",
        {
            MAIN: inside(
                ENABLES + "_generic",
                swap(
                    "\t\tint r = -EINVAL;\n\n"
                    "\t\tif (!IS_ENABLED(CONFIG_NEED_KVM_DIRTY_RING_WITH_BITMAP) ||\n"
                    "\t\t    !kvm->dirty_ring_size || cap->flags)\n\t\t\treturn r;\n",
                    "\t\tint r = -EINVAL;\n\n\t\tif (cap->flags != 0)\n\t\t\treturn r;\n"
                    "\t\tif (!IS_ENABLED(CONFIG_NEED_KVM_DIRTY_RING_WITH_BITMAP) ||\n"
                    "\t\t    !kvm->dirty_ring_size)\n\t\t\treturn r;\n",
                ),
            )
        },
    ),
    Edit(
        "a compat handler is moved into a function",
        {
            X86: both(
                inside(
                    COMPAT, swap(_FILTER, "\t\tkvm_widen_filter(&filter, &filter_compat);\n"), swap("\t\tint i;\n", "")
                ),
                every(
                    r"^(long kvm_arch_vm_compat_ioctl\()",
                    "static void kvm_widen_filter(struct kvm_msr_filter *to,\n"
                    "\t\t\t     struct kvm_msr_filter_compat *from)\n{\n\tint i;\n\n\tto->flags = from->flags;\n"
                    "\tfor (i = 0; i < ARRAY_SIZE(to->ranges); i++) {\n"
                    "\t\tto->ranges[i].flags = from->ranges[i].flags;\n"
                    "\t\tto->ranges[i].nmsrs = from->ranges[i].nmsrs;\n"
                    "\t\tto->ranges[i].base = from->ranges[i].base;\n"
                    "\t\tto->ranges[i].bitmap = (__u8 *)(ulong)from->ranges[i].bitmap;\n\t}\n}\n\n"
                    r"\1",
                ),
            )
        },
    ),
    Edit(
        "an MSR's gate is a local",
        {
            X86: inside(
                "kvm_get_msr_common",
                swap(
                    "\tcase MSR_KVM_ASYNC_PF_ACK:\n\t\tif (!guest_pv_has(vcpu, KVM_FEATURE_ASYNC_PF_INT))\n"
                    "\t\t\treturn KVM_MSR_RET_UNSUPPORTED;\n\n\t\tmsr_info->data = 0;\n\t\tbreak;\n",
                    "\tcase MSR_KVM_ASYNC_PF_ACK: {\n\t\tbool known = guest_pv_has(vcpu, KVM_FEATURE_ASYNC_PF_INT);\n\n"
                    "\t\tif (!known)\n\t\t\treturn KVM_MSR_RET_UNSUPPORTED;\n\n"
                    "\t\tmsr_info->data = 0;\n\t\tbreak;\n\t}\n",
                ),
            )
        },
    ),
    Edit(
        "an MSR's gate is a helper for both directions",
        {
            VMX: both(
                inside("vmx_get_msr", swap(_BNDCFGS, "\t\tif (!vmx_may_use_bndcfgs(vcpu, msr_info))\n")),
                inside("vmx_set_msr", swap(_BNDCFGS, "\t\tif (!vmx_may_use_bndcfgs(vcpu, msr_info))\n")),
                before(
                    "vmx_get_msr",
                    "static bool vmx_may_use_bndcfgs(struct kvm_vcpu *vcpu, struct msr_data *msr)\n{\n"
                    "\tif (!kvm_mpx_supported())\n\t\treturn false;\n"
                    "\treturn msr->host_initiated || guest_cpuid_has(vcpu, X86_FEATURE_MPX);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "a list of MSRs has another order",
        {X86: swap("\tMSR_K7_HWCR,\n\tMSR_KVM_POLL_CONTROL,\n", "\tMSR_KVM_POLL_CONTROL,\n\tMSR_K7_HWCR,\n")},
    ),
    Edit(
        "a vendor's filter is two tests",
        {
            VMX: inside(
                "vmx_has_emulated_msr",
                swap("\tcase MSR_AMD64_TSC_RATIO:\n", ""),
                swap(
                    "\tswitch (index) {\n",
                    "\tif (index == MSR_AMD64_TSC_RATIO)\n\t\treturn false;\n\n\tswitch (index) {\n",
                ),
            )
        },
    ),
]

UAPI_AND_TEXT = [
    Edit(
        "numbers of exits and capabilities are spelt in hexadecimal",
        {
            UAPI: both(
                swap("#define KVM_EXIT_MEMORY_FAULT     39\n", "#define KVM_EXIT_MEMORY_FAULT     0x27\n"),
                swap("#define KVM_CAP_XSAVE2 208\n", "#define KVM_CAP_XSAVE2 0xd0\n"),
            ),
            QEMU: swap("#define KVM_CAP_PPC_RPT_INVALIDATE 202\n", "#define KVM_CAP_PPC_RPT_INVALIDATE (200 + 2)\n"),
        },
    ),
    Edit(
        "the members of a union have another order",
        {
            UAPI: swap(
                "\t\t\tunion {\n#ifndef __KERNEL__\n\t\t\t\t__u64 flags;\n#endif\n\t\t\t\t__u64 data[16];\n\t\t\t};\n",
                "\t\t\tunion {\n\t\t\t\t__u64 data[16];\n#ifndef __KERNEL__\n\t\t\t\t__u64 flags;\n#endif\n\t\t\t};\n",
            )
        },
    ),
    Edit(
        "a section's fields have another order",
        {
            API: swap(
                ":Capability: KVM_CAP_HYPERV_CPUID (vcpu), KVM_CAP_SYS_HYPERV_CPUID (system)\n"
                ":Architectures: x86\n:Type: system ioctl, vcpu ioctl\n",
                ":Architectures: x86\n:Type: vcpu ioctl, system ioctl\n"
                ":Capability: KVM_CAP_SYS_HYPERV_CPUID (system), KVM_CAP_HYPERV_CPUID (vcpu)\n",
            )
        },
    ),
    Edit(
        "a printed structure is laid out differently",
        {
            API: swap(
                "\t\t\t__u32 type;\n                        __u32 ndata;\n                        __u64 data[16];\n",
                "\t\t\t__u32 type, ndata;\n\t\t\t__u64 data[16];\t/* ndata of them */\n",
            )
        },
    ),
]

EDITS = [*KERNEL, *UAPI_AND_TEXT, *public_innocent_vmm.EDITS]
