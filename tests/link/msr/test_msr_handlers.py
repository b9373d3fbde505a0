"""Functions that read and write MSRs: registers that they answer for, where values come from, what gates an access."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import X86, ask, bare_kernel

INDEX = "arch/x86/include/asm/msr-index.h"
HOST = "arch/x86/include/asm/kvm_host.h"
HELD = "struct kvm_vcpu_arch { u64 tea; };\n"
NUMBERED = "#define MSR_TEA 0xc0000010\n#define MSR_POT 0xc0000013\n"
SITE = "verb, msr, high, number, last, line, kind, value_kind, value"


def _handler(*lines: str, verb: str = "get") -> str:
    head = f"int kvm_{verb}_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)"
    return "\n".join(
        [head, "{", "\tu32 msr = msr_info->index;", *(f"\t{line}" for line in lines), "\treturn 1;", "}", ""]
    )


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {INDEX: NUMBERED, HOST: HELD, X86: text})], query)


@pytest.mark.parametrize(
    "test",
    [
        "msr >= MSR_TEA && msr <= MSR_POT",
        "(msr >= MSR_TEA) && (msr <= MSR_POT)",
        "msr>=MSR_TEA&&msr<=MSR_POT",
        "msr_info->index >= MSR_TEA && msr_info->index <= MSR_POT",
        "((msr >= MSR_TEA) && (msr <= MSR_POT))",
    ],
)
def test_a_range_between_two_comparisons(tmp_path: Path, test: str) -> None:
    text = _handler(f"if ({test}) {{", "\tmsr_info->data = vcpu->arch.tea;", "\treturn 0;", "}")
    row = ("get", "MSR_TEA", "MSR_POT", 0xC0000010, 0xC0000013, 4, "range", "state", "vcpu->arch.tea")
    assert _ask(tmp_path, text, f"SELECT {SITE} FROM msr_get") == [row]


@pytest.mark.parametrize(
    "test",
    [
        "msr >= MSR_TEA",
        "msr >= MSR_TEA && other <= MSR_POT",
        "other >= MSR_TEA && other <= MSR_POT",
        "msr > MSR_TEA && msr < MSR_POT",
        "msr >= MSR_TEA || msr <= MSR_POT",
    ],
)
def test_what_is_no_range(tmp_path: Path, test: str) -> None:
    text = _handler(f"if ({test}) {{", "\tmsr_info->data = 7;", "\treturn 0;", "}")
    assert _ask(tmp_path, text, "SELECT msr FROM msr_get") == []


def test_a_comparison_with_one(tmp_path: Path) -> None:
    text = _handler("if (msr == MSR_TEA) {", "\tmsr_info->data = 7;", "\treturn 0;", "}")
    row = ("get", "MSR_TEA", "MSR_TEA", 0xC0000010, 0xC0000010, 4, "comparison", "constant", "7")
    assert _ask(tmp_path, text, f"SELECT {SITE} FROM msr_get") == [row]
    text = _handler("if (msr != MSR_TEA) {", "\tmsr_info->data = 7;", "\treturn 0;", "}")
    assert _ask(tmp_path / "other", text, "SELECT msr FROM msr_get") == []
    text = _handler("if (other == MSR_TEA) {", "\tmsr_info->data = 7;", "\treturn 0;", "}")
    assert _ask(tmp_path / "third", text, "SELECT msr FROM msr_get") == []


def test_a_comparison_inside_another_condition(tmp_path: Path) -> None:
    """What the outer condition decides beside it is of no register."""
    inner = ("\tif (msr == MSR_TEA) {", "\t\tmsr_info->data = 7;", "\t\treturn 0;", "\t}")
    text = _handler("if (vcpu->on) {", *inner, "\tmsr_info->data = vcpu->arch.tea;", "}")
    assert _ask(tmp_path, text, "SELECT msr, value_kind, value, gated FROM msr_get") == [
        ("MSR_TEA", "constant", "7", 1)
    ]


def _case(*lines: str, verb: str = "get") -> str:
    return _handler("switch (msr) {", "case MSR_TEA:", *(f"\t{line}" for line in lines), "}", verb=verb)


@pytest.mark.parametrize(
    ("lines", "how", "value"),
    [
        (("msr_info->data = 0x10UL;", "break;"), "constant", "0x10UL"),
        (("msr_info->data = (7);", "break;"), "constant", "(7)"),
        (("msr_info->data = ALL_BITS;", "break;"), "constant", "ALL_BITS"),
        (("msr_info->data = vcpu->arch.tea | 1;", "break;"), "state", "vcpu->arch.tea | 1"),
        (("msr_info->data = host;", "break;"), "other", "host"),
        (("msr_info->data = 1;", "msr_info->data |= vcpu->arch.tea;", "break;"), "state", ""),
        (("msr_info->data = 1;", "msr_info->data = 2;", "break;"), "constant", ""),
        (("return 1;",), "other", ""),
        (("return kvm_tea_get_msr(vcpu, msr_info);",), "delegated", "kvm_tea_get_msr"),
    ],
)
def test_where_a_value_comes_from(tmp_path: Path, lines: tuple[str, ...], how: str, value: str) -> None:
    assert _ask(tmp_path, _case(*lines), "SELECT value_kind, value FROM msr_get") == [(how, value)]


@pytest.mark.parametrize(
    ("lines", "how", "value"),
    [
        (("vcpu->arch.tea = msr_info->data;", "break;"), "state", "msr_info->data"),
        (("vcpu->arch.tea = 1;", "vcpu->arch.tea = 2;", "break;"), "state", ""),
        (("break;",), "constant", ""),
        (("use(vcpu);", "break;"), "other", ""),
        (("other = 1;", "break;"), "other", ""),
        (("return kvm_tea_set_msr(vcpu, msr_info);",), "delegated", "kvm_tea_set_msr"),
    ],
)
def test_where_a_value_goes_to(tmp_path: Path, lines: tuple[str, ...], how: str, value: str) -> None:
    assert _ask(tmp_path, _case(*lines, verb="set"), "SELECT value_kind, value FROM msr_set") == [(how, value)]


ASKS = ["msr_info", "msr", "host_initiated", "host", "data", "index", "msr_index", "r", "ret"]


GATES = [
    *((name, 0) for name in ASKS), ("guest_has_tea", 1), ("msr && feature", 1), ("!msr_info->host_initiated", 0),
    ("!msr_info->host_initiated && !vcpu->kvm->arch.tea_on", 1), ("!guest_cpuid_has(vcpu, X86_FEATURE_TEA)", 1),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "gated"), GATES)
def test_who_asks_is_no_gate(tmp_path: Path, gate: str, gated: int) -> None:
    text = _case(f"if ({gate})", "\treturn 1;", "msr_info->data = 7;", "break;")
    assert _ask(tmp_path, text, "SELECT gated FROM msr_get") == [(gated,)]


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("more(vcpu, msr_info)", [("more",)]),
        ("more(vcpu, msr, &msr_info->data)", [("more",)]),
        ("more(vcpu, msr)", []),
        ("more(vcpu, &msr_info->data)", []),
        ("trace_more(vcpu, msr_info)", []),
        ("kvm_pr_more(vcpu, msr_info)", []),
    ],
)
def test_who_is_handed_the_register_and_its_value(tmp_path: Path, call: str, found: list[tuple[str]]) -> None:
    name = call.partition("(")[0]
    inner = _handler("switch (msr) {", "case MSR_POT:", "\tmsr_info->data = 7;", "\tbreak;", "}")
    text = inner.replace("kvm_get_msr_common", name) + _handler(f"return {call};")
    assert _ask(tmp_path, text, "SELECT function FROM msr_get") == found


def test_a_variable_is_the_register_only_if_it_holds_it(tmp_path: Path) -> None:
    text = _handler("u32 other = vcpu->x;", "if (other == MSR_TEA) {", "\tmsr_info->data = 7;", "\treturn 0;", "}")
    assert _ask(tmp_path, text, "SELECT msr FROM msr_get") == []


def test_a_register_is_there_when_its_file_is_built(tmp_path: Path) -> None:
    body = _case("msr_info->data = 7;", "break;")
    files = {INDEX: NUMBERED, "arch/x86/kvm/tea.c": body, "arch/x86/kvm/Makefile": "kvm-$(CONFIG_TEA) += tea.o\n"}
    assert ask([bare_kernel(tmp_path, files)], "SELECT condition FROM msr_get") == [("CONFIG_TEA",)]


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
    assert _ask(tmp_path, _case(*lines, "break;"), "SELECT value_kind, value FROM msr_get") == [(how, text)]


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


@pytest.mark.parametrize(
    ("lines", "how", "text"),
    [
        ((), "state", "vcpu->arch.tea"),
        (("above = 7;",), "other", "7"),
        (("above = vcpu->arch.tea;",), "state", "vcpu->arch.tea"),
    ],
)
def test_a_variable_that_is_set_above_the_switch(tmp_path: Path, lines: tuple[str, ...], how: str, text: str) -> None:
    """What the case itself assigns to it counts alone."""
    body = ("u64 above = vcpu->arch.tea;", "switch (msr) {", "case MSR_TEA:")
    code = _handler(*body, *(f"\t{line}" for line in lines), "\tmsr_info->data = above;", "\tbreak;", "}")
    assert _ask(tmp_path, code, "SELECT value_kind, value FROM msr_get") == [(how, text)]
