"""Enabling in front of the switch, in whatever shape: its tests are those of its capabilities, and of no others."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "".join(f"#define KVM_CAP_{name} {number}\n" for number, name in enumerate("ABCD", 1)) + "#define VALID 3\n"
TABLE = "static const struct {{ u32 cap; u64 valid; }} simple[] = {{\n\t{}\n}};\n"
WALK = "for (i = 0; i < ARRAY_SIZE(simple); i++) {{\n\t\tif ({}) {{\n\t\t\t{}\n\t\t}}\n\t}}"
DO = "if (cap->args[0] & ~VALID)\n\t\t\treturn -EINVAL;\n\t\tkvm->arch.mask = cap->args[0];\n\t\treturn 0;"
SET = "static int set(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\t" + DO.replace("\n\t\t", "\n\t") + "\n}\n"


def enable(front: str, head: str = "") -> str:
    """A handler that enables A, perhaps B, in front of the switch, and C by a case that takes no argument."""
    return (
        f"{head}int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{{\n\tint i, r = -EINVAL;\n\n"
        f"\tif (cap->flags)\n\t\treturn -EINVAL;\n\t{front}\n\tswitch (cap->cap) {{\n"
        "\tcase KVM_CAP_C:\n\t\tkvm->arch.on = true;\n\t\tr = 0;\n\t\tbreak;\n\tdefault:\n\t\tbreak;\n\t}\n\treturn r;\n}\n"
    )


FRONT = {
    "a comparison": enable(f"if (cap->cap == KVM_CAP_A) {{\n\t\t{DO}\n\t}}"),
    "the constant first": enable(f"if (KVM_CAP_A == cap->cap) {{\n\t\t{DO}\n\t}}"),
    "a chain": enable(
        f"if (cap->cap == KVM_CAP_D) {{\n\t\treturn -EPERM;\n\t}} else if (cap->cap == KVM_CAP_A) {{\n\t\t{DO}\n\t}}"
    ),
    "either of two": enable(f"if (cap->cap == KVM_CAP_A || cap->cap == KVM_CAP_B) {{\n\t\t{DO}\n\t}}"),
    "a copy of the number": enable(f"u32 nr = cap->cap;\n\tif (nr == KVM_CAP_A) {{\n\t\t{DO}\n\t}}"),
    "a predicate": enable(
        f"if (is_simple(cap->cap)) {{\n\t\t{DO}\n\t}}",
        "static bool is_simple(u32 nr)\n{\n\tswitch (nr) {\n\tcase KVM_CAP_A:\n\tcase KVM_CAP_B:\n\t\treturn true;\n"
        "\t}\n\treturn false;\n}\n",
    ),
    "a predicate of the request": enable(
        f"if (is_simple(cap)) {{\n\t\t{DO}\n\t}}",
        "static bool is_simple(struct kvm_enable_cap *cap)\n{\n\treturn cap->cap == KVM_CAP_A;\n}\n",
    ),
    "a macro": enable(f"if (IS_SIMPLE(cap->cap)) {{\n\t\t{DO}\n\t}}", "#define IS_SIMPLE(n) ((n) == KVM_CAP_A)\n"),
    "a helper": enable("if (cap->cap == KVM_CAP_A)\n\t\treturn set(kvm, cap);", SET),
    "another switch": enable(f"switch (cap->cap) {{\n\tcase KVM_CAP_A:\n\t\t{DO}\n\tdefault:\n\t\tbreak;\n\t}}"),
    "a nested switch": enable(
        f"switch (cap->cap) {{\n\tcase KVM_CAP_A:\n\tcase KVM_CAP_D:\n\t\tswitch (cap->cap) {{\n\t\tcase KVM_CAP_A:\n\t\t{DO}\n"
        "\t\tdefault:\n\t\t\treturn -EPERM;\n\t\t}\n\t}"
    ),
    "a jump": enable(f"if (cap->cap != KVM_CAP_A)\n\t\tgoto others;\n\t{DO}\nothers:"),
    "a walk": enable(WALK.format("simple[i].cap == cap->cap", DO), TABLE.format("{ KVM_CAP_A, 1 },\n\t{ KVM_CAP_B, 2 },")),
    "a walk over named members": enable(
        WALK.format("cap->cap == simple[i].cap", DO), TABLE.format("{ .valid = 1, .cap = KVM_CAP_A },")
    ),
    "a walk that goes on": enable(
        f"for (i = 0; i < 2; i++) {{\n\t\tif (simple[i].cap != cap->cap)\n\t\t\tcontinue;\n\t\t{DO}\n\t}}",
        TABLE.format("{ KVM_CAP_A, 1 },"),
    ),
    "a table by index": enable(
        f"if (cap->cap < ARRAY_SIZE(simple) && simple[cap->cap]) {{\n\t\t{DO}\n\t}}",
        "static const bool simple[] = {\n\t[KVM_CAP_A] = true,\n\t[KVM_CAP_B] = true,\n};\n",
    ),
}  # fmt: skip


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {UAPI: HEADER, X86: text})], query)


@pytest.mark.parametrize("text", FRONT.values(), ids=FRONT)
def test_what_is_in_front_belongs_to_its_capabilities_alone(tmp_path: Path, text: str) -> None:
    assert _ask(tmp_path, text, "SELECT DISTINCT understood FROM handler WHERE function LIKE '%ioctl%'") == [(1,)]
    of_others = "SELECT cap FROM {} WHERE cap NOT IN ('KVM_CAP_A', 'KVM_CAP_B')"
    assert _ask(tmp_path, text, of_others.format("cap_mask")) == []
    assert _ask(tmp_path, text, of_others.format("cap_argument")) == []
    sites = _ask(
        tmp_path, text, "SELECT cap, succeeds, flags_checked FROM enable_site WHERE cap IN ('KVM_CAP_A', 'KVM_CAP_C')"
    )
    assert sorted(set(sites)) == [("KVM_CAP_A", 1, 1), ("KVM_CAP_C", 1, 1)]
    assert set(_ask(tmp_path, text, "SELECT position, validated, mask FROM cap_argument WHERE cap = 'KVM_CAP_A'")) == {
        (0, 1, "VALID")
    }


TESTS = {
    "short circuit": "if (cap->cap == KVM_CAP_A && (cap->args[0] & ~VALID))\n\t\treturn -EINVAL;",
    "negated": "if (!(cap->cap != KVM_CAP_A || !(cap->args[0] & ~VALID)))\n\t\treturn -EINVAL;",
    "a choice": "if (cap->cap == KVM_CAP_A ? cap->args[0] & ~VALID : 0)\n\t\treturn -EINVAL;",
}


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_a_condition_that_asks_for_another_capability_first(tmp_path: Path, test: str) -> None:
    assert _ask(tmp_path, enable(test), "SELECT cap, mask FROM cap_argument WHERE mask IS NOT NULL") == []


def test_all_of_a_chain_are_told_apart(tmp_path: Path) -> None:
    text = enable(
        "if (cap->cap == KVM_CAP_A) {\n\t\tif (cap->args[0] & ~1ull)\n\t\t\treturn -EINVAL;\n\t\treturn 0;\n\t} else if "
        "(cap->cap == KVM_CAP_B) {\n\t\tif (cap->args[0] & ~2ull)\n\t\t\treturn -EINVAL;\n\t\treturn 0;\n\t}"
    )
    assert _ask(tmp_path, text, "SELECT cap, mask FROM cap_argument ORDER BY cap") == [
        ("KVM_CAP_A", "1ull"),
        ("KVM_CAP_B", "2ull"),
    ]
