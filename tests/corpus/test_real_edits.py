"""Single edits to the real sources: exactly the findings that follow come and go."""

from __future__ import annotations

import re

import pytest
import real_trees
from editing import (
    ANSWERS,
    ENABLES,
    ENABLES_VCPU,
    OLD,
    Edit,
    Transform,
    append,
    before,
    both,
    brings_and_takes_exactly,
    every,
    inside,
    rows,
    swap,
)  # fmt: skip
from real_trees import API, QEMU, TOOLS, UAPI, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
ARM64 = "arch/arm64/kvm/arm.c"
S390 = "arch/s390/kvm/kvm-s390.c"
POWERPC = "arch/powerpc/kvm/powerpc.c"
RISCV = "arch/riscv/kvm/vm.c"
MIPS = "arch/mips/kvm/mips.c"
VZ = "arch/mips/kvm/vz.c"
MAIN = "virt/kvm/kvm_main.c"


def without_case(name: str) -> Transform:
    """Drop a label, and what it alone stands for stays behind under the label above."""
    return every(rf"^[ \t]*case KVM_CAP_{name}:(?:[ \t]*/\*.*\*/)?\n", "")


def without_flags_test() -> Transform:
    """Drop `if (cap->flags) return -EINVAL;`."""
    return swap("\tif (cap->flags)\n\t\treturn -EINVAL;\n", "")


def case_body(name: str, body: str) -> Transform:
    """Replace what runs under a label, up to its `break` or `return 0` at the case's own depth."""
    return every(
        rf"^\tcase KVM_CAP_{name}:\n(?:\t\t.*\n|\n)*?\t\t(?:break|return 0);\n", f"\tcase KVM_CAP_{name}:\n{body}"
    )


def number(name: str, value: str) -> Transform:
    """Give a capability another number."""
    return every(rf"^#define KVM_CAP_{name}\s+\d+", f"#define KVM_CAP_{name} {value}")


def define_last(line: str) -> Transform:
    """A further definition behind the highest one."""
    return every(r"^(#define KVM_CAP_X86_GUEST_MODE 238\n)", rf"\1{line}\n")


def guarded(name: str, condition: str) -> Transform:
    """Put a definition under a directive."""
    return every(rf"^(#define KVM_CAP_{name}\s.*\n)", rf"{condition}\n\1#endif\n")


def reordered(text: str) -> str:
    """The unconditional definitions of capabilities, the last one first."""
    lines = text.split("\n")
    places = [index for index, line in enumerate(lines) if re.match(r"#define KVM_CAP_\w+ [12]\d\d$", line)]
    for place, line in zip(places, [lines[index] for index in reversed(places)], strict=True):
        lines[place] = line
    return "\n".join(lines)


def more(body: str) -> str:
    """A helper of a check handler."""
    return f"static int kvm_more(struct kvm *kvm, long ext)\n{{\n{body}}}\n"


STALE = rows("note", "CAP103", QEMU)
NEWER = rows("note", "CAP104", QEMU)
COPY = rows("note", "CAP106", TOOLS)
UNTESTED = rows("note", "CAP506", "TEA_TIME")
UNHEEDED = [*STALE, *COPY, *UNTESTED, *rows("note", "CAP501", "TEA_TIME"), *rows("note", "CAP202", "TEA_TIME")]
"""What a new capability brings that stands in the kernel's header and nowhere else."""

X86_VM = """DISABLE_QUIRKS2 DISABLE_QUIRKS SPLIT_IRQCHIP X2APIC_API X86_DISABLE_EXITS MSR_PLATFORM_INFO
    EXCEPTION_PAYLOAD X86_TRIPLE_FAULT_EVENT X86_USER_SPACE_MSR X86_BUS_LOCK_EXIT SGX_ATTRIBUTE
    VM_COPY_ENC_CONTEXT_FROM VM_MOVE_ENC_CONTEXT_FROM EXIT_HYPERCALL EXIT_ON_EMULATION_FAILURE PMU_CAPABILITY
    MAX_VCPU_ID X86_NOTIFY_VMEXIT VM_DISABLE_NX_HUGE_PAGES"""
X86_VCPU = """HYPERV_SYNIC2 HYPERV_SYNIC HYPERV_ENLIGHTENED_VMCS HYPERV_DIRECT_TLBFLUSH HYPERV_ENFORCE_CPUID
    ENFORCE_PV_FEATURE_CPUID"""
S390_VM = """S390_IRQCHIP S390_USER_SIGP S390_VECTOR_REGISTERS S390_RI S390_AIS S390_GS S390_HPAGE_1M S390_USER_STSI
    S390_USER_INSTR0 S390_CPU_TOPOLOGY"""
POWERPC_VCPU = """PPC_OSI PPC_PAPR PPC_EPR PPC_BOOKE_WATCHDOG SW_TLB IRQ_MPIC IRQ_XICS PPC_IRQ_XIVE PPC_FWNMI"""
POWERPC_VM = "PPC_ENABLE_HCALL PPC_SMT PPC_NESTED_HV PPC_SECURE_GUEST PPC_DAWR1"
ARM64_VM = "ARM_NISV_TO_USER ARM_MTE ARM_SYSTEM_SUSPEND"
MTE_UNADVERTISED = rows("warning", "CAP212", "KVM_ARM_MTE_COPY_TAGS", "arm64")
"""arm64 has an ioctl that is there with it."""
NOT_UNDERSTOOD = [
    *rows("warning", "CAP202", "INTR_SHADOW PPC_RMA MIPS_TE"),
    *rows("note", "CAP202", "PV_MMU IOMMU ASSIGN_DEV_IRQ PCI_2_3 MANUAL_DIRTY_LOG_PROTECT"),
]
"""Findings that need to know of every handler: none while one is not understood, or answers for everything."""
ARM64_NOT_UNDERSTOOD = [*NOT_UNDERSTOOD, *rows("warning", "CAP212", "KVM_HAS_DEVICE_ATTR", "arm64")]
TOOLS_ASM = " ".join(
    f"tools/arch/{arch}/include/uapi/asm/kvm.h" for arch in ("arm", "arm64", "mips", "powerpc", "s390", "x86")
)
"""What no linux/kvm.h is left to include."""
RINGS = rows("note", "CAP205", "DIRTY_LOG_RING", "generic")


HEADERS = [
    Edit(
        "a number changes in QEMU's header",
        {QEMU: number("SREGS2", "300")},
        adds=rows("error", "CAP101", "SREGS2"),
    ),
    Edit(
        "a number changes in 7.2's header",
        {QEMU: number("SREGS2", "300")},
        adds=rows("error", "CAP101", "SREGS2"),
        pair=OLD,
    ),
    Edit(
        "a number changes in the kernel's header, away from both copies",
        {UAPI: number("SREGS2", "300")},
        adds=rows("error", "CAP101", "SREGS2 SREGS2"),
    ),
    Edit(
        "a number changes in the kernel's copy",
        {TOOLS: number("SREGS2", "300")},
        adds=rows("error", "CAP101", "SREGS2"),
    ),
    Edit(
        "two numbers are exchanged in QEMU's header",
        {QEMU: both(number("SREGS2", "201"), number("EXIT_HYPERCALL", "200"))},
        adds=rows("error", "CAP101", "SREGS2 EXIT_HYPERCALL"),
    ),
    Edit(
        "a number is given twice in QEMU's header; the one that the kernel numbers otherwise is named",
        {QEMU: number("SREGS2", "201")},
        adds=[*rows("error", "CAP101", "SREGS2"), *rows("error", "CAP102", "SREGS2")],
    ),
    Edit(
        "a capability is renamed in QEMU's header",
        {QEMU: swap("KVM_CAP_SREGS2", "KVM_CAP_SREGS_TWO")},
        adds=[
            *STALE,
            *rows("error", "CAP102", "SREGS_TWO"),
            *rows("error", "CAP221", "SREGS2", "x86"),
        ],
    ),
    Edit(
        "a capability is renamed in the kernel's header",
        {UAPI: swap("KVM_CAP_SREGS2 ", "KVM_CAP_SREGS_TWO ")},
        adds=[
            *STALE,
            *COPY,
            *rows("error", "CAP102", "SREGS_TWO"),
            *rows("error", "CAP104", "SREGS2"),
            *rows("error", "CAP221", "SREGS2", "x86"),
            *rows("warning", "CAP105", "SREGS_TWO"),
            *rows("note", "CAP501", "SREGS_TWO"),
            *rows("note", "CAP202", "SREGS_TWO"),
            *rows("note", "CAP506", "SREGS_TWO"),
            *rows("warning", "CAP502", "SREGS2"),
        ],
    ),
    Edit(
        "a capability vanishes from QEMU's header",
        {QEMU: every(r"^#define KVM_CAP_SREGS2 .*\n", "")},
        adds=[*STALE, *rows("error", "CAP221", "SREGS2", "x86")],
    ),
    Edit(
        "a capability vanishes from the kernel's copy",
        {TOOLS: every(r"^#define KVM_CAP_SREGS2 .*\n", "")},
        adds=COPY,
    ),
    Edit(
        "7.2's header catches up",
        {QEMU: every(r"^(#define KVM_CAP_S390_CPU_TOPOLOGY.*\n)", r"\1#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n")},
        removes=STALE,
        pair=OLD,
    ),
    Edit(
        "a new capability takes the next number",
        {UAPI: define_last("#define KVM_CAP_TEA_TIME 239")},
        adds=UNHEEDED,
    ),
    Edit(
        "a new capability leaves a gap",
        {UAPI: define_last("#define KVM_CAP_TEA_TIME 250")},
        adds=[*UNHEEDED, *rows("warning", "CAP105", "TEA_TIME")],
    ),
    Edit(
        "a new capability takes a number that is given away",
        {UAPI: define_last("#define KVM_CAP_TEA_TIME 200")},
        adds=[*UNHEEDED, *rows("warning", "CAP105", "TEA_TIME"), *rows("error", "CAP102", "TEA_TIME")],
    ),
    Edit(
        "a capability gets a second name",
        {UAPI: define_last("#define KVM_CAP_TEA_TIME KVM_CAP_SREGS2")},
        adds=[*STALE, *COPY, *rows("note", "CAP501", "TEA_TIME")],
    ),
    Edit(
        "QEMU alone has a capability behind the kernel's last",
        {QEMU: define_last("#define KVM_CAP_TEA_TIME 239")},
        adds=NEWER,
    ),
    Edit(
        "QEMU alone has a capability in a historic gap",
        {QEMU: define_last("#define KVM_CAP_TEA_TIME 27")},
        adds=rows("error", "CAP104", "TEA_TIME"),
    ),
    Edit(
        "QEMU alone has a capability with another's number",
        {QEMU: define_last("#define KVM_CAP_TEA_TIME 200")},
        adds=rows("error", "CAP102", "TEA_TIME"),
    ),
    Edit(
        "kernel and QEMU give the next number to different capabilities",
        {
            UAPI: define_last("#define KVM_CAP_TEA_TIME 239"),
            QEMU: define_last("#define KVM_CAP_COFFEE_TIME 239"),
        },
        adds=[*UNHEEDED, *rows("error", "CAP102", "COFFEE_TIME")],
    ),
    Edit(
        "a definition moves under a condition in QEMU's header",
        {QEMU: guarded("SREGS2", "#ifdef CONFIG_TEA")},
        adds=rows("warning", "CAP108", "SREGS2"),
    ),
    Edit(
        "a definition moves under an architecture's guard in QEMU's header",
        {QEMU: guarded("SREGS2", "#ifdef __KVM_HAVE_TEA")},
        adds=rows("note", "CAP108", "SREGS2"),
    ),
    Edit(
        "a definition moves under a condition in the kernel's copy",
        {TOOLS: guarded("SREGS2", "#if defined(CONFIG_TEA)")},
        adds=COPY,
    ),
    Edit(
        "a definition moves under the same condition in all three, spelt three ways",
        {
            UAPI: guarded("SREGS2", "#if defined(A) && !defined(B)"),
            TOOLS: guarded("SREGS2", "#if !(defined B || !defined A)"),
            QEMU: guarded("SREGS2", "#if !defined(B) && defined(A)"),
        },
    ),
    Edit(
        "a definition becomes the kernel's own",
        {UAPI: guarded("SREGS2", "#ifdef __KERNEL__"), TOOLS: guarded("SREGS2", "#ifdef __KERNEL__")},
        adds=[*rows("error", "CAP104", "SREGS2"), *rows("warning", "CAP502", "SREGS2")],
    ),
]

ADVERTISING = [
    Edit(
        "x86 enables what it no longer advertises",
        {X86: inside(ANSWERS, without_case("X86_NOTIFY_VMEXIT"))},
        adds=rows("error", "CAP201", "X86_NOTIFY_VMEXIT", "x86"),
    ),
    Edit(
        "x86 of 6.1 enables what it no longer advertises",
        {X86: inside(ANSWERS, without_case("HYPERV_ENLIGHTENED_VMCS"))},
        adds=rows("error", "CAP201", "HYPERV_ENLIGHTENED_VMCS", "x86"),
        pair=OLD,
    ),
    Edit(
        "arm64 enables what it no longer advertises",
        {ARM64: inside(ANSWERS, without_case("ARM_MTE"))},
        adds=[*rows("error", "CAP201", "ARM_MTE", "arm64"), *MTE_UNADVERTISED],
    ),
    Edit(
        "s390 enables what it no longer advertises",
        {S390: inside(ANSWERS, without_case("S390_CSS_SUPPORT"))},
        adds=rows("error", "CAP201", "S390_CSS_SUPPORT", "s390"),
    ),
    Edit(
        "powerpc enables what it no longer advertises",
        {POWERPC: inside(ANSWERS, without_case("PPC_OSI"))},
        adds=rows("error", "CAP201", "PPC_OSI", "powerpc"),
    ),
    Edit(
        "MIPS no longer advertises what it enables only if it is advertised",
        {MIPS: inside(ANSWERS, without_case("MIPS_FPU"))},
        adds=rows("warning", "CAP202", "MIPS_FPU"),
    ),
    Edit(
        "the generic handler enables what nothing advertises",
        {MAIN: inside(ANSWERS + "_generic", without_case("HALT_POLL"))},
        adds=rows("error", "CAP201", "HALT_POLL", "generic"),
    ),
    Edit(
        "a case is switched off",
        {
            X86: inside(
                ANSWERS, swap("\tcase KVM_CAP_X86_GUEST_MODE:\n", "#if 0\n\tcase KVM_CAP_X86_GUEST_MODE:\n#endif\n")
            )
        },
        adds=rows("warning", "CAP202", "X86_GUEST_MODE"),
    ),
    Edit(
        "a case is commented out",
        {X86: inside(ANSWERS, swap("\tcase KVM_CAP_X86_GUEST_MODE:\n", "\t/* case KVM_CAP_X86_GUEST_MODE: */\n"))},
        adds=rows("warning", "CAP202", "X86_GUEST_MODE"),
    ),
    Edit(
        "nothing answers for what the documentation describes",
        {
            RISCV: inside(ANSWERS, swap("case KVM_CAP_MP_STATE:", "case 14:")),
            VZ: inside("kvm_vz_check_extension", without_case("MIPS_64BIT")),
        },
        adds=[
            *rows("warning", "CAP202", "MIPS_64BIT"),
            *rows("note", "CAP408", "MP_STATE", "riscv"),
            *rows("warning", "CAP212", "KVM_GET_MP_STATE KVM_SET_MP_STATE", "riscv"),
        ],
    ),
    Edit(
        "nothing answers for what QEMU asks and nobody documents",
        {MAIN: inside(ANSWERS + "_generic", without_case("BINARY_STATS_FD"))},
        adds=rows("note", "CAP408", "BINARY_STATS_FD"),
    ),
    Edit(
        "nothing answers for what nobody asks or documents",
        {X86: inside(ANSWERS, without_case("LAST_CPU"))},
        adds=rows("note", "CAP202", "LAST_CPU"),
    ),
    Edit(
        "one architecture ceases to answer for what others answer",
        {RISCV: inside(ANSWERS, without_case("IMMEDIATE_EXIT"))},
    ),
    Edit(
        "the table of MIPS loses its callback",
        {VZ: swap("\t.check_extension = kvm_vz_check_extension,\n", "")},
        removes=NOT_UNDERSTOOD,
    ),
    Edit(
        "the file of MIPS's callback vanishes",
        {VZ: None},
        removes=NOT_UNDERSTOOD,
    ),
    Edit(
        "a retired capability is answered again",
        {X86: inside(ANSWERS, swap("\tcase KVM_CAP_HLT:\n", "\tcase KVM_CAP_HLT:\n\tcase KVM_CAP_IOMMU:\n"))},
        removes=rows("note", "CAP202", "IOMMU"),
    ),
    Edit(
        "a dead capability is called obsolete in the header",
        {UAPI: every(r"^(#define KVM_CAP_MIPS_TE \d+)$", r"\1 /* Obsolete */")},
        adds=rows("note", "CAP202", "MIPS_TE"),
        removes=rows("warning", "CAP202", "MIPS_TE"),
    ),
    Edit(
        "x86 enables what only arm64 advertises",
        {
            X86: inside(
                ENABLES,
                swap("\tcase KVM_CAP_DISABLE_QUIRKS:\n", "\tcase KVM_CAP_DISABLE_QUIRKS:\n\tcase KVM_CAP_ARM_MTE:\n"),
            )
        },
        adds=[
            *rows("error", "CAP201", "ARM_MTE", "x86"),
            *rows("warning", "CAP218", "ARM_MTE", "x86"),  # the documentation demands it before any vCPU
            *rows("note", "CAP504", "ARM_MTE"),
            *rows("note", "CAP509", "ARM_MTE"),
        ],
    ),
    Edit(
        "s390 enables per vCPU what only x86 advertises",
        {
            S390: inside(
                ENABLES_VCPU,
                swap(
                    "\tcase KVM_CAP_S390_CSS_SUPPORT:\n",
                    "\tcase KVM_CAP_X2APIC_API:\n\tcase KVM_CAP_S390_CSS_SUPPORT:\n",
                ),
            )
        },
        # The documentation says "x86", has it among those of a VM, and tells of an argument.
        adds=[
            *rows("error", "CAP201", "X2APIC_API", "s390"),
            *rows("warning", "CAP208", "X2APIC_API", "s390"),
            *rows("note", "CAP504", "X2APIC_API X2APIC_API"),
        ],
    ),
]

ENABLING = [
    Edit(
        "x86 tests no flags of a VM",
        {X86: inside(ENABLES, without_flags_test())},
        adds=rows("warning", "CAP205", X86_VM + " X86_APIC_BUS_CYCLES_NS", "x86"),
    ),
    Edit(
        "x86 of 6.1 tests no flags of a VM",
        {X86: inside(ENABLES, without_flags_test())},
        adds=rows("warning", "CAP205", X86_VM, "x86"),
        pair=OLD,
    ),
    Edit(
        "x86 tests no flags of a vCPU",
        {X86: inside(ENABLES_VCPU, without_flags_test())},
        adds=rows("warning", "CAP205", X86_VCPU, "x86"),
    ),
    Edit(
        "arm64 tests no flags",
        {ARM64: inside(ENABLES, without_flags_test())},
        adds=rows("warning", "CAP205", ARM64_VM + " ARM_EAGER_SPLIT_CHUNK_SIZE", "arm64"),
    ),
    Edit(
        "arm64 of 6.1 tests no flags",
        {ARM64: inside(ENABLES, without_flags_test())},
        adds=rows("warning", "CAP205", ARM64_VM, "arm64"),
        pair=OLD,
    ),
    Edit(
        "s390 tests no flags of a VM",
        {S390: inside(ENABLES, without_flags_test())},
        adds=rows("warning", "CAP205", S390_VM, "s390"),
    ),
    Edit(
        "s390 tests no flags of a vCPU",
        {S390: inside(ENABLES_VCPU, without_flags_test())},
        adds=rows("warning", "CAP205", "S390_CSS_SUPPORT", "s390"),
    ),
    Edit(
        "powerpc tests no flags of a vCPU",
        {POWERPC: inside(ENABLES_VCPU, without_flags_test())},
        adds=rows("warning", "CAP205", POWERPC_VCPU, "powerpc"),
    ),
    Edit(
        "powerpc tests no flags of a VM",
        {POWERPC: inside(ENABLES, without_flags_test())},
        adds=rows("warning", "CAP205", POWERPC_VM, "powerpc"),
    ),
    Edit(
        "MIPS tests no flags",
        {MIPS: inside(ENABLES_VCPU, without_flags_test())},
        adds=rows("warning", "CAP205", "MIPS_FPU MIPS_MSA", "mips"),
    ),
    Edit(
        "the flags are tested behind the switch",
        {
            MIPS: inside(
                ENABLES_VCPU,
                without_flags_test(),
                swap("\n\treturn r;\n", '\n\tif (cap->flags)\n\t\tpr_info("tea");\n\treturn r;\n'),
            )
        },
        adds=rows("warning", "CAP205", "MIPS_FPU MIPS_MSA", "mips"),
    ),
    Edit(
        "one case of the generic handler tests no flags",
        {
            MAIN: inside(
                ENABLES + "_generic",
                swap("if (cap->flags || cap->args[0] != (unsigned int)", "if (cap->args[0] != (unsigned int)"),
            )
        },
        adds=rows("warning", "CAP205", "HALT_POLL", "generic"),
    ),
    Edit(
        "the case with a store in the middle tests no flags",
        {MAIN: inside(ENABLES + "_generic", swap("!kvm->dirty_ring_size || cap->flags)", "!kvm->dirty_ring_size)"))},
        adds=rows("warning", "CAP205", "DIRTY_LOG_RING_WITH_BITMAP", "generic"),
    ),
    Edit(
        "the generic handler tests all flags above its switch",
        {
            MAIN: inside(
                ENABLES + "_generic",
                swap("\tswitch (cap->cap) {\n", "\tif (cap->flags)\n\t\treturn -EINVAL;\n\n\tswitch (cap->cap) {\n"),
            )
        },
        removes=RINGS,
    ),
    Edit(
        "the dirty ring's helper is handed the request and tests its flags",
        {
            MAIN: both(
                inside(ENABLES + "_generic", swap("dirty_log_ring(kvm, cap->args[0])", "dirty_log_ring(kvm, cap)")),
                inside(
                    "kvm_vm_ioctl_enable_dirty_log_ring",
                    swap("(struct kvm *kvm, u32 size)", "(struct kvm *kvm, struct kvm_enable_cap *cap)"),
                    swap(
                        "\tint r;\n", "\tu32 size = cap->args[0];\n\tint r;\n\n\tif (cap->flags)\n\t\treturn -EINVAL;\n"
                    ),
                ),
            )
        },
        removes=RINGS,
    ),
    Edit(
        "the dirty ring's helper is handed the request and tests nothing",
        {
            MAIN: both(
                inside(ENABLES + "_generic", swap("dirty_log_ring(kvm, cap->args[0])", "dirty_log_ring(kvm, cap)")),
                inside(
                    "kvm_vm_ioctl_enable_dirty_log_ring",
                    swap("(struct kvm *kvm, u32 size)", "(struct kvm *kvm, struct kvm_enable_cap *cap)"),
                    swap("\tint r;\n", "\tu32 size = cap->args[0];\n\tint r;\n"),
                ),
            )
        },
    ),
    Edit(
        "the dirty ring can no longer be enabled",
        {
            MAIN: inside(
                ENABLES + "_generic",
                swap("\tcase KVM_CAP_DIRTY_LOG_RING:\n", "#if 0\n\tcase KVM_CAP_DIRTY_LOG_RING:\n#endif\n"),
            )
        },
        # What concerns both rings is one finding, which is now about the other one.
        adds=[
            *rows("error", "CAP404", "DIRTY_LOG_RING"),
            *rows("note", "CAP205", "DIRTY_LOG_RING_ACQ_REL", "generic"),
            *rows("note", "CAP505", "DIRTY_LOG_RING_ACQ_REL"),
        ],
        removes=[*RINGS, *rows("note", "CAP505", "DIRTY_LOG_RING")],
    ),
    Edit(
        "a capability can be enabled in some configurations only",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\tcase KVM_CAP_X86_TRIPLE_FAULT_EVENT:\n",
                    "#ifdef CONFIG_KVM_XEN\n\tcase KVM_CAP_X86_TRIPLE_FAULT_EVENT:\n",
                ),
                swap("\tcase KVM_CAP_X86_USER_SPACE_MSR:\n", "#endif\n\tcase KVM_CAP_X86_USER_SPACE_MSR:\n"),
            )
        },
        adds=rows("warning", "CAP203", "X86_TRIPLE_FAULT_EVENT", "x86"),
    ),
    Edit(
        "a capability can be enabled in every configuration that Kconfig can make",
        {
            X86: inside(
                ENABLES,
                swap(
                    "\tcase KVM_CAP_X86_TRIPLE_FAULT_EVENT:\n",
                    "#ifdef CONFIG_KVM_MMIO\n\tcase KVM_CAP_X86_TRIPLE_FAULT_EVENT:\n",
                ),
                swap("\tcase KVM_CAP_X86_USER_SPACE_MSR:\n", "#endif\n\tcase KVM_CAP_X86_USER_SPACE_MSR:\n"),
            )
        },
    ),
    Edit(
        "s390 enables and does nothing",
        {S390: inside(ENABLES, case_body("S390_USER_STSI", "\t\tr = 0;\n\t\tbreak;\n"))},
        adds=rows("warning", "CAP204", "S390_USER_STSI", "s390"),
    ),
    Edit(
        "s390 enables and only logs it",
        {S390: inside(ENABLES, swap("\t\tkvm->arch.user_sigp = 1;\n", ""))},
        adds=rows("warning", "CAP204", "S390_USER_SIGP", "s390"),
    ),
    Edit(
        "x86 enables for a VM and does nothing",
        {X86: inside(ENABLES, case_body("MSR_PLATFORM_INFO", "\t\tr = 0;\n\t\tbreak;\n"))},
        adds=[*rows("warning", "CAP204", "MSR_PLATFORM_INFO", "x86"), *rows("note", "CAP509", "MSR_PLATFORM_INFO")],
    ),
    Edit(
        "x86 enables for a vCPU and does nothing",
        {X86: inside(ENABLES_VCPU, case_body("ENFORCE_PV_FEATURE_CPUID", "\t\treturn 0;\n"))},
        adds=rows("warning", "CAP204", "ENFORCE_PV_FEATURE_CPUID", "x86"),
    ),
    Edit(
        "MIPS enables and does nothing, with a result that began as 0",
        {MIPS: inside(ENABLES_VCPU, swap("\t\tvcpu->arch.fpu_enabled = true;\n", ""))},
        adds=rows("warning", "CAP204", "MIPS_FPU", "mips"),
    ),
    Edit(
        "arm64 does nothing and says that it failed",
        {ARM64: inside(ENABLES, case_body("ARM_SYSTEM_SUSPEND", "\t\tbreak;\n"))},
        removes=rows("note", "CAP505", "ARM_SYSTEM_SUSPEND"),
    ),
    Edit(
        "powerpc of 6.1 enables and does nothing",
        {POWERPC: inside(ENABLES_VCPU, swap("\t\tvcpu->arch.papr_enabled = true;\n", ""))},
        adds=rows("warning", "CAP204", "PPC_PAPR", "powerpc"),
        pair=OLD,
    ),
    Edit(
        "x86 reads its argument and keeps it to itself",
        {X86: inside(ENABLES, case_body("EXCEPTION_PAYLOAD", "\t\tr = cap->args[0] > 1 ? -EINVAL : 0;\n\t\tbreak;\n"))},
        adds=rows("warning", "CAP204", "EXCEPTION_PAYLOAD", "x86"),
    ),
]

DOCUMENTATION = [
    Edit(
        "the documentation names what does not exist",
        {API: append("\nSee KVM_CAP_TEA_TIME.\n")},
        adds=rows("warning", "CAP502", "TEA_TIME"),
    ),
    Edit(
        "the documentation names a family",
        {API: append("\nSee KVM_CAP_TEA_* and KVM_CAP_XXX.\n")},
    ),
    Edit(
        "a capability is misspelt wherever it is named",
        {API: every(r"\bKVM_CAP_PTP_KVM\b", "KVM_CAP_KVM_PTP")},
        adds=[*rows("warning", "CAP502", "KVM_PTP"), *rows("note", "CAP501", "PTP_KVM")],
    ),
    Edit(
        "a capability is misspelt once and right elsewhere",
        {API: every(r"\A((?:.*\n)+?.*?)\bKVM_CAP_SREGS2\b", r"\1KVM_CAP_SREGS_2")},
        adds=rows("warning", "CAP502", "SREGS_2"),
    ),
    Edit(
        "a capability is no longer named",
        {API: every(r"\bKVM_CAP_PTP_KVM\b", "it")},
        adds=rows("note", "CAP501", "PTP_KVM"),
    ),
    Edit(
        "a capability of 6.1 is no longer named",
        {API: every(r"\bKVM_CAP_PTP_KVM\b", "it")},
        adds=rows("note", "CAP501", "PTP_KVM"),
        pair=OLD,
    ),
    Edit(
        "a misspelt name is mended",
        {API: every("KVM_CAP_STATS_BINARY_FD", "KVM_CAP_BINARY_STATS_FD")},
        removes=[*rows("warning", "CAP502", "STATS_BINARY_FD"), *rows("note", "CAP501", "BINARY_STATS_FD")],
    ),
    Edit(
        "the names of 6.1 that are misspelt together are mended",
        {
            API: both(
                every("KVM_CAP_PPC_RADIX_MMU", "KVM_CAP_PPC_MMU_RADIX"),
                every("KVM_CAP_PPC_HASH_MMU_V3", "KVM_CAP_PPC_MMU_HASH_V3"),
            )
        },
        # The header's comments have the wrong names as well, and keep them.
        removes=[
            *rows("warning", "CAP502", "PPC_RADIX_MMU PPC_HASH_MMU_V3"),
            *rows("note", "CAP501", "PPC_MMU_RADIX PPC_MMU_HASH_V3"),
        ],
        pair=OLD,
    ),
    Edit(
        "nobody relies any more on what nothing answers for",
        {API: every(r"\bKVM_CAP_MIPS_TE\b", "it")},
        adds=[*rows("note", "CAP202", "MIPS_TE"), *rows("note", "CAP501", "MIPS_TE")],
        removes=rows("warning", "CAP202", "MIPS_TE"),
    ),
    Edit(
        "a retired capability, which need not be documented, is documented",
        {API: append("\nKVM_CAP_PCI_2_3 was once here.\n")},
    ),
]

HARMLESS = [
    Edit(
        "a new capability is brought in as it should be",
        {
            UAPI: define_last("#define KVM_CAP_TEA_TIME 239"),
            TOOLS: define_last("#define KVM_CAP_TEA_TIME 239"),
            QEMU: define_last("#define KVM_CAP_TEA_TIME 239"),
            API: append(
                "\n9.2. KVM_CAP_TEA_TIME\n---------------------\n\n:Architectures: x86\n:Type: vm\n:Parameters: none\n"
            ),
            X86: both(
                inside(ANSWERS, swap("\tcase KVM_CAP_HLT:\n", "\tcase KVM_CAP_HLT:\n\tcase KVM_CAP_TEA_TIME:\n")),
                inside(
                    ENABLES,
                    swap(
                        "\tdefault:\n",
                        "\tcase KVM_CAP_TEA_TIME:\n\t\tkvm->arch.tea = true;\n\t\tr = 0;\n\t\tbreak;\n\tdefault:\n",
                    ),
                ),
                append("\nbool kvm_has_tea(struct kvm *kvm)\n{\n\treturn kvm->arch.tea;\n}\n"),
            ),
        },
        adds=UNTESTED,
    ),
    Edit(
        "a case moves into a helper whose answer is stored",
        {
            X86: both(
                inside(
                    ANSWERS,
                    without_case("MAX_VCPU_ID"),
                    swap("\tdefault:\n", "\tdefault:\n\t\tr = kvm_x86_more(kvm, ext);\n"),
                ),
                before(
                    ANSWERS,
                    "static int kvm_x86_more(struct kvm *kvm, long ext)\n{\n\tswitch (ext) {\n"
                    "\tcase KVM_CAP_MAX_VCPU_ID:\n\t\treturn KVM_MAX_VCPU_IDS;\n\tdefault:\n\t\treturn 0;\n\t}\n}\n",
                ),
            )
        },
    ),
    Edit(
        "a case moves into a helper whose answer is returned",
        {
            POWERPC: both(
                inside(
                    ANSWERS,
                    without_case("PPC_OSI"),
                    swap("\tint r;\n", "\tint r;\n\n\tif (ext == KVM_CAP_PPC_OSI)\n\t\treturn kvm_more(kvm, ext);\n"),
                ),
                before(
                    ANSWERS,
                    more("\tif (ext == KVM_CAP_PPC_OSI)\n\t\treturn 1;\n\treturn 0;\n"),
                ),
            )
        },
    ),
    Edit(
        "a case becomes an if",
        {
            X86: inside(
                ANSWERS,
                without_case("X86_NOTIFY_VMEXIT"),
                swap(
                    "\tint r = 0;\n",
                    "\tint r = 0;\n\n\tif (ext == KVM_CAP_X86_NOTIFY_VMEXIT)\n\t\treturn kvm_caps.has_notify_vmexit;\n",
                ),
            )
        },
    ),
    Edit(
        "a case becomes an if with the constant first, one of several",
        {
            S390: inside(
                ANSWERS,
                without_case("S390_USER_SIGP"),
                swap(
                    "\tint r;\n",
                    "\tint r;\n\n\tif (KVM_CAP_S390_USER_SIGP == ext ||\n\t    KVM_CAP_S390_USER_STSI == ext)\n"
                    "\t\treturn 1;\n",
                ),
            )
        },
    ),
    Edit(
        "an enabling case moves into a helper below the test of the flags",
        {
            X86: both(
                inside(
                    ENABLES,
                    every(r"\tcase KVM_CAP_MSR_PLATFORM_INFO:\n(?:\t\t.*\n)+?\t\tbreak;\n", ""),
                    swap("\tdefault:\n\t\tr = -EINVAL;\n", "\tdefault:\n\t\tr = kvm_x86_enable_more(kvm, cap);\n"),
                ),
                before(
                    ENABLES,
                    "static int kvm_x86_enable_more(struct kvm *kvm, struct kvm_enable_cap *cap)\n"
                    "{\n\tswitch (cap->cap) {\n"
                    "\tcase KVM_CAP_MSR_PLATFORM_INFO:\n"
                    "\t\tkvm->arch.guest_can_read_msr_platform_info = cap->args[0];\n\t\treturn 0;\n"
                    "\tdefault:\n\t\treturn -EINVAL;\n\t}\n}\n",
                ),
            )
        },
    ),
    Edit(
        "a case becomes a comparison that is the answer",
        {
            POWERPC: both(
                inside(
                    ANSWERS,
                    without_case("PPC_OSI"),
                    swap("\tint r;\n", "\tint r;\n\n\tif (ext == KVM_CAP_PPC_OSI)\n\t\treturn kvm_more(kvm, ext);\n"),
                ),
                before(
                    ANSWERS,
                    more("\treturn ext == KVM_CAP_PPC_OSI;\n"),
                ),
            )
        },
    ),
    Edit(
        "a test of the flags is spelt differently",
        {X86: inside(ENABLES, swap("if (cap->flags)", "if (unlikely(0 != cap -> flags))"))},
    ),
    Edit(
        "the request has another name",
        {ARM64: inside(ENABLES, every(r"\bcap\b", "request"))},
    ),
    Edit(
        "numbers are spelt as hexadecimal, octal, sum and unsigned",
        {
            UAPI: both(number("SREGS2", "0xc8"), number("EXIT_HYPERCALL", "(200 + 1)")),
            TOOLS: both(number("SREGS2", "0310"), number("EXIT_HYPERCALL", "201U")),
            QEMU: both(number("SREGS2", "(1 << 7 | 0x48)"), number("EXIT_HYPERCALL", "((int) 201)")),
        },
    ),
    Edit(
        "a number comes from another macro",
        {
            UAPI: number("SREGS2", "TEA_BASE\n#define TEA_BASE 200"),
            QEMU: number("SREGS2", "(KVM_CAP_HYPERV_ENFORCE_CPUID + 1)"),
        },
    ),
    Edit(
        "a definition is laid out differently",
        {QEMU: every(r"^#define KVM_CAP_SREGS2 200$", r"  #\tdefine KVM_CAP_SREGS2 /* tea */ \\\n\t 200 // tea")},
    ),
    Edit(
        "a comment stands between directive and name",
        {QEMU: every(r"^#define KVM_CAP_SREGS2 200$", "#define /* tea */ KVM_CAP_SREGS2 200")},
    ),
    Edit(
        "the headers' definitions stand in another order",
        dict.fromkeys((UAPI, QEMU), reordered),
    ),
    Edit(
        "lines end as on Windows",
        {path: lambda text: text.replace("\n", "\r\n") for path in (UAPI, QEMU, X86, API)},
    ),
    Edit(
        "indents become spaces and every case gets a comment",
        {
            path: both(every(r"\t", "        "), every(r"(case KVM_CAP_\w+):", r"\1 /* case KVM_CAP_TEA: */ :"))
            for path in (X86, ARM64, S390, POWERPC, RISCV, MIPS, VZ, MAIN)
        },
    ),
    Edit(
        "the kernel's copy vanishes",
        {TOOLS: None},
        adds=rows("note", "CAP107", TOOLS_ASM),
    ),
    Edit(
        "nothing is laid over the trees",
        {},
    ),
]

MTE_BY_SWITCH = more(
    "\tswitch (ext) {\n\tcase KVM_CAP_ARM_MTE:\n\t\treturn system_supports_mte();\n\tdefault:\n\t\treturn 0;\n\t}\n"
)


def asks_more(call: str) -> Transform:
    """arm64 leaves KVM_CAP_ARM_MTE to a helper in front of its handler."""
    return both(
        inside(ANSWERS, without_case("ARM_MTE"), every(r"^(\tint r;\n)", rf"\1\n{call}")),
        before(ANSWERS, MTE_BY_SWITCH),
    )


HELPERS = [
    Edit(
        "a helper's answer is returned as a truth value",
        {ARM64: asks_more("\tif (ext > 1)\n\t\treturn !!kvm_more(kvm, ext);\n")},
    ),
    Edit(
        "a helper's answer is tested",
        {ARM64: asks_more("\tif (kvm_more(kvm, ext))\n\t\treturn 1;\n")},
    ),
    Edit(
        "a helper's answer begins a variable",
        {ARM64: asks_more("\tint n = kvm_more(kvm, ext);\n\n\tif (n)\n\t\treturn n;\n")},
    ),
    Edit(
        "a helper's answer is dropped",
        {ARM64: asks_more("\tkvm_more(kvm, ext);\n")},
        adds=[*rows("error", "CAP201", "ARM_MTE", "arm64"), *MTE_UNADVERTISED],
    ),
    Edit(
        "the helper lies in a new file",
        {
            ARM64: inside(
                ANSWERS,
                without_case("ARM_MTE"),
                swap("\tdefault:\n\t\tr = 0;\n", "\tdefault:\n\t\tr = kvm_more(kvm, ext);\n"),
            ),
            "arch/arm64/kvm/more.c": lambda _: MTE_BY_SWITCH.removeprefix("static "),
        },
    ),
    Edit(
        "the helper lies in another architecture's file",
        {
            ARM64: inside(
                ANSWERS,
                without_case("ARM_MTE"),
                swap("\tdefault:\n\t\tr = 0;\n", "\tdefault:\n\t\tr = kvm_more(kvm, ext);\n"),
            ),
            "arch/riscv/kvm/more.c": lambda _: MTE_BY_SWITCH,
        },
        removes=ARM64_NOT_UNDERSTOOD,
    ),
    Edit(
        "the callback is set when the program runs",
        {
            VZ: both(
                swap("\t.check_extension = kvm_vz_check_extension,\n", ""),
                append(
                    "\nvoid tea(struct kvm_mips_callbacks *c)\n{\n\tc->check_extension = kvm_vz_check_extension;\n}\n"
                ),
            )
        },
        removes=NOT_UNDERSTOOD,
    ),
]

SPELLINGS = [
    Edit(
        "the handler has attributes and a line of its own for its type",
        {
            ARM64: swap(
                "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)",
                "noinline __must_check long __weak\nkvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)",
            )
        },
    ),
    Edit(
        "the handler is defined twice under a condition",
        {
            ARM64: before(
                ANSWERS,
                "#ifdef CONFIG_TEA\nint kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n"
                "{\n\treturn 0;\n}\n#endif",
            )
        },
    ),
    Edit(
        "the head of the switch has two alternatives",
        {
            ARM64: inside(
                ANSWERS,
                swap(
                    "\tswitch (ext) {\n", "#ifdef CONFIG_TEA\n\tswitch (ext) {\n#else\n\tswitch ((int)ext) {\n#endif\n"
                ),
            )
        },
        removes=[*ARM64_NOT_UNDERSTOOD, *rows("note", "CAP219", "MSI_DEVID", "arm64")],
    ),
    Edit(
        "a brace opens under a condition and closes under it",
        {
            ARM64: inside(
                ANSWERS,
                swap("\tswitch (ext) {\n", "#ifdef CONFIG_TEA\n\tif (kvm) {\n#endif\n\tswitch (ext) {\n"),
                swap("\n\treturn r;\n}", "\n#ifdef CONFIG_TEA\n\t}\n#endif\n\treturn r;\n}"),
            )
        },
        removes=[*ARM64_NOT_UNDERSTOOD, *rows("note", "CAP219", "MSI_DEVID", "arm64")],
    ),
    Edit(
        "a label stands in parentheses",
        {ARM64: inside(ANSWERS, swap("case KVM_CAP_ARM_MTE:", "case (KVM_CAP_ARM_MTE):"))},
    ),
    Edit(
        "three labels become a range",
        {
            X86: inside(
                ANSWERS,
                swap(
                    "\tcase KVM_CAP_HYPERV:\n\tcase KVM_CAP_HYPERV_VAPIC:\n\tcase KVM_CAP_HYPERV_SPIN:\n",
                    "\tcase KVM_CAP_HYPERV ... KVM_CAP_HYPERV_SPIN:\n",
                ),
            )
        },
    ),
    Edit(
        "the switch is over a copy",
        {
            ARM64: inside(
                ENABLES, swap("\tswitch (cap->cap) {\n", "\tconst u32 which = cap->cap;\n\n\tswitch (which) {\n")
            )
        },
    ),
    Edit(
        "the flags are tested in a copy",
        {
            MIPS: inside(
                ENABLES_VCPU,
                swap("\tint r = 0;\n", "\tint r = 0;\n\tu32 flags = cap->flags;\n"),
                swap("if (cap->flags)", "if (flags)"),
            )
        },
    ),
    Edit(
        "the switch stands inside the test of the flags",
        {
            MIPS: inside(
                ENABLES_VCPU,
                without_flags_test(),
                swap("\tswitch (cap->cap) {\n", "\tif (!cap->flags)\n\tswitch (cap->cap) {\n"),
                swap("\t}\n\n\treturn r;\n", "\t} else {\n\t\tr = -EINVAL;\n\t}\n\n\treturn r;\n"),
            )
        },
    ),
    Edit(
        "the switch stands in the other branch of the test of the flags",
        {
            MIPS: inside(
                ENABLES_VCPU,
                without_flags_test(),
                swap("\tswitch (cap->cap) {\n", "\tif (cap->flags)\n\t\tr = -EINVAL;\n\telse switch (cap->cap) {\n"),
            )
        },
    ),
    Edit(
        "only the first of two cases that fall through tests the flags",
        {
            MIPS: inside(
                ENABLES_VCPU,
                without_flags_test(),
                swap(
                    "\t\tvcpu->arch.fpu_enabled = true;\n\t\tbreak;\n",
                    "\t\tif (cap->flags)\n\t\t\treturn -EINVAL;\n\t\tfallthrough;\n",
                ),
            )
        },
        adds=rows("warning", "CAP205", "MIPS_MSA", "mips"),
    ),
    Edit(
        "a case stores through a local pointer",
        {
            MIPS: inside(
                ENABLES_VCPU,
                swap("\tint r = 0;\n", "\tstruct kvm_vcpu_arch *arch = &vcpu->arch;\n\tint r = 0;\n"),
                swap("vcpu->arch.fpu_enabled = true", "arch->fpu_enabled = true"),
            )
        },
    ),
    Edit(
        "a case stores through a macro",
        {MIPS: inside(ENABLES_VCPU, swap("vcpu->arch.fpu_enabled = true", "WRITE_ONCE(vcpu->arch.fpu_enabled, true)"))},
    ),
    Edit(
        "two labels share a case without effect",
        {
            MIPS: inside(
                ENABLES_VCPU,
                swap("\t\tvcpu->arch.fpu_enabled = true;\n\t\tbreak;\n", ""),
                swap("\t\tvcpu->arch.msa_enabled = true;\n", '\t\tpr_debug("tea");\n'),
            )
        },
        adds=rows("warning", "CAP204", "MIPS_FPU MIPS_MSA", "mips"),
    ),
    Edit(
        "comments hold more than ASCII",
        {path: lambda text: f"/* naïve, 茶 */\n{text}" for path in (UAPI, QEMU, MIPS, ARM64)},
    ),
    Edit(
        "a mark of the byte order stands first",
        {path: lambda text: f"\ufeff{text}" for path in (UAPI, QEMU, MIPS)},
    ),
    Edit(
        "the guard of QEMU's header has another name",
        {QEMU: every(r"__LINUX_KVM_H\b", "QEMU_TEA_H")},
    ),
    Edit(
        "a definition is switched off in QEMU's header",
        {QEMU: guarded("SREGS2", "#if 0")},
        adds=STALE,
    ),
    Edit(
        "a definition is for user space only",
        {UAPI: guarded("SREGS2", "#ifndef __KERNEL__")},
    ),
    Edit(
        "a definition stands in both branches of a condition",
        {QEMU: every(r"^(#define KVM_CAP_SREGS2 200\n)", r"#ifdef CONFIG_TEA\n\1#else\n\1#endif\n")},
    ),
    Edit(
        "a definition has another number in one branch",
        {
            QEMU: every(
                r"^(#define KVM_CAP_SREGS2 200\n)", r"#ifdef CONFIG_TEA\n\1#else\n#define KVM_CAP_SREGS2 300\n#endif\n"
            )
        },
        adds=rows("error", "CAP101", "SREGS2"),
    ),
    Edit(
        "two new capabilities take the next two numbers, the higher one first",
        {
            path: define_last("#define KVM_CAP_TEA_TIME 240\n#define KVM_CAP_COFFEE_TIME 239")
            for path in (UAPI, TOOLS, QEMU)
        },
        adds=[
            *rows("note", "CAP501", "TEA_TIME COFFEE_TIME"),
            *rows("note", "CAP202", "TEA_TIME COFFEE_TIME"),
            *rows("note", "CAP506", "TEA_TIME COFFEE_TIME"),
        ],
    ),
    Edit(
        "the documentation sets a name in markup and at the end of a sentence",
        {API: every(r"\bKVM_CAP_PTP_KVM\b", "**KVM_CAP_SREGS2**, ``KVM_CAP_PTP_KVM``.")},
        # One of the places is the title of a section on arm64.
        adds=rows("note", "CAP504", "SREGS2"),
    ),
]

EDITS = [*HEADERS, *ADVERTISING, *ENABLING, *DOCUMENTATION, *HARMLESS, *HELPERS, *SPELLINGS]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
