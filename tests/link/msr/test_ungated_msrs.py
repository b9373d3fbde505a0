"""CAP305: the message names the gate that the code has, and a capability that nothing can enable makes a note."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import HEADER, UAPI, X86, Caplint, kernel

INDEX = "arch/x86/include/asm/msr-index.h"
HOST = "arch/x86/include/asm/kvm_host.h"
API = "Documentation/virt/kvm/api.rst"
SECTION = "7. Capabilities\n===============\n\n7.1 KVM_CAP_TEA\n---------------\n\nIt sets MSR_TEA.\n"
ENABLE = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_TEA:
		kvm->arch.drinks = 1;
		return 0;
	}
	return -EINVAL;
}
"""


def _access(verb: str, gate: str, statement: str) -> str:
    head = f"int kvm_{verb}_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{{\n"
    case = f"\tcase MSR_TEA:\n{gate}\t\t{statement}\n\t\tbreak;\n"
    return f"{head}\tswitch (msr_info->index) {{\n{case}\t}}\n\treturn 0;\n}}\n"


GATE = "\t\tif (!guest_pv_has(vcpu, KVM_FEATURE_TEA))\n\t\t\treturn 1;\n"
SETTING = "\t\tif (!tea_time)\n\t\t\treturn 1;\n"
BY_VALUE = "\t\tif (msr_info->data & ~TEA_BITS)\n\t\t\treturn 1;\n"
TAKEN = "\t\tif (put_tea(vcpu, msr_info->data))\n\t\t\treturn 1;\n"
BY_HOST = "\t\tif (!msr_info->host_initiated)\n\t\t\treturn 1;\n"


OPEN = "can be read on every VM: no CPUID feature is tested, and nothing can enable KVM_CAP_TEA (they belong together: "
UNTESTED = "can be read without the test `!tea_time`, which decides on writing it (it belongs to "


@pytest.mark.parametrize(
    ("enable", "gates", "expected"),
    [
        (ENABLE, ("", BY_HOST), ("warning", "can be read without KVM_CAP_TEA being enabled (they belong together: ")),
        ("", ("", GATE), None),  # CAP310 reports it
        ("", ("", SETTING), ("warning", UNTESTED)),
        ("", ("", BY_VALUE), None),
        ("", ("", TAKEN), None),
        ("", ("", BY_HOST), None),
        ("", ("", ""), None),
        (ENABLE, (GATE, BY_HOST), None),
        ("", (GATE, ""), None),
    ],
)
def test_gates(
    tmp_path: Path, caplint: Caplint, enable: str, gates: tuple[str, str], expected: tuple[str, str] | None
) -> None:
    code = _access("get", gates[0], "msr_info->data = vcpu->arch.tea;")
    code += _access("set", gates[1], "vcpu->arch.tea = msr_info->data;")
    files = {
        UAPI: HEADER + "#define KVM_CAP_TEA 10\n",
        INDEX: "#define MSR_TEA 0x4f\n",
        HOST: "struct kvm_vcpu_arch {\n\tu64 tea;\n};\n",
        API: SECTION,
        X86: (kernel(tmp_path / "plain") / X86).read_text() + code + enable,
    }
    linux = kernel(tmp_path / "linux", files)
    run = caplint("check", "--kernel", linux, "--output-format", "json", "--select", "CAP305")
    findings = json.loads(run.out)["findings"]
    assert len(findings) == (expected is not None)
    if expected is not None:
        severity, message = expected
        assert findings[0]["severity"] == severity
        assert findings[0]["message"].startswith(message)
