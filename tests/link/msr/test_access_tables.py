"""Tables of accesses to MSRs: is what is listed served by each vendor's module, and what do the two accesses ask for."""

# ruff: noqa: E501 - pieces of C read best on one line

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import X86, Caplint, kernel

INDEX = "arch/x86/include/asm/msr-index.h"


HOST = "arch/x86/include/asm/kvm_host.h"


NUMBERS = "#define MSR_TEA 0x4f\n#define MSR_CUP 0x50\n#define MSR_POT 0x51\n"


STATE = "struct kvm_arch {\n\tbool drinks;\n};\nstruct kvm_vcpu_arch {\n\tu64 tea;\n\tbool has_tea;\n};\n"


def handler(verb: str, body: str, before: str = "", inner: str = "msr_info->index") -> str:
    head = f"int kvm_{verb}_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{{\n\tu64 data = msr_info->data;\n"
    return f"{head}{before}\tswitch ({inner}) {{\n{body}\tdefault:\n\t\treturn 1;\n\t}}\n\treturn 0;\n}}\n"


def findings(tmp_path: Path, caplint: Caplint, code: str, files: dict[str, str], rule: str) -> list[dict[str, str]]:
    plain = (kernel(tmp_path / "plain") / X86).read_text()
    linux = kernel(tmp_path / "linux", {INDEX: NUMBERS, HOST: STATE, X86: plain + code, **files})
    run = caplint("check", "--kernel", linux, "--output-format", "json", "--select", rule)
    found: list[dict[str, str]] = json.loads(run.out)["findings"]
    return found


VMX = """\
static int vmx_get_msr(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	return kvm_get_msr_common(vcpu, msr_info);
}
static int vmx_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	return kvm_set_msr_common(vcpu, msr_info);
}
static bool vmx_has_emulated_msr(struct kvm *kvm, u32 index)
{
	return true;
}
struct kvm_x86_ops vt_x86_ops = {
	.get_msr = vmx_get_msr,
	.set_msr = vmx_set_msr,
	.has_emulated_msr = vmx_has_emulated_msr,
};
"""


FILTERS = {
    "case": "\tswitch (index) {\n\tcase MSR_TEA:\n\t\treturn false;\n\tdefault:\n\t\treturn true;\n\t}\n",
    "range": "\tswitch (index) {\n\tcase MSR_TEA ... MSR_POT:\n\t\treturn false;\n\t}\n\treturn true;\n",
    "comparison": "\treturn index != MSR_TEA;\n",
    "bounds": "\tif (index >= MSR_TEA && index <= MSR_POT)\n\t\treturn false;\n\treturn true;\n",
}


SVM_ONLY = """\
static int svm_get_msr(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	if (msr_info->index == MSR_TEA) {
		msr_info->data = vcpu->arch.tea;
		return 0;
	}
	return kvm_get_msr_common(vcpu, msr_info);
}
static int svm_set_msr(struct kvm_vcpu *vcpu, struct msr_data *msr)
{
	u64 data = msr->data;

	switch (msr->index) {
	case MSR_TEA:
		vcpu->arch.tea = data;
		return 0;
	}
	return kvm_set_msr_common(vcpu, msr);
}
struct kvm_x86_ops svm_x86_ops = {
	.get_msr = svm_get_msr,
	.set_msr = svm_set_msr,
};
"""


LIST = "static const u32 emulated_msrs_all[] = {\n\tMSR_TEA,\n};\n"


NOTHING = handler("get", "\tcase MSR_CUP:\n\t\tmsr_info->data = 0;\n\t\tbreak;\n") + handler(
    "set", "\tcase MSR_CUP:\n\t\tbreak;\n"
)


VENDORS = {"arch/x86/kvm/vmx/main.c": VMX, "arch/x86/kvm/svm/svm.c": SVM_ONLY}


def test_an_msr_of_one_vendor(tmp_path: Path, caplint: Caplint) -> None:
    (found,) = findings(tmp_path, caplint, LIST + NOTHING, VENDORS, "CAP309")
    assert found["message"] == (
        "is listed for saving where vmx's module runs, which neither reads nor writes it; vmx_has_emulated_msr() does not "
        "leave it out"
    )


@pytest.mark.parametrize("body", FILTERS.values(), ids=FILTERS)
def test_filters(tmp_path: Path, caplint: Caplint, body: str) -> None:
    files = VENDORS | {"arch/x86/kvm/vmx/main.c": VMX.replace("\treturn true;\n", body)}
    assert findings(tmp_path, caplint, LIST + NOTHING, files, "CAP309") == []


def test_a_module_that_serves_what_it_does_not_name(tmp_path: Path, caplint: Caplint) -> None:
    open_vmx = VMX.replace("\treturn kvm_get_msr_common(vcpu, msr_info);\n", "\treturn brew(vcpu, msr_info);\n")
    linux = kernel(
        tmp_path / "linux", {INDEX: NUMBERS, HOST: STATE, X86: LIST + NOTHING, "arch/x86/kvm/vmx/main.c": open_vmx}
    )
    run = caplint("check", "--kernel", linux, "--output-format", "json", "--select", "CAP309")
    assert json.loads(run.out)["findings"] == []
    assert "may serve registers that it does not name" in caplint("coverage", "--kernel", linux).out
