"""What the rules say of the real pairs, to the last finding."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import real_trees
from real_trees import API, KERNELS, PAIRS, QEMU, TOOLS, UAPI, Corpus, source, stated
from test_real_documentation import OF_DOCUMENTATION
from test_real_vmm_findings import OF_VMMS

from caplint.findings.finding import Finding

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

_DEFINITION = re.compile(r"^#[ \t]*define[ \t]+(KVM_CAP_\w+)[ \t]+(\d+)", re.MULTILINE)

Row = tuple[str, str, str]
"""Severity, code, subject; `KVM_CAP_` is left out."""

# Structures that the documentation prints with other members than they have.
PRINTED = (
    "cpuid2", "ppc_smmu_info", "run", "s390_vm_cpu_subfunc", "sev_guest_status", "sev_launch_start", "vcpu_events",
)  # fmt: skip
EVERYWHERE: list[Row] = [
    ("warning", "CAP202", "INTR_SHADOW"),
    ("warning", "CAP202", "MIPS_TE"),
    ("note", "CAP202", "ASSIGN_DEV_IRQ"),
    ("note", "CAP202", "IOMMU"),
    ("note", "CAP202", "MANUAL_DIRTY_LOG_PROTECT"),
    ("note", "CAP202", "PV_MMU"),
    ("warning", "CAP202", "PPC_RMA"),
    ("warning", "CAP203", "PPC_EPR"),
    ("warning", "CAP203", "PPC_PAPR"),
    ("note", "CAP205", "DIRTY_LOG_RING"),
    *2 * [("note", "CAP207", "USER_MEMORY"), ("note", "CAP207", "DESTROY_MEMORY_REGION_WORKS")],  # arm64, riscv
    ("note", "CAP207", "NR_MEMSLOTS"),  # riscv
    ("warning", "CAP215", "SPAPR_TCE"),
    ("warning", "CAP216", "VM_COPY_ENC_CONTEXT_FROM"),
    ("warning", "CAP216", "VM_MOVE_ENC_CONTEXT_FROM"),
    ("note", "CAP216", "IRQ_XICS"),
    ("warning", "CAP218", "X86_DISABLE_EXITS"),
    ("note", "CAP219", "MSI_DEVID"),
    ("note", "CAP220", "KVM_MEMORY_ENCRYPT_OP"),
    ("note", "CAP222", "KVM_S390_VM_TOD_EXT"),
    *[("note", "CAP409", name) for name in ("KVM_NMI", "KVM_S390_GET_SKEYS", "KVM_SET_VAPIC_ADDR")],
    ("note", "CAP409", "KVM_X86_SET_MSR_FILTER"),
    *[("note", "CAP508", f"kvm_{name}") for name in PRINTED],
    ("warning", "CAP502", "IRQCHIP_SPLIT"),
    ("warning", "CAP502", "IRQ_ARCH"),
    ("warning", "CAP502", "MANUAL_DIRTY_LOG_PROTECT_2"),
    ("warning", "CAP502", "RMA"),
    ("warning", "CAP502", "PPC_MULTITCE"),
    ("warning", "CAP502", "STATS_BINARY_FD"),
    ("warning", "CAP502", "X86_IOAPIC_POLARITY_IGNORED"),
]
# QEMU 7.2 asks for it, which is CAP408.
ONLY_10_0: list[Row] = [("note", "CAP202", "PCI_2_3")]
# In api.rst, and in a comment of the header.
ONLY_6_1: list[Row] = 2 * [("warning", "CAP502", "PPC_HASH_MMU_V3"), ("warning", "CAP502", "PPC_RADIX_MMU")]
ONLY_6_12: list[Row] = [("note", "CAP207", "NR_MEMSLOTS"), ("note", "CAP508", "kvm_xen_vcpu_attr")]  # loongarch
ONLY_7_2: list[Row] = [("note", "CAP409", "KVM_ARM_SET_DEVICE_ADDR")]
EXPECTED: dict[tuple[str, str], list[Row]] = {
    ("linux-6.12", "qemu-10.0"): [*EVERYWHERE, *ONLY_6_12, *ONLY_10_0],
    ("linux-6.12", "qemu-7.2"): [
        *EVERYWHERE,
        *ONLY_6_12,
        *ONLY_7_2,
        ("note", "CAP103", QEMU),
        ("note", "CAP108", "SET_GUEST_DEBUG"),
    ],
    ("linux-6.1", "qemu-7.2"): [*EVERYWHERE, *ONLY_6_1, *ONLY_7_2, ("note", "CAP103", QEMU)],
    ("linux-6.1", "qemu-10.0"): [
        *EVERYWHERE,
        *ONLY_6_1,
        *ONLY_10_0,
        ("note", "CAP104", QEMU),
        ("note", "CAP108", "SET_GUEST_DEBUG"),
    ],
}
OF_MSRS = {"CAP209", *(f"CAP3{number:02}" for number in range(1, 14))}
# Those of the rules that hold a VMM or the documentation against the kernel have files of their own.
OTHERS = {"CAP107", "CAP501", *OF_MSRS, *OF_VMMS, *OF_DOCUMENTATION}
# Structures and ioctls that the two headers lay out differently, all of them compatibly: docs/findings.md.
LAYOUTS = dict(zip(PAIRS, (1, 17, 18, 1), strict=True))
LOST: list[Row] = [
    ("warning", "CAP304", "MSR_AMD64_OSVW_ID_LENGTH"),
    ("warning", "CAP304", "MSR_AMD64_OSVW_STATUS"),
    ("warning", "CAP304", "MSR_IA32_XSS"),
    ("warning", "CAP304", "MSR_VM_CR"),
    ("note", "CAP304", "MSR_AMD64_DE_CFG"),
    ("note", "CAP304", "MSR_IA32_DEBUGCTLMSR"),
]
ONE_WAY = [
    "0xcd", "MSR_AMD64_SYSCFG", "MSR_F15H_IC_CFG", "MSR_IA32_EBL_CR_POWERON", "MSR_IA32_LASTBRANCHFROMIP",
    "MSR_IA32_LASTBRANCHTOIP", "MSR_IA32_LASTINTFROMIP", "MSR_IA32_LASTINTTOIP", "MSR_IA32_P5_MC_ADDR",
    "MSR_IA32_P5_MC_TYPE", "MSR_IA32_PERF_CTL", "MSR_K8_INT_PENDING_MSG", "MSR_K8_TSEG_ADDR", "MSR_K8_TSEG_MASK",
]  # fmt: skip
UNSAVED = {
    ("linux-6.12", "qemu-10.0"): 9,
    ("linux-6.12", "qemu-7.2"): 10,
    ("linux-6.1", "qemu-7.2"): 9,
    ("linux-6.1", "qemu-10.0"): 8,
}
MEANT = {
    "IRQCHIP_SPLIT": "SPLIT_IRQCHIP",
    "PPC_MULTITCE": "SPAPR_MULTITCE",
    "STATS_BINARY_FD": "BINARY_STATS_FD",
    "X86_IOAPIC_POLARITY_IGNORED": "IOAPIC_POLARITY_IGNORED",
    "PPC_HASH_MMU_V3": "PPC_MMU_HASH_V3",
    "PPC_RADIX_MMU": "PPC_MMU_RADIX",
    "RMA": "PPC_RMA",
    "MANUAL_DIRTY_LOG_PROTECT_2": "MANUAL_DIRTY_LOG_PROTECT2",
    "IRQ_ARCH": "IRQ_MPIC",  # no name is near what is meant, KVM_CAP_IRQ_XICS
}
HEADER_SIZES = {
    ("linux-6.12", UAPI): 233,
    ("linux-6.12", TOOLS): 233,
    ("qemu-10.0", QEMU): 233,
    ("linux-6.1", UAPI): 218,
    ("linux-6.1", TOOLS): 218,
    ("qemu-7.2", QEMU): 217,
}
UNDOCUMENTED = {"linux-6.12": 34, "linux-6.1": 36}
RETIRED = {"KVM_CAP_ASSIGN_DEV_IRQ", "KVM_CAP_IOMMU", "KVM_CAP_MANUAL_DIRTY_LOG_PROTECT", "KVM_CAP_PCI_2_3"}
"""Numbers that are kept for what was removed; they need no documentation."""


def defined(tree: str, path: str) -> dict[str, int]:
    """The header's capabilities and numbers, read line by line."""
    return {name: int(number) for name, number in _DEFINITION.findall(source(tree, path))}


def row(finding: Finding) -> Row:
    return finding.severity, finding.code, finding.subject.removeprefix("KVM_CAP_")


def named(finding: Finding) -> set[str]:
    return set(re.findall(r"KVM_CAP_\w+", finding.message))


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_every_finding_but_the_undocumented(corpus: Corpus, pair: tuple[str, str]) -> None:
    stated(*pair)
    found = [row(finding) for finding in corpus.pair(*pair).findings if finding.code not in OTHERS]
    assert Counter(found) == Counter(EXPECTED[pair])


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_every_finding_of_msrs(corpus: Corpus, pair: tuple[str, str]) -> None:
    stated(*pair)
    found = [row(finding) for finding in corpus.pair(*pair).findings if finding.code in OF_MSRS]
    unsaved = [name for _, code, name in found if code == "CAP306"]
    assert len(unsaved) == len(set(unsaved)) == UNSAVED[pair]
    lost = [*LOST, ("note", "CAP304", "MSR_IA32_TSX_CTRL")] if pair[0] == "linux-6.1" else LOST
    one_way = [("note", "CAP303", name) for name in ONE_WAY]
    assert Counter(entry for entry in found if entry[1] != "CAP306") == Counter([*lost, *one_way])


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_no_rule_is_skipped_that_needs_trees_alone(corpus: Corpus, pair: tuple[str, str]) -> None:
    reasons = {entry.reason for entry in corpus.pair(*pair).skipped}
    assert reasons == {
        "needs a patch",
        "needs a machine's answers (--probe)",
        "needs the call graph, which --deep builds",
    }


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_no_layout_breaks(corpus: Corpus, pair: tuple[str, str]) -> None:
    stated(*pair)
    found = [finding.severity for finding in corpus.pair(*pair).findings if finding.code == "CAP107"]
    assert found == ["note"] * LAYOUTS[pair]


@pytest.mark.parametrize("kernel", KERNELS)
def test_undocumented_are_those_that_the_documentation_never_names(corpus: Corpus, kernel: str) -> None:
    documented = set(re.findall(r"\bKVM_CAP_\w+", source(kernel, API)))
    wanted = {("note", name) for name in defined(kernel, UAPI).keys() - documented - RETIRED}
    for vmm in ("qemu-10.0", "qemu-7.2"):
        outcome = corpus.pair(kernel, vmm)
        found = [(entry.severity, entry.subject) for entry in outcome.findings if entry.code == "CAP501"]
        assert len(found) == UNDOCUMENTED[kernel]
        assert set(found) == wanted


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_a_misspelt_name_says_what_was_meant(corpus: Corpus, pair: tuple[str, str]) -> None:
    for finding in corpus.pair(*pair).findings:
        if finding.code == "CAP502":
            meant = "KVM_CAP_" + MEANT[finding.subject.removeprefix("KVM_CAP_")]
            assert finding.message == f"no header defines it; the nearest name is {meant}"
            assert [(entry.place.path, meant) for entry in finding.related] == [(UAPI, meant)]


@pytest.mark.parametrize(("kernel", "vmm"), [("linux-6.1", "qemu-7.2"), ("linux-6.12", "qemu-7.2")])
def test_a_stale_header_lists_what_it_lacks(corpus: Corpus, kernel: str, vmm: str) -> None:
    (finding,) = [entry for entry in corpus.pair(kernel, vmm).findings if entry.code == "CAP103"]
    assert named(finding) == defined(kernel, UAPI).keys() - defined(vmm, QEMU).keys()
    assert "KVM_CAP_DIRTY_LOG_RING_ACQ_REL" in named(finding)


def test_a_newer_vmm_lists_what_it_has_more(corpus: Corpus) -> None:
    (finding,) = [entry for entry in corpus.pair("linux-6.1", "qemu-10.0").findings if entry.code == "CAP104"]
    assert named(finding) == defined("qemu-10.0", QEMU).keys() - defined("linux-6.1", UAPI).keys()


@pytest.mark.parametrize(("tree", "path"), HEADER_SIZES)
def test_headers_hold_the_capabilities_that_their_lines_define(corpus: Corpus, tree: str, path: str) -> None:
    stated(tree)
    with corpus.session(tree) as session:
        facts = dict(session.connection.execute("SELECT name, number FROM cap WHERE path = ?", (path,)))
    assert len(facts) == HEADER_SIZES[tree, path]
    assert facts == defined(tree, path)
