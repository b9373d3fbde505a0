"""Refactorings of s390's and powerpc's sources."""

from __future__ import annotations

from editing import ANSWERS, ENABLES, ENABLES_VCPU, OLD, Edit, before, both, inside, swap
from real_trees import API
from refactoring import (
    ahead,
    answers_returned,
    errors_returned,
    exchanged,
    helper,
    in_text,
    in_turn,
    instead,
    last,
    local,
    matching,
    of_case,
    receives,
    renamed,
    scoped,
    text_of,
    without,
)

S390 = "arch/s390/kvm/kvm-s390.c"
S390_HEADER = "arch/s390/kvm/kvm-s390.h"
S390_MAKEFILE = "arch/s390/kvm/Makefile"
PPC = "arch/powerpc/kvm/powerpc.c"
PPC_MAKEFILE = "arch/powerpc/kvm/Makefile"
LOCK = "&kvm->lock"
HV = "CONFIG_KVM_BOOK3S_HV_POSSIBLE"

_FACILITY = (
    r"set_kvm_facility\(kvm->arch\.model\.fac_mask, (\d+)\);\n\t+"
    r"set_kvm_facility\(kvm->arch\.model\.fac_list, \1\);"
)
_OFFERS = (
    "static void offer_facility(struct kvm *kvm, unsigned long nr)\n{\n"
    "\tset_kvm_facility(kvm->arch.model.fac_mask, nr);\n"
    "\tset_kvm_facility(kvm->arch.model.fac_list, nr);\n}\n"
)

S390_HELPERS = [
    Edit(f"s390: a helper enables {cap}", {S390: helper(ENABLES, cap, "struct kvm *kvm", "kvm")})
    for cap in ("S390_VECTOR_REGISTERS", "S390_HPAGE_1M", "S390_RI", "S390_USER_INSTR0")
]
S390_HELPERS += [
    Edit(
        "s390: a helper enables CSS support",
        {S390: helper(ENABLES_VCPU, "S390_CSS_SUPPORT", "struct kvm_vcpu *vcpu", "vcpu")},
    ),
    Edit("s390: a helper counts VCPUs", {S390: helper(ANSWERS, "MAX_VCPU_ID", "long ext", "ext")}),
    Edit("s390: a helper counts VCPUs, in 6.1", {S390: helper(ANSWERS, "MAX_VCPU_ID", "long ext", "ext")}, pair=OLD),
    Edit("s390: a helper looks for the commands of dumps", {S390: helper(ANSWERS, "S390_PROTECTED_DUMP", "void", "")}),
    Edit(
        "s390: a helper offers a facility",
        {S390: both(inside(ENABLES, matching(_FACILITY, r"offer_facility(kvm, \1);")), before(ENABLES, _OFFERS))},
    ),
    Edit(
        "s390: facilities come from a table",
        {
            S390: both(
                of_case(
                    ENABLES,
                    "S390_VECTOR_REGISTERS",
                    in_turn(
                        matching(
                            r"\t\t\tif \(test_facility\(\d+\)\) \{\n(?:\t\t\t\t.*\n)*\t\t\t\}\n(?=\t\t\tr = 0)",
                            "\t\t\tfor (i = 0; i < ARRAY_SIZE(more_vector); i++)\n"
                            "\t\t\t\tif (test_facility(more_vector[i]))\n"
                            "\t\t\t\t\toffer_facility(kvm, more_vector[i]);\n",
                        ),
                        matching(r"\t\t\tif \(test_facility\(\d+\)\) \{\n(?:\t\t\t\t.*\n)*\t\t\t\}\n", ""),
                        lambda body: "\t\tint i;\n\n" + body,
                    ),
                ),
                before(
                    ENABLES,
                    _OFFERS + "\nstatic const unsigned long more_vector[] = { 134, 135, 148, 152, 192 };\n",
                ),
            )
        },
    ),
    Edit(
        "s390: a helper enables what needs a facility",
        {
            S390: both(
                of_case(
                    ENABLES,
                    "S390_GS",
                    matching(
                        r"\t\tr = -EINVAL;\n(?:.*\n)*\t\tmutex_unlock\(&kvm->lock\);\n",
                        "\t\tr = enable_facility(kvm, 133);\n",
                    ),
                ),
                of_case(
                    ENABLES,
                    "S390_CPU_TOPOLOGY",
                    matching(
                        r"\t\tr = -EINVAL;\n(?:.*\n)*\t\tmutex_unlock\(&kvm->lock\);\n",
                        "\t\tr = enable_facility(kvm, 11);\n",
                    ),
                ),
                before(
                    ENABLES,
                    _OFFERS
                    + "\nstatic int enable_facility(struct kvm *kvm, unsigned long nr)\n{\n\tint r = -EINVAL;\n\n"
                    "\tmutex_lock(&kvm->lock);\n\tif (kvm->created_vcpus) {\n\t\tr = -EBUSY;\n"
                    "\t} else if (test_facility(nr)) {\n\t\toffer_facility(kvm, nr);\n\t\tr = 0;\n\t}\n"
                    "\tmutex_unlock(&kvm->lock);\n\n\treturn r;\n}\n",
                ),
            )
        },
    ),
]

S390_STRUCTURE = [
    Edit("s390: MEM_OP is answered in front of the switch", {S390: ahead(ANSWERS, "S390_MEM_OP", "ext")}),
    Edit("s390: HPAGE_1M is answered in front of the switch", {S390: ahead(ANSWERS, "S390_HPAGE_1M", "ext")}),
    *(
        Edit(f"s390: {cap} is enabled in front of the switch", {S390: ahead(ENABLES, cap, "cap->cap")})
        for cap in ("S390_AIS", "S390_IRQCHIP", "S390_USER_STSI", "S390_HPAGE_1M")
    ),
    Edit("s390: two enablings exchange places", {S390: exchanged(ENABLES, "S390_RI", "S390_USER_STSI")}),
    Edit("s390: two answers exchange places", {S390: exchanged(ANSWERS, "S390_GS", "S390_COW")}),
    Edit("s390: IRQCHIP becomes the last case", {S390: last(ENABLES, "S390_IRQCHIP")}),
    Edit("s390: answers are returned", {S390: answers_returned(ANSWERS)}),
    Edit(
        "s390: the switch of a vCPU's only capability becomes an if",
        {
            S390: inside(
                ENABLES_VCPU,
                matching(r"\tint r;\n\n", ""),
                swap(
                    "\tswitch (cap->cap) {\n\tcase KVM_CAP_S390_CSS_SUPPORT:\n",
                    "\tif (cap->cap == KVM_CAP_S390_CSS_SUPPORT) {\n",
                ),
                swap(
                    "\t\tr = 0;\n\t\tbreak;\n\tdefault:\n\t\tr = -EINVAL;\n\t\tbreak;\n\t}\n\treturn r;\n",
                    "\t\treturn 0;\n\t}\n\n\treturn -EINVAL;\n",
                ),
            )
        },
    ),
    Edit(
        "s390: a label under a directive gets a case that asks for the configuration",
        {
            S390: inside(
                ANSWERS,
                swap("#ifdef CONFIG_KVM_S390_UCONTROL\n\tcase KVM_CAP_S390_UCONTROL:\n#endif\n", ""),
                swap(
                    "\tcase KVM_CAP_S390_MEM_OP:\n",
                    "\tcase KVM_CAP_S390_UCONTROL:\n\t\tr = IS_ENABLED(CONFIG_KVM_S390_UCONTROL);\n\t\tbreak;\n"
                    "\tcase KVM_CAP_S390_MEM_OP:\n",
                ),
            )
        },
    ),
    Edit(
        "s390: facilities that answer come from a table",
        {
            S390: both(
                inside(
                    ANSWERS,
                    matching(
                        r"\tcase KVM_CAP_S390_(?:VECTOR_REGISTERS|RI|GS|BPB|CPU_TOPOLOGY):\n"
                        r"\t\tr = test_facility\(\d+\);\n\t\tbreak;\n",
                        "",
                    ),
                    swap("\tint r;\n", "\tint r, i;\n"),
                    swap(
                        "\tswitch (ext) {\n",
                        "\tfor (i = 0; i < ARRAY_SIZE(by_facility); i++)\n\t\tif (by_facility[i].ext == ext)\n"
                        "\t\t\treturn test_facility(by_facility[i].nr);\n\n\tswitch (ext) {\n",
                    ),
                ),
                before(
                    ANSWERS,
                    "static const struct {\n\tlong ext;\n\tunsigned long nr;\n} by_facility[] = {\n"
                    "\t{ KVM_CAP_S390_VECTOR_REGISTERS, 129 },\n\t{ KVM_CAP_S390_RI, 64 },\n"
                    "\t{ KVM_CAP_S390_GS, 133 },\n\t{ KVM_CAP_S390_BPB, 82 },\n"
                    "\t{ KVM_CAP_S390_CPU_TOPOLOGY, 11 },\n};\n",
                ),
            )
        },
    ),
]

S390_LOCALS = [
    Edit(
        "s390: the VM's architecture part is kept in a pointer",
        {S390: local(ENABLES, "struct kvm_arch *arch = &kvm->arch;", r"(?<![\w>])kvm->arch\.", "arch->")},
    ),
    Edit(
        "s390: a vCPU's VM is kept in a pointer",
        {S390: local(ENABLES_VCPU, "struct kvm *kvm = vcpu->kvm;", r"vcpu->kvm\b", "kvm")},
    ),
    Edit("s390: the request gets another name", {S390: renamed(ENABLES, "cap", "ec")}),
    Edit("s390: the result gets another name", {S390: renamed(ANSWERS, "r", "rc")}),
    Edit(
        "s390: the flags are kept in a local",
        {S390: local(ENABLES, "const __u32 flags = cap->flags;", r"\(cap->flags\)", "(flags)")},
    ),
]

S390_LOCKS = [
    Edit(f"s390: {cap} holds the lock in a scope", {S390: of_case(ENABLES, cap, scoped(LOCK))})
    for cap in ("S390_VECTOR_REGISTERS", "S390_AIS", "S390_HPAGE_1M")
]
S390_LOCKS += [
    Edit(
        "s390: stores are marked as ones that others read",
        {S390: inside(ENABLES, matching(r"(kvm->arch\.user_\w+) = 1;", r"WRITE_ONCE(\1, 1);"))},
    ),
    Edit(
        "s390: one becomes true",
        {S390: inside(ENABLES, swap("kvm->arch.use_irqchip = 1;", "kvm->arch.use_irqchip = true;"))},
    ),
]

S390_CONDITIONS = [
    Edit(
        "s390: an assignment and an if become one expression",
        {
            S390: of_case(
                ANSWERS, "S390_HPAGE_1M", instead("\t\tr = hpage && !(kvm && kvm_is_ucontrol(kvm));\n\t\tbreak;\n")
            )
        },
    ),
    Edit(
        "s390: a condition is distributed",
        {
            S390: of_case(
                ANSWERS,
                "S390_HPAGE_1M",
                in_text("hpage && !(kvm && kvm_is_ucontrol(kvm))", "hpage && (!kvm || !kvm_is_ucontrol(kvm))"),
            )
        },
    ),
    Edit(
        "s390: a chain of conditions is taken apart",
        {
            S390: of_case(
                ENABLES,
                "S390_HPAGE_1M",
                in_text(
                    "\t\telse if (!hpage || kvm->arch.use_cmma || kvm_is_ucontrol(kvm))\n\t\t\tr = -EINVAL;\n",
                    "\t\telse if (!hpage)\n\t\t\tr = -EINVAL;\n"
                    "\t\telse if (kvm->arch.use_cmma || kvm_is_ucontrol(kvm))\n\t\t\tr = -EINVAL;\n",
                ),
            )
        },
    ),
    Edit(
        "s390: min_t becomes an if",
        {
            S390: of_case(
                ANSWERS,
                "MAX_VCPU_ID",
                in_text(
                    "\t\tif (ext == KVM_CAP_NR_VCPUS)\n\t\t\tr = min_t(unsigned int, num_online_cpus(), r);\n",
                    "\t\tif (ext == KVM_CAP_NR_VCPUS && num_online_cpus() < r)\n\t\t\tr = num_online_cpus();\n",
                ),
            )
        },
    ),
    Edit(
        "s390: bits are joined in turn",
        {
            S390: of_case(
                ANSWERS, "S390_MEM_OP_EXTENSION", matching(r"r = (\w+) \|\n\t\t    (\w+);", r"r = \1;\n\t\tr |= \2;")
            )
        },
    ),
    Edit(
        "s390: a loop over commands becomes a while",
        {
            S390: of_case(
                ANSWERS,
                "S390_PROTECTED_DUMP",
                in_turn(
                    in_text(
                        "\t\tfor (i = 0; i < ARRAY_SIZE(pv_cmds_dump); i++) {\n",
                        "\t\ti = 0;\n\t\twhile (i < ARRAY_SIZE(pv_cmds_dump)) {\n",
                    ),
                    matching(r"\t\t\t\tbreak;\n\t\t\t\}\n", "\t\t\t\tbreak;\n\t\t\t}\n\t\t\ti++;\n"),
                ),
            )
        },
    ),
    Edit(
        "s390: a helper looks at the flags",
        {
            S390: both(
                inside(ENABLES, swap("if (cap->flags)", "if (unknown_flags(cap->flags))")),
                before(ENABLES, "static inline bool unknown_flags(u32 flags)\n{\n\treturn !!flags;\n}\n"),
            )
        },
    ),
]

S390_PLACES = [
    Edit(
        "s390: the enabling of a vCPU's capabilities moves to another file",
        {
            S390: without(ENABLES_VCPU),
            S390_HEADER: swap(
                "extern unsigned int diag9c_forwarding_hz;\n",
                "extern unsigned int diag9c_forwarding_hz;\n\n"
                f"int {ENABLES_VCPU}(struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap);\n",
            ),
            "arch/s390/kvm/diag.c": lambda text: (
                text + "\n" + receives(S390, ENABLES_VCPU, "#end", "static ")("#end")[:-4]
            ),
        },
    ),
    Edit(
        "s390: kvm-s390.c gets another name",
        {
            S390: None,
            "arch/s390/kvm/main.c": text_of(S390),
            S390_MAKEFILE: swap("kvm-y += kvm-s390.o", "kvm-y += main.o"),
        },
    ),
    Edit(
        "s390: every label gets a comment",
        {S390: inside(ENABLES, matching(r"^(\tcase KVM_CAP_\w+:)$", r"\1\t/* of the VM */"))},
    ),
    Edit(
        "s390: a paragraph of the documentation is wrapped anew",
        {
            API: swap(
                "With this capability the KVM support for memory backing with 1m pages\n"
                "through hugetlbfs can be enabled",
                "With this capability the KVM support for memory backing\n"
                "with 1m pages through hugetlbfs can be enabled",
            )
        },
    ),
]

PPC_HELPERS = [
    Edit(
        "powerpc: a helper answers for SMT",
        {PPC: helper(ANSWERS, "PPC_SMT", "struct kvm *kvm, int hv_enabled", "kvm, hv_enabled", under=HV)},
    ),
    Edit(
        "powerpc: a helper answers for AIL",
        {PPC: helper(ANSWERS, "PPC_AIL_MODE_3", "int hv_enabled", "hv_enabled")},
    ),
    Edit("powerpc: a helper counts VCPUs", {PPC: helper(ANSWERS, "NR_VCPUS", "int hv_enabled", "hv_enabled")}),
    Edit(
        "powerpc: a helper sets how EPR is served",
        {
            PPC: both(
                of_case(ENABLES_VCPU, "PPC_EPR", in_text("cap->args[0]", "user")),
                helper(ENABLES_VCPU, "PPC_EPR", "struct kvm_vcpu *vcpu, u64 user", "vcpu, cap->args[0]"),
            )
        },
    ),
    Edit(
        "powerpc: a helper enables hypercalls",
        {
            PPC: helper(
                ENABLES,
                "PPC_ENABLE_HCALL",
                "struct kvm *kvm, struct kvm_enable_cap *cap",
                "kvm, cap",
                under="CONFIG_KVM_BOOK3S_64_HANDLER",
            )
        },
    ),
    Edit(
        "powerpc: a helper enables nesting",
        {PPC: helper(ENABLES, "PPC_NESTED_HV", "struct kvm *kvm", "kvm", under="CONFIG_KVM_BOOK3S_64_HANDLER")},
    ),
    Edit(
        "powerpc: a helper connects an XICS",
        {
            PPC: helper(
                ENABLES_VCPU,
                "IRQ_XICS",
                "struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap",
                "vcpu, cap",
                under="CONFIG_KVM_XICS",
            )
        },
    ),
    Edit(
        "powerpc: a macro asks for an operation of HV",
        {
            PPC: both(
                inside(
                    ENABLES,
                    matching(r"!is_kvmppc_hv_enabled\(kvm\) \|\|\s+!kvm->arch\.kvm_ops->(\w+)", r"!hv_can(kvm, \1)"),
                ),
                before(
                    ENABLES,
                    "#define hv_can(kvm, op) \\\n\t(is_kvmppc_hv_enabled(kvm) && (kvm)->arch.kvm_ops->op)\n",
                ),
            )
        },
    ),
]

PPC_STRUCTURE = [
    Edit("powerpc: MAX_VCPU_ID is answered in front of the switch", {PPC: ahead(ANSWERS, "MAX_VCPU_ID", "ext")}),
    Edit("powerpc: NR_VCPUS is answered in front of the switch", {PPC: ahead(ANSWERS, "NR_VCPUS", "ext")}),
    Edit("powerpc: two enablings exchange places", {PPC: exchanged(ENABLES, "PPC_SECURE_GUEST", "PPC_DAWR1")}),
    Edit("powerpc: two enablings per vCPU exchange places", {PPC: exchanged(ENABLES_VCPU, "PPC_OSI", "PPC_PAPR")}),
    Edit("powerpc: MAX_VCPUS becomes the last case", {PPC: last(ANSWERS, "MAX_VCPUS")}),
    Edit("powerpc: answers are returned", {PPC: answers_returned(ANSWERS)}),
    Edit("powerpc: answers are returned, in 6.1", {PPC: answers_returned(ANSWERS)}, pair=OLD),
    Edit(
        "powerpc: errors are returned",
        {PPC: errors_returned(ENABLES, "PPC_SECURE_GUEST", "PPC_DAWR1", "PPC_NESTED_HV")},
    ),
    Edit(
        "powerpc: errors per vCPU are returned",
        {PPC: errors_returned(ENABLES_VCPU, "IRQ_XICS", "IRQ_MPIC", "PPC_FWNMI")},
    ),
    Edit(
        "powerpc: unknown capabilities go to a label",
        {
            PPC: inside(
                ENABLES_VCPU,
                swap("\tdefault:\n\t\tr = -EINVAL;\n\t\tbreak;\n", "\tdefault:\n\t\tr = -EINVAL;\n\t\tgoto out;\n"),
                swap("kvmppc_sanity_check(vcpu);\n\n", "kvmppc_sanity_check(vcpu);\n\nout:\n"),
            )
        },
    ),
    Edit(
        "powerpc: two cases with one answer are merged",
        {
            PPC: inside(
                ANSWERS,
                swap(
                    "\tcase KVM_CAP_PPC_GET_SMMU_INFO:\n\t\tr = 1;\n\t\tbreak;\n", "\tcase KVM_CAP_PPC_GET_SMMU_INFO:\n"
                ),
            )
        },
    ),
    Edit("powerpc: a superfluous fallthrough goes", {PPC: inside(ANSWERS, swap("\t\tfallthrough;\n", ""))}),
]

PPC_LOCALS = [
    Edit(
        "powerpc: the operations are kept in a pointer",
        {PPC: local(ENABLES, "struct kvmppc_ops *ops = kvm->arch.kvm_ops;", r"kvm->arch\.kvm_ops->", "ops->")},
    ),
    Edit(
        "powerpc: the architecture's part of a vCPU is kept in a pointer",
        {PPC: local(ENABLES_VCPU, "struct kvm_vcpu_arch *arch = &vcpu->arch;", r"vcpu->arch\.", "arch->")},
    ),
    Edit(
        "powerpc: the arguments are kept in a pointer",
        {PPC: local(ENABLES, "const __u64 *args = cap->args;", r"cap->args\[", "args[")},
    ),
    Edit("powerpc: the request gets another name", {PPC: renamed(ENABLES_VCPU, "cap", "enable")}),
    Edit("powerpc: the mode gets another name", {PPC: renamed(ANSWERS, "hv_enabled", "is_hv")}),
]

PPC_CONDITIONS = [
    Edit(
        "powerpc: a condition is inverted",
        {
            PPC: of_case(
                ENABLES_VCPU,
                "PPC_EPR",
                instead(
                    "\t\tr = 0;\n\t\tif (!cap->args[0])\n\t\t\tvcpu->arch.epr_flags &= ~KVMPPC_EPR_USER;\n"
                    "\t\telse\n\t\t\tvcpu->arch.epr_flags |= KVMPPC_EPR_USER;\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "powerpc: a choice becomes a ternary",
        {
            PPC: of_case(
                ANSWERS,
                "NR_VCPUS",
                matching(
                    r"\t\tif \(hv_enabled\)\n(?:.*\n)*",
                    "\t\tr = min_t(unsigned int, hv_enabled ? num_present_cpus() : num_online_cpus(),\n"
                    "\t\t\t  KVM_MAX_VCPUS);\n\t\tbreak;\n",
                ),
            )
        },
    ),
    Edit(
        "powerpc: a sum of bits becomes GENMASK()",
        {PPC: of_case(ANSWERS, "PPC_SMT_POSSIBLE", in_text("r = 8 | 4 | 2 | 1;", "r = GENMASK(3, 0);"))},
    ),
    Edit(
        "powerpc: double negations go",
        {PPC: of_case(ANSWERS, "PPC_DAWR1", matching(r"r = !!\((hv_enabled && [^;]+)\);", r"r = \1;"))},
    ),
    Edit(
        "powerpc: nested questions become ternaries",
        {
            PPC: of_case(
                ANSWERS,
                "PPC_SMT",
                instead(
                    "\t\tr = 0;\n\t\tif (kvm)\n\t\t\tr = kvm->arch.emul_smt_mode > 1 ? kvm->arch.emul_smt_mode :\n"
                    "\t\t\t\tkvm->arch.smt_mode;\n\t\telse if (hv_enabled)\n"
                    "\t\t\tr = cpu_has_feature(CPU_FTR_ARCH_300) ? 1 : threads_per_subcore;\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "powerpc: one refusal becomes two in turn",
        {
            PPC: of_case(
                ENABLES,
                "PPC_SECURE_GUEST",
                in_text(
                    "if (!is_kvmppc_hv_enabled(kvm) || !kvm->arch.kvm_ops->enable_svm)\n\t\t\tbreak;",
                    "if (!is_kvmppc_hv_enabled(kvm))\n\t\t\tbreak;\n"
                    "\t\tif (!kvm->arch.kvm_ops->enable_svm)\n\t\t\tbreak;",
                ),
            )
        },
    ),
    Edit("powerpc: #if defined() becomes #ifdef", {PPC: inside(ANSWERS, swap(f"#if defined({HV})", f"#ifdef {HV}"))}),
    Edit(
        "powerpc: an initial answer becomes a declaration's",
        {
            PPC: inside(
                ANSWERS,
                swap("\tint r;\n", "\tint r = 0;\n"),
                swap("\tdefault:\n\t\tr = 0;\n\t\tbreak;\n", "\tdefault:\n\t\tbreak;\n"),
            )
        },
    ),
    Edit(
        "powerpc: the flags are masked with a macro",
        {
            PPC: both(
                inside(ENABLES, swap("if (cap->flags)", "if (cap->flags & ~PPC_VM_CAP_FLAGS)")),
                before(ENABLES, "#define PPC_VM_CAP_FLAGS\t0U\n"),
            )
        },
    ),
]

PPC_PLACES = [
    Edit(
        "powerpc: powerpc.c gets another name",
        {
            PPC: None,
            "arch/powerpc/kvm/common.c": text_of(PPC),
            PPC_MAKEFILE: swap("common-objs-y += powerpc.o", "common-objs-y += common.o"),
        },
    ),
    Edit(
        "powerpc: mpic.c gets another name",
        {
            "arch/powerpc/kvm/mpic.c": None,
            "arch/powerpc/kvm/openpic.c": text_of("arch/powerpc/kvm/mpic.c"),
            PPC_MAKEFILE: swap("+= mpic.o", "+= openpic.o"),
        },
    ),
    Edit(
        "powerpc: every label gets an empty line above",
        {PPC: inside(ENABLES_VCPU, matching(r"^(\tcase KVM_CAP_\w+:)", r"\n\1"))},
    ),
]

STATE = [
    Edit(
        "s390: a member gets another name",
        {
            path: matching(r"(?<=arch\.)user_stsi\b|(?<=int )user_stsi\b", "stsi_to_user")
            for path in (S390, "arch/s390/kvm/priv.c", "arch/s390/include/asm/kvm_host.h")
        },
    ),
    Edit(
        "s390: members become booleans",
        {
            S390: inside(ENABLES, matching(r"(kvm->arch\.user_\w+) = 1;", r"\1 = true;")),
            "arch/s390/include/asm/kvm_host.h": matching(r"^\tint (user_(?:sigp|stsi|instr0));", r"\tbool \1;"),
        },
    ),
    Edit(
        "s390: a helper reads whether the instruction goes to user space",
        {
            S390_HEADER: swap(
                "extern unsigned int diag9c_forwarding_hz;\n",
                "extern unsigned int diag9c_forwarding_hz;\n\n"
                "static inline int user_sigp(struct kvm_vcpu *vcpu)\n{\n\treturn vcpu->kvm->arch.user_sigp;\n}\n",
            ),
            "arch/s390/kvm/sigp.c": swap("if (!vcpu->kvm->arch.user_sigp)", "if (!user_sigp(vcpu))"),
        },
    ),
    Edit(
        "powerpc: a member gets another name",
        {
            path: matching(r"\bfwnmi_enabled\b", "fwnmi")
            for path in (
                PPC,
                "arch/powerpc/kvm/book3s_hv_ras.c",
                "arch/powerpc/kvm/book3s_hv.c",
                "arch/powerpc/include/asm/kvm_host.h",
            )
        },
    ),
    Edit(
        "powerpc: a helper sets what is enabled",
        {
            PPC: both(
                inside(ENABLES_VCPU, swap("vcpu->arch.papr_enabled = true;", "kvmppc_enable_papr(vcpu);")),
                before(
                    ENABLES_VCPU,
                    "static void kvmppc_enable_papr(struct kvm_vcpu *vcpu)\n{\n\tvcpu->arch.papr_enabled = true;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "powerpc: a helper reads a vCPU's request",
        {
            PPC: both(
                inside(
                    "kvm_arch_vcpu_ioctl",
                    swap(
                        "\t\tstruct kvm_enable_cap cap;\n\t\tr = -EFAULT;\n"
                        "\t\tif (copy_from_user(&cap, argp, sizeof(cap)))\n\t\t\tgoto out;\n\t\tvcpu_load(vcpu);\n"
                        "\t\tr = kvm_vcpu_ioctl_enable_cap(vcpu, &cap);\n\t\tvcpu_put(vcpu);\n",
                        "\t\tr = kvm_vcpu_enable_cap_user(vcpu, argp);\n",
                    ),
                ),
                before(
                    "kvm_arch_vcpu_ioctl",
                    "static long kvm_vcpu_enable_cap_user(struct kvm_vcpu *vcpu, void __user *argp)\n{\n"
                    "\tstruct kvm_enable_cap cap;\n\tlong r;\n\n\tif (copy_from_user(&cap, argp, sizeof(cap)))\n"
                    "\t\treturn -EFAULT;\n\n\tvcpu_load(vcpu);\n\tr = kvm_vcpu_ioctl_enable_cap(vcpu, &cap);\n"
                    "\tvcpu_put(vcpu);\n\n\treturn r;\n}\n",
                ),
            )
        },
    ),
]

EDITS = [
    *S390_HELPERS, *S390_STRUCTURE, *S390_LOCALS, *S390_LOCKS, *S390_CONDITIONS, *S390_PLACES,
    *PPC_HELPERS, *PPC_STRUCTURE, *PPC_LOCALS, *PPC_CONDITIONS, *PPC_PLACES, *STATE]  # fmt: skip
