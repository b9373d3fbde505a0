"""Refactorings of x86's sources."""

from __future__ import annotations

import re

from editing import ANSWERS, ENABLES, ENABLES_VCPU, OLD, Edit, Transform, before, both, every, inside, swap
from real_trees import API
from refactoring import (
    ahead,
    answers_returned,
    definition,
    errors_returned,
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
    tail_helper,
    text_of,
    without,
)

X86 = "arch/x86/kvm/x86.c"
HEADER = "arch/x86/kvm/x86.h"
MAKEFILE = "arch/x86/kvm/Makefile"
VM = "struct kvm *kvm, struct kvm_enable_cap *cap"
VCPU = "struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap"
LOCK = "&kvm->lock"

HELPERS = [
    Edit(
        f"x86: a helper enables {cap}",
        {X86: helper(ENABLES, cap, VM, "kvm, cap")},
    )
    for cap in ("X2APIC_API", "PMU_CAPABILITY", "MAX_VCPU_ID", "X86_APIC_BUS_CYCLES_NS", "VM_DISABLE_NX_HUGE_PAGES")
]
HELPERS += [
    Edit(
        "x86: a helper takes the number of pins instead of the request",
        {
            X86: both(
                of_case(ENABLES, "SPLIT_IRQCHIP", matching(r"cap->args\[0\]", "pins")),
                helper(ENABLES, "SPLIT_IRQCHIP", "struct kvm *kvm, u64 pins", "kvm, cap->args[0]"),
            )
        },
    ),
    Edit(
        "x86: a helper answers for SMM",
        {X86: helper(ANSWERS, "X86_SMM", "struct kvm *kvm", "kvm", start="int r = 0;")},
    ),
    Edit("x86: a helper answers for XSAVE2", {X86: helper(ANSWERS, "XSAVE2", "void", "")}),
    Edit(
        "x86: a helper enforces PV features",
        {X86: tail_helper(ENABLES_VCPU, "ENFORCE_PV_FEATURE_CPUID", VCPU, "vcpu, cap")},
    ),
    Edit(
        "x86: a helper enables bus lock exits, in 6.1",
        {X86: helper(ENABLES, "X86_BUS_LOCK_EXIT", VM, "kvm, cap")},
        pair=OLD,
    ),
    Edit(
        "x86: the helper that names valid fields is inlined",
        {
            X86: both(
                without("kvm_sync_valid_fields"),
                inside(
                    ANSWERS,
                    swap(
                        "r = kvm_sync_valid_fields(kvm);",
                        "r = kvm && kvm->arch.has_protected_state ? 0 :\n\t\t\tKVM_SYNC_X86_VALID_FIELDS;",
                    ),
                ),
                swap(
                    "kvm_sync_valid_fields(vcpu->kvm);",
                    "vcpu->kvm->arch.has_protected_state ? 0 : KVM_SYNC_X86_VALID_FIELDS;",
                ),
            )
        },
    ),
]

STRUCTURE = [
    Edit(f"x86: {cap} is answered in front of the switch", {X86: ahead(ANSWERS, cap, "ext")})
    for cap in ("PRE_FAULT_MEMORY", "X86_BUS_LOCK_EXIT", "X86_DISABLE_EXITS")
]
STRUCTURE += [
    *(
        Edit(f"x86: {cap} is enabled in front of the switch", {X86: ahead(ENABLES, cap, "cap->cap")})
        for cap in ("EXIT_HYPERCALL", "X86_USER_SPACE_MSR", "EXCEPTION_PAYLOAD", "X2APIC_API", "MAX_VCPU_ID")
    ),
    Edit(
        "x86: a helper is called in front of the switch",
        {
            X86: both(
                helper(ENABLES, "X86_USER_SPACE_MSR", VM, "kvm, cap"),
                inside(
                    ENABLES,
                    swap(
                        "\tcase KVM_CAP_X86_USER_SPACE_MSR:\n"
                        "\t\tr = kvm_serve_x86_user_space_msr(kvm, cap);\n\t\tbreak;\n",
                        "",
                    ),
                    swap(
                        "\tswitch (cap->cap) {\n",
                        "\tif (cap->cap == KVM_CAP_X86_USER_SPACE_MSR)\n"
                        "\t\treturn kvm_serve_x86_user_space_msr(kvm, cap);\n\n\tswitch (cap->cap) {\n",
                    ),
                ),
            )
        },
    ),
    Edit(
        "x86: two cases of the enabling exchange places", {X86: exchanged(ENABLES, "X2APIC_API", "X86_USER_SPACE_MSR")}
    ),
    Edit("x86: VM_TYPES becomes the last case", {X86: last(ANSWERS, "VM_TYPES")}),
    Edit("x86: answers are returned", {X86: answers_returned(ANSWERS)}),
    Edit("x86: answers are returned, in 6.1", {X86: answers_returned(ANSWERS)}, pair=OLD),
    Edit(
        "x86: errors are returned",
        {X86: errors_returned(ENABLES, "X2APIC_API", "X86_DISABLE_EXITS", "X86_USER_SPACE_MSR")},
    ),
    Edit(
        "x86: errors go to a label",
        {
            X86: inside(
                ENABLES,
                swap("\t\t\tr = -EINVAL;\n\t\t\tbreak;\n", "\t\t\tr = -EINVAL;\n\t\t\tgoto out;\n"),
                swap("\t\t\tr = -EPERM;\n\t\t\tbreak;\n", "\t\t\tr = -EPERM;\n\t\t\tgoto out;\n"),
                swap("\t}\n\treturn r;\n", "\t}\nout:\n\treturn r;\n"),
            )
        },
    ),
    Edit(
        "x86: an obsolete capability joins the default",
        {
            X86: inside(
                ANSWERS,
                swap("\tcase KVM_CAP_PV_MMU:\t/* obsolete */\n\t\tr = 0;\n\t\tbreak;\n", ""),
                swap("\tdefault:\n", "\tcase KVM_CAP_PV_MMU:\t/* obsolete */\n\tdefault:\n"),
            )
        },
    ),
    Edit(
        "x86: two labels get a body each",
        {
            X86: inside(
                ANSWERS,
                swap(
                    "\tcase KVM_CAP_TSC_CONTROL:\n",
                    "\tcase KVM_CAP_TSC_CONTROL:\n\t\tr = kvm_caps.has_tsc_control;\n\t\tbreak;\n",
                ),
            )
        },
    ),
    Edit(
        "x86: constant answers come from a table",
        {
            X86: both(
                inside(
                    ANSWERS,
                    swap("\tcase KVM_CAP_MCE:\n\t\tr = KVM_MAX_MCE_BANKS;\n\t\tbreak;\n", ""),
                    swap("\tcase KVM_CAP_MAX_VCPUS:\n\t\tr = KVM_MAX_VCPUS;\n\t\tbreak;\n", ""),
                    swap("\tcase KVM_CAP_MAX_VCPU_ID:\n\t\tr = KVM_MAX_VCPU_IDS;\n\t\tbreak;\n", ""),
                    swap(
                        "\tint r = 0;\n\n",
                        "\tint r = 0;\n\tint i;\n\n"
                        "\tfor (i = 0; i < ARRAY_SIZE(constant_answers); i++) {\n"
                        "\t\tif (constant_answers[i].ext == ext)\n"
                        "\t\t\treturn constant_answers[i].answer;\n\t}\n\n",
                    ),
                ),
                before(
                    ANSWERS,
                    "static const struct {\n\tlong ext;\n\tint answer;\n} constant_answers[] = {\n"
                    "\t{ KVM_CAP_MCE, KVM_MAX_MCE_BANKS },\n"
                    "\t{ KVM_CAP_MAX_VCPUS, KVM_MAX_VCPUS },\n"
                    "\t{ KVM_CAP_MAX_VCPU_ID, KVM_MAX_VCPU_IDS },\n};\n",
                ),
            )
        },
    ),
    Edit(
        "x86: a fall through between two cases is written out",
        {
            X86: inside(
                ENABLES_VCPU,
                swap(
                    "\t\tif (cap->args[0])\n\t\t\treturn -EINVAL;\n\t\tfallthrough;\n",
                    "\t\tif (cap->args[0] || !irqchip_in_kernel(vcpu->kvm))\n\t\t\treturn -EINVAL;\n"
                    "\t\treturn kvm_hv_activate_synic(vcpu, true);\n",
                ),
                swap("(vcpu, cap->cap ==\n\t\t\t\t\t     KVM_CAP_HYPERV_SYNIC2)", "(vcpu, false)"),
            )
        },
    ),
]

LOCALS = [
    Edit(
        "x86: the VM's architecture part is kept in a pointer",
        {X86: local(ENABLES, "struct kvm_arch *arch = &kvm->arch;", r"(?<![\w>])kvm->arch\.", "arch->")},
    ),
    Edit(
        "x86: the argument is kept in a local",
        {X86: local(ENABLES, "const u64 arg = cap->args[0];", r"cap->args\[0\]", "arg")},
    ),
    Edit(
        "x86: the flags are kept in a local",
        {X86: local(ENABLES, "const u32 flags = cap->flags;", r"\(cap->flags\)", "(flags)")},
    ),
    Edit(
        "x86: the capability's number is kept in a local",
        {X86: local(ENABLES, "const u32 number = cap->cap;", r"switch \(cap->cap\)", "switch (number)")},
    ),
    Edit("x86: the request gets another name", {X86: renamed(ENABLES, "cap", "request")}),
    Edit("x86: the request of a vCPU gets another name, in 6.1", {X86: renamed(ENABLES_VCPU, "cap", "ec")}, pair=OLD),
    Edit(
        "x86: extension and result get other names",
        {X86: both(renamed(ANSWERS, "ext", "extension"), renamed(ANSWERS, "r", "answer"))},
    ),
]

LOCKS = [
    Edit(f"x86: {cap} holds the lock to the end of its block", {X86: of_case(ENABLES, cap, guarded(LOCK))})
    for cap in ("PMU_CAPABILITY", "MAX_VCPU_ID", "X86_NOTIFY_VMEXIT")
]
LOCKS += [
    Edit(f"x86: {cap} holds the lock in a scope", {X86: of_case(ENABLES, cap, scoped(LOCK))})
    for cap in ("X86_APIC_BUS_CYCLES_NS", "VM_DISABLE_NX_HUGE_PAGES")
]
LOCKS += [
    Edit(
        "x86: a store is marked as one that others read",
        {
            X86: inside(
                ENABLES,
                matching(
                    r"(kvm->arch\.(?:exit_on_emulation_error|triple_fault_event|exception_payload_enabled)) = "
                    r"(cap->args\[0\]);",
                    r"WRITE_ONCE(\1, \2);",
                ),
            )
        },
    ),
    Edit(
        "x86: loads are marked as ones that others write",
        {X86: every(r"(vcpu->kvm->arch\.triple_fault_event)(?=\))", r"READ_ONCE(\1)")},
    ),
]

MASKS = [
    Edit(
        "x86: a bare mask becomes a macro",
        {
            X86: both(
                of_case(ENABLES, "EXIT_ON_EMULATION_FAILURE", in_text("& ~1)", "& ~EMULATION_FAILURE_VALID_MASK)")),
                before(ENABLES, "#define EMULATION_FAILURE_VALID_MASK BIT_ULL(0)\n"),
            )
        },
    ),
    Edit(
        "x86: a bare mask becomes an enumerator",
        {
            X86: both(
                of_case(ENABLES, "EXIT_ON_EMULATION_FAILURE", in_text("& ~1)", "& ~(u64)EMULATION_FAILURE_EXIT)")),
                before(ENABLES, "enum {\n\tEMULATION_FAILURE_EXIT = 1 << 0,\n};\n"),
            )
        },
    ),
    Edit(
        "x86: a mask is kept in a constant",
        {
            X86: of_case(
                ENABLES,
                "X2APIC_API",
                in_turn(
                    in_text("~KVM_X2APIC_API_VALID_FLAGS", "~valid"),
                    lambda body: "\t\tconst u64 valid = KVM_X2APIC_API_VALID_FLAGS;\n\n" + body,
                ),
            )
        },
    ),
    Edit(
        "x86: a shift becomes BIT_ULL()",
        {X86: swap("VALID_MASK (1 << KVM_HC_MAP_GPA_RANGE)", "VALID_MASK BIT_ULL(KVM_HC_MAP_GPA_RANGE)")},
    ),
    Edit(
        "x86: a helper looks for unknown bits",
        {
            X86: both(
                of_case(
                    ENABLES,
                    "X86_USER_SPACE_MSR",
                    in_text(
                        "if (cap->args[0] & ~KVM_MSR_EXIT_REASON_VALID_MASK)",
                        "if (has_unknown_bits(cap->args[0], KVM_MSR_EXIT_REASON_VALID_MASK))",
                    ),
                ),
                before(
                    ENABLES,
                    "static bool has_unknown_bits(u64 value, u64 known)\n{\n\treturn value & ~known;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "x86: a helper looks at the flags",
        {
            X86: both(
                inside(ENABLES, swap("if (cap->flags)", "if (!cap_flags_valid(cap))")),
                before(
                    ENABLES,
                    "static bool cap_flags_valid(const struct kvm_enable_cap *cap)\n{\n\treturn !cap->flags;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "x86: a macro looks at the flags",
        {
            X86: both(
                inside(ENABLES, swap("if (cap->flags)", "if (CAP_HAS_FLAGS(cap))")),
                before(ENABLES, "#define CAP_HAS_FLAGS(cap) ((cap)->flags != 0)\n"),
            )
        },
    ),
]

CONDITIONS = [
    Edit(
        "x86: a choice becomes a ternary",
        {
            X86: of_case(
                ANSWERS,
                "X86_BUS_LOCK_EXIT",
                instead("\t\tr = kvm_caps.has_bus_lock_exit ? KVM_BUS_LOCK_DETECTION_VALID_MODE : 0;\n\t\tbreak;\n"),
            )
        },
    ),
    Edit(
        "x86: a ternary becomes a choice",
        {
            X86: of_case(
                ANSWERS,
                "PMU_CAPABILITY",
                instead("\t\tif (enable_pmu)\n\t\t\tr = KVM_CAP_PMU_VALID_MASK;\n\t\telse\n\t\t\tr = 0;\n\t\tbreak;\n"),
            )
        },
    ),
    Edit(
        "x86: conditions in turn become one",
        {X86: of_case(ENABLES, "X86_NOTIFY_VMEXIT", matching(r"\)\n\t\t\tbreak;\n\t\tif \(", " ||\n\t\t    "))},
    ),
    Edit(
        "x86: one condition becomes two in turn",
        {
            X86: of_case(
                ENABLES,
                "PMU_CAPABILITY",
                in_text(
                    "if (!enable_pmu || (cap->args[0] & ~KVM_CAP_PMU_VALID_MASK))",
                    "if (!enable_pmu)\n\t\t\tbreak;\n\t\tif (cap->args[0] & ~KVM_CAP_PMU_VALID_MASK)",
                ),
            )
        },
    ),
    Edit(
        "x86: a conjunction becomes nested",
        {
            X86: of_case(
                ENABLES,
                "X86_BUS_LOCK_EXIT",
                in_text(
                    "if (kvm_caps.has_bus_lock_exit &&\n\t\t    cap->args[0] & KVM_BUS_LOCK_DETECTION_EXIT)\n"
                    "\t\t\tkvm->arch.bus_lock_detection_enabled = true;",
                    "if (kvm_caps.has_bus_lock_exit) {\n\t\t\tif (cap->args[0] & KVM_BUS_LOCK_DETECTION_EXIT)\n"
                    "\t\t\t\tkvm->arch.bus_lock_detection_enabled = true;\n\t\t}",
                ),
            )
        },
    ),
    Edit(
        "x86: a condition is inverted",
        {
            X86: of_case(
                ENABLES,
                "EXIT_HYPERCALL",
                instead(
                    "\t\tif (!(cap->args[0] & ~KVM_EXIT_HYPERCALL_VALID_MASK)) {\n"
                    "\t\t\tkvm->arch.hypercall_exit_enabled = cap->args[0];\n\t\t\tr = 0;\n"
                    "\t\t} else {\n\t\t\tr = -EINVAL;\n\t\t}\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "x86: a configuration is asked for by the preprocessor",
        {
            X86: of_case(
                ANSWERS,
                "X86_SMM",
                in_turn(
                    in_text("\t\tif (!IS_ENABLED(CONFIG_KVM_SMM))\n\t\t\tbreak;\n\n", "#ifdef CONFIG_KVM_SMM\n"),
                    in_text("(kvm, MSR_IA32_SMBASE);\n", "(kvm, MSR_IA32_SMBASE);\n#endif\n"),
                ),
            )
        },
    ),
    Edit(
        "x86: answers become one or nothing explicitly",
        {
            X86: inside(
                ANSWERS,
                swap("r = tdp_enabled;", "r = tdp_enabled ? 1 : 0;"),
                swap("r = kvm_caps.has_notify_vmexit;", "r = !!kvm_caps.has_notify_vmexit;"),
                swap("r = sched_info_on();", "r = sched_info_on() ? 1 : 0;"),
            )
        },
    ),
    Edit(
        "x86: a lower bound becomes max_t",
        {
            X86: of_case(
                ANSWERS,
                "XSAVE2",
                instead(
                    "\t\tr = max_t(u32, xstate_required_size(kvm_get_filtered_xcr0(), false),\n"
                    "\t\t\t  sizeof(struct kvm_xsave));\n\t\tbreak;\n"
                ),
            )
        },
    ),
    Edit(
        "x86: the condition of an MSR's write is split",
        {
            X86: inside(
                "kvm_set_msr_common",
                swap(
                    "if (!IS_ENABLED(CONFIG_KVM_SMM) || !msr_info->host_initiated)\n\t\t\treturn 1;",
                    "if (!IS_ENABLED(CONFIG_KVM_SMM))\n\t\t\treturn 1;\n"
                    "\t\tif (!msr_info->host_initiated)\n\t\t\treturn 1;",
                ),
            )
        },
    ),
    Edit(
        "x86: a loop over ranges becomes a while",
        {
            X86: inside(
                "kvm_vm_ioctl_set_msr_filter",
                swap(
                    "\tfor (i = 0; i < ARRAY_SIZE(filter->ranges); i++)\n\t\tempty &= !filter->ranges[i].nmsrs;\n",
                    "\ti = 0;\n\twhile (i < ARRAY_SIZE(filter->ranges))\n\t\tempty &= !filter->ranges[i++].nmsrs;\n",
                ),
            )
        },
    ),
]

PLACES = [
    Edit(
        "x86: a helper moves to a header",
        {
            X86: without("kvm_can_mwait_in_guest"),
            HEADER: receives(X86, "kvm_can_mwait_in_guest", "int kvm_sev_es_mmio_write("),
        },
    ),
    Edit(
        "x86: the enabling of a vCPU's capabilities moves to a file of its own",
        {
            X86: without(ENABLES_VCPU),
            HEADER: swap(
                "int kvm_sev_es_mmio_write(",
                f"int {ENABLES_VCPU}({VCPU});\n\nint kvm_sev_es_mmio_write(",
            ),
            "arch/x86/kvm/vcpu_caps.c": lambda _: (
                '#include <linux/kvm_host.h>\n#include "cpuid.h"\n#include "hyperv.h"\n#include "irq.h"\n'
                '#include "x86.h"\n\n' + definition(X86, ENABLES_VCPU).removeprefix("static ")
            ),
            MAKEFILE: swap("x86.o emulate.o", "x86.o vcpu_caps.o emulate.o"),
        },
    ),
    Edit(
        "x86: x86.c gets another name",
        {
            X86: None,
            "arch/x86/kvm/common.c": text_of(X86),
            MAKEFILE: swap("+= x86.o emulate.o", "+= common.o emulate.o"),
        },
    ),
    Edit(
        "x86: mtrr.c gets another name",
        {
            "arch/x86/kvm/mtrr.c": None,
            "arch/x86/kvm/memory_types.c": text_of("arch/x86/kvm/mtrr.c"),
            MAKEFILE: swap(" mtrr.o", " memory_types.o"),
        },
    ),
    Edit(
        "x86: two callbacks change places in their structure",
        {
            "arch/x86/kvm/svm/svm.c": swap(
                "\t.vm_copy_enc_context_from = sev_vm_copy_enc_context_from,\n"
                "\t.vm_move_enc_context_from = sev_vm_move_enc_context_from,\n",
                "\t.vm_move_enc_context_from = sev_vm_move_enc_context_from,\n"
                "\t.vm_copy_enc_context_from = sev_vm_copy_enc_context_from,\n",
            )
        },
    ),
]

LAYOUT = [
    Edit(
        "x86: every label gets a comment",
        {X86: inside(ANSWERS, matching(r"^([ \t]case KVM_CAP_\w+:)$", r"\1 /* served here */"))},
    ),
    Edit(
        "x86: every label of the enabling is followed by an empty line",
        {X86: inside(ENABLES, matching(r"^(\tcase KVM_CAP_\w+:)$", r"\1\n"))},
    ),
    Edit(
        "x86: comparisons are broken over lines",
        {X86: inside(ENABLES, matching(r"if \(cap->args\[0\] & ~", "if (cap->args[0] &\n\t\t    ~"))},
    ),
    Edit(
        "x86: a paragraph of the documentation is wrapped anew",
        {
            API: swap(
                "When a guest requests to read or write an MSR, KVM may not implement all MSRs\n"
                "that are relevant to a respective system. It also does not differentiate by\nCPU type.\n",
                "When a guest requests to read or write an MSR, KVM may not\nimplement all MSRs "
                "that are relevant to a respective\nsystem. It also does not differentiate by CPU type.\n",
            )
        },
    ),
]

HOST = "arch/x86/include/asm/kvm_host.h"


def named(old: str, new: str) -> Transform:
    """Give a member another name, wherever a file has it."""
    return every(rf"\b{old}\b", new)


def split_in_two(text: str) -> str:
    """Leave the answers from MAX_VCPU_ID on to a second function."""
    first, rest = text.split("\tcase KVM_CAP_MAX_VCPU_ID:\n")
    second = "\tcase KVM_CAP_MAX_VCPU_ID:\n" + rest
    return (
        f"static int more_answers(struct kvm *kvm, long ext)\n{{\n\tint r = 0;\n\n\tswitch (ext) {{\n{second}\n\n"
        f"{first}\tdefault:\n\t\tr = more_answers(kvm, ext);\n\t\tbreak;\n\t}}\n\treturn r;\n}}"
    )


def hyperv_apart(text: str) -> str:
    """Let a function of its own enable what belongs to Hyper-V."""
    start, end = text.index("#ifdef CONFIG_KVM_HYPERV\n"), text.index("#endif\n")
    moved = text[start + len("#ifdef CONFIG_KVM_HYPERV\n") : end]
    labels = "".join(re.findall(r"^\tcase KVM_CAP_\w+:\n", moved, re.MULTILINE))
    return (
        "#ifdef CONFIG_KVM_HYPERV\n"
        "static int kvm_hv_vcpu_enable_cap(struct kvm_vcpu *vcpu, struct kvm_enable_cap *cap)\n"
        f"{{\n\tswitch (cap->cap) {{\n{moved}\tdefault:\n\t\treturn -EINVAL;\n\t}}\n}}\n#endif\n\n"
        f"{text[:start]}#ifdef CONFIG_KVM_HYPERV\n{labels}\t\treturn kvm_hv_vcpu_enable_cap(vcpu, cap);\n{text[end:]}"
    )


STATE = [
    Edit(
        "x86: a member gets another name",
        {path: named("hypercall_exit_enabled", "user_hypercalls") for path in (HOST, X86, "arch/x86/kvm/svm/sev.c")},
    ),
    Edit(
        "x86: two members move into a structure",
        {
            HOST: both(
                swap(
                    "\tbool exit_on_emulation_error;\n",
                    "\tstruct {\n\t\tbool exit_on_emulation_error;\n\t\tu32 user_space_msr_mask;\n\t} policy;\n",
                ),
                every(r"^\tu32 user_space_msr_mask;\n", ""),
            ),
            X86: every(r"arch\.(exit_on_emulation_error|user_space_msr_mask)\b", r"arch.policy.\1"),
        },
    ),
    Edit(
        "x86: a helper reads what was enabled",
        {
            HEADER: swap(
                "int kvm_sev_es_mmio_write(",
                "static inline bool kvm_x2apic_format(struct kvm *kvm)\n{\n\treturn kvm->arch.x2apic_format;\n}\n\n"
                "int kvm_sev_es_mmio_write(",
            ),
            "arch/x86/kvm/lapic.c": every(r"vcpu->kvm->arch\.x2apic_format\b", "kvm_x2apic_format(vcpu->kvm)"),
            "arch/x86/kvm/irq_comm.c": every(r"kvm->arch\.x2apic_format\b", "kvm_x2apic_format(kvm)"),
        },
    ),
    Edit(
        "x86: a helper sets what is enabled",
        {
            X86: both(
                inside(
                    ENABLES,
                    swap("kvm->arch.user_space_msr_mask = cap->args[0];", "kvm_pass_msrs_on(kvm, cap->args[0]);"),
                ),
                before(
                    ENABLES,
                    "static void kvm_pass_msrs_on(struct kvm *kvm, u32 reasons)\n{\n"
                    "\tkvm->arch.user_space_msr_mask = reasons;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "x86: quirks are looked for in another way",
        {
            HEADER: inside(
                "kvm_check_has_quirk",
                swap(
                    "\treturn !(kvm->arch.disabled_quirks & quirk);\n",
                    "\tif (READ_ONCE(kvm->arch.disabled_quirks) & quirk)\n\t\treturn false;\n\n\treturn true;\n",
                ),
            )
        },
    ),
    Edit("x86: the later answers move to a second function", {X86: inside(ANSWERS, split_in_two)}),
    Edit(
        "x86: Hyper-V's capabilities are enabled by a function of their own", {X86: inside(ENABLES_VCPU, hyperv_apart)}
    ),
    Edit(
        "x86: a helper reads a vCPU's request",
        {
            X86: both(
                inside(
                    "kvm_arch_vcpu_ioctl",
                    swap(
                        "\t\tstruct kvm_enable_cap cap;\n\n\t\tr = -EFAULT;\n"
                        "\t\tif (copy_from_user(&cap, argp, sizeof(cap)))\n\t\t\tgoto out;\n"
                        "\t\tr = kvm_vcpu_ioctl_enable_cap(vcpu, &cap);\n",
                        "\t\tr = kvm_vcpu_enable_cap_user(vcpu, argp);\n",
                    ),
                ),
                before(
                    "kvm_arch_vcpu_ioctl",
                    "static int kvm_vcpu_enable_cap_user(struct kvm_vcpu *vcpu, void __user *argp)\n{\n"
                    "\tstruct kvm_enable_cap request;\n\n\tif (copy_from_user(&request, argp, sizeof(request)))\n"
                    "\t\treturn -EFAULT;\n\n\treturn kvm_vcpu_ioctl_enable_cap(vcpu, &request);\n}\n",
                ),
            )
        },
    ),
    Edit(
        "x86: two emulated MSRs change places",
        {
            X86: swap(
                "\tMSR_IA32_TSC_ADJUST,\n\tMSR_IA32_TSC_DEADLINE,\n",
                "\tMSR_IA32_TSC_DEADLINE,\n\tMSR_IA32_TSC_ADJUST,\n",
            )
        },
    ),
    Edit(
        "x86: MSRs get a line each",
        {
            X86: swap(
                "\tMSR_IA32_FEAT_CTL, MSR_IA32_BNDCFGS, MSR_TSC_AUX,\n",
                "\tMSR_IA32_FEAT_CTL,\n\tMSR_IA32_BNDCFGS,\n\tMSR_TSC_AUX,\n",
            )
        },
    ),
    Edit(
        "x86: a helper writes an MSR",
        {
            X86: both(
                inside(
                    "kvm_set_msr_common",
                    swap(
                        "\t\tif (data & (-1ULL << 1))\n\t\t\treturn 1;\n\n"
                        "\t\tvcpu->arch.msr_kvm_poll_control = data;\n",
                        "\t\tif (set_poll_control(vcpu, data))\n\t\t\treturn 1;\n",
                    ),
                ),
                before(
                    "kvm_set_msr_common",
                    "static int set_poll_control(struct kvm_vcpu *vcpu, u64 data)\n{\n"
                    "\tif (data & ~1ULL)\n\t\treturn 1;\n\n"
                    "\tvcpu->arch.msr_kvm_poll_control = data;\n\treturn 0;\n}\n",
                ),
            )
        },
    ),
    Edit(
        "x86: an attribute's switch becomes an if",
        {
            X86: inside(
                "__kvm_x86_dev_get_attr",
                matching(
                    r"\tswitch \(attr->attr\) \{\n(?:.*\n)*\t\}\n",
                    "\tif (attr->attr != KVM_X86_XCOMP_GUEST_SUPP)\n\t\treturn -ENXIO;\n\n"
                    "\t*val = kvm_caps.supported_xcr0;\n\treturn 0;\n",
                ),
            )
        },
    ),
]

EDITS = [*HELPERS, *STRUCTURE, *LOCALS, *LOCKS, *MASKS, *CONDITIONS, *PLACES, *LAYOUT, *STATE]
