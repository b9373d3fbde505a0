"""Places of new members in the structures of a VM and a vCPU: below one of the same type, and never within another."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import bare_kernel
from written import workshop

from caplint.authoring.kernel.members import member_place, members
from caplint.util.errors import CaplintError

HOST = "arch/x86/include/asm/kvm_host.h"


def _place(root: Path, body: str, kind: str = "bool", name: str = "bell", more: str = "") -> tuple[str, int, str]:
    files = {HOST: f"struct kvm_arch {{\n{body}}};\n{more}"}
    with workshop(bare_kernel(root, files)) as place:
        return member_place(place, "x86", "kvm_arch", kind, name)


@pytest.mark.parametrize(
    ("body", "kind", "line"),
    [
        ("\tbool a;\n\tu64 b;\n\tbool c;\n\tu64 d;\n\tint e;\n", "bool", 4),
        ("\tbool a;\n\tu64 b;\n\tbool c;\n\tu64 d;\n\tint e;\n", "u64", 5),
        # None of the type: the last of any
        ("\tu64 a;\n\tint b;\n", "bool", 3),
        ("\tu64 a;\n\tstruct eventfd_ctx *b;\n\tint c;\n", "struct eventfd_ctx *", 3),
        ("\tu64 *a;\n\tu64 b;\n\tu64 *c;\n", "u64", 3),
        # Arrays, bit-fields, members of one configuration, and several in one line are followed by no other.
        ("\tu64 a;\n\tbool b[4];\n", "bool", 2),
        ("\tu64 a;\n\tbool b : 1;\n", "bool", 2),
        ("\tu64 a;\n#ifdef CONFIG_X\n\tbool b;\n#endif\n", "bool", 2),
        ("\tu64 a;\n\tbool b, c;\n", "bool", 2),
        ("\tu64 a;\n\tbool b; /* why */\n", "bool", 2),
        # Members of a structure within it are not its own.
        ("\tu64 a;\n\tstruct {\n\t\tbool b;\n\t} inner;\n", "bool", 2),
    ],
)
def test_a_member_goes_below_the_last_of_its_type(tmp_path: Path, body: str, kind: str, line: int) -> None:
    assert _place(tmp_path, body, kind) == (HOST, line, "\t")


@pytest.mark.parametrize("space", ["\t", "    ", "\t\t"])
def test_the_white_space_is_that_of_the_neighbour(tmp_path: Path, space: str) -> None:
    assert _place(tmp_path, f"{space}bool a;\n") == (HOST, 2, space)


def test_a_name_that_is_taken(tmp_path: Path) -> None:
    with pytest.raises(CaplintError, match=f"struct kvm_arch has a member bell already, at {HOST}:3; choose another"):
        _place(tmp_path, "\tbool a;\n\tint bell[3];\n")


def test_names_of_another_structure_are_free(tmp_path: Path) -> None:
    assert _place(tmp_path, "\tbool a;\n", more="struct other {\n\tbool bell;\n};\n")[1] == 2


@pytest.mark.parametrize("body", ["\tu64 a[4];\n", "#ifdef CONFIG_X\n\tbool a;\n#endif\n", "\tbool a, b;\n"])
def test_a_structure_none_of_whose_members_can_be_followed(tmp_path: Path, body: str) -> None:
    with pytest.raises(CaplintError, match="lacks the place for state: no member of struct kvm_arch of x86 can be"):
        _place(tmp_path, body)


def test_members_are_those_of_one_header_and_architecture(tmp_path: Path) -> None:
    body = "struct kvm_arch {\n\tbool a;\n};\n"
    files = {
        HOST: body, "arch/x86/include/asm/kvm_other.h": body.replace("a;", "b;"),
        "arch/x86/kvm/x86.c": body.replace("a;", "c;"), "arch/s390/include/asm/kvm_host.h": body.replace("a;", "d;"),
        "include/linux/kvm_host.h": "struct kvm {\n\tint e;\n};\n",
    }  # fmt: skip
    with workshop(bare_kernel(tmp_path, files)) as place:
        assert [(member.path, member.name, member.type) for member in members(place, "x86", "kvm_arch")] == [
            (HOST, "a", "bool")
        ]
        assert [member.name for member in members(place, "s390", "kvm_arch")] == ["d"]
        assert [member.name for member in members(place, "generic", "kvm")] == ["e"]
        for arch, owner in (("x86", "kvm_vcpu_arch"), ("arm64", "kvm_arch"), ("x86", "kvm")):
            with pytest.raises(CaplintError, match=f"no header of {arch} defines struct {owner}$"):
                members(place, arch, owner)
