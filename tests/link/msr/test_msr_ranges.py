"""msr_get and msr_set: registers that a handler answers for outside of a switch, and what gates an access."""

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


@pytest.mark.parametrize(
    ("gate", "gated"), [*((name, 0) for name in ASKS), ("guest_has_tea", 1), ("msr && feature", 1)]
)
def test_who_asks_is_no_gate(tmp_path: Path, gate: str, gated: int) -> None:
    text = _case(f"if ({gate})", "\treturn 1;", "msr_info->data = 7;", "break;")
    assert _ask(tmp_path, text, "SELECT gated FROM msr_get") == [(gated,)]


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
    tree = bare_kernel(tmp_path, {INDEX: f"{NUMBERED}#define MSR_CUP {value}\n", HOST: HELD})
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


def test_a_register_is_there_when_its_file_is_built(tmp_path: Path) -> None:
    body = _case("msr_info->data = 7;", "break;")
    files = {INDEX: NUMBERED, "arch/x86/kvm/tea.c": body, "arch/x86/kvm/Makefile": "kvm-$(CONFIG_TEA) += tea.o\n"}
    assert ask([bare_kernel(tmp_path, files)], "SELECT condition FROM msr_get") == [("CONFIG_TEA",)]
