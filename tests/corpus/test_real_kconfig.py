"""What Kconfig, Makefiles and the generic handler say of the real kernels, held against the sources read by hand."""

from __future__ import annotations

import re

import pytest
import real_trees
from real_trees import Corpus, root, source

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus

ALL = ["arm64", "loongarch", "mips", "powerpc", "riscv", "s390", "x86"]

# Kernel, symbol; where it is always on, where it may be. Everywhere else it is off.
STATES = [
    ("linux-6.12", "HAVE_KVM_DIRTY_RING_TSO", "x86", ""),
    ("linux-6.12", "HAVE_KVM_DIRTY_RING_ACQ_REL", "arm64 loongarch x86", ""),
    ("linux-6.12", "HAVE_KVM_DIRTY_RING", "arm64 loongarch x86", ""),
    ("linux-6.12", "NEED_KVM_DIRTY_RING_WITH_BITMAP", "arm64", ""),
    ("linux-6.12", "HAVE_KVM_IRQCHIP", "arm64 riscv s390 x86", "powerpc"),
    ("linux-6.12", "HAVE_KVM_IRQ_ROUTING", "arm64 riscv s390 x86", "powerpc"),
    ("linux-6.12", "HAVE_KVM_MSI", "arm64 riscv x86", "powerpc"),
    ("linux-6.12", "KVM_MMIO", "arm64 loongarch mips riscv x86", "powerpc"),
    ("linux-6.12", "KVM_VFIO", "arm64 powerpc s390 x86", ""),
    ("linux-6.12", "KVM_GENERIC_DIRTYLOG_READ_PROTECT", "arm64 loongarch mips riscv x86", ""),
    ("linux-6.12", "KVM_PRIVATE_MEM", "", "x86"),
    ("linux-6.12", "KVM_GENERIC_MEMORY_ATTRIBUTES", "", "x86"),
    ("linux-6.12", "KVM_GENERIC_PRE_FAULT_MEMORY", "x86", ""),
    ("linux-6.12", "KVM_COMPAT", "", "loongarch mips powerpc x86"),
    ("linux-6.12", "HAVE_KVM_PM_NOTIFIER", "", "x86"),
    ("linux-6.12", "EVENTFD", " ".join(ALL), ""),
    ("linux-6.1", "HAVE_KVM_DIRTY_RING_TSO", "x86", ""),
    ("linux-6.1", "HAVE_KVM_DIRTY_RING_ACQ_REL", "x86", ""),
    ("linux-6.1", "HAVE_KVM_IRQFD", "arm64 s390 x86", "powerpc"),
    ("linux-6.1", "HAVE_KVM_EVENTFD", "arm64 mips powerpc riscv s390 x86", ""),
    ("linux-6.1", "KVM_ASYNC_PF_SYNC", "s390", ""),
]


@pytest.mark.parametrize(("kernel", "symbol", "always", "possible"), STATES)
def test_state(corpus: Corpus, kernel: str, symbol: str, always: str, possible: str) -> None:
    with corpus.session(kernel) as session:
        rows = session.connection.execute("SELECT state, arch FROM kconfig WHERE symbol = ?", (symbol,)).fetchall()
    assert {arch for state, arch in rows if state == "always"} == set(always.split())
    assert {arch for state, arch in rows if state == "possible"} == set(possible.split())


@pytest.mark.parametrize("kernel", real_trees.KERNELS)
def test_every_entry_is_read(corpus: Corpus, kernel: str) -> None:
    with corpus.session(kernel) as session:
        rows = session.connection.execute(
            """SELECT f.path, count(*) FROM file f JOIN kconfig_symbol k ON k.blob = f.blob GROUP BY 1
               UNION ALL
               SELECT f.path || ' selects', count(*) FROM file f JOIN kconfig_select k ON k.blob = f.blob GROUP BY 1"""
        ).fetchall()
    expected: dict[str, int] = {}
    for file in [*root(kernel).glob("arch/*/kvm/Kconfig"), root(kernel) / "virt/kvm/Kconfig"]:
        path = str(file.relative_to(root(kernel)))
        text = source(kernel, path)
        expected[path] = len(re.findall(r"^(?:menu)?config \w+$", text, re.MULTILINE))
        expected[f"{path} selects"] = len(re.findall(r"^\s+(?:select|imply) \w+", text, re.MULTILINE))
    assert dict(rows) == expected


# Kernel, capability, the architectures for which the generic handler answers it with more than 0.
ANSWERS = [
    ("linux-6.12", "USER_MEMORY", " ".join(ALL)),
    ("linux-6.12", "DIRTY_LOG_RING", "x86"),
    ("linux-6.12", "DIRTY_LOG_RING_ACQ_REL", "arm64 loongarch x86"),
    ("linux-6.12", "DIRTY_LOG_RING_WITH_BITMAP", "arm64"),
    ("linux-6.12", "SIGNAL_MSI", "arm64 powerpc riscv x86"),
    ("linux-6.12", "COALESCED_PIO", "arm64 loongarch mips powerpc riscv x86"),
    ("linux-6.12", "MANUAL_DIRTY_LOG_PROTECT2", "arm64 loongarch mips riscv x86"),
    ("linux-6.12", "GUEST_MEMFD", "x86"),
    ("linux-6.1", "DIRTY_LOG_RING", "x86"),
    ("linux-6.1", "IRQFD", "arm64 powerpc s390 x86"),
]


@pytest.mark.parametrize(("kernel", "cap", "architectures"), ANSWERS)
def test_what_the_generic_handler_answers(corpus: Corpus, kernel: str, cap: str, architectures: str) -> None:
    with corpus.session(kernel) as session:
        rows = session.connection.execute(
            "SELECT arch FROM cap_answer WHERE cap = ? AND path = 'virt/kvm/kvm_main.c'", (f"KVM_CAP_{cap}",)
        ).fetchall()
    assert sorted(arch for (arch,) in rows) == architectures.split()


PRESENCE = [
    ("linux-6.12", "virt/kvm/kvm_main.c", "1"),
    ("linux-6.12", "virt/kvm/coalesced_mmio.c", "CONFIG_KVM_MMIO"),
    ("linux-6.12", "virt/kvm/guest_memfd.c", "CONFIG_KVM_PRIVATE_MEM"),
    ("linux-6.12", "arch/x86/kvm/x86.c", "1"),
    ("linux-6.12", "arch/x86/kvm/xen.c", "CONFIG_KVM_XEN"),
    ("linux-6.12", "arch/x86/kvm/vmx/sgx.c", "CONFIG_KVM_INTEL && CONFIG_X86_SGX_KVM"),
    ("linux-6.12", "arch/x86/kvm/svm/sev.c", "CONFIG_KVM_AMD && CONFIG_KVM_AMD_SEV"),
    ("linux-6.12", "arch/powerpc/kvm/powerpc.c", "1"),
    ("linux-6.12", "arch/powerpc/kvm/book3s.c", "CONFIG_KVM_BOOK3S_32 || CONFIG_KVM_BOOK3S_64"),
    ("linux-6.12", "arch/powerpc/kvm/book3s_hv_uvmem.c", "CONFIG_KVM_BOOK3S_64_HV && CONFIG_PPC_UV"),
    ("linux-6.12", "arch/powerpc/kvm/mpic.c", "CONFIG_KVM_MPIC"),
    ("linux-6.12", "arch/arm64/kvm/hyp/pgtable.c", "1"),
    ("linux-6.12", "arch/mips/kvm/vz.c", "1"),
    ("linux-6.1", "arch/x86/kvm/x86.c", "1"),
    ("linux-6.1", "virt/kvm/vfio.c", "CONFIG_KVM_VFIO"),
    ("qemu-10.0", "accel/kvm/kvm-all.c", "1"),
    ("qemu-10.0", "target/i386/kvm/xen-emu.c", "CONFIG_XEN_EMU"),
    ("qemu-10.0", "target/s390x/kvm/stubs.c", "0"),
    ("qemu-10.0", "hw/intc/xics_kvm.c", "CONFIG_XICS"),
    ("qemu-10.0", "hw/ppc/pef.c", "CONFIG_PSERIES"),
    ("qemu-7.2", "target/i386/kvm/hyperv.c", "CONFIG_HYPERV"),
]


@pytest.mark.parametrize(("tree", "path", "condition"), PRESENCE)
def test_presence_of_a_file(corpus: Corpus, tree: str, path: str, condition: str) -> None:
    with corpus.session(tree) as session:
        query = "SELECT condition FROM file_condition WHERE path = ?"
        assert session.connection.execute(query, (path,)).fetchall() == [(condition,)]


@pytest.mark.parametrize("kernel", real_trees.KERNELS)
def test_shadowed_cases_are_those_that_both_handlers_name(corpus: Corpus, kernel: str) -> None:
    """In these kernels no generic case that an architecture repeats stands under a condition."""
    generic = _cases(source(kernel, "virt/kvm/kvm_main.c"), "kvm_vm_ioctl_check_extension_generic")
    expected = {
        (str(file.relative_to(root(kernel))), cap)
        for file in root(kernel).glob("arch/*/kvm/*.c")
        for cap in generic & _cases(file.read_text("utf-8", "replace"), "kvm_vm_ioctl_check_extension")
    }
    findings = corpus.pair(kernel, "qemu-10.0").findings
    found = {(finding.place.path, finding.subject) for finding in findings if finding.code == "CAP207"}
    assert found == expected


def _cases(text: str, function: str) -> set[str]:
    match = re.search(rf"^(?:static )?(?:int|long) {function}\([^;{{]*\)\s*\{{.*?^\}}", text, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"case (KVM_CAP_\w+):", match.group())) if match else set()
