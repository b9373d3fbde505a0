"""Single edits to the accesses to MSRs of the real sources: exactly the findings that follow come and go."""

# ruff: noqa: E501 - pieces of C read best on one line

from __future__ import annotations

import pytest
import real_trees
from editing import NEW, OLD, Edit, Row, Transform, both, brings_and_takes_exactly, every, inside, swap
from real_trees import Corpus

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

X86 = "arch/x86/kvm/x86.c"
VMX = "arch/x86/kvm/vmx/vmx.c"
NESTED = "arch/x86/kvm/vmx/nested.c"
SVM = "arch/x86/kvm/svm/svm.c"
HYPERV = "arch/x86/kvm/hyperv.c"
GET = "kvm_get_msr_common"
SET = "kvm_set_msr_common"
PV_GATE = r"^\t\tif \(!guest_pv_has\(vcpu, KVM_FEATURE_\w+\)\)\n\t\t\treturn [^;]*;\n\n?"


def unserved(*names: str) -> list[Row]:
    return [("warning", "CAP309", name, "x86") for name in names]


def drifts(*names: str) -> list[Row]:
    return [("warning", "CAP310", name, "x86") for name in names]


def listed(*names: str) -> Transform:
    """Add registers to the list of emulated ones."""
    return swap("\tMSR_K7_HWCR,\n", "\tMSR_K7_HWCR,\n" + "".join(f"\t{name},\n" for name in names))


def without_label(name: str) -> Transform:
    return every(rf"^\tcase {name}:\n", "")


def without_gates(name: str) -> Transform:
    return every(rf"^(\tcase {name}:\n){PV_GATE[1:]}", r"\1")


# A register that one vendor's module knows is listed for both, or its label leaves the other one's filter.
VENDORS = [
    Edit("only vmx", {X86: listed("MSR_IA32_SGXLEPUBKEYHASH0")}, unserved("MSR_IA32_SGXLEPUBKEYHASH0")),
    Edit("only svm", {X86: listed("MSR_AMD64_DE_CFG")}, [*unserved("MSR_AMD64_DE_CFG"), ("note", "CAP306", "MSR_AMD64_DE_CFG", "x86")],
         [("note", "CAP304", "MSR_AMD64_DE_CFG", "x86")]),
    Edit("svm filters less", {SVM: inside("svm_has_emulated_msr", without_label("MSR_IA32_MCG_EXT_CTL"))},
         unserved("MSR_IA32_MCG_EXT_CTL")),
    Edit("svm filters no VMX", {SVM: inside("svm_has_emulated_msr",
         without_label(r"KVM_FIRST_EMULATED_VMX_MSR \.\.\. KVM_LAST_EMULATED_VMX_MSR"))}, unserved("MSR_IA32_VMX_*")),
    Edit("vmx filters less", {VMX: inside("vmx_has_emulated_msr", without_label("MSR_AMD64_TSC_RATIO"))},
         unserved("MSR_AMD64_TSC_RATIO")),
    Edit("svm filters less, old", {SVM: inside("svm_has_emulated_msr", without_label("MSR_IA32_MCG_EXT_CTL"))},
         unserved("MSR_IA32_MCG_EXT_CTL"), pair=OLD),
]  # fmt: skip
# The range still passes it on, and behind it nobody takes it.
DELEGATES = [
    Edit("VMFUNC", {NESTED: inside("vmx_set_vmx_msr", every(
         r"^\tcase MSR_IA32_VMX_VMFUNC:\n(?:\t\t.*\n)*?\t\treturn 0;\n", ""))}, unserved("MSR_IA32_VMX_VMFUNC")),
    Edit("VMFUNC, old", {NESTED: inside("vmx_set_vmx_msr", every(
         r"^\tcase MSR_IA32_VMX_VMFUNC:\n(?:\t\t.*\n)*?\t\treturn 0;\n", ""))}, unserved("MSR_IA32_VMX_VMFUNC"), pair=OLD),
    Edit("refused by a comparison", {NESTED: inside("vmx_set_vmx_msr", swap(
         "\tswitch (msr_index) {\n", "\tif (msr_index == MSR_IA32_VMX_MISC)\n\t\treturn -EINVAL;\n\n\tswitch (msr_index) {\n"))},
         unserved("MSR_IA32_VMX_MISC")),
    Edit("refused in front of the switch", {VMX: inside("vmx_set_msr", swap(
         "\tswitch (msr_index) {\n", "\tif (msr_index == MSR_IA32_UCODE_REV)\n\t\treturn 1;\n\n\tswitch (msr_index) {\n"))},
         unserved("MSR_IA32_UCODE_REV")),
    Edit("range without a register", {X86: inside(SET, without_label("HV_X64_MSR_TSC_INVARIANT_CONTROL"))},
         unserved("HV_X64_MSR_TSC_INVARIANT_CONTROL")),
    Edit("partition-wide no more", {HYPERV: inside("kvm_hv_msr_partition_wide", without_label("HV_X64_MSR_REENLIGHTENMENT_CONTROL"))},
         unserved("HV_X64_MSR_REENLIGHTENMENT_CONTROL")),
    Edit("guests only", {X86: inside(SET, swap(
         "\t\tif (!IS_ENABLED(CONFIG_KVM_SMM) || !msr_info->host_initiated)\n", "\t\tif (!IS_ENABLED(CONFIG_KVM_SMM) || msr_info->host_initiated)\n"))},
         unserved("MSR_IA32_SMBASE")),
]  # fmt: skip
# A list's conditions: the handlers are built with Hyper-V only.
CONDITIONS = [
    Edit("listed without Hyper-V", {X86: swap(
        "#ifdef CONFIG_KVM_HYPERV\n\tHV_X64_MSR_GUEST_OS_ID, HV_X64_MSR_HYPERCALL,\n",
        "\tHV_X64_MSR_HYPERCALL,\n#ifdef CONFIG_KVM_HYPERV\n\tHV_X64_MSR_GUEST_OS_ID,\n")}, unserved("HV_X64_MSR_HYPERCALL")),
]  # fmt: skip
GATES = [
    Edit("all reads of paravirtual MSRs", {X86: inside(GET, every(PV_GATE, ""))}, drifts("MSR_KVM_*")),
    Edit("all reads, old", {X86: inside(GET, every(PV_GATE, ""))}, drifts("MSR_KVM_*"), pair=OLD),
    Edit("one read", {X86: inside(GET, without_gates("MSR_KVM_STEAL_TIME"))}, drifts("MSR_KVM_STEAL_TIME")),
    Edit("one write", {X86: inside(SET, without_gates("MSR_KVM_POLL_CONTROL"))}, drifts("MSR_KVM_POLL_CONTROL")),
    Edit("another feature", {X86: inside(GET, swap(
         "\tcase MSR_KVM_ASYNC_PF_INT:\n\t\tif (!guest_pv_has(vcpu, KVM_FEATURE_ASYNC_PF_INT))",
         "\tcase MSR_KVM_ASYNC_PF_INT:\n\t\tif (!guest_pv_has(vcpu, KVM_FEATURE_ASYNC_PF))"))}, drifts("MSR_KVM_ASYNC_PF_INT") * 2),
    Edit("neither access", {X86: both(
         inside(GET, without_gates("MSR_KVM_PV_EOI_EN")), inside(SET, without_gates("MSR_KVM_PV_EOI_EN")))},
         drifts("MSR_KVM_PV_EOI_EN")),
    Edit("write of a CPUID feature", {X86: inside(SET, every(
         r"^(\tcase MSR_AMD64_OSVW_STATUS:\n)\t\tif [^;]*;\n", r"\1"))}, drifts("MSR_AMD64_OSVW_STATUS")),
    Edit("in a vendor's module", {SVM: inside("svm_get_msr", every(
         r"^(\tcase MSR_AMD64_VIRT_SPEC_CTRL:\n)\t\tif [^;]*;\n", r"\1"))}, drifts("MSR_AMD64_VIRT_SPEC_CTRL")),
]  # fmt: skip
# The same, written otherwise: nothing comes or goes.
SAME = [
    Edit("filter by comparison", {SVM: inside("svm_has_emulated_msr", both(
         without_label("MSR_IA32_MCG_EXT_CTL"),
         swap("\tswitch (index) {\n", "\tif (index == MSR_IA32_MCG_EXT_CTL)\n\t\treturn false;\n\n\tswitch (index) {\n")))}),
    Edit("gate in braces", {X86: inside(GET, swap(
         "\t\tif (!guest_pv_has(vcpu, KVM_FEATURE_STEAL_TIME))\n\t\t\treturn KVM_MSR_RET_UNSUPPORTED;\n\n\t\tmsr_info->data = vcpu->arch.st.msr_val;\n\t\tbreak;\n",
         "\t\tif (guest_pv_has(vcpu, KVM_FEATURE_STEAL_TIME)) {\n\t\t\tmsr_info->data = vcpu->arch.st.msr_val;\n\t\t\tbreak;\n\t\t}\n\t\treturn KVM_MSR_RET_UNSUPPORTED;\n"))}),
    Edit("gate in the caller", {X86: both(
         inside(GET, without_gates("MSR_KVM_POLL_CONTROL")),
         inside("__kvm_get_msr", swap(
             "\tmsr.index = index;\n",
             "\tif (index == MSR_KVM_POLL_CONTROL && !guest_pv_has(vcpu, KVM_FEATURE_POLL_CONTROL))\n\t\treturn 1;\n\n\tmsr.index = index;\n")))}),
    Edit("gate in a variable", {X86: inside(SET, swap(
         "\tcase MSR_KVM_POLL_CONTROL:\n\t\tif (!guest_pv_has(vcpu, KVM_FEATURE_POLL_CONTROL))\n",
         "\tcase MSR_KVM_POLL_CONTROL: {\n\t\tbool has = guest_pv_has(vcpu, KVM_FEATURE_POLL_CONTROL);\n\n\t\tif (!has)\n"),
         swap("\t\tvcpu->arch.msr_kvm_poll_control = data;\n\t\tbreak;\n", "\t\tvcpu->arch.msr_kvm_poll_control = data;\n\t\tbreak;\n\t}\n"))}),
    Edit("if chain in the delegate", {NESTED: inside("vmx_set_vmx_msr",
         every(r"^\tcase MSR_IA32_VMX_VMCS_ENUM:\n\t\tvmx->nested.msrs.vmcs_enum = data;\n\t\treturn 0;\n", ""),
         swap("\tswitch (msr_index) {\n",
              "\tif (MSR_IA32_VMX_VMCS_ENUM == msr_index) {\n\t\tvmx->nested.msrs.vmcs_enum = data;\n\t\treturn 0;\n\t}\n\n\tswitch (msr_index) {\n"))}),
]  # fmt: skip


@pytest.mark.parametrize("edit", [*VENDORS, *DELEGATES, *CONDITIONS, *GATES, *SAME], ids=lambda edit: edit.name)
def test_edits(corpus: Corpus, edit: Edit) -> None:
    assert edit.pair in {NEW, OLD}
    brings_and_takes_exactly(corpus, edit)
