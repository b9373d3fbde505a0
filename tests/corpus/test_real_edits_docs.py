"""Edits of the documentation, of attributes of devices, and of compat handlers: exactly the findings that follow."""

from __future__ import annotations

import pytest
import real_trees
from editing import ENABLES, NEW, Edit, Transform, both, brings_and_takes_exactly, every, inside, laid_over, rows, swap
from real_trees import API, UAPI, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

TRIPLE_FAULT = "\tstruct {\n\t\t__u8 pending;\n\t} triple_fault;\n"
PAYLOAD = "\t__u8 exception_has_payload;\n\t__u64 exception_payload;\n  };\n"
TPR_ACCESS = "\t\t\t__u32 pad;\n\t\t} tpr_access;"
WRITES = f"\t\t\t__u32 is_write;\n{TPR_ACCESS}"
SEV = "Documentation/virt/kvm/x86/amd-memory-encryption.rst"

STRUCTURES = [
    Edit(
        "the text prints the missing member",
        {API: swap(PAYLOAD, TRIPLE_FAULT + PAYLOAD)},
        removes=rows("note", "CAP508", "kvm_vcpu_events", "x86"),
    ),
    Edit(
        "the other architecture's structure is short of a member",
        {API: swap("\t\t__u64 serror_esr;\n", "")},
        adds=rows("note", "CAP508", "kvm_vcpu_events", "arm64"),
    ),
    Edit(
        "what is left out is said to be",
        {API: swap("\t__u8 exception_has_payload;\n", "\t__u8 exception_has_payload;\n\t...\n")},
        removes=rows("note", "CAP508", "kvm_vcpu_events", "x86"),
    ),
    Edit(
        "the header's member has another name",
        {UAPI: every(r"(struct kvm_enable_cap \{(?:.*\n)*?)\t__u64 args\[4\];", r"\1\t__u64 arguments[4];")},
        adds=rows("note", "CAP508", "kvm_enable_cap"),
    ),
    Edit(
        "a type of another width",
        {SEV: swap("                __u32 policy;   /* guest policy */", "                __u16 policy;")},
    ),
    Edit(
        "an exit loses a member",
        {
            API: swap(
                "\t\t\t__u32 is_write;\n\t\t\t__u32 pad;\n\t\t} tpr_access;", "\t\t\t__u32 pad;\n\t\t} tpr_access;"
            )
        },
    ),
]

X86 = "arch/x86/kvm/x86.c"
S390 = "arch/s390/kvm/kvm-s390.c"
POWERPC = "arch/powerpc/kvm/powerpc.c"
BUS_LOCK = ":Parameters: args[0] defines the policy used when bus locks detected in guest\n"

INSTR0 = "kvm->arch.user_instr0 = 1;"

PARAMETERS = [
    Edit(
        "the text says that there are none",
        {API: swap(BUS_LOCK, ":Parameters: none\n")},
        adds=rows("note", "CAP509", "X86_BUS_LOCK_EXIT"),
    ),
    Edit(
        "the text says so in other words, and tells of the argument below",
        {API: swap(":Parameters: args[0] - size of the dirty log ring", ":Parameters: N/A")},
        adds=[
            *rows("note", "CAP509", "DIRTY_LOG_RING"),
            *rows("note", "CAP509", "DIRTY_LOG_RING_ACQ_REL"),
        ],
    ),
    Edit(
        "s390 stores an argument of a capability without parameters, which QEMU does not pass",
        {S390: inside(ENABLES, swap(INSTR0, "kvm->arch.user_instr0 = !!cap->args[1];"))},
        adds=[*rows("note", "CAP509", "S390_USER_INSTR0"), *rows("note", "CAP405", "S390_USER_INSTR0", "s390")],
    ),
    Edit(
        "an argument that has to be 0 is no parameter",
        {S390: inside(ENABLES, swap(INSTR0, f"if (cap->args[0])\n\t\t\treturn -EINVAL;\n\t\t{INSTR0}"))},
    ),
    Edit(
        "powerpc no longer reads the number of the CPU",
        {POWERPC: every(r"(kvmppc_xi\w+_connect_vcpu)\(dev, vcpu, cap->args\[1\]\)", r"\1(dev, vcpu, 0)")},
        adds=rows("note", "CAP509", "IRQ_XICS"),
    ),
    Edit(
        "the text tells of a second argument",
        {API: swap(BUS_LOCK, f"{BUS_LOCK[:-1]};\n             args[1] is the rate\n")},
        adds=rows("note", "CAP509", "X86_BUS_LOCK_EXIT"),
    ),
    Edit(
        "the text tells of a second argument, which is reserved",
        {API: swap(BUS_LOCK, f"{BUS_LOCK[:-1]};\n             args[1] is reserved\n")},
    ),
]

PMU = "arch/arm64/kvm/pmu-emul.c"
TOD_LOW = "\t\tcase KVM_S390_VM_TOD_LOW:\n\t\tcase KVM_S390_VM_TOD_HIGH:\n"

NEXT = swap("case KVM_VCPU_TSC_OFFSET:", "case KVM_VCPU_TSC_OFFSET + 1:")
FILTER = "\tif (attr->attr == KVM_ARM_VCPU_PMU_V3_FILTER && kvm_vcpu_has_pmu(vcpu))\n\t\treturn 0;\n"

ATTRIBUTES = [
    Edit(
        "s390 affirms the extended clock",
        {S390: swap(TOD_LOW, f"\t\tcase KVM_S390_VM_TOD_EXT:\n{TOD_LOW}")},
        removes=rows("note", "CAP222", "KVM_S390_VM_TOD_EXT", "s390"),
    ),
    Edit(
        "s390 denies a limit that it serves",
        {S390: swap("\t\tcase KVM_S390_VM_MEM_LIMIT_SIZE:\n\t\t\tret = 0;\n\t\t\tbreak;\n", "")},
        adds=rows("note", "CAP222", "KVM_S390_VM_MEM_LIMIT_SIZE", "s390"),
    ),
    Edit(
        "arm64 denies the filter, in a helper's helper",
        {PMU: inside("kvm_arm_pmu_v3_has_attr", swap("\tcase KVM_ARM_VCPU_PMU_V3_FILTER:\n", ""))},
        adds=rows("note", "CAP222", "KVM_ARM_VCPU_PMU_V3_FILTER", "arm64"),
    ),
    Edit(
        "x86 refuses what it affirms",
        {X86: both(inside("kvm_arch_tsc_set_attr", NEXT), inside("kvm_arch_tsc_get_attr", NEXT))},
        adds=[("note", "CAP222", name, "x86") for name in ("KVM_VCPU_TSC_OFFSET", "KVM_VCPU_TSC_OFFSET + 1")],
    ),
    Edit(
        "x86 refuses to set what it affirms and lets be read",
        {X86: inside("kvm_arch_tsc_set_attr", NEXT)},
        adds=[("note", "CAP222", "KVM_VCPU_TSC_OFFSET + 1", "x86")],
    ),
    Edit(
        "another form",
        {
            PMU: inside(
                "kvm_arm_pmu_v3_has_attr",
                swap("\tcase KVM_ARM_VCPU_PMU_V3_FILTER:\n", ""),
                swap("\tswitch (attr->attr) {\n", f"{FILTER}\tswitch (attr->attr) {{\n"),
            )
        },
    ),
]

EDITS = [*STRUCTURES, *PARAMETERS, *ATTRIBUTES]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)


def _parts(corpus: Corpus, change: Transform, subject: str, arch: str | None) -> list[set[str]]:
    kernel, vmm = NEW
    tree = laid_over(corpus, kernel, {API: change}, lambda _: True)
    return [
        set(finding.parts)
        for finding in corpus.check(tree, corpus.tree(vmm)).findings
        if (finding.code, finding.subject, finding.arch) == ("CAP508", subject, arch)
    ]


def test_a_structure_that_gets_shorter_is_a_further_part(corpus: Corpus) -> None:
    latched = swap("\t\t__u8 latched_init;\n", "")
    assert _parts(corpus, latched, "kvm_vcpu_events", "x86") == [{"triple_fault", "smi.latched_init"}]
    run = swap(WRITES, TPR_ACCESS)
    [parts] = _parts(corpus, run, "kvm_run", None)
    assert {"tpr_access.is_write", "internal", "also s390_sieic.mask"} <= parts
