"""cap_msr: what shows that a register belongs to a capability."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

from caplint.trees.series import overlay

INDEX = "arch/x86/include/asm/msr-index.h"
API = "Documentation/virt/kvm/api.rst"
NUMBERED = "#define MSR_TEA 0xc0000010\n#define MSR_IA32_POT 0xc0000011\n#define MSR_CUP 0xc0000012\n"


def _handler(*names: str) -> str:
    cases = "".join(f"\tcase {name}:\n\t\tmsr_info->data = 7;\n\t\tbreak;\n" for name in names)
    head = "int kvm_get_msr_common(struct kvm_vcpu *vcpu, struct msr_data *msr_info)\n{\n\tswitch (msr_info->index) {\n"
    return f"{head}{cases}\tdefault:\n\t\treturn 1;\n\t}}\n\treturn 0;\n}}\n"


def _caps(*names: str) -> str:
    return "".join(f"#define {name} {number}\n" for number, name in enumerate(names, 1))


QUERY = "SELECT cap, msr, number, evidence FROM cap_msr ORDER BY 1, 2, 4"


@pytest.mark.parametrize(
    ("caps", "rows"),
    [
        (("KVM_CAP_TEA",), [("KVM_CAP_TEA", "MSR_TEA", 0xC0000010, "name")]),
        (("KVM_CAP_X86_TEA",), [("KVM_CAP_X86_TEA", "MSR_TEA", 0xC0000010, "name")]),
        (("KVM_CAP_POT",), [("KVM_CAP_POT", "MSR_IA32_POT", 0xC0000011, "name")]),
        (("KVM_CAP_CUP",), []),
        (("KVM_CAP_TEAS",), []),
        (("KVM_CAP_S390_TEA",), []),
    ],
)
def test_by_name(tmp_path: Path, caps: tuple[str, ...], rows: list[Any]) -> None:
    files = {UAPI: _caps(*caps), INDEX: NUMBERED, X86: _handler("MSR_TEA", "MSR_IA32_POT")}
    assert ask([bare_kernel(tmp_path, files)], QUERY) == rows


@pytest.mark.parametrize(
    ("caps", "msrs", "rows"),
    [
        (("KVM_CAP_OLD", "KVM_CAP_NEW"), ("MSR_TEA", "MSR_CUP"), [("KVM_CAP_NEW", "MSR_CUP", 0xC0000012, "patch")]),
        (("KVM_CAP_OLD", "KVM_CAP_NEW"), ("MSR_TEA",), []),
        (("KVM_CAP_OLD",), ("MSR_TEA", "MSR_CUP"), []),
        (("KVM_CAP_OLD", "KVM_CAP_NEW", "KVM_CAP_MORE"), ("MSR_TEA", "MSR_CUP"), []),
    ],
    ids=["one of each", "no register", "no capability", "two capabilities"],
)
def test_by_the_patch_that_adds_both(
    tmp_path: Path, caps: tuple[str, ...], msrs: tuple[str, ...], rows: list[Any]
) -> None:
    before = bare_kernel(tmp_path, {UAPI: _caps("KVM_CAP_OLD"), INDEX: NUMBERED, X86: _handler("MSR_TEA")})
    after = overlay(before, {UAPI: _caps(*caps).encode(), X86: _handler(*msrs).encode()}, [])
    assert ask([after], QUERY) == rows


def test_two_sections_of_one_number_do_not_share_their_registers(tmp_path: Path) -> None:
    sections = (
        "7.1 KVM_CAP_ANY\n---------------\n\nIt is.\n\n7.1 KVM_CAP_OTHER\n-----------------\n\nIt sets MSR_TEA.\n"
    )
    files = {
        UAPI: _caps("KVM_CAP_ANY", "KVM_CAP_OTHER"),
        INDEX: NUMBERED,
        X86: _handler("MSR_TEA", "MSR_IA32_POT"),
        API: f"7. Capabilities\n===============\n\n{sections}",
    }
    assert ask([bare_kernel(tmp_path, files)], QUERY) == [("KVM_CAP_OTHER", "MSR_TEA", 0xC0000010, "doc")]


def test_a_capability_whose_name_looks_like_a_placeholder(tmp_path: Path) -> None:
    files = {
        UAPI: _caps("KVM_CAP_XXXFOO"),
        INDEX: NUMBERED,
        X86: _handler("MSR_TEA"),
        API: "7. Capabilities\n===============\n\n7.1 KVM_CAP_XXXFOO\n------------------\n\nIt sets MSR_TEA.\n",
    }
    assert ask([bare_kernel(tmp_path, files)], QUERY) == [("KVM_CAP_XXXFOO", "MSR_TEA", 0xC0000010, "doc")]


@pytest.mark.parametrize(
    ("section", "rows"),
    [
        ("It sets MSR_TEA.", [("KVM_CAP_ANY", "MSR_TEA", 0xC0000010, "doc")]),
        ("It sets MSR_TEA, and MSR_TEA again.", [("KVM_CAP_ANY", "MSR_TEA", 0xC0000010, "doc")]),
        ("It sets MSR_TEA and MSR_IA32_POT.", []),
        ("It sets MSR_CUP.", []),
        ("It sets MSR_TEA_MASK.", []),
        ("Nothing.", []),
    ],
)
def test_by_the_section_of_the_documentation(tmp_path: Path, section: str, rows: list[Any]) -> None:
    files = {
        UAPI: _caps("KVM_CAP_ANY"),
        INDEX: NUMBERED,
        X86: _handler("MSR_TEA", "MSR_IA32_POT"),
        API: f"7. Capabilities\n===============\n\n7.1 KVM_CAP_ANY\n---------------\n\n{section}\n",
    }
    assert ask([bare_kernel(tmp_path, files)], QUERY) == rows
