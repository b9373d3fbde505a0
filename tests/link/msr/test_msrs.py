"""MSRs over trees made for one question: handlers, values, state, lists, and what a VMM saves."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, X86, ask, bare_kernel, bare_qemu

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


PASSED_ON = (
    "int kvm_tea_get(struct kvm_vcpu *vcpu, struct msr_data *one)\n{\n\tif (!one->host_initiated)\n\t\treturn 1;\n"
    "\tif (one->index == MSR_TEA)\n\t\tone->data = vcpu->arch.tea;\n\treturn 0;\n}\n"
)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("\tswitch (any->index) {\n\tcase MSR_TEA:\n\t\tany->data = vcpu->arch.tea;\n\t}\n", True),
        ("\tu32 which = any->index;\n\n\tif (which == MSR_TEA)\n\t\tany->data = vcpu->arch.tea;\n", True),
        ("\tif (any->index == MSR_TEA && !any->host_initiated)\n\t\tany->data = vcpu->arch.tea;\n", True),
        (
            "\tswitch (any->index) {\n\tcase MSR_TEA:\n\t\tif (!any->host_initiated)\n\t\t\treturn 1;\n"
            "\t\tany->data = vcpu->arch.tea;\n\t}\n",
            True,
        ),
        (
            "\tswitch (any->index) {\n\tcase MSR_TEA:\n"
            "\t\tif (!guest_cpuid_has(vcpu, X86_FEATURE_TEA))\n\t\t\treturn 1;\n"
            "\t\tany->data = vcpu->arch.tea;\n\t}\n",
            True,
        ),
        ("\tif (!any->host_initiated)\n\t\treturn 1;\n\treturn kvm_tea_get(vcpu, any);\n", True),
        ("\tany->data = 0;\n\treturn kvm_tea_get(vcpu, any);\n", True),
        ("\tany->data = 0;\n\treturn kvm_tea_get(vcpu, other);\n", False),
        ("\tif (list->index == MSR_TEA)\n\t\tlist->data = vcpu->arch.tea;\n", False),
    ],
)
def test_a_request_may_have_any_name(tmp_path: Path, body: str, found: bool) -> None:
    rows = [_read_by(tmp_path / name, body.replace("any", name), name) for name in ("msr_info", "any", "access")]
    assert rows[0] == rows[1] == rows[2]
    assert bool(rows[0]) == found


def _read_by(root: Path, body: str, name: str) -> list[object]:
    head = f"int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *{name})\n{{\n"
    files = {INDEX: NUMBERED, HOST: HELD, X86: PASSED_ON + head + body + "\treturn 0;\n}\n"}
    return [*ask([bare_kernel(root, files)], "SELECT function, msr, value_kind, gated FROM msr_get ORDER BY 1")]


@pytest.mark.parametrize(
    ("chain", "state"),
    [
        ("vcpu->arch.tea", ("tea", "", 0)),
        ("vcpu->arch.st.msr_val", ("st.msr_val", "", 0)),
        ("vcpu->arch.cup", ("", "cup", 0)),
        ("vcpu->arch.st.cup", ("st", "cup", 0)),
        ("vcpu->arch.fpu.state->xfd", ("fpu", "", 1)),
    ],
)
def test_members_that_a_handler_reads(tmp_path: Path, chain: str, state: tuple[str, str, int]) -> None:
    body = f"\tcase MSR_TEA:\n\t\tmsr_info->data = {chain};\n\t\tbreak;\n"
    tree = bare_kernel(tmp_path, _handler(body))
    assert ask([tree], "SELECT owner, member, unknown, outside FROM msr_state") == [("kvm_vcpu_arch", *state)]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tv->arch.tea = 1;\n}\n", 1),
        ("void f(struct kvm_vcpu_arch *a)\n{\n\ta->tea |= 1;\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tcopy_from_user(&v->arch.tea, p, 8);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\trdmsrl(MSR_TEA, v->arch.tea);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tWRITE_ONCE(v->arch.tea, 1);\n}\n", 1),
        ("int f(struct kvm_vcpu *v)\n{\n\treturn READ_ONCE(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\ttrace_kvm_tea(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tunknown(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\twrmsrl(MSR_TEA, v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tput_user(v->arch.tea, p);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tx = min(v->arch.tea, 7);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tops->f(v->arch.tea);\n}\n", 0),
        ("void f(struct kvm_vcpu *v)\n{\n\tget_user(v->arch.tea, p);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\trdtscll(v->arch.tea);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tswap(v->arch.tea, x);\n}\n", 1),
        ("void f(struct kvm_vcpu *v)\n{\n\tunknown(&v->arch.tea);\n}\n", 1),
        ("#define set(x) ((x) = 1)\nvoid f(struct kvm_vcpu *v)\n{\n\tset(v->arch.tea);\n}\n", 1),
        ("#define SET(v) ((v)->arch.tea = 1)\n", 1),
        ("int f(struct kvm_vcpu *v)\n{\n\treturn v->arch.tea;\n}\n", 0),
    ],
)
def test_whether_anything_writes_a_member(tmp_path: Path, written: str, expected: int) -> None:
    files = _handler("\tcase MSR_TEA:\n\t\tmsr_info->data = vcpu->arch.tea;\n\t\tbreak;\n")
    files["arch/x86/kvm/other.c"] = written
    assert ask([bare_kernel(tmp_path, files)], "SELECT written FROM msr_state") == [(expected,)]


@pytest.mark.parametrize(
    ("lines", "how", "text"),
    [
        (("msr_info->data = READ_ONCE(vcpu->arch.tea);",), "state", "vcpu->arch.tea"),
        (("u64 v = vcpu->arch.tea;", "msr_info->data = v;"), "state", "vcpu->arch.tea"),
        (("u64 v;", "v = READ_ONCE(vcpu->arch.tea);", "msr_info->data = v;"), "state", "vcpu->arch.tea"),
        (("u64 v = vcpu->arch.tea;", "u64 w = v;", "msr_info->data = w & 7;"), "state", "w & 7"),
        (("u64 v = vcpu->arch.tea;", "trace_tea(7);", "msr_info->data = v;"), "state", "vcpu->arch.tea"),
        (("u64 v = vcpu->arch.tea;", "rdmsrl(MSR_TEA, v);", "msr_info->data = v;"), "other", "v"),
        (("u64 v = vcpu->arch.tea;", "fill(&v);", "msr_info->data = v;"), "other", "v"),
        (("u64 v = host(vcpu->arch.tea);", "msr_info->data = v;"), "other", "v"),
        (("msr_info->data = v;", "v = vcpu->arch.tea;"), "other", "v"),
    ],
)
def test_a_value_through_a_local_variable(tmp_path: Path, lines: tuple[str, ...], how: str, text: str) -> None:
    body = "\tcase MSR_TEA:\n\t\t" + "\n\t\t".join(lines) + "\n\t\tbreak;\n"
    assert ask([bare_kernel(tmp_path, _handler(body))], "SELECT value_kind, value FROM msr_get") == [(how, text)]


@pytest.mark.parametrize(
    ("gate", "gated"),
    [
        ("", 0),
        ("\t\tif (!msr_info->host_initiated)\n\t\t\treturn 1;\n", 0),
        ("\t\tif (!msr_info->host_initiated && !vcpu->kvm->arch.tea_on)\n\t\t\treturn 1;\n", 1),
        ("\t\tif (!guest_cpuid_has(vcpu, X86_FEATURE_TEA))\n\t\t\treturn 1;\n", 1),
    ],
)
def test_gates(tmp_path: Path, gate: str, gated: int) -> None:
    body = f"\tcase MSR_TEA:\n{gate}\t\tmsr_info->data = vcpu->arch.tea;\n\t\tbreak;\n"
    assert ask([bare_kernel(tmp_path, _handler(body))], "SELECT gated FROM msr_get") == [(gated,)]


def test_handlers_by_table_and_by_delegation_and_predicates_that_are_none(tmp_path: Path) -> None:
    text = """\
static bool tea_is_valid(struct kvm_vcpu *vcpu, u32 msr)
{
	switch (msr) {
	case MSR_POT:
		return true;
	}
	return false;
}
static int tea_more(struct kvm_vcpu *vcpu, u32 msr, u64 *pdata)
{
	if (msr == MSR_CUP) {
		*pdata = 1;
		return 0;
	}
	return 1;
}
static int tea_get(struct kvm_vcpu *vcpu, struct msr_data *msr_info)
{
	switch (msr_info->index) {
	case MSR_TEA ... MSR_CUP:
		if (!tea_is_valid(vcpu, msr_info->index))
			return 1;
		return tea_more(vcpu, msr_info->index, &msr_info->data);
	}
	return 1;
}
struct kvm_pmu_ops ops = { .get_msr = tea_get };
"""
    files = {INDEX: NUMBERED, HOST: HELD, "arch/x86/kvm/tea.c": text}
    found = ask([bare_kernel(tmp_path, files)], "SELECT function, msr, high, kind FROM msr_get ORDER BY line")
    assert found == [("tea_more", "MSR_CUP", "MSR_CUP", "comparison"), ("tea_get", "MSR_TEA", "MSR_CUP", "case")]


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


def test_what_a_vmm_saves(tmp_path: Path) -> None:
    text = """\
static bool has_cup;
static int kvm_get_supported_msrs(KVMState *s)
{
    kvm_ioctl(s, KVM_GET_MSR_INDEX_LIST, list);
    has_cup = true;
    return 0;
}
static int kvm_put_msrs(X86CPU *cpu)
{
    kvm_msr_entry_add(cpu, MSR_TEA, 1);
    if (has_cup) {
        kvm_msr_entry_add(cpu, MSR_CUP, 1);
    }
    for (i = 0; i < 4; i++) {
        kvm_msr_entry_add(cpu, MSR_BANK + i, 1);
    }
    return 0;
}
"""
    header = "#define MSR_TEA 0x10\n#define MSR_CUP 0x11\n#define MSR_BANK 0x20\n"
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": text, "target/i386/cpu.h": header})
    assert ask([tree], "SELECT verb, number, last, listed FROM vmm_msr ORDER BY line") == [
        ("put", 0x10, 0x10, 0),
        ("put", 0x11, 0x11, 1),
        ("put", 0x20, 0x3F, 0),
    ]


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


def test_a_vmm_without_registers(tmp_path: Path) -> None:
    assert ask([bare_qemu(tmp_path, {QEMU_UAPI: ""})], "SELECT * FROM vmm_msr") == []
