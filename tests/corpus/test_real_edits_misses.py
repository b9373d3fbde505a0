"""Edits of the real sources after the kinds of public faults that were missed once."""

from __future__ import annotations

import pytest
import real_trees
from editing import ANSWERS, Edit, brings_and_takes_exactly, inside, rows, swap
from real_trees import QEMU, Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

MAIN = "virt/kvm/kvm_main.c"
X86 = "arch/x86/kvm/x86.c"
ARM64 = "arch/arm64/kvm/arm.c"
MIPS = "arch/mips/kvm/mips.c"
MIPS_CPU = "target/mips/kvm.c"
NISV = "KVM_CAP_ARM_NISV_TO_USER"
ARM = "target/arm/kvm.c"

DEBUG = "kvm_arch_vcpu_ioctl_set_guest_debug"
HALT_POLL = "\tcase KVM_CAP_HALT_POLL:\n"
LISTED = "\tMSR_IA32_ARCH_CAPABILITIES,\n\tMSR_IA32_PERF_CAPABILITIES,\n\tMSR_IA32_MISC_ENABLE,\n"

EDITS = [
    Edit(
        "a vCPU's capability is enabled on the system's descriptor",
        {
            MIPS_CPU: swap(
                "kvm_vcpu_enable_cap(cs, KVM_CAP_MIPS_FPU, 0, 0)",
                "kvm_ioctl(kvm_state, KVM_ENABLE_CAP, &(struct kvm_enable_cap){ .cap = KVM_CAP_MIPS_FPU })",
            )
        },
        adds=rows("error", "CAP403", "MIPS_FPU", "mips"),
    ),
    Edit(
        "a VM's capability is enabled on a vCPU that was just made",
        {
            ARM: swap(
                f"kvm_vm_enable_cap(s, {NISV}, 0)",
                "ioctl(ioctl(s->vmfd, KVM_CREATE_VCPU, 0), KVM_ENABLE_CAP, "
                f"&(struct kvm_enable_cap){{ .cap = {NISV} }})",
            ),
        },
        adds=rows("error", "CAP403", "ARM_NISV_TO_USER", "arm64"),
    ),
    Edit(
        "the copy lacks the flags of a system event",
        {
            QEMU: swap(
                "\t\t\tunion {\n\t\t\t\t__u64 flags;\n\t\t\t\t__u64 data[16];\n\t\t\t};\n", "\t\t\t__u64 data[16];\n"
            )
        },
        adds=rows("note", "CAP107", "kvm_run"),
    ),
    Edit(
        "arm64 no longer reports guest debugging",
        {ARM64: inside(ANSWERS, swap("\tcase KVM_CAP_SET_GUEST_DEBUG:\n", ""))},
        adds=rows("warning", "CAP212", "KVM_SET_GUEST_DEBUG", "arm64"),
    ),
    Edit(
        "mips serves guest debugging",
        {MIPS: inside(DEBUG, swap("\treturn -ENOIOCTLCMD;\n", "\tvcpu->guest_debug = dbg->control;\n\treturn 0;\n"))},
        adds=rows("warning", "CAP212", "KVM_SET_GUEST_DEBUG", "mips"),
    ),
    Edit(
        "mips refuses it in another way",
        {
            MIPS: inside(
                DEBUG,
                swap("\treturn -ENOIOCTLCMD;\n", '\tint r = -EINVAL;\n\n\tkvm_err("no debugging\\n");\n\treturn r;\n'),
            )
        },
    ),
    Edit(
        "polling is answered with interrupt controllers alone",
        {MAIN: inside(f"{ANSWERS}_generic", swap(HALT_POLL, f"#ifdef CONFIG_HAVE_KVM_IRQCHIP\n{HALT_POLL}#endif\n"))},
        adds=[
            *rows("error", "CAP201", "HALT_POLL"),
            *rows("warning", "CAP203", "HALT_POLL", "powerpc"),
            *rows("warning", "CAP504", "HALT_POLL"),
        ],
    ),
    Edit(
        "a feature that a VMM sets is not listed for saving",
        {X86: swap(LISTED, LISTED.replace("\tMSR_IA32_PERF_CAPABILITIES,\n", ""))},
        adds=rows("note", "CAP304", "MSR_IA32_PERF_CAPABILITIES", "x86"),
    ),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_exactly_its_findings(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
