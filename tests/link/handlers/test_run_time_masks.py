"""cap_subset: constants that enabling accepts although a check answers some of their bits on some machines only."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "#define KVM_CAP_A 1\n#define A_ONE 1\n#define A_TWO 2\n#define A_FOUR 4\n#define A_VALID (A_ONE | A_TWO | A_FOUR)\n"
TEXT = (
    "{head}int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{{\n\tint r = 0;\n\tswitch (ext) {{\n\tcase KVM_CAP_A:\n"
    "\t\t{check}\n\t\tbreak;\n\t}}\n\treturn r;\n}}\n"
    "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n\tint r = -EINVAL;\n\tswitch (cap->cap) {{\n"
    "\tcase KVM_CAP_A:\n\t\t{enable}\n\t\tkvm->arch.a = cap->args[0];\n\t\tr = 0;\n\t\tbreak;\n\tdefault:\n\t\tbreak;\n\t}}\n\treturn r;\n}}\n"
)
SOMETIMES = "r = A_ONE;\n\t\tif (host_has_a())\n\t\t\tr |= A_TWO;"
REFUSES = "if (cap->args[0] & ~A_VALID)\n\t\t\tbreak;"
SETUP = "static void setup(void)\n{\n\tkvm_caps.supported_a = A_VALID;\n\tif (!host_has_a())\n\t\tkvm_caps.supported_a &= ~A_TWO;\n}\n"
HELPER = (
    "static u64 allowed(void)\n{\n\tu64 bits = A_ONE;\n\tif (host_has_a())\n\t\tbits |= A_TWO;\n\treturn bits;\n}\n"
)


def found(root: Path, check: str = SOMETIMES, enable: str = REFUSES, head: str = "") -> list[tuple[Any, ...]]:
    tree = bare_kernel(root, {UAPI: HEADER, X86: TEXT.format(head=head, check=check, enable=enable)})
    return ask([tree], "SELECT bits, condition FROM cap_subset")


WIDER = {
    "bits added": ((SOMETIMES, REFUSES, ""), (2, "host_has_a()")),
    "bits added within": (("r = A_ONE;\n\t\tif (!broken) {\n\t\t\tr |= A_TWO;\n\t\t\tif (host_has_a())\n\t\t\t\tr |= A_FOUR;\n\t\t}", REFUSES, ""), (6, "!broken")),
    "bits added for a VM's answer": (("r = A_ONE;\n\t\tif (kvm && host_has_a())\n\t\t\tr |= A_TWO;", REFUSES, ""), (2, "kvm && host_has_a()")),
    "a helper": (("r = allowed();", REFUSES, HELPER), (2, "host_has_a()")),
    "a helper's answer returned": (("return allowed();", REFUSES, HELPER), (2, "host_has_a()")),
    "a set of the machine": (("r = kvm_caps.supported_a;", REFUSES, SETUP), (7, "kvm_caps.supported_a")),
    "a mask in a local": ((SOMETIMES, "u64 valid = A_VALID;\n\t\tif (cap->args[0] & ~valid)\n\t\t\tbreak;", ""), (2, "host_has_a()")),
    "kept bits": ((SOMETIMES, "if ((cap->args[0] & A_VALID) != cap->args[0])\n\t\t\tbreak;", ""), (2, "host_has_a()")),
    "ignored quietly": ((SOMETIMES, f"{REFUSES}\n\t\tif (host_has_a())\n\t\t\tkvm->arch.b = 1;", ""), (2, "host_has_a()")),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "row"), WIDER.values(), ids=WIDER)
def test_wider(tmp_path: Path, parts: tuple[str, str, str], row: tuple[Any, ...]) -> None:
    bits, condition = row
    ((found_bits, found_condition),) = found(tmp_path, *parts)
    assert found_bits == bits
    assert condition in found_condition


IN_FRONT = TEXT.replace(
    "switch (ext) {{\n\tcase KVM_CAP_A:\n\t\t{check}\n\t\tbreak;\n\t}}",
    "if (ext == KVM_CAP_A) {{\n\t\t{check}\n\t\treturn r;\n\t}}",
)


@pytest.mark.parametrize("test", ["ext == KVM_CAP_A", "KVM_CAP_A == ext", "ext == KVM_CAP_A && kvm"])
def test_an_answer_in_front_of_the_switch(tmp_path: Path, test: str) -> None:
    text = IN_FRONT.format(head="", check=SOMETIMES, enable=REFUSES).replace("ext == KVM_CAP_A", test)
    tree = bare_kernel(tmp_path, {UAPI: HEADER, X86: text})
    assert ask([tree], "SELECT bits, condition FROM cap_subset") == [(2, "host_has_a()")]


NARROW = {
    "bits that are always there": ("r = A_ONE | A_TWO;", REFUSES, ""),
    "one condition for the whole answer": ("if (host_has_a())\n\t\t\tr = A_VALID;", REFUSES, ""),
    "a choice": ("r = host_has_a() ? A_VALID : 0;", REFUSES, ""),
    "only whether there is a VM": ("r = A_ONE;\n\t\tif (kvm)\n\t\t\tr |= A_TWO;", REFUSES, ""),
    "enabling asks too": (SOMETIMES, f"{REFUSES}\n\t\tif ((cap->args[0] & A_TWO) && !host_has_a())\n\t\t\tbreak;", ""),
    "enabling asks by a helper": (
        SOMETIMES, f"{REFUSES}\n\t\tif (!possible(cap->args[0]))\n\t\t\tbreak;",
        "static bool possible(u64 bits)\n{\n\treturn host_has_a() || !(bits & A_TWO);\n}\n"),
    "both ask one function": ("r = allowed();", "if (cap->args[0] & ~allowed())\n\t\t\tbreak;", HELPER),
    "both look at the set": ("r = kvm_caps.supported_a;", "if (cap->args[0] & ~kvm_caps.supported_a)\n\t\t\tbreak;", SETUP),
    "an answer of yes or no": ("r = kvm_caps.has_a;", REFUSES, "static void setup(void)\n{\n\tkvm_caps.has_a = host_has_a();\n}\n"),
    "a yes that is set": ("r = kvm_caps.has_a;", REFUSES, "static void setup(void)\n{\n\tkvm_caps.has_a = 1;\n}\n"),
    "a member of the VM": ("r = kvm->arch.a;", REFUSES, ""),
    "bits that enabling does not take": (SOMETIMES, "if (cap->args[0] & ~A_ONE)\n\t\t\tbreak;", ""),
}  # fmt: skip


@pytest.mark.parametrize("parts", NARROW.values(), ids=NARROW)
def test_not_wider(tmp_path: Path, parts: tuple[str, str, str]) -> None:
    assert found(tmp_path, *parts) == []
