"""Edits of the real sources: ioctls of 32-bit programs, and flags that nothing tests."""

# ruff: noqa: E501 - pieces of C read best on one line
from __future__ import annotations

import pytest
import real_trees
from editing import OLD, Edit, both, brings_and_takes_exactly, every, inside, rows, swap
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
S390 = "arch/s390/kvm/kvm-s390.c"
MAIN = "virt/kvm/kvm_main.c"
COMPAT = "kvm_arch_vm_compat_ioctl"
FILTER = "KVM_X86_SET_MSR_FILTER"
WITHOUT_FILTER = every(rf"^\tcase {FILTER}_COMPAT: \{{\n(?:.*\n)*?^\t\}}\n", "")
WITHOUT_LOG = every(
    r"^#ifdef CONFIG_KVM_GENERIC_DIRTYLOG_READ_PROTECT\n\tcase KVM_CLEAR_DIRTY_LOG: \{\n(?:.*\n)*?^#endif\n", ""
)


def missing(*names: str) -> list[tuple[str, str, str, str | None]]:
    return rows("note", "CAP220", " ".join(names), "x86")


COMPAT_EDITS = [
    Edit("the filter's case goes", {X86: inside(COMPAT, WITHOUT_FILTER)}, missing(FILTER)),
    Edit("the filter's case goes, old", {X86: inside(COMPAT, WITHOUT_FILTER)}, missing(FILTER), pair=OLD),
    Edit("the case has the 64-bit number", {X86: inside(COMPAT, swap(f"{FILTER}_COMPAT", FILTER))}, missing(FILTER)),
    Edit(
        "the dirty log's case goes, on every architecture",
        {MAIN: inside("kvm_vm_compat_ioctl", WITHOUT_LOG)},
        rows("note", "CAP220", "KVM_CLEAR_DIRTY_LOG"),
    ),
    Edit(
        "the dirty log's case is built with something else",
        {
            MAIN: inside(
                "kvm_vm_compat_ioctl",
                swap("#ifdef CONFIG_KVM_GENERIC_DIRTYLOG_READ_PROTECT\n", "#ifdef CONFIG_KVM_XEN\n"),
            )
        },
        rows("note", "CAP220", "KVM_CLEAR_DIRTY_LOG"),
    ),
    Edit(
        "the table has the common handler",
        {MAIN: swap("\tKVM_COMPAT(kvm_vm_compat_ioctl),\n", "\tKVM_COMPAT(kvm_vm_ioctl),\n")},
        [*rows("note", "CAP220", "KVM_CLEAR_DIRTY_LOG KVM_GET_DIRTY_LOG"), *missing(FILTER)],
    ),
    Edit(
        "the filter is converted by a helper that gets the number",
        {
            X86: both(
                inside(COMPAT, every(rf"\tswitch \(ioctl\) \{{\n\tcase {FILTER}_COMPAT: \{{\n(?:.*\n)*?^\t\}}\n\t\}}\n",
                                     "\tr = kvm_x86_compat(kvm, ioctl, argp);\n")),
                swap(f"#define {FILTER}_COMPAT _IOW(KVMIO, 0xc6, struct kvm_msr_filter_compat)\n",
                     f"#define {FILTER}_COMPAT _IOW(KVMIO, 0xc6, struct kvm_msr_filter_compat)\n\n"
                     "static long kvm_x86_compat(struct kvm *kvm, unsigned int nr, void __user *argp)\n{\n"
                     f"\tif (nr != {FILTER}_COMPAT)\n\t\treturn -ENOTTY;\n\treturn kvm_x86_widen(kvm, argp);\n}}\n"),
            )
        },
    ),
    Edit(
        "the number of the memory encryption is known",
        {X86: inside(COMPAT, swap(f"\tcase {FILTER}_COMPAT: {{\n", "\tcase _IOWR(KVMIO, 0xba, compat_ulong_t):\n"
                                  f"\t\tr = kvm_x86_call(mem_enc_ioctl)(kvm, argp);\n\t\tbreak;\n\tcase {FILTER}_COMPAT: {{\n"))},
        removes=missing("KVM_MEMORY_ENCRYPT_OP"),
    ),
    Edit(
        "the handler rewrites numbers, and nothing is known of it",
        {MAIN: inside("kvm_vm_compat_ioctl", swap("\tswitch (ioctl) {\n", "\tioctl = kvm_wide_number(ioctl);\n\tswitch (ioctl) {\n"))},
        removes=missing("KVM_MEMORY_ENCRYPT_OP"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("edit", COMPAT_EDITS, ids=lambda edit: edit.name)
def test_compat(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)


def untested(*subjects: str, arch: str | None = None) -> list[tuple[str, str, str, str | None]]:
    return rows("warning", "CAP206", " ".join(subjects), arch)


RUN = "kvm_arch_vcpu_ioctl_run"
VALID = (
    "\tif ((kvm_run->kvm_valid_regs & ~sync_valid_fields) ||\n\t    (kvm_run->kvm_dirty_regs & ~sync_valid_fields)) {\n"
)
FLAG_EDITS = [
    Edit("x86 takes any register to store", {X86: inside(RUN, swap("(kvm_run->kvm_valid_regs & ~sync_valid_fields) ||\n\t    ", ""))},
         untested("SYNC_REGS", arch="x86")),
    Edit("x86 takes any register to store, old", {X86: inside(RUN, swap("(kvm_run->kvm_valid_regs & ~KVM_SYNC_X86_VALID_FIELDS) ||\n\t    ", ""))},
         untested("SYNC_REGS", arch="x86"), pair=OLD),
    Edit("x86 has both tests in one", {X86: inside(RUN, swap(VALID, "\tif ((kvm_run->kvm_valid_regs | kvm_run->kvm_dirty_regs) & ~sync_valid_fields) {\n"))}),
    Edit("x86 asks a helper", {X86: inside(RUN, swap(VALID, "\tif (kvm_bad_regs(vcpu, kvm_run->kvm_valid_regs, kvm_run->kvm_dirty_regs)) {\n"))}),
    Edit("s390 takes any register to load", {S390: inside(RUN, swap(" ||\n\t    kvm_run->kvm_dirty_regs & ~KVM_SYNC_S390_VALID_FIELDS", ""))},
         untested("SYNC_REGS", arch="s390")),
    Edit("memory is faulted in with any flags", {MAIN: swap("\tif (range->flags)\n\t\treturn -EINVAL;\n\n", "")},
         untested("KVM_PRE_FAULT_MEMORY")),
    Edit("known flags are picked", {MAIN: swap("\tif (range->flags)\n\t\treturn -EINVAL;\n\n", "\tif (range->flags & KVM_FAULT_EARLY)\n\t\treturn -EINTR;\n\n")},
         untested("KVM_PRE_FAULT_MEMORY")),
    Edit("memory is faulted in with a mask of flags", {MAIN: swap("\tif (range->flags)\n", "\tif (range->flags & ~KVM_FAULT_EARLY)\n")}),
    Edit("routing takes any flags", {MAIN: inside("kvm_vm_ioctl", swap("\t\tif (routing.flags)\n\t\t\tgoto out;\n", ""),
         swap("routing.nr,\n\t\t\t\t\trouting.flags);", "routing.nr, 0);"))}, untested("KVM_SET_GSI_ROUTING")),
]  # fmt: skip


@pytest.mark.parametrize("edit", FLAG_EDITS, ids=lambda edit: edit.name)
def test_flags(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
