"""Refactorings of QEMU's sources."""

from __future__ import annotations

from editing import NEW, OLD, Edit, before, both, inside, swap
from refactoring import local, matching, renamed, text_of

ALL = "accel/kvm/kvm-all.c"
I386 = "target/i386/kvm/kvm.c"
ARM = "target/arm/kvm.c"
PPC = "target/ppc/kvm.c"
S390X = "target/s390x/kvm/kvm.c"
MIPS = "target/mips/kvm.c"
LOONGARCH = "target/loongarch/kvm/kvm.c"
INIT = "kvm_arch_init"
QEMU = NEW[1]

HELPERS = [
    Edit(
        "qemu: a helper asks whether the VM has a capability",
        {
            ALL: both(
                inside(
                    "kvm_init",
                    matching(
                        r"\((kvm_(?:vm_)?check_extension)\(s, (KVM_CAP_(?:IRQFD_RESAMPLE|VM_ATTRIBUTES))\) > 0\)",
                        r"kvm_has_extension(s, \2)",
                    ),
                ),
                before(
                    "kvm_init",
                    "static bool kvm_has_extension(KVMState *s, unsigned int extension)\n{\n"
                    "    return kvm_check_extension(s, extension) > 0;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a helper enables what is there",
        {
            I386: both(
                inside(
                    "kvm_vm_enable_exception_payload",
                    swap(
                        "    has_exception_payload = kvm_check_extension(s, KVM_CAP_EXCEPTION_PAYLOAD);\n"
                        "    if (has_exception_payload) {\n"
                        "        ret = kvm_vm_enable_cap(s, KVM_CAP_EXCEPTION_PAYLOAD, 0, true);\n",
                        "    has_exception_payload = kvm_check_extension(s, KVM_CAP_EXCEPTION_PAYLOAD);\n"
                        "    if (has_exception_payload) {\n"
                        "        ret = kvm_vm_set_cap(s, KVM_CAP_EXCEPTION_PAYLOAD, true);\n",
                    ),
                ),
                before(
                    "kvm_vm_enable_exception_payload",
                    "static int kvm_vm_set_cap(KVMState *s, uint32_t cap, uint64_t value)\n{\n"
                    "    return kvm_vm_enable_cap(s, cap, 0, value);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a helper enables the capabilities of an s390 machine",
        {
            S390X: both(
                inside(
                    INIT,
                    matching(r"^    kvm_vm_enable_cap\(s, (KVM_CAP_S390_\w+), 0\);", r"    enable_quietly(s, \1);"),
                ),
                before(
                    INIT,
                    "static void enable_quietly(KVMState *s, uint32_t cap)\n{\n    kvm_vm_enable_cap(s, cap, 0);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a helper passes aborts on",
        {
            ARM: both(
                inside(
                    INIT,
                    swap("if (kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0)) {", "if (pass_aborts_on(s) != 0) {"),
                ),
                before(
                    INIT,
                    "static int pass_aborts_on(KVMState *s)\n{\n"
                    "    return kvm_vm_enable_cap(s, KVM_CAP_ARM_NISV_TO_USER, 0);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a check moves to the caller",
        {
            I386: both(
                inside(
                    "kvm_vm_enable_disable_exits",
                    swap("(KVMState *s)\n", "(KVMState *s, int disable_exits)\n"),
                    swap("    int disable_exits = kvm_check_extension(s, KVM_CAP_X86_DISABLE_EXITS);\n\n", ""),
                ),
                inside(
                    INIT,
                    swap(
                        "kvm_vm_enable_disable_exits(s);",
                        "kvm_vm_enable_disable_exits(s,\n"
                        "                  kvm_check_extension(s, KVM_CAP_X86_DISABLE_EXITS));",
                    ),
                ),
            )
        },
    ),
    Edit(
        "qemu: a helper enables CSS support",
        {
            S390X: both(
                inside(
                    "kvm_s390_enable_css_support",
                    swap("kvm_vcpu_enable_cap(CPU(cpu), KVM_CAP_S390_CSS_SUPPORT, 0);", "enable_css(CPU(cpu));"),
                ),
                before(
                    "kvm_s390_enable_css_support",
                    "static inline int enable_css(CPUState *cs)\n{\n"
                    "    return kvm_vcpu_enable_cap(cs, KVM_CAP_S390_CSS_SUPPORT, 0);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: the recommended number of VCPUs is asked for in place",
        {
            ALL: inside(
                "kvm_init",
                swap(
                    "soft_vcpus_limit = kvm_recommended_vcpus(s);",
                    "soft_vcpus_limit = kvm_vm_check_extension(s, KVM_CAP_NR_VCPUS) ?: 4;",
                ),
            )
        },
    ),
    Edit(
        "qemu: a number per vCPU is handed on in a constant",
        {
            PPC: inside(
                "kvmppc_set_papr",
                swap("    int ret;\n", "    const uint32_t papr = KVM_CAP_PPC_PAPR;\n    int ret;\n"),
                swap("kvm_vcpu_enable_cap(cs, KVM_CAP_PPC_PAPR, 0);", "kvm_vcpu_enable_cap(cs, papr, 0);"),
            )
        },
    ),
]

LOCALS = [
    Edit(
        "qemu: an answer is cached in a static",
        {
            ARM: inside(
                "kvm_arm_mte_supported",
                swap(
                    "    return kvm_check_extension(kvm_state, KVM_CAP_ARM_MTE);\n",
                    "    static int supported = -1;\n\n    if (supported < 0) {\n"
                    "        supported = kvm_check_extension(kvm_state, KVM_CAP_ARM_MTE);\n    }\n\n"
                    "    return supported;\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: an answer is kept in a bool",
        {
            I386: inside(
                INIT,
                swap(
                    "    if (kvm_check_extension(s, KVM_CAP_X86_NOTIFY_VMEXIT)) {\n",
                    "    bool has_notify = kvm_check_extension(s, KVM_CAP_X86_NOTIFY_VMEXIT);\n\n"
                    "    if (has_notify) {\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: an answer is kept in an int and compared",
        {
            I386: inside(
                INIT,
                swap(
                    "    if (kvm_vm_check_extension(s, KVM_CAP_X86_USER_SPACE_MSR)) {\n",
                    "    ret = kvm_vm_check_extension(s, KVM_CAP_X86_USER_SPACE_MSR);\n    if (ret != 0) {\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a number is handed on in a constant",
        {
            I386: inside(
                "kvm_vm_enable_bus_lock_exit",
                matching(r"KVM_CAP_X86_BUS_LOCK_EXIT", "cap"),
                swap("    int ret = 0;\n", "    const uint32_t cap = KVM_CAP_X86_BUS_LOCK_EXIT;\n    int ret = 0;\n"),
            )
        },
    ),
    Edit(
        "qemu: a number is handed on in a macro",
        {
            I386: both(
                inside("kvm_vm_enable_userspace_msr", swap("KVM_CAP_X86_USER_SPACE_MSR", "CAP_OF_MSRS")),
                before("kvm_vm_enable_userspace_msr", "#define CAP_OF_MSRS KVM_CAP_X86_USER_SPACE_MSR\n"),
            )
        },
    ),
    Edit(
        "qemu: the kind of ring is chosen by a ternary",
        {
            ALL: inside(
                "kvm_dirty_ring_init",
                swap(
                    "    ret = kvm_vm_check_extension(s, capability);\n    if (ret <= 0) {\n"
                    "        capability = KVM_CAP_DIRTY_LOG_RING_ACQ_REL;\n"
                    "        ret = kvm_vm_check_extension(s, capability);\n    }\n",
                    "    capability = kvm_vm_check_extension(s, KVM_CAP_DIRTY_LOG_RING) > 0 ?\n"
                    "        KVM_CAP_DIRTY_LOG_RING : KVM_CAP_DIRTY_LOG_RING_ACQ_REL;\n"
                    "    ret = kvm_vm_check_extension(s, capability);\n",
                ),
                swap("    unsigned int capability = KVM_CAP_DIRTY_LOG_RING;\n", "    unsigned int capability;\n"),
            )
        },
    ),
    Edit(
        "qemu: the mask of exits is kept in a constant",
        {
            I386: inside(
                "kvm_vm_enable_disable_exits",
                matching(
                    r"        disable_exits &= \(((?:.*\n)*?.*)\);\n",
                    r"        const int known = \1;\n\n        disable_exits &= known;\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: flags are joined in turn",
        {
            I386: inside(
                "kvm_vm_enable_notify_vmexit",
                matching(
                    r"\(\(uint64_t\)s->notify_window << 32\) \|\n\s+(\w+) \|\n\s+(\w+);",
                    r"(uint64_t)s->notify_window << 32;\n\n        notify_window_flags |= \1;\n"
                    r"        notify_window_flags |= \2;\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: the state gets another name",
        {PPC: both(renamed(INIT, "s", "state"), renamed("kvmppc_set_smt_threads", "ret", "rc"))},
    ),
    Edit(
        "qemu: the state gets another name, in 7.2",
        {S390X: renamed(INIT, "s", "kvm")},
        pair=OLD,
    ),
    Edit(
        "qemu: the state is kept in a local",
        {PPC: local("kvmppc_set_smt_threads", "KVMState *s = kvm_state;", r"kvm_state\b", "s")},
    ),
]

CONDITIONS = [
    Edit(
        "qemu: a conjunction of checks becomes nested",
        {
            S390X: inside(
                INIT,
                swap(
                    "    if (kvm_kernel_irqchip_allowed() &&\n"
                    "        kvm_check_extension(s, KVM_CAP_S390_AIS_MIGRATION)) {\n"
                    "        kvm_vm_enable_cap(s, KVM_CAP_S390_AIS, 0);\n    }\n",
                    "    if (kvm_kernel_irqchip_allowed()) {\n"
                    "        if (kvm_check_extension(s, KVM_CAP_S390_AIS_MIGRATION)) {\n"
                    "            kvm_vm_enable_cap(s, KVM_CAP_S390_AIS, 0);\n        }\n    }\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: a conjunction of checks becomes two refusals",
        {
            ARM: inside(
                "kvm_arm_pauth_supported",
                matching(
                    r"    return \((\w+\([^;]*?ADDRESS\)) &&\s+(\w+\([^;]*?GENERIC\))\);",
                    r"    if (!\1) {\n        return false;\n    }\n\n    return \2;",
                ),
            )
        },
    ),
    Edit(
        "qemu: an empty branch goes",
        {
            ALL: inside(
                "kvm_irqchip_create",
                matching(
                    r"    if \(kvm_check_extension\(s, KVM_CAP_IRQCHIP\)\) \{\n        ;\n    \} else if "
                    r"\((.*)\) \{\n((?:.*\n)*?)    \} else \{\n        return;\n    \}\n",
                    r"    if (!kvm_check_extension(s, KVM_CAP_IRQCHIP)) {\n        if (!\1) {\n            return;\n"
                    r"        }\n\2    }\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: an early return replaces a nested enabling",
        {
            I386: inside(
                "kvm_vm_enable_triple_fault_event",
                swap(
                    "    if (has_triple_fault_event) {\n        ret = kvm_vm_enable_cap(",
                    "    if (!has_triple_fault_event) {\n        return 0;\n    }\n    ret = kvm_vm_enable_cap(",
                ),
                matching(
                    r"^        (if \(ret < 0\) \{\n)    (.*\n)    (.*\n)        \}\n    \}\n", r"    \1\2\3    }\n"
                ),
            )
        },
    ),
    Edit(
        "qemu: a condition is inverted",
        {
            I386: inside(
                "kvm_arch_irqchip_create",
                matching(
                    r"        if \(ret\) \{\n((?:            .*\n)+)        \} else \{\n"
                    r"((?:            .*\n)+)        \}\n",
                    r"        if (!ret) {\n\2        } else {\n\1        }\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: negated answers become comparisons",
        {
            ALL: inside(
                "kvm_init",
                swap(
                    "s->sync_mmu = !!kvm_vm_check_extension(kvm_state, KVM_CAP_SYNC_MMU);",
                    "s->sync_mmu = kvm_vm_check_extension(kvm_state, KVM_CAP_SYNC_MMU) != 0;",
                ),
            )
        },
    ),
    Edit(
        "qemu: a loop over capabilities becomes a while",
        {
            S390X: inside(
                INIT,
                swap(
                    "    for (int i = 0; i < ARRAY_SIZE(required_caps); i++) {\n",
                    "    int i = 0;\n    while (i < ARRAY_SIZE(required_caps)) {\n",
                ),
                matching(r"(            return -1;\n        \}\n)(    \}\n\n    object_class)", r"\1        i++;\n\2"),
            )
        },
    ),
    Edit(
        "qemu: capabilities that are asked for at once come from a table",
        {
            MIPS: both(
                inside(
                    INIT,
                    swap(
                        "    kvm_mips_fpu_cap = kvm_check_extension(s, KVM_CAP_MIPS_FPU);\n"
                        "    kvm_mips_msa_cap = kvm_check_extension(s, KVM_CAP_MIPS_MSA);\n",
                        "    for (int i = 0; i < ARRAY_SIZE(mips_caps); i++) {\n"
                        "        *mips_caps[i].answer = kvm_check_extension(s, mips_caps[i].cap);\n    }\n",
                    ),
                ),
                before(
                    INIT,
                    "static const struct {\n    int *answer;\n    unsigned int cap;\n} mips_caps[] = {\n"
                    "    { &kvm_mips_fpu_cap, KVM_CAP_MIPS_FPU },\n    { &kvm_mips_msa_cap, KVM_CAP_MIPS_MSA },\n};\n",
                ),
            )
        },
    ),
    Edit(
        "qemu: enablings without an answer come from a list",
        {
            S390X: inside(
                INIT,
                matching(
                    r"(?:    kvm_vm_enable_cap\(s, KVM_CAP_S390_\w+, 0\);\n){5}",
                    "    static const uint32_t wanted[] = {\n        KVM_CAP_S390_USER_SIGP,\n"
                    "        KVM_CAP_S390_VECTOR_REGISTERS,\n        KVM_CAP_S390_USER_STSI,\n"
                    "        KVM_CAP_S390_CPU_TOPOLOGY,\n        KVM_CAP_S390_GS,\n    };\n\n"
                    "    for (int i = 0; i < ARRAY_SIZE(wanted); i++) {\n"
                    "        kvm_vm_enable_cap(s, wanted[i], 0);\n    }\n",
                ),
            )
        },
    ),
]

PLACES = [
    Edit(
        "qemu: kvm-all.c gets another name",
        {ALL: None, "accel/kvm/kvm-common.c": text_of(ALL, QEMU),
         "accel/kvm/meson.build": swap("'kvm-all.c'", "'kvm-common.c'")},
    ),
    Edit(
        "qemu: the kvm.c of loongarch gets another name",
        {LOONGARCH: None, "target/loongarch/kvm/machine.c": text_of(LOONGARCH, QEMU),
         "target/loongarch/kvm/meson.build": swap("files('kvm.c')", "files('machine.c')")},
    ),
    Edit(
        "qemu: calls are broken over lines",
        {PPC: inside(INIT, matching(r"check_extension\(s, ", "check_extension(s,\n        "))},
    ),
    Edit(
        "qemu: calls get comments between their arguments",
        {ARM: inside(INIT, matching(r"check_extension\(s, ", "check_extension(s, /* what */ "))},
    ),
]  # fmt: skip

EDITS = [*HELPERS, *LOCALS, *CONDITIONS, *PLACES]
