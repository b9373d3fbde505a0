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
SITE = "verb, msr, high, number, last, line, kind, how, value"


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
    assert _ask(tmp_path, _case(*lines), "SELECT how, value FROM msr_get") == [(how, value)]


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
    assert _ask(tmp_path, _case(*lines, verb="set"), "SELECT how, value FROM msr_set") == [(how, value)]


ASKS = ["msr_info", "msr", "host_initiated", "host", "data", "index", "msr_index", "r", "ret"]


@pytest.mark.parametrize(
    ("gate", "gated"), [*((name, 0) for name in ASKS), ("guest_has_tea", 1), ("msr && feature", 1)]
)
def test_who_asks_is_no_gate(tmp_path: Path, gate: str, gated: int) -> None:
    text = _case(f"if ({gate})", "\treturn 1;", "msr_info->data = 7;", "break;")
    assert _ask(tmp_path, text, "SELECT gated FROM msr_get") == [(gated,)]
