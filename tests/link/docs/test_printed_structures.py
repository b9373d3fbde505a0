"""Printed structures against those of the headers: by name, width and tag, for the architectures of the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

from caplint.link.docs.printed_structures import DocumentedMember, difference

API = "Documentation/virt/kvm/api.rst"
Members = dict[str, tuple[str, str]]


def _members(given: Members, *optional: str) -> dict[str, DocumentedMember]:
    return {name: DocumentedMember(name, *kind, optional=name in optional) for name, kind in given.items()}


U32, U64, STRUCT = ("__u32", ""), ("__u64", ""), ("struct", "")
# Printed, defined; what is missing, what is further, how many differ.
CASES: list[tuple[Members, Members, list[str], list[str], int]] = [
    ({"a": U32}, {"a": U32}, [], [], 0),
    ({"a": U32}, {"a": U32, "b": U32}, ["b"], [], 0),
    ({"a": U32, "c": U32}, {"a": U32}, [], ["c"], 0),
    ({"a": U32}, {"a": U32, "b": STRUCT, "b.x": U32, "b.y": U32}, ["b"], [], 0),
    ({"a": U32, "b": STRUCT, "b.x": U32}, {"a": U32, "b": STRUCT, "b.x": U32, "b.y": U32}, ["b.y"], [], 0),
    ({"a": U32, "pad": U32, "reserved2": U32}, {"a": U32, "padding1": U64}, [], [], 0),
    ({"a": U32, "u.pad": U32}, {"a": U32, "reserved.x": U32}, [], [], 0),
    ({"b": ("struct t", "")}, {"b": STRUCT, "b.x": U32}, [], [], 0),
    ({"b": STRUCT, "b.x": U32}, {"b": ("struct t", "")}, [], [], 0),
    ({"a": ("unsigned int", "")}, {"a": U32}, [], [], 0),
    ({"a": ("u32", "")}, {"a": ("__s32", "")}, [], [], 0),
    ({"a": ("uint8_t", "")}, {"a": U32}, [], [], 1),
    ({"a": ("unsigned long", "")}, {"a": U64}, [], [], 0),
    ({"a": ("struct t", "")}, {"a": ("struct s", "")}, [], [], 1),
    ({"a": ("struct t", "")}, {"a": U64}, [], [], 1),
    ({"a": ("__u8", "[0]")}, {"a": ("__DECLARE_FLEX_ARRAY(__u8, a)", "")}, [], [], 0),
    ({"a": ("__u8", "[]")}, {"a": ("__u8", "[0]")}, [], [], 0),
    ({"a": ("__u8", "[4]")}, {"a": ("__u8", "[8]")}, [], [], 1),
    ({"a": ("__u8", "[4]")}, {"a": ("__u8", "[NUMBER]")}, [], [], 0),
    ({"pad": ("__u8", "[4]")}, {"pad": ("__u8", "[8]")}, [], [], 0),
]


@pytest.mark.parametrize(("shown", "defined", "lacks", "has", "differs"), CASES)
def test_difference(shown: Members, defined: Members, lacks: list[str], has: list[str], differs: int) -> None:
    found = difference(_members(shown), _members(defined), excerpt=False)
    assert (found.lacks, found.has, len(found.differs)) == (lacks, has, differs)
    assert difference(_members(shown), _members(defined), excerpt=True).lacks == []


def test_a_member_of_some_configurations_may_be_missing() -> None:
    assert difference({}, _members({"a": U32, "b": U32}, "b"), excerpt=False).lacks == ["a"]


HEADERS = {
    "arch/x86/include/uapi/asm/kvm.h": "struct kvm_tea {\n\t__u64 leaves;\n\t__u64 water;\n};\n",
    "arch/arm64/include/uapi/asm/kvm.h": "struct kvm_tea {\n\t__u64 bags;\n};\n",
    "tools/arch/arm64/include/uapi/asm/kvm.h": "struct kvm_tea {\n\t__u64 old;\n};\n",
}
LEAVES = "::\n\n  struct kvm_tea {\n\t__u64 leaves;\n  };\n"
BAGS = "::\n\n  struct kvm_tea {\n\t__u64 bags;\n  };\n"
OLD = "::\n\n  struct kvm_tea {\n\t__u64 old;\n  };\n"
TITLE = "4.1 KVM_GET_TEA\n---------------\n\n"
# The text; architecture of the definition, what it lacks.
AUDIENCES = [
    (TITLE + BAGS, "arm64", "[]"),
    (TITLE + LEAVES, "x86", '["water"]'),
    (TITLE + ":Architectures: x86\n\n" + BAGS, "x86", '["leaves", "water"]'),
    (TITLE + ":Architectures: x86, arm64\n\n" + BAGS, "arm64", "[]"),
    (TITLE + ":Architectures: all\n\n" + BAGS, "arm64", "[]"),
    (TITLE + ":Architectures: s390\n\n" + BAGS, "arm64", "[]"),
    (TITLE + ":Architectures: arm64, x86\n\nX86:\n^^^^\n\n" + BAGS, "x86", '["leaves", "water"]'),
    *(
        (
            TITLE + f":Architectures: arm64, x86\n\nX86:\n^^^^\n\nNothing.\n\n{head}\n^^^^^^^^^^^^^^^^^^^\n\n" + BAGS,
            "arm64",
            "[]",
        )
        for head in ("ARM64:", "ARM/ARM64:", "ARM / arm64", "arm and arm64:", "arm64, s390", "S390 & ARM64:")
    ),
    *(
        (
            TITLE + f":Architectures: arm64, x86\n\nX86:\n^^^^\n\nNothing.\n\n{head}\n^^^^^^^^^^^^^^^^^^^\n\n" + BAGS,
            "x86",
            '["leaves", "water"]',
        )
        for head in ("Parameters:", "Notes", "i386/x86:", "Not for arm64")
    ),
    (TITLE + ":Architectures: x86\n\n4.2 KVM_SET_TEA\n---------------\n\n" + BAGS, "arm64", "[]"),
    (TITLE + OLD, "arm64", '["bags"]'),
]


@pytest.mark.parametrize(("text", "arch", "lacks"), AUDIENCES)
def test_the_architectures_of_the_text(tmp_path: Path, text: str, arch: str, lacks: str) -> None:
    root = bare_kernel(tmp_path, {**HEADERS, API: text, X86: "int x;\n"})
    assert ask([root], "SELECT arch, lacks FROM printed_structure") == [(arch, lacks)]


def test_a_directory_tells_the_architecture(tmp_path: Path) -> None:
    root = bare_kernel(tmp_path, {**HEADERS, "Documentation/virt/kvm/x86/tea.rst": BAGS, X86: "int x;\n"})
    assert ask([root], "SELECT arch FROM printed_structure") == [("x86",)]


def test_plain_text_of_an_old_kernel(tmp_path: Path) -> None:
    page = {"Documentation/virtual/kvm/api.txt": "4.1 KVM_GET_TEA\n\nstruct kvm_tea {\n\t__u64 leaves;\n};\n"}
    root = bare_kernel(tmp_path, {**HEADERS, **page, X86: "int x;\n"})
    assert ask([root], "SELECT path, line, lacks FROM printed_structure") == [(*page, 3, '["water"]')]
