"""Single edits to the real sources of both sides: exactly the findings that follow come and go."""

from __future__ import annotations

import pytest
import real_trees
from editing import ANSWERS, ENABLES, OLD, Edit, Transform, both, brings_and_takes_exactly, every, inside, rows, swap
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
ARM64 = "arch/arm64/kvm/arm.c"
S390 = "arch/s390/kvm/kvm-s390.c"
POWERPC = "arch/powerpc/kvm/powerpc.c"
MIPS = "arch/mips/kvm/mips.c"
MAIN = "virt/kvm/kvm_main.c"
ALL = "accel/kvm/kvm-all.c"
I386 = "target/i386/kvm/kvm.c"
S390X = "target/s390x/kvm/kvm.c"
PPC = "target/ppc/kvm.c"
ARM = "target/arm/kvm.c"
MIPS_CPU = "target/mips/kvm.c"
XICS = "hw/intc/xics_kvm.c"

# What a call hands on before the capability, by path.
VM_SITES = [
    (S390X, "s", "S390_USER_SIGP", "s390"), (S390X, "s", "S390_RI", "s390"),
    (S390X, "kvm_state", "S390_HPAGE_1M", "s390"), (ARM, "s", "ARM_NISV_TO_USER", "arm64"),
    (ARM, "s", "ARM_EAGER_SPLIT_CHUNK_SIZE", "arm64"), (I386, "s", "EXCEPTION_PAYLOAD", "x86"),
    (I386, "s", "X86_DISABLE_EXITS", "x86"), (I386, "s", "X86_NOTIFY_VMEXIT", "x86"),
    (I386, "s", "SPLIT_IRQCHIP", "x86"), (PPC, "kvm_state", "PPC_SMT", "powerpc"),
    (ALL, "s", "S390_IRQCHIP", None), (ALL, "s", "MANUAL_DIRTY_LOG_PROTECT2", None),
]  # fmt: skip
VCPU_SITES: list[tuple[str, str, str, str | None]] = [
    (MIPS_CPU, "cs", "MIPS_FPU", "mips"), (PPC, "cs", "PPC_PAPR", "powerpc"), (PPC, "cs", "SW_TLB", "powerpc"),
    (I386, "cs", "HYPERV_ENFORCE_CPUID", "x86"), (S390X, "CPU(cpu)", "S390_CSS_SUPPORT", "s390"),
    (XICS, "cs", "IRQ_XICS", "powerpc"),
]  # fmt: skip


def rescoped(sites: list[tuple[str, str, str, str | None]], scope: str, other: str) -> list[Edit]:
    return [
        Edit(
            f"{cap} is enabled per {other}",
            {
                path: swap(
                    f"kvm_{scope}_enable_cap({first}, KVM_CAP_{cap}", f"kvm_{other}_enable_cap({first}, KVM_CAP_{cap}"
                )
            },
            adds=rows("error", "CAP403", cap, arch),
        )
        for path, first, cap, arch in sites
    ]


SCOPES = [
    *rescoped(VM_SITES, "vm", "vcpu"),
    *rescoped(VCPU_SITES, "vcpu", "vm"),
    Edit(
        "two capabilities in one variable are enabled per VM",
        {I386: swap("kvm_vcpu_enable_cap(cs, synic_cap, 0)", "kvm_vm_enable_cap(kvm_state, synic_cap, 0)")},
        adds=rows("error", "CAP403", "HYPERV_SYNIC HYPERV_SYNIC2", "x86"),
    ),
]

ARGUMENTS = [
    Edit(
        "the size of the ring is not passed",
        {ALL: swap("kvm_vm_enable_cap(s, capability, 0, ring_bytes)", "kvm_vm_enable_cap(s, capability, 0)")},
        adds=rows("warning", "CAP405", "DIRTY_LOG_RING DIRTY_LOG_RING_ACQ_REL"),
    ),
    Edit(
        "the window is not passed",
        {I386: every(r"(KVM_CAP_X86_NOTIFY_VMEXIT, 0),\s+notify_window_flags\)", r"\1)")},
        adds=rows("warning", "CAP405", "X86_NOTIFY_VMEXIT", "x86"),
    ),
    Edit(
        "a pointer that is read is not passed",
        {PPC: swap("KVM_CAP_SW_TLB, 0, (uintptr_t)&cfg)", "KVM_CAP_SW_TLB, 0)")},
        adds=rows("warning", "CAP405", "SW_TLB", "powerpc"),
    ),
    Edit(
        "a pointer that is written is not passed",
        {I386: every(r"(KVM_CAP_HYPERV_ENLIGHTENED_VMCS, 0),\s+\(uintptr_t\)&supported_evmcs_version\)", r"\1)")},
        adds=rows("warning", "CAP405", "HYPERV_ENLIGHTENED_VMCS", "x86"),
    ),
    Edit(
        "what is not passed switches it off",
        {I386: swap("KVM_CAP_EXCEPTION_PAYLOAD, 0, true)", "KVM_CAP_EXCEPTION_PAYLOAD, 0)")},
        adds=rows("note", "CAP405", "EXCEPTION_PAYLOAD", "x86"),
    ),
    Edit(
        "the second of two arguments is not passed",
        {PPC: swap("KVM_CAP_PPC_SMT, 0, smt, 0)", "KVM_CAP_PPC_SMT, 0, smt)")},
        adds=rows("note", "CAP405", "PPC_SMT", "powerpc"),
    ),
    Edit(
        "an argument that has to be 0 is not passed",
        {MIPS_CPU: swap("KVM_CAP_MIPS_FPU, 0, 0)", "KVM_CAP_MIPS_FPU, 0)")},
    ),
    Edit(
        "more is passed than the kernel reads",
        {S390X: swap("KVM_CAP_S390_RI, 0)", "KVM_CAP_S390_RI, 0, 1, 2)")},
    ),
]


def dropped(path: str, call: str, caps: str, arch: str | None) -> Edit:
    return Edit(
        f"the result of {caps} is dropped",
        {path: swap(f"ret = {call}", call)},
        adds=rows("warning", "CAP401", caps, arch),
    )


RESULTS = [
    dropped(I386, "kvm_vm_enable_cap(s, KVM_CAP_EXCEPTION_PAYLOAD", "EXCEPTION_PAYLOAD", "x86"),
    dropped(I386, "kvm_vm_enable_cap(s, KVM_CAP_SPLIT_IRQCHIP", "SPLIT_IRQCHIP", "x86"),
    dropped(I386, "kvm_vcpu_enable_cap(cs, synic_cap", "HYPERV_SYNIC HYPERV_SYNIC2", "x86"),
    dropped(PPC, "kvm_vcpu_enable_cap(cs, KVM_CAP_PPC_PAPR", "PPC_PAPR", "powerpc"),
    dropped(ALL, "kvm_vm_enable_cap(s, capability", "DIRTY_LOG_RING DIRTY_LOG_RING_ACQ_REL", None),
    dropped(XICS, "kvm_vcpu_enable_cap(cs, KVM_CAP_IRQ_XICS", "IRQ_XICS", "powerpc"),
    Edit(
        "a result is assigned and written over",
        {
            I386: swap(
                "        ret = kvm_vm_enable_cap(s, KVM_CAP_EXCEPTION_PAYLOAD, 0, true);\n",
                "        ret = kvm_vm_enable_cap(s, KVM_CAP_EXCEPTION_PAYLOAD, 0, true);\n        ret = 0;\n",
            )
        },
        adds=rows("warning", "CAP401", "EXCEPTION_PAYLOAD", "x86"),
    ),
    Edit(
        "a result is dropped on purpose, behind a check",
        {
            I386: swap(
                "ret = kvm_vm_enable_cap(s, KVM_CAP_EXCEPTION_PAYLOAD",
                "(void)kvm_vm_enable_cap(s, KVM_CAP_EXCEPTION_PAYLOAD",
            )
        },
    ),
    Edit(
        "a result is dropped on purpose, and nothing was asked",
        {I386: swap("ret = kvm_vm_enable_cap(s, KVM_CAP_SPLIT", "(void)kvm_vm_enable_cap(s, KVM_CAP_SPLIT")},
        adds=rows("warning", "CAP402", "SPLIT_IRQCHIP", "x86"),
    ),
    Edit(
        "a result is dropped on purpose, behind a check in the caller",
        {
            I386: swap(
                "ret = kvm_vm_enable_cap(s, KVM_CAP_X86_USER_SPACE_MSR",
                "(void)kvm_vm_enable_cap(s, KVM_CAP_X86_USER_SPACE_MSR",
            )
        },
    ),
    Edit(
        "a result is dropped on purpose, behind a stored flag",
        {
            MIPS_CPU: swap(
                "ret = kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_MSA", "(void)kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_MSA"
            )
        },
    ),
    Edit(
        "a dropped result is said to be meant",
        {
            S390X: swap(
                "    kvm_vm_enable_cap(s, KVM_CAP_S390_GS, 0);", "    (void)kvm_vm_enable_cap(s, KVM_CAP_S390_GS, 0);"
            )
        },
        adds=rows("warning", "CAP402", "S390_GS", "s390"),
        removes=rows("note", "CAP401", "S390_GS", "s390"),
    ),
    Edit(
        "a dropped result is looked at",
        {
            S390X: swap(
                "    kvm_vm_enable_cap(s, KVM_CAP_S390_GS, 0);",
                "    cap_gs = !kvm_vm_enable_cap(s, KVM_CAP_S390_GS, 0);",
            )
        },
        removes=rows("note", "CAP401", "S390_GS", "s390"),
    ),
    Edit(
        "the last caller that looks at a wrapper's result drops it",
        {
            PPC: swap(
                "    return kvmppc_enable_hcall(kvm_state, H_RANDOM);",
                "    kvmppc_enable_hcall(kvm_state, H_RANDOM);\n    return 0;",
            )
        },
        adds=rows("warning", "CAP401", "PPC_ENABLE_HCALL", "powerpc"),
    ),
]


def without_enabling(name: str, function: str = ENABLES) -> Transform:
    """Drop a case of an enable handler with everything up to its `break`."""
    return inside(function, every(rf"^\tcase KVM_CAP_{name}:\n(?:\t\t.*\n|\n)*?\t\tbreak;\n", ""))


def without_lock(name: str) -> Transform:
    """Drop the taking and the giving back of a lock under a label."""
    above = rf"^(\tcase KVM_CAP_{name}:\n(?:\t\t.*\n|\n)*?)"
    return inside(ENABLES, every(rf"{above}\t\tmutex_lock.*\n((?:\t\t.*\n)*?)\t\tmutex_unlock.*\n", r"\1\2"))


VCPU = "kvm_vcpu_ioctl_enable_cap"
CASES = [
    Edit(
        f"{arch} no longer accepts {name}",
        {path: without_enabling(name, function)},
        adds=[
            *(row for severity in severities.split() for row in rows(severity, "CAP404", name, arch)),
            *rows("note", "CAP504", documented),
        ],
        removes=removed,
    )
    # A note where QEMU goes on without it; what the documentation says of enabling is one too.
    for path, name, function, arch, severities, documented, removed in [
        (S390, "S390_RI", ENABLES, "s390", "note", "S390_RI", ()),
        (S390, "S390_CSS_SUPPORT", VCPU, "s390", "note", "S390_CSS_SUPPORT", ()),
        (S390, "S390_USER_INSTR0", ENABLES, "s390", "note", "S390_USER_INSTR0", ()),
        (ARM64, "ARM_MTE", ENABLES, "arm64", "error note", "ARM_MTE", ()),
        (ARM64, "ARM_NISV_TO_USER", ENABLES, "arm64", "error", "", ()),
        (X86, "EXCEPTION_PAYLOAD", ENABLES, "x86", "error", "EXCEPTION_PAYLOAD", ()),
        (X86, "X86_TRIPLE_FAULT_EVENT", ENABLES, "x86", "error", "", ()),
        (POWERPC, "PPC_PAPR", VCPU, "powerpc", "error", "PPC_PAPR", rows("warning", "CAP203", "PPC_PAPR", "powerpc")),
        (MIPS, "MIPS_FPU", VCPU, "mips", "error", "MIPS_FPU", ()),
    ]
] + [
    Edit(
        "s390 neither accepts nor advertises what QEMU only enables behind a check",
        {
            S390: lambda text: without_enabling("S390_IRQCHIP")(
                inside(ANSWERS, swap("\tcase KVM_CAP_S390_IRQCHIP:\n", ""))(text)
            )
        },
        adds=[
            *rows("warning", "CAP202", "S390_IRQCHIP"),
            *rows("warning", "CAP212", "KVM_CREATE_IRQCHIP", "s390"),
        ],
    ),
]

TESTS = [
    Edit(
        "s390 no longer tests for a VM",
        {S390: swap("hpage && !(kvm && kvm_is_ucontrol(kvm))", "hpage && !kvm_is_ucontrol(kvm)")},
        adds=rows("error", "CAP210", "S390_HPAGE_1M", "s390"),
    ),
    Edit(
        "6.1's s390 tests for a VM",
        {S390: swap("hpage && !kvm_is_ucontrol(kvm)", "hpage && kvm && !kvm_is_ucontrol(kvm)")},
        removes=rows("error", "CAP210", "S390_HPAGE_1M", "s390"),
        pair=OLD,
    ),
    Edit(
        "arm64 no longer tests for a VM",
        {ARM64: every(r"if \(kvm\)\n\t\t\t(r = kvm->max_vcpus;)\n\t\telse\n\t\t\tr = .*;", r"\1")},
        adds=rows("error", "CAP210", "MAX_VCPUS MAX_VCPU_ID", "arm64"),
    ),
    Edit(
        "arm64 no longer tests for a VM above the switch",
        {ARM64: swap("if (kvm && kvm_vm_is_protected(kvm) && !pkvm", "if (kvm_vm_is_protected(kvm) && !pkvm")},
        adds=rows("error", "CAP210", "KVM_CHECK_EXTENSION", "arm64"),
    ),
    Edit(
        "powerpc no longer tests for a VM above the switch",
        {POWERPC: inside(ANSWERS, swap("\tif (kvm) {\n\t\t/*\n", "\t{\n\t\t/*\n"))},
        adds=rows("error", "CAP210", "KVM_CHECK_EXTENSION", "powerpc"),
    ),
    Edit(
        "x86 hands NULL to a macro",
        {X86: swap("kvm ? kvm_arch_has_readonly_mem(kvm) : 1", "kvm_arch_has_readonly_mem(kvm)")},
        adds=rows("error", "CAP210", "READONLY_MEM", "x86"),
    ),
    Edit(
        "the generic handler hands NULL to what x86 defines",
        {MAIN: swap("return !kvm || kvm_arch_has_private_mem(kvm);", "return kvm_arch_has_private_mem(kvm);")},
        adds=rows("error", "CAP210", "GUEST_MEMFD", "x86"),
    ),
    Edit(
        "the helper no longer tests for a VM",
        {MAIN: swap("if (!kvm || kvm_arch_has_private_mem(kvm))", "if (kvm_arch_has_private_mem(kvm))")},
        adds=rows("error", "CAP210", "MEMORY_ATTRIBUTES", "x86"),
    ),
    Edit(
        "a test is spelt otherwise",
        {S390: swap("hpage && !(kvm && kvm_is_ucontrol(kvm))", "hpage && (kvm == NULL || !kvm_is_ucontrol(kvm))")},
    ),
    Edit(
        "a test is an early exit",
        {
            S390: inside(
                ANSWERS,
                swap(
                    "\t\tr = 0;\n\t\tif (hpage && !(kvm && kvm_is_ucontrol(kvm)))\n",
                    "\t\tr = 0;\n\t\tif (!kvm)\n\t\t\tbreak;\n\t\tif (hpage && !kvm_is_ucontrol(kvm))\n",
                ),
            )
        },
    ),
    Edit(
        "x86 takes no lock",
        {X86: without_lock("PMU_CAPABILITY")},
        adds=rows("note", "CAP211", "PMU_CAPABILITY", "x86"),
    ),
    Edit(
        "arm64 takes no lock",
        {ARM64: without_lock("ARM_MTE")},
        adds=rows("note", "CAP211", "ARM_MTE", "arm64"),
    ),
    Edit(
        "arm64 takes another lock",
        {ARM64: inside(ENABLES, every(r"^(\tcase KVM_CAP_ARM_MTE:\n\t\tmutex_lock\(&kvm->)lock", r"\1slots_lock"))},
        adds=rows("note", "CAP211", "ARM_MTE", "arm64"),
    ),
    Edit(
        "s390 takes the lock",
        {
            S390: swap(
                "\t\ticpt_operexc_on_all_vcpus(kvm);\n",
                "\t\tmutex_lock(&kvm->lock);\n\t\ticpt_operexc_on_all_vcpus(kvm);\n\t\tmutex_unlock(&kvm->lock);\n",
            )
        },
    ),
    Edit(
        "s390 walks the vCPUs before it changes the VM",
        {
            S390: swap(
                "\t\tkvm->arch.user_instr0 = 1;\n\t\ticpt_operexc_on_all_vcpus(kvm);\n",
                "\t\ticpt_operexc_on_all_vcpus(kvm);\n\t\tkvm->arch.user_instr0 = 1;\n",
            )
        },
        adds=rows("note", "CAP211", "S390_USER_INSTR0", "s390"),
    ),
    Edit(
        "a vCPU of s390 reads the state before it is on the list",
        {
            S390: both(
                swap(" || vcpu->kvm->arch.user_instr0)", ")"),
                swap(
                    "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)\n{\n",
                    "int kvm_arch_vcpu_create(struct kvm_vcpu *vcpu)\n{\n\tbool all = vcpu->kvm->arch.user_instr0;\n",
                ),
            )
        },
        adds=rows("note", "CAP211", "S390_USER_INSTR0", "s390"),
    ),
    Edit(
        "x86 tests a bit behind the address of a member",
        {X86: swap("kvm ? kvm_arch_has_readonly_mem(kvm) : 1", "test_bit(1, &kvm->arch.disabled_quirks)")},
        adds=rows("error", "CAP210", "READONLY_MEM", "x86"),
    ),
    Edit(
        "x86 tests for a VM by a variable",
        {
            X86: inside(
                ANSWERS,
                both(
                    swap("\tint r = 0;\n", "\tbool no_vm = !kvm;\n\tint r = 0;\n"),
                    swap(
                        "kvm ? kvm_arch_has_readonly_mem(kvm) : 1",
                        "no_vm ? 1 : kvm_arch_has_readonly_mem(kvm)",
                    ),
                ),
            )
        },
    ),
    Edit(
        "powerpc relies on a variable that does not imply a VM",
        {
            POWERPC: inside(
                ANSWERS,
                swap("\t\tif (kvm) {\n\t\t\tif (kvm->arch.emul", "\t\tif (hv_enabled) {\n\t\t\tif (kvm->arch.emul"),
            )
        },
        adds=rows("error", "CAP210", "PPC_SMT", "powerpc"),
    ),
]


def without_mask(name: str) -> Transform:
    """Drop the test of the valid bits under a label."""
    test = r"\t\tif \(cap->args\[0\] & ~\w+\)\n\t\t\tbreak;\n"
    return inside(ENABLES, every(rf"^(\tcase KVM_CAP_{name}:\n(?:\t\tr = -EINVAL;\n)?){test}", r"\1"))


MASKS = [
    Edit(
        "QEMU takes the answer, a set of bits, for a yes",
        {I386: swap("if (!(ret & KVM_BUS_LOCK_DETECTION_EXIT)) {", "if (ret <= 0) {")},
        adds=rows("warning", "CAP213", "X86_BUS_LOCK_EXIT", "x86"),
    ),
    Edit(
        "any reason is taken",
        {X86: without_mask("X86_USER_SPACE_MSR")},
        adds=rows("warning", "CAP206", "X86_USER_SPACE_MSR", "x86"),
    ),
    Edit(
        "any exit is taken, and the text says otherwise",
        {X86: without_mask("X86_DISABLE_EXITS")},
        adds=[
            *rows("warning", "CAP206", "X86_DISABLE_EXITS", "x86"),
            *rows("note", "CAP208", "X86_DISABLE_EXITS", "x86"),
        ],
        removes=rows("warning", "CAP213", "X86_DISABLE_EXITS", "x86"),
    ),
    Edit(
        "any flag is taken, and the text says otherwise",
        {X86: without_mask("X2APIC_API")},
        adds=[*rows("warning", "CAP206", "X2APIC_API", "x86"), *rows("note", "CAP208", "X2APIC_API", "x86")],
    ),
    Edit(
        "a mask is spelt as a comparison",
        {
            X86: inside(
                ENABLES,
                swap(
                    "if (cap->args[0] & ~KVM_MSR_EXIT_REASON_VALID_MASK)",
                    "if (cap->args[0] > KVM_MSR_EXIT_REASON_VALID_MASK)",
                ),
            )
        },
    ),
    Edit(
        "6.1's x86 cuts what it stores to the known quirks",
        {
            X86: inside(
                ENABLES,
                swap(
                    "kvm->arch.disabled_quirks = cap->args[0];",
                    "kvm->arch.disabled_quirks = cap->args[0] & KVM_X86_VALID_QUIRKS;",
                ),
            )
        },
        removes=rows("warning", "CAP206", "DISABLE_QUIRKS", "x86"),
        pair=OLD,
    ),
    Edit(
        "an exit is accepted and no longer advertised",
        {
            X86: inside(
                ANSWERS,
                swap(
                    "KVM_X86_DISABLE_EXITS_HLT |\n\t\t\t     KVM_X86_DISABLE_EXITS_CSTATE;",
                    "KVM_X86_DISABLE_EXITS_HLT;",
                ),
            )
        },
        # That enabling takes what is not advertised is said of the bare tree, of the run-time subset.
    ),
    Edit(
        "a flag is advertised that enabling rejects",
        {X86: inside(ENABLES, swap("~KVM_X2APIC_API_VALID_FLAGS", "~KVM_X2APIC_API_USE_32BIT_IDS"))},
        adds=rows("warning", "CAP213", "X2APIC_API", "x86"),
    ),
    Edit(
        "QEMU passes a bit that the kernel rejects",
        {I386: every(r"^(\s+KVM_MSR_EXIT_REASON_FILTER)\)", r"\1 | 8)")},
        adds=rows("warning", "CAP213", "X86_USER_SPACE_MSR", "x86"),
    ),
]

ASKING = [
    Edit(
        "QEMU asks the system whether memory may be read-only",
        {ALL: swap("kvm_vm_check_extension(s, KVM_CAP_READONLY_MEM)", "kvm_check_extension(s, KVM_CAP_READONLY_MEM)")},
        adds=rows("warning", "CAP406", "READONLY_MEM", "x86"),
    ),
    Edit(
        "QEMU asks the system for a mode of the VM",
        {PPC: swap("kvm_vm_check_extension(s, KVM_CAP_PPC_SMT)", "kvm_check_extension(s, KVM_CAP_PPC_SMT)")},
        adds=rows("warning", "CAP406", "PPC_SMT", "powerpc"),
    ),
    Edit(
        "QEMU asks the VM for guest_memfd",
        {ALL: swap("kvm_check_extension(s, KVM_CAP_GUEST_MEMFD)", "kvm_vm_check_extension(s, KVM_CAP_GUEST_MEMFD)")},
        removes=rows("warning", "CAP406", "GUEST_MEMFD"),
    ),
    Edit(
        "the kernel no longer looks at the VM",
        {X86: swap("kvm ? kvm_arch_has_readonly_mem(kvm) : 1", "1")},
        removes=rows("warning", "CAP406", "READONLY_MEM", "x86"),
        pair=("linux-6.12", "qemu-7.2"),
    ),
    Edit(
        "s390 no longer advertises what QEMU asks for",
        {S390: inside(ANSWERS, swap("\tcase KVM_CAP_S390_DIAG318:\n", ""))},
        adds=rows("warning", "CAP202", "S390_DIAG318"),
    ),
    Edit(
        "x86 handles an ioctl and no longer advertises it",
        {X86: inside(ANSWERS, swap("\tcase KVM_CAP_ENABLE_CAP:\n", ""))},
        adds=rows("warning", "CAP212", "KVM_ENABLE_CAP", "x86"),
    ),
    Edit(
        "s390 handles ioctls and no longer advertises them",
        {S390: inside(ANSWERS, swap("\tcase KVM_CAP_S390_SKEYS:\n", ""))},
        adds=[
            *rows("warning", "CAP212", "KVM_S390_GET_SKEYS", "s390"),
            *rows("warning", "CAP202", "S390_SKEYS"),
        ],
    ),
]

EDITS = [*SCOPES, *ARGUMENTS, *RESULTS, *CASES, *TESTS, *MASKS, *ASKING]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
