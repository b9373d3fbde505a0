"""Single edits of what a VMM asks for and does with the answer: exactly the findings that follow come and go."""

from __future__ import annotations

import pytest
import real_trees
from editing import Edit, before, both, brings_and_takes_exactly, inside, rows, swap
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

I386 = "target/i386/kvm/kvm.c"
ARM = "target/arm/kvm.c"
HELPER = "static int asks(KVMState *s, int c)\n{\n    return kvm_check_extension(s, c);\n}\n"

ASKS_XCRS = "    has_xcrs = kvm_check_extension(s, KVM_CAP_XCRS);\n"
ALIGNED = "QEMU_ALIGN_UP(has_xsave2, 4096)"

EDITS = [
    Edit("XCRS are used unasked", {I386: swap(ASKS_XCRS, "")}, rows("note", "CAP409", "KVM_GET_XCRS", "x86")),
    Edit(
        "XCRS are asked for in a comment",
        {I386: swap(ASKS_XCRS, f"    /* {ASKS_XCRS.strip()} */\n    has_xcrs = 1;\n")},
        rows("note", "CAP409", "KVM_GET_XCRS", "x86"),
    ),
    Edit(
        "XCRS are asked for by a helper",
        {
            I386: both(
                swap(ASKS_XCRS, "    has_xcrs = asks(s, KVM_CAP_XCRS);\n"),
                before("kvm_arch_init", HELPER),
            )
        },
    ),
    Edit(
        "the filter of MSRs is asked for",
        {
            I386: inside(
                "kvm_vm_enable_userspace_msr",
                swap("    int ret;\n", "    int ret = kvm_check_extension(s, KVM_CAP_X86_MSR_FILTER) ? 0 : -ENOSYS;\n"),
            )
        },
        removes=rows("note", "CAP409", "KVM_X86_SET_MSR_FILTER", "x86"),
    ),
    Edit(
        "the buffer of XSAVE2 has a size of its own",
        {I386: swap(ALIGNED, "sizeof(struct kvm_xsave)")},
        rows("warning", "CAP410", "XSAVE2", "x86"),
    ),
    Edit(
        "the buffer of XSAVE2 has a size of its own, and the answer is a bool",
        {
            I386: both(
                swap(ALIGNED, "2 * 4096"),
                swap("has_xsave2 = kvm_check_extension(cs->kvm_state, KVM_CAP_XSAVE2)",
                     "has_xsave2 = kvm_check_extension(cs->kvm_state, KVM_CAP_XSAVE2) > 0"),
            )
        },
        rows("warning", "CAP410", "XSAVE2", "x86"),
    ),
    Edit("the size of XSAVE2 is used by other means", {I386: swap(ALIGNED, "(has_xsave2 + 4095) & ~4095")}),
    Edit(
        "a yes is calculated with",
        {I386: swap(ASKS_XCRS, f"{ASKS_XCRS}    s->sigmask_len = 8 * kvm_check_extension(s, KVM_CAP_XCRS);\n")},
    ),
    Edit(
        "a plain yes is calculated with",
        {I386: swap(ASKS_XCRS, f"{ASKS_XCRS}    s->sigmask_len = 8 * kvm_check_extension(s, KVM_CAP_SREGS2);\n")},
        rows("warning", "CAP410", "SREGS2", "x86"),
    ),
    Edit(
        "a vCPU starts in 32-bit mode unasked",
        {ARM: swap("return kvm_check_extension(kvm_state, KVM_CAP_ARM_EL1_32BIT);", "return true;")},
        rows("warning", "CAP411", "KVM_ARM_VCPU_EL1_32BIT", "arm64"),
    ),
]  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_edit(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)
