"""Single edits to the MSR code of the real sources: exactly the findings that follow come and go."""

from __future__ import annotations

import pytest
import real_trees
from editing import (
    OLD,
    Edit,
    Row,
    Transform,
    both,
    brings_and_takes_exactly,
    every,
    inside,
    laid_over,
    rows_of,
    swap,
)  # fmt: skip
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
VMX = "arch/x86/kvm/vmx/vmx.c"
SVM = "arch/x86/kvm/svm/svm.c"
HOST = "arch/x86/include/asm/kvm_host.h"
UAPI = "include/uapi/linux/kvm.h"
KVM = "target/i386/kvm/kvm.c"
CPU = "target/i386/cpu.h"
GET = "kvm_get_msr_common"
SET = "kvm_set_msr_common"


def rows(severity: str, code: str, *names: str) -> list[Row]:
    return [(severity, code, name, "x86") for name in names]


def without_block(name: str) -> Transform:
    """Drop a label with everything up to the `break` or `return` that ends it, where it stands alone."""
    return every(rf"^\tcase {name}:\n(?:\t\t.*\n|\n)*?\t\t(?:break|return [^\n]*);\n(?=\t(?:case|default)|#)", "")


def without_entry(name: str) -> Transform:
    """Drop an entry of a list."""
    return every(rf"(?<=[\t ]){name},[ ]?", "")


def without_line(line: str) -> Transform:
    return swap(f"{line}\n", "")


def without_gate(name: str) -> Transform:
    """Drop the test under a label that refuses the access."""
    return every(rf"^(\tcase {name}:\n)\t\tif [^;]*;\n\n?", r"\1")


def without_member(name: str) -> Transform:
    return every(rf"^\tu64 {name};\n|^\tu32 {name};\n", "")


# The get case goes, and the set case stays: nothing else reads the register.
READ = [
    "MSR_IA32_POWER_CTL", "MSR_SMI_COUNT", "MSR_K7_HWCR", "MSR_KVM_POLL_CONTROL", "MSR_MISC_FEATURES_ENABLES",
    "MSR_IA32_MISC_ENABLE", "MSR_KVM_STEAL_TIME", "MSR_KVM_ASYNC_PF_EN", "MSR_IA32_SMBASE",
]  # fmt: skip
# The set case goes: of these nothing else writes the member that the register returns.
WRITTEN_HERE_ONLY = ["MSR_IA32_POWER_CTL", "MSR_K7_HWCR", "MSR_IA32_XSS"]
# Of these something else does: KVM's own counting, a reset, or an ioctl.
WRITTEN_ELSEWHERE = [
    "MSR_MISC_FEATURES_ENABLES", "MSR_SMI_COUNT", "MSR_PLATFORM_INFO", "MSR_AMD64_OSVW_STATUS",
]  # fmt: skip
# A vCPU's creation derives its value from the quirks, and without the write nothing renews it when they change.
LEFT_STALE = {"MSR_PLATFORM_INFO": rows("warning", "CAP218", "DISABLE_QUIRKS")}
# An entry of a list goes: QEMU saves the register only where the list names it.
SAVED_BY_LIST = ["MSR_K7_HWCR", "MSR_SMI_COUNT", "MSR_IA32_SPEC_CTRL", "MSR_TSC_AUX", "MSR_IA32_TSC_ADJUST"]
# QEMU saves it whatever the list says, where CPUID has it.
SAVED_ANYWAY = ["MSR_KVM_STEAL_TIME", "MSR_KVM_ASYNC_PF_EN", "MSR_IA32_MISC_ENABLE"]
# A member goes that both handlers of the register use.
MEMBERS = {
    "msr_hwcr": "MSR_K7_HWCR",
    "msr_ia32_power_ctl": "MSR_IA32_POWER_CTL",
    "smi_count": "MSR_SMI_COUNT",
    "microcode_version": "MSR_IA32_UCODE_REV",
    "msr_kvm_poll_control": "MSR_KVM_POLL_CONTROL",
}
# Gates of registers that belong to a capability.
GATED = ["MSR_KVM_STEAL_TIME", "MSR_KVM_ASYNC_PF_EN", "MSR_KVM_ASYNC_PF_INT"]

EDITS = [
    *(
        Edit(f"{name} cannot be read", {X86: inside(GET, without_block(name))}, rows("note", "CAP303", name))
        for name in READ
    ),
    Edit(
        "MSR_IA32_XSS cannot be read, so it has no value to save",
        {X86: inside(GET, without_block("MSR_IA32_XSS"))},
        rows("note", "CAP303", "MSR_IA32_XSS"),
        rows("warning", "CAP304", "MSR_IA32_XSS"),
    ),
    *(
        Edit(
            f"{name} cannot be written, and nothing else writes its member",
            {X86: inside(SET, without_block(name))},
            [*rows("warning", "CAP302", name), *rows("warning", "CAP303", name)],
        )
        for name in WRITTEN_HERE_ONLY
    ),
    *(
        Edit(
            f"{name} cannot be written, and something else writes its member",
            {X86: inside(SET, without_block(name))},
            [*rows("note", "CAP303", name), *LEFT_STALE.get(name, [])],
        )
        for name in WRITTEN_ELSEWHERE
    ),
    Edit(
        "MSR_IA32_CR_PAT cannot be written in common code, and VMX and SVM still answer",
        {X86: inside(SET, without_block("MSR_IA32_CR_PAT"))},
    ),
    *(
        Edit(f"{name} is in no list", {X86: without_entry(name)}, rows("warning", "CAP304", name))
        for name in SAVED_BY_LIST
    ),
    *(Edit(f"{name} is in no list, and QEMU saves it anyway", {X86: without_entry(name)}) for name in SAVED_ANYWAY),
    Edit(
        "MSR_IA32_POWER_CTL is in no list, and QEMU never saved it",
        {X86: without_entry("MSR_IA32_POWER_CTL")},
        rows("warning", "CAP304", "MSR_IA32_POWER_CTL"),
        rows("note", "CAP306", "MSR_IA32_POWER_CTL"),
    ),
    Edit(
        "MSR_IA32_TSX_CTRL is in no list, as in 6.1",
        {X86: without_entry("MSR_IA32_TSX_CTRL")},
        rows("note", "CAP304", "MSR_IA32_TSX_CTRL"),
    ),
    Edit(
        "MSR_STAR is in no list: its value is not KVM's own",
        {X86: without_entry("MSR_STAR")},
        rows("note", "CAP304", "MSR_STAR"),
    ),
    Edit(
        "MSR_KVM_ASYNC_PF_ACK is in no list and has no value",
        {X86: without_entry("MSR_KVM_ASYNC_PF_ACK")},
        [],
        rows("note", "CAP306", "MSR_KVM_ASYNC_PF_ACK"),
    ),
    Edit(  # its value is kept by code that only ranges lead to
        "MSR_F15H_PERF_CTL0 is in no list",
        {X86: without_entry("MSR_F15H_PERF_CTL0")},
        rows("warning", "CAP304", "MSR_F15H_PERF_CTL0"),
    ),
    *(
        Edit(f"struct kvm_vcpu_arch lacks {member}", {HOST: without_member(member)}, 2 * rows("error", "CAP301", name))
        for member, name in MEMBERS.items()
    ),
    *(
        Edit(
            f"{name} is accepted and its value dropped",
            {X86: inside(SET, without_line(f"\t\tvcpu->arch.{member} = data;"))},
            rows("warning", "CAP302", name),
        )
        for member, name in (("msr_hwcr", "MSR_K7_HWCR"), ("msr_ia32_power_ctl", "MSR_IA32_POWER_CTL"))
    ),
    Edit(
        "one of two assignments goes",
        {X86: inside(SET, without_line("\t\tvcpu->arch.msr_misc_features_enables = data;"))},
    ),
    *(
        Edit(f"{name} is open to all", {X86: inside(GET, without_gate(name))}, rows("warning", "CAP310", name))
        for name in GATED
    ),
    Edit(
        "MSR_PLATFORM_INFO is open to all, so that what enabling sets is not read",
        {X86: inside(GET, without_gate("MSR_PLATFORM_INFO"))},
        [*rows("warning", "CAP305", "MSR_PLATFORM_INFO"), *rows("warning", "CAP209", "MSR_PLATFORM_INFO")],
    ),
    Edit(
        "a register of no capability can be read by all",
        {X86: inside(GET, without_gate("MSR_IA32_XSS"))},
        rows("warning", "CAP310", "MSR_IA32_XSS"),
    ),
    Edit(
        "QEMU numbers a register otherwise",
        {CPU: every(r"^#define MSR_IA32_TSX_CTRL\s+0x122", "#define MSR_IA32_TSX_CTRL 0x123")},
        rows("error", "CAP307", "MSR_IA32_TSX_CTRL"),
    ),
    Edit(
        "QEMU writes a number otherwise",
        {CPU: every(r"^#define MSR_IA32_TSX_CTRL\s+0x122", "#define MSR_IA32_TSX_CTRL (0x100 + 34)")},
    ),
    Edit(
        "QEMU neither reads nor writes a register any more",
        {KVM: every(r"\n[^\n]*kvm_msr_entry_add\(cpu, MSR_TSC_AUX,[^\n]*", "\n        ;")},
        rows("warning", "CAP306", "MSR_TSC_AUX"),
    ),
    Edit(
        "a guest may write a register that nothing switches",
        {
            VMX: every(
                r"(\tvmx_disable_intercept_for_msr\(vcpu, MSR_IA32_SYSENTER_CS, MSR_TYPE_RW\);\n)",
                r"\1\tvmx_disable_intercept_for_msr(vcpu, MSR_IA32_POWER_CTL, MSR_TYPE_RW);\n",
            )
        },
        rows("note", "CAP308", "MSR_IA32_POWER_CTL"),
    ),
    Edit(
        "a value comes from a register that a macro writes to the member",
        {
            X86: both(
                inside(SET, without_block("MSR_K7_HWCR")),
                swap(
                    "int kvm_get_msr_common(",
                    "void kvm_take(struct kvm_vcpu *vcpu)\n{\n\trdmsrl(MSR_K7_HWCR, vcpu->arch.msr_hwcr);\n}\n\n"
                    "int kvm_get_msr_common(",
                ),
            )
        },
        rows("note", "CAP303", "MSR_K7_HWCR"),
    ),
    Edit(
        "a case gets braces and a comment",
        {
            X86: inside(
                GET,
                swap(
                    "\tcase MSR_K7_HWCR:\n\t\tmsr_info->data = vcpu->arch.msr_hwcr;\n\t\tbreak;\n",
                    "\tcase MSR_K7_HWCR: { /* AMD */\n\t\tmsr_info->data = vcpu->arch.msr_hwcr;\n\t\tbreak;\n\t}\n",
                ),
            )
        },
    ),
]


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_brings_and_takes_exactly(corpus: Corpus, edit: Edit) -> None:
    brings_and_takes_exactly(corpus, edit)


# The seed case's patch, as it would stand in Linux 6.1: number, member, answer, enabling, and the reading case.
PPIN: dict[str, Transform | None] = {
    UAPI: swap(
        "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n",
        "#define KVM_CAP_DIRTY_LOG_RING_ACQ_REL 223\n#define KVM_CAP_PPIN 250\n",
    ),
    HOST: every(r"^(#if IS_ENABLED\(CONFIG_HYPERV\)\n\thpa_t hv_root_tdp;\n#endif\n)", r"\1\tu64 ppin;\n"),
    X86: both(
        inside(
            GET,
            every(
                r"^#endif\n(\tdefault:\n)",
                r"\tcase MSR_PPIN:\n\t\tmsr_info->data = vcpu->arch.ppin;\n\t\tbreak;\n#endif\n\1",
            ),
        ),
        inside(
            "kvm_vm_ioctl_check_extension", swap("\tcase KVM_CAP_HLT:\n", "\tcase KVM_CAP_HLT:\n\tcase KVM_CAP_PPIN:\n")
        ),
        inside(
            "kvm_vm_ioctl_enable_cap",
            swap(
                "\tdefault:\n\t\tr = -EINVAL;",
                "\tcase KVM_CAP_PPIN:\n\t\tr = 0;\n\t\tbreak;\n\tdefault:\n\t\tr = -EINVAL;",
            ),
        ),
    ),
}


def test_the_seed_case_on_linux_6_1(corpus: Corpus) -> None:
    kernel, vmm = OLD
    was = rows_of(corpus.pair(kernel, vmm))
    now = rows_of(corpus.check(laid_over(corpus, kernel, PPIN, lambda _: True), corpus.tree(vmm)))
    added = {(code, name) for severity, code, name, _ in now - was if severity != "note"}
    assert added == {
        ("CAP105", "PPIN"), ("CAP203", "PPIN"), ("CAP204", "PPIN"), ("CAP302", "MSR_PPIN"),
        ("CAP303", "MSR_PPIN"), ("CAP304", "MSR_PPIN"), ("CAP305", "MSR_PPIN"),
    }  # fmt: skip
    assert not {row for row in was - now if row[0] != "note"}
