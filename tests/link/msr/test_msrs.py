"""MSRs over trees made for one question: their numbers, the lists, the members, the capabilities they belong to."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

INDEX = "arch/x86/include/asm/msr-index.h"
HOST = "arch/x86/include/asm/kvm_host.h"
HELD = "struct kvm_vcpu_arch { u64 tea; struct { u64 msr_val; } st; struct fpu_guest fpu; };\n"
NUMBERED = "#define MSR_TEA 0xc0000010\n#define MSR_CUP (MSR_TEA + 1)\n#define MSR_POT MSR_CUP\n"
HEAD = (
    "int kvm_{verb}_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{{\n\tswitch (msr_info->index) {{\n"
)
TAIL = "\tdefault:\n\t\treturn 1;\n\t}\n\treturn 0;\n}\n"


def _handler(body: str, verb: str = "get") -> dict[str, str]:
    return {INDEX: NUMBERED, HOST: HELD, X86: HEAD.format(verb=verb) + body + TAIL}


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("\tcase MSR_TEA:\n\t\tmsr_info->data = vcpu->arch.tea;\n\t\tbreak;\n", "state"),
        ("\tcase MSR_TEA:\n\t\tmsr_info->data = 7;\n\t\tbreak;\n", "constant"),
        ("\tcase MSR_TEA:\n\t\tmsr_info->data = read(vcpu);\n\t\tbreak;\n", "other"),
        ("\tcase MSR_TEA:\n\t\treturn kvm_tea_get(vcpu, msr_info);\n", "delegated"),
        ("\tcase MSR_TEA:\n\t\treturn kvm_tea_get(vcpu, msr_info->index, &msr_info->data);\n", "delegated"),
    ],
)
def test_where_a_value_comes_from(tmp_path: Path, body: str, how: str) -> None:
    found = ask([bare_kernel(tmp_path, _handler(body))], "SELECT msr, number, value_kind FROM msr_get")
    assert found == [("MSR_TEA", 0xC0000010, how)]


def test_lists_and_their_filters(tmp_path: Path) -> None:
    text = """\
static const u32 msrs_to_save_base[] = {
	MSR_TEA,
#ifdef CONFIG_X86_64
	MSR_CUP,
#endif
};
static void kvm_probe_msr_to_save(u32 msr_index)
{
	switch (msr_index) {
	case MSR_CUP:
		if (!boot_cpu_has(X86_FEATURE_CUP))
			return;
		break;
	}
}
"""
    tree = bare_kernel(tmp_path, {INDEX: NUMBERED, X86: text})
    assert ask([tree], "SELECT msr, condition, filtered FROM msr_saved ORDER BY line") == [
        ("MSR_TEA", "1", 0),
        ("MSR_CUP", "CONFIG_X86_64", 1),
    ]


def test_fields_with_their_reads_and_writes(tmp_path: Path) -> None:
    files = _handler("\tcase MSR_TEA:\n\t\tmsr_info->data = vcpu->arch.tea;\n\t\tbreak;\n")
    files["arch/x86/kvm/other.c"] = "void f(struct kvm_vcpu *v)\n{\n\tv->arch.tea = 1;\n\tg(&v->arch.tea);\n}\n"
    found = ask([bare_kernel(tmp_path, files)], "SELECT name, reads, writes FROM vcpu_field WHERE name = 'tea'")
    assert found == [("tea", 2, 2)]


def test_which_register_belongs_to_a_capability(tmp_path: Path) -> None:
    enable = """\
int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_POTS:
		kvm->arch.pots = cap->args[0];
		return 0;
	}
	return -EINVAL;
}
"""
    gate = "\t\tif (!vcpu->kvm->arch.pots)\n\t\t\treturn 1;\n"
    body = f"\tcase MSR_TEA:\n\tcase MSR_POT:\n{gate}\t\tmsr_info->data = 1;\n\t\tbreak;\n"
    files = _handler(body)
    files |= {UAPI: "#define KVM_CAP_X86_TEA 1\n#define KVM_CAP_POTS 2\n", X86: files[X86] + enable}
    found = ask([bare_kernel(tmp_path, files)], "SELECT cap, msr, evidence FROM cap_msr ORDER BY 1, 2")
    assert ("KVM_CAP_X86_TEA", "MSR_TEA", "name") in found
    assert {("KVM_CAP_POTS", "MSR_POT", "state"), ("KVM_CAP_POTS", "MSR_TEA", "state")} <= set(found)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0),
        ("0xffffffff", 0xFFFFFFFF),
        ("0x100000000", None),
        ("(-1)", None),
        ("unknown", None),
        ("(MSR_TEA + 1)", 0xC0000011),
    ],
)
def test_numbers_of_registers(tmp_path: Path, value: str, number: int | None) -> None:
    tree = bare_kernel(tmp_path, {INDEX: f"#define MSR_TEA 0xc0000010\n#define MSR_CUP {value}\n", HOST: HELD})
    assert ask([tree], "SELECT number FROM msr WHERE name = 'MSR_CUP'") == [(number,)]


@pytest.mark.parametrize(
    ("statement", "reads", "writes"),
    [
        ("x = v->arch.tea;", 1, 0),
        ("v->arch.tea = 1;", 0, 1),
        ("v->arch.tea |= 1;", 1, 1),
        ("v->arch.tea++;", 1, 1),
        ("f(&v->arch.tea);", 1, 1),
        ("v->arch.tea[0].x = 1;", 1, 0),
        ("v->arch.tea[1] = 1;", 0, 1),
        ("x = v->arch.teas;", 0, 0),
    ],
)
def test_how_often_a_member_is_read_and_written(tmp_path: Path, statement: str, reads: int, writes: int) -> None:
    tree = bare_kernel(tmp_path, {HOST: HELD, X86: f"void g(struct kvm_vcpu *v)\n{{\n\t{statement}\n}}\n"})
    found = ask([tree], "SELECT reads, writes FROM vcpu_field WHERE name = 'tea'")
    assert found == [(reads, writes)]


def test_a_range_of_a_filter_decides_on_what_lies_in_it(tmp_path: Path) -> None:
    numbers = "".join(f"#define MSR_{name} {number}\n" for number, name in enumerate("ABCDE", 16))
    text = (
        "static const u32 msrs_to_save_base[] = { MSR_A, MSR_B, MSR_C, MSR_D, MSR_E, MSR_UNKNOWN };\n"
        "static void kvm_probe_msr_to_save(u32 msr)\n{\n\tswitch (msr) {\n\tcase MSR_B ... MSR_D:\n\t\treturn;\n"
        "\tcase MSR_UNHEARD_OF:\n\t\treturn;\n\t}\n}\n"
    )
    found = ask(
        [bare_kernel(tmp_path, {INDEX: numbers, X86: text})], "SELECT msr, filtered FROM msr_saved ORDER BY msr"
    )
    assert found == [("MSR_A", 0), ("MSR_B", 1), ("MSR_C", 1), ("MSR_D", 1), ("MSR_E", 0), ("MSR_UNKNOWN", 0)]
