"""What the rules that hold a VMM against the kernel say of the real pairs, to the last finding."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import real_trees
from real_trees import KERNELS, PAIRS, VMMS, Corpus, source, stated

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

OF_VMMS = {
    "CAP206", "CAP208", "CAP210", "CAP211", "CAP212", "CAP213",
    "CAP401", "CAP402", "CAP403", "CAP404", "CAP405", "CAP406", "CAP408",
}  # fmt: skip

Row = tuple[str, str, str, str | None]
"""Severity, code, subject without `KVM_CAP_`, architecture."""


def _rows(severity: str, code: str, arch: str | None, subjects: str) -> list[Row]:
    return [(severity, code, subject, arch) for subject in subjects.split()]


EVERYWHERE = [
    *_rows("warning", "CAP213", "x86", "X86_DISABLE_EXITS"),
    *_rows("note", "CAP401", "x86", "MAX_VCPU_ID"),
    *8 * _rows("note", "CAP401", "powerpc", "PPC_ENABLE_HCALL"),
    *_rows("note", "CAP401", "s390", "S390_USER_SIGP S390_VECTOR_REGISTERS S390_USER_STSI S390_GS S390_AIS"),
    *_rows("warning", "CAP406", "arm64", "MAX_VCPUS"),
    *_rows("warning", "CAP406", "powerpc", "PPC_SECURE_GUEST PPC_MMU_RADIX"),
    *_rows("warning", "CAP406", "x86", "X86_SMM"),
]
KERNEL_6_12 = [
    *_rows("warning", "CAP212", "arm64", "KVM_HAS_DEVICE_ATTR"),
    *_rows("warning", "CAP212", "loongarch", "KVM_HAS_DEVICE_ATTR KVM_HAS_DEVICE_ATTR"),
]
KERNEL_6_1 = [
    *_rows("error", "CAP210", "s390", "S390_HPAGE_1M"),
    *_rows("warning", "CAP206", "x86", "DISABLE_QUIRKS"),
    *_rows("warning", "CAP212", "x86", "KVM_CREATE_DEVICE"),
]
QEMU_10_0 = [*_rows("note", "CAP401", "arm64", "ARM_MTE"), *_rows("note", "CAP401", "s390", "S390_CPU_TOPOLOGY")]
QEMU_7_2 = [*_rows("note", "CAP408", None, "PCI_2_3")]
EXPECTED: dict[tuple[str, str], list[Row]] = {
    ("linux-6.12", "qemu-10.0"): [
        *EVERYWHERE,
        *KERNEL_6_12,
        *QEMU_10_0,
        *_rows("warning", "CAP406", None, "GUEST_MEMFD"),
    ],
    ("linux-6.12", "qemu-7.2"): [
        *EVERYWHERE,
        *KERNEL_6_12,
        *QEMU_7_2,
        *_rows("warning", "CAP406", "x86", "READONLY_MEM"),
        *_rows("warning", "CAP406", None, "MULTI_ADDRESS_SPACE"),
    ],
    ("linux-6.1", "qemu-10.0"): [*EVERYWHERE, *KERNEL_6_1, *QEMU_10_0],
    ("linux-6.1", "qemu-7.2"): [*EVERYWHERE, *KERNEL_6_1, *QEMU_7_2],
}


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_every_finding(corpus: Corpus, pair: tuple[str, str]) -> None:
    stated(*pair)
    found = [
        (entry.severity, entry.code, entry.subject.removeprefix("KVM_CAP_"), entry.arch)
        for entry in corpus.pair(*pair).findings
        if entry.code in OF_VMMS
    ]
    assert Counter(found) == Counter(EXPECTED[pair])


_ENABLE = re.compile(r"\bkvm_(?:vm|vcpu)_enable_cap\(")


@pytest.mark.parametrize("vmm", VMMS)
def test_every_enable_call_is_known(corpus: Corpus, vmm: str) -> None:
    with corpus.session(vmm) as session:
        query = "SELECT DISTINCT path, line FROM vmm_enable"
        found = Counter(path for path, _ in session.connection.execute(query))
        paths = [path for (path,) in session.connection.execute("SELECT path FROM file WHERE path LIKE '%.c'")]
        unresolved = session.connection.execute("SELECT callee FROM vmm_unresolved WHERE verb = 'enable'").fetchall()
    wanted = Counter({path: len(_ENABLE.findall(source(vmm, path))) for path in paths})
    assert found == +wanted
    assert unresolved == []


@pytest.mark.parametrize("kernel", KERNELS)
def test_what_s390_and_x86_advertise_with_a_look_at_the_vm(corpus: Corpus, kernel: str) -> None:
    with corpus.session(kernel) as session:
        query = "SELECT cap FROM cap_check WHERE reads_vm = 1 AND arch IN ('s390', 'x86')"
        found = {cap.removeprefix("KVM_CAP_") for (cap,) in session.connection.execute(query)}
    new = {"READONLY_MEM", "SYNC_REGS"} if kernel == "linux-6.12" else set()
    assert found == {"S390_HPAGE_1M", "X86_SMM"} | new
