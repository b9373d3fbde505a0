"""Refactorings of arm64's sources."""

from __future__ import annotations

from editing import ANSWERS, ENABLES, OLD, Edit, before, both, inside, swap
from real_trees import API
from refactoring import (
    ahead,
    answers_returned,
    exchanged,
    guarded,
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

ARM = "arch/arm64/kvm/arm.c"
GUEST = "arch/arm64/kvm/guest.c"
PKVM = "arch/arm64/include/asm/kvm_pkvm.h"
MAKEFILE = "arch/arm64/kvm/Makefile"
VM = "struct kvm *kvm, struct kvm_enable_cap *cap"
PROTECTED = "kvm && kvm_vm_is_protected(kvm) && !pkvm_ext_allowed(kvm, ext)"

HELPERS = [
    Edit(
        "arm64: a helper enables MTE",
        {ARM: helper(ENABLES, "ARM_MTE", "struct kvm *kvm", "kvm", start="int r = -EINVAL;")},
    ),
    Edit(
        "arm64: a helper enables MTE, in 6.1",
        {ARM: helper(ENABLES, "ARM_MTE", "struct kvm *kvm", "kvm")},
        pair=OLD,
    ),
    Edit(
        "arm64: a helper sets the chunk size",
        {ARM: helper(ENABLES, "ARM_EAGER_SPLIT_CHUNK_SIZE", VM, "kvm, cap", start="int r = -EINVAL;")},
    ),
    Edit(
        "arm64: a helper sets the chunk size that it is given",
        {
            ARM: both(
                of_case(
                    ENABLES,
                    "ARM_EAGER_SPLIT_CHUNK_SIZE",
                    in_turn(in_text("\t\t\tu64 new_cap = cap->args[0];\n\n", ""), matching("new_cap", "size")),
                ),
                helper(
                    ENABLES,
                    "ARM_EAGER_SPLIT_CHUNK_SIZE",
                    "struct kvm *kvm, u64 size",
                    "kvm, cap->args[0]",
                    start="int r = -EINVAL;",
                ),
            )
        },
    ),
    Edit(
        "arm64: a helper passes aborts on",
        {ARM: helper(ENABLES, "ARM_NISV_TO_USER", "struct kvm *kvm", "kvm")},
    ),
    Edit("arm64: a helper answers for MSI_DEVID", {ARM: helper(ANSWERS, "MSI_DEVID", "struct kvm *kvm", "kvm")}),
    Edit("arm64: a helper counts VCPUs", {ARM: helper(ANSWERS, "NR_VCPUS", "void", "")}),
    Edit(
        "arm64: a helper says what protected VMs are not told of",
        {
            ARM: both(
                inside(ANSWERS, swap(f"if ({PROTECTED})", "if (kvm_ext_hidden(kvm, ext))")),
                before(
                    ANSWERS,
                    f"static bool kvm_ext_hidden(struct kvm *kvm, long ext)\n{{\n\treturn {PROTECTED};\n}}\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: the default number of VCPUs is inlined",
        {
            ARM: of_case(
                ANSWERS,
                "NR_VCPUS",
                in_text(
                    "kvm_arm_default_max_vcpus()",
                    "vgic_present ? kvm_vgic_get_max_vcpus() : KVM_MAX_VCPUS",
                ),
            )
        },
    ),
    Edit(
        "arm64: a helper copies tags for its ioctl",
        {
            ARM: both(
                inside(
                    "kvm_arch_vm_ioctl",
                    swap(
                        "\t\tstruct kvm_arm_copy_mte_tags copy_tags;\n\n"
                        "\t\tif (copy_from_user(&copy_tags, argp, sizeof(copy_tags)))\n\t\t\treturn -EFAULT;\n"
                        "\t\treturn kvm_vm_ioctl_mte_copy_tags(kvm, &copy_tags);\n",
                        "\t\treturn copy_tags_of_user(kvm, argp);\n",
                    ),
                ),
                before(
                    "kvm_arch_vm_ioctl",
                    "static int copy_tags_of_user(struct kvm *kvm, void __user *from)\n{\n"
                    "\tstruct kvm_arm_copy_mte_tags tags;\n\n"
                    "\tif (copy_from_user(&tags, from, sizeof(tags)))\n\t\treturn -EFAULT;\n\n"
                    "\treturn kvm_vm_ioctl_mte_copy_tags(kvm, &tags);\n}\n",
                ),
            )
        },
    ),
]

STRUCTURE = [
    Edit(f"arm64: {cap} is answered in front of the switch", {ARM: ahead(ANSWERS, cap, "ext")})
    for cap in ("ARM_MTE", "SET_GUEST_DEBUG2", "MSI_DEVID")
]
STRUCTURE += [
    *(
        Edit(f"arm64: {cap} is enabled in front of the switch", {ARM: ahead(ENABLES, cap, "cap->cap")})
        for cap in ("ARM_SYSTEM_SUSPEND", "ARM_MTE", "ARM_EAGER_SPLIT_CHUNK_SIZE")
    ),
    Edit("arm64: two answers exchange places", {ARM: exchanged(ANSWERS, "ARM_SVE", "ARM_PMU_V3")}),
    Edit("arm64: two enablings exchange places", {ARM: exchanged(ENABLES, "ARM_NISV_TO_USER", "ARM_SYSTEM_SUSPEND")}),
    Edit("arm64: MTE becomes the last case", {ARM: last(ENABLES, "ARM_MTE")}),
    Edit("arm64: answers are returned", {ARM: answers_returned(ANSWERS)}),
    Edit("arm64: answers are returned, in 6.1", {ARM: answers_returned(ANSWERS)}, pair=OLD),
    Edit(
        "arm64: a case with the answer of others joins them",
        {
            ARM: inside(
                ANSWERS,
                swap("\tcase KVM_CAP_ARM_SET_DEVICE_ADDR:\n\t\tr = 1;\n\t\tbreak;\n", ""),
                swap(
                    "\tcase KVM_CAP_COUNTER_OFFSET:\n",
                    "\tcase KVM_CAP_COUNTER_OFFSET:\n\tcase KVM_CAP_ARM_SET_DEVICE_ADDR:\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: two labels get a body each",
        {
            ARM: inside(
                ANSWERS,
                swap(
                    "\tcase KVM_CAP_ARM_PTRAUTH_ADDRESS:\n",
                    "\tcase KVM_CAP_ARM_PTRAUTH_ADDRESS:\n\t\tr = kvm_has_full_ptr_auth();\n\t\tbreak;\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: the refusal of flags goes to a label",
        {
            ARM: inside(
                ENABLES,
                swap("if (cap->flags)\n\t\treturn -EINVAL;", "if (cap->flags)\n\t\tgoto out;"),
                swap("\t}\n\n\treturn r;\n", "\t}\n\nout:\n\treturn r;\n"),
            )
        },
    ),
    Edit(
        "arm64: what protected VMs are told of stands in a table",
        {
            ARM: both(
                inside(
                    "pkvm_ext_allowed",
                    matching(
                        r"\tswitch \(ext\) \{\n(?:.*\n)*\t\}\n",
                        "\tint i;\n\n\tfor (i = 0; i < ARRAY_SIZE(pkvm_exts); i++)\n"
                        "\t\tif (pkvm_exts[i] == ext)\n\t\t\treturn true;\n\n\treturn false;\n",
                    ),
                ),
                before(
                    "pkvm_ext_allowed",
                    "static const long pkvm_exts[] = {\n"
                    + "".join(
                        f"\tKVM_CAP_{cap},\n"
                        for cap in (
                            "IRQCHIP",
                            "ARM_PSCI",
                            "ARM_PSCI_0_2",
                            "NR_VCPUS",
                            "MAX_VCPUS",
                            "MAX_VCPU_ID",
                            "MSI_DEVID",
                            "ARM_VM_IPA_SIZE",
                            "ARM_PMU_V3",
                            "ARM_SVE",
                            "ARM_PTRAUTH_ADDRESS",
                            "ARM_PTRAUTH_GENERIC",
                        )
                    )
                    + "};\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: simple enablings come from a table",
        {
            ARM: both(
                inside(
                    ENABLES,
                    swap(
                        "\tcase KVM_CAP_ARM_SYSTEM_SUSPEND:\n\t\tr = 0;\n"
                        "\t\tset_bit(KVM_ARCH_FLAG_SYSTEM_SUSPEND_ENABLED, &kvm->arch.flags);\n\t\tbreak;\n",
                        "",
                    ),
                    matching(r"\tcase KVM_CAP_ARM_NISV_TO_USER:\n(?:\t\t.*\n)*?\t\tbreak;\n", ""),
                    swap(
                        "\tswitch (cap->cap) {\n",
                        "\tfor (i = 0; i < ARRAY_SIZE(flag_caps); i++) {\n\t\tif (flag_caps[i].cap == cap->cap) {\n"
                        "\t\t\tset_bit(flag_caps[i].flag, &kvm->arch.flags);\n\t\t\treturn 0;\n\t\t}\n\t}\n\n"
                        "\tswitch (cap->cap) {\n",
                    ),
                    swap("\tint r = -EINVAL;\n", "\tint r = -EINVAL;\n\tint i;\n"),
                ),
                before(
                    ENABLES,
                    "static const struct {\n\tu32 cap;\n\tint flag;\n} flag_caps[] = {\n"
                    "\t{ KVM_CAP_ARM_NISV_TO_USER, KVM_ARCH_FLAG_RETURN_NISV_IO_ABORT_TO_USER },\n"
                    "\t{ KVM_CAP_ARM_SYSTEM_SUSPEND, KVM_ARCH_FLAG_SYSTEM_SUSPEND_ENABLED },\n};\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: a goto becomes a return",
        {
            GUEST: inside(
                "kvm_arch_vcpu_ioctl_set_guest_debug",
                swap("{\n\t\tret = -EINVAL;\n\t\tgoto out;\n\t}\n", "\n\t\treturn -EINVAL;\n"),
                swap("out:\n\treturn ret;\n", "\treturn 0;\n"),
                swap("\tint ret = 0;\n\n", ""),
            )
        },
    ),
]

LOCALS = [
    Edit(
        "arm64: the VM's architecture part is kept in a pointer",
        {ARM: local(ENABLES, "struct kvm_arch *arch = &kvm->arch;", r"(?<![\w>])kvm->arch\.", "arch->")},
    ),
    Edit(
        "arm64: the flags are kept in a local",
        {ARM: local(ENABLES, "__u32 flags = cap->flags;", r"\(cap->flags\)", "(flags)")},
    ),
    Edit(
        "arm64: the capability's number is kept in a local",
        {ARM: local(ENABLES, "const u32 number = cap->cap;", r"cap->cap\b", "number")},
    ),
    Edit("arm64: the request gets another name", {ARM: renamed(ENABLES, "cap", "req")}),
    Edit(
        "arm64: extension and result get other names",
        {ARM: both(renamed(ANSWERS, "ext", "number"), renamed(ANSWERS, "r", "ret"))},
    ),
    Edit(
        "arm64: the limit of VCPUs is kept in a local",
        {
            ARM: local(
                ANSWERS, "const int limit = kvm_arm_default_max_vcpus();", r"kvm_arm_default_max_vcpus\(\)", "limit"
            )
        },
    ),
]

LOCKS = [
    Edit("arm64: MTE holds the lock to its end", {ARM: of_case(ENABLES, "ARM_MTE", guarded("&kvm->lock"))}),
    Edit("arm64: MTE holds the lock in a scope", {ARM: of_case(ENABLES, "ARM_MTE", scoped("&kvm->lock"))}),
    Edit(
        "arm64: the chunk size holds the lock in a scope",
        {ARM: of_case(ENABLES, "ARM_EAGER_SPLIT_CHUNK_SIZE", scoped("&kvm->slots_lock"))},
    ),
    Edit(
        "arm64: the chunk size holds the lock to its end",
        {ARM: of_case(ENABLES, "ARM_EAGER_SPLIT_CHUNK_SIZE", guarded("&kvm->slots_lock"))},
    ),
    Edit(
        "arm64: the chunk size is marked as one that others read",
        {
            ARM: both(
                inside(ENABLES, matching(r"(kvm->arch\.mmu\.split_page_chunk_size) = (\w+);", r"WRITE_ONCE(\1, \2);")),
                inside(
                    ANSWERS,
                    swap(
                        "r = kvm->arch.mmu.split_page_chunk_size;",
                        "r = READ_ONCE(kvm->arch.mmu.split_page_chunk_size);",
                    ),
                ),
            )
        },
    ),
    Edit(
        "arm64: the flags are read once",
        {ARM: inside(ENABLES, swap("if (cap->flags)", "if (READ_ONCE(cap->flags))"))},
    ),
]

MASKS = [
    Edit("arm64: BIT() becomes a shift", {ARM: inside(ANSWERS, swap("r = BIT(0);", "r = 1 << 0;"))}),
    Edit("arm64: BIT() becomes GENMASK()", {ARM: inside(ANSWERS, swap("r = BIT(0);", "r = GENMASK(0, 0);"))}),
    Edit(
        "arm64: BIT() becomes a macro",
        {
            ARM: both(
                inside(ANSWERS, swap("r = BIT(0);", "r = KVM_REG_MASK_RANGES;")),
                before(ANSWERS, "#define KVM_REG_MASK_RANGES BIT(0)\n"),
            )
        },
    ),
    Edit(
        "arm64: a helper looks at the flags",
        {
            ARM: both(
                inside(ENABLES, swap("if (cap->flags)", "if (kvm_check_cap_flags(cap, 0))")),
                before(
                    ENABLES,
                    "static int kvm_check_cap_flags(struct kvm_enable_cap *cap, u32 valid)\n{\n"
                    "\tif (cap->flags & ~valid)\n\t\treturn -EINVAL;\n\n\treturn 0;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: the flags are compared with zero",
        {ARM: inside(ENABLES, swap("if (cap->flags)", "if (cap->flags != 0)"))},
    ),
]

CONDITIONS = [
    Edit(
        "arm64: a choice becomes a ternary",
        {
            ARM: of_case(
                ANSWERS,
                "MAX_VCPU_ID",
                instead("\t\tr = kvm ? kvm->max_vcpus : kvm_arm_default_max_vcpus();\n\t\tbreak;\n"),
            )
        },
    ),
    Edit(
        "arm64: a choice of chunk sizes becomes a ternary",
        {
            ARM: of_case(
                ANSWERS,
                "ARM_EAGER_SPLIT_CHUNK_SIZE",
                instead(
                    "\t\tr = !kvm ? KVM_ARM_EAGER_SPLIT_CHUNK_SIZE_DEFAULT :\n"
                    "\t\t\t   kvm->arch.mmu.split_page_chunk_size;\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "arm64: a condition is inverted",
        {
            ARM: of_case(
                ANSWERS,
                "MSI_DEVID",
                instead(
                    "\t\tif (kvm)\n\t\t\tr = kvm->arch.vgic.msis_require_devid;\n"
                    "\t\telse\n\t\t\tr = -EINVAL;\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "arm64: a conjunction becomes nested",
        {
            ARM: of_case(
                ENABLES,
                "ARM_MTE",
                in_turn(
                    in_text(
                        "if (system_supports_mte() && !kvm->created_vcpus) {",
                        "if (system_supports_mte()) {\n\t\t\tif (!kvm->created_vcpus) {",
                    ),
                    in_text("\t\t\tr = 0;\n", "\t\t\t\tr = 0;\n"),
                    in_text("\t\t\tset_bit(", "\t\t\t\tset_bit("),
                    in_text("\t\t}\n", "\t\t\t}\n\t\t}\n"),
                ),
            )
        },
    ),
    Edit(
        "arm64: two refusals become one",
        {
            ARM: inside(
                ENABLES,
                swap(
                    "if (cap->flags)\n\t\treturn -EINVAL;\n\n\tif (kvm_vm_is_protected(kvm) &&",
                    "if (cap->flags ||\n\t    (kvm_vm_is_protected(kvm) &&",
                ),
                swap("!pkvm_ext_allowed(kvm, cap->cap))", "!pkvm_ext_allowed(kvm, cap->cap)))"),
            )
        },
    ),
    Edit(
        "arm64: min_t becomes an if",
        {
            ARM: of_case(
                ANSWERS,
                "NR_VCPUS",
                instead(
                    "\t\tr = num_online_cpus();\n\t\tif (r > kvm_arm_default_max_vcpus())\n"
                    "\t\t\tr = kvm_arm_default_max_vcpus();\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "arm64: answers become one or nothing explicitly",
        {
            ARM: inside(
                ANSWERS,
                swap("r = system_supports_mte();", "r = !!system_supports_mte();"),
                swap("r = system_supports_sve();", "r = system_supports_sve() ? 1 : 0;"),
                swap("r = kvm_arm_support_pmu_v3();", "r = kvm_arm_support_pmu_v3() != 0;"),
            )
        },
    ),
    Edit(
        "arm64: a negation of branches in the refusal of a chunk size",
        {
            ARM: of_case(
                ENABLES,
                "ARM_EAGER_SPLIT_CHUNK_SIZE",
                in_turn(
                    in_text(
                        "if (!new_cap || kvm_is_block_size_supported(new_cap)) {",
                        "if (new_cap && !kvm_is_block_size_supported(new_cap)) {\n\t\t\t\tr = -EINVAL;\n\t\t\t} else {",
                    )
                ),
            )
        },
    ),
    Edit(
        "arm64: a loop over levels becomes a while",
        {
            "arch/arm64/include/asm/kvm_pgtable.h": inside(
                "kvm_supported_block_sizes",
                swap(
                    "\tfor (; level <= KVM_PGTABLE_LAST_LEVEL; level++)\n\t\tr |= BIT(kvm_granule_shift(level));\n",
                    "\twhile (level <= KVM_PGTABLE_LAST_LEVEL) {\n\t\tr |= BIT(kvm_granule_shift(level));\n"
                    "\t\tlevel++;\n\t}\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: the preprocessor's question becomes the compiler's",
        {
            ARM: inside(
                "kvm_arch_init_vm",
                swap("#ifdef CONFIG_LOCKDEP\n", "\tif (IS_ENABLED(CONFIG_LOCKDEP)) {\n"),
                swap("\tmutex_unlock(&kvm->lock);\n#endif\n", "\tmutex_unlock(&kvm->lock);\n\t}\n"),
            )
        },
    ),
]

PLACES = [
    Edit(
        "arm64: the list for protected VMs moves to a header",
        {
            ARM: without("pkvm_ext_allowed"),
            PKVM: lambda text: receives(ARM, "pkvm_ext_allowed", "#endif\t/* __ARM64_KVM_PKVM_H__ */")(text).replace(
                "static bool pkvm_ext_allowed", "static inline bool pkvm_ext_allowed"
            ),
        },
    ),
    Edit(
        "arm64: the enabling moves to another file",
        {
            ARM: both(without(ENABLES), swap("static bool pkvm_ext_allowed(", "bool pkvm_ext_allowed(")),
            PKVM: swap(
                "#endif\t/* __ARM64_KVM_PKVM_H__ */",
                "bool pkvm_ext_allowed(struct kvm *kvm, long ext);\n\n#endif\t/* __ARM64_KVM_PKVM_H__ */",
            ),
            GUEST: both(
                receives(ARM, ENABLES, "int kvm_vm_ioctl_mte_copy_tags(struct kvm *kvm,"),
                swap("#include <asm/kvm_nested.h>\n", "#include <asm/kvm_nested.h>\n#include <asm/kvm_pkvm.h>\n"),
            ),
        },
    ),
    Edit(
        "arm64: arm.c gets another name",
        {ARM: None, "arch/arm64/kvm/main.c": text_of(ARM), MAKEFILE: swap("kvm-y += arm.o", "kvm-y += main.o")},
    ),
    Edit(
        "arm64: pvtime.c gets another name",
        {
            "arch/arm64/kvm/pvtime.c": None,
            "arch/arm64/kvm/stolen_time.c": text_of("arch/arm64/kvm/pvtime.c"),
            MAKEFILE: swap(" pvtime.o", " stolen_time.o"),
        },
    ),
]

LAYOUT = [
    Edit(
        "arm64: every label gets a comment",
        {ARM: inside(ANSWERS, matching(r"^(\tcase KVM_CAP_\w+:)$", r"\1 // answered below"))},
    ),
    Edit(
        "arm64: every label gets a comment above",
        {ARM: inside(ENABLES, matching(r"^(\tcase KVM_CAP_\w+:)$", r"\t/* per VM */\n\1"))},
    ),
    Edit(
        "arm64: a paragraph of the documentation is wrapped anew",
        {
            API: swap(
                "This capability indicates that KVM (and the hardware) supports exposing the\n"
                "Memory Tagging Extensions (MTE) to the guest. It must also be enabled by the\n",
                "This capability indicates that KVM (and the hardware) supports exposing\n"
                "the Memory Tagging Extensions (MTE) to the guest.\nIt must also be enabled by the\n",
            )
        },
    ),
]

HOST = "arch/arm64/include/asm/kvm_host.h"

STATE = [
    Edit(
        "arm64: a macro that asks for MTE becomes a function",
        {
            HOST: matching(r"#define kvm_has_mte\(kvm\)(?:.*\\\n)+.*\n\n", ""),
            "arch/arm64/include/asm/kvm_emulate.h": swap(
                "#endif /* __ARM64_KVM_EMULATE_H__ */",
                "static inline bool kvm_has_mte(struct kvm *kvm)\n{\n\treturn system_supports_mte() &&\n"
                "\t\ttest_bit(KVM_ARCH_FLAG_MTE_ENABLED, &kvm->arch.flags);\n}\n\n"
                "#endif /* __ARM64_KVM_EMULATE_H__ */",
            ),
        },
    ),
    Edit(
        "arm64: a flag gets another name",
        {
            path: matching(r"\bKVM_ARCH_FLAG_SYSTEM_SUSPEND_ENABLED\b", "KVM_ARCH_FLAG_SUSPEND_TO_USER")
            for path in (HOST, ARM, "arch/arm64/kvm/psci.c")
        },
    ),
    Edit(
        "arm64: a helper sets a flag of the VM",
        {
            ARM: both(
                inside(
                    ENABLES,
                    matching(r"set_bit\((KVM_ARCH_FLAG_\w+),\s+&kvm->arch\.flags\);", r"kvm_arm_set_flag(kvm, \1);"),
                ),
                before(
                    ENABLES,
                    "static inline void kvm_arm_set_flag(struct kvm *kvm, int flag)\n{\n"
                    "\tset_bit(flag, &kvm->arch.flags);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "arm64: the refusals of tags become one",
        {
            GUEST: inside(
                "kvm_vm_ioctl_mte_copy_tags",
                swap(
                    "if (copy_tags->reserved[0] || copy_tags->reserved[1])\n\t\treturn -EINVAL;\n\n"
                    "\tif (copy_tags->flags",
                    "if (copy_tags->reserved[0] || copy_tags->reserved[1] ||\n\t    copy_tags->flags",
                ),
            )
        },
    ),
]

EDITS = [*HELPERS, *STRUCTURE, *LOCALS, *LOCKS, *MASKS, *CONDITIONS, *PLACES, *LAYOUT, *STATE]
