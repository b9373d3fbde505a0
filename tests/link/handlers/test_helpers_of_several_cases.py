"""cap_argument: a helper that serves several capabilities says of each one only what it does for that one."""

# ruff: noqa: E501 - pieces of C read best on one line
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel
from test_request_flags import FAIL, function

HEADER = "#define KVM_CAP_A 301\n#define KVM_CAP_B 302\n#define KVM_CAP_C 303\n"
WHOLE = "struct kvm *kvm, struct kvm_enable_cap *cap"
VM = f"int kvm_vm_ioctl_enable_cap({WHOLE})"
SET = f"static int set({WHOLE})"


def handler(*lines: str) -> str:
    return function(VM, "switch (cap->cap) {", "case KVM_CAP_A:", "case KVM_CAP_B:", "case KVM_CAP_C:", *lines,
                    "default:", FAIL, "}")  # fmt: skip


def rows(root: Path, text: str) -> list[tuple[Any, ...]]:
    query = """SELECT DISTINCT substr(cap, 9), position, zero, validated FROM cap_argument ORDER BY 1, 2"""
    found: list[tuple[Any, ...]] = ask([bare_kernel(root, {X86: text, UAPI: HEADER})], query)
    return found


CALL = ("\treturn set(kvm, cap);",)
STORE, DONE = "\tkvm->arch.x = cap->args[0];", "\treturn 0;"
A_AND_B = ("case KVM_CAP_A:", "\tif (cap->args[0])", f"\t{FAIL}", "\tfallthrough;", "case KVM_CAP_B:",
           "\treturn work(kvm);")  # fmt: skip
SHAPES = [
    function(SET, "switch (cap->cap) {", *A_AND_B, "case KVM_CAP_C:", STORE, DONE, "default:", FAIL, "}")
    + handler(*CALL),
    function(SET, "switch (cap->cap) {", *A_AND_B, "case KVM_CAP_C:", STORE, DONE, "}", FAIL)
    + handler("\tr = set(kvm, cap);", "\tif (r)", "\t\treturn r;", DONE),
    function(SET, "if (cap->cap == KVM_CAP_C) {", STORE, DONE, "}", "if (cap->cap == KVM_CAP_A && cap->args[0])", FAIL,
             "return work(kvm);") + handler(*CALL),
    function(SET, "if (cap->cap == KVM_CAP_A) {", "\tif (cap->args[0])", f"\t{FAIL}", "\treturn work(kvm);",
             "} else if (cap->cap == KVM_CAP_C) {", STORE, DONE, "} else {", "\treturn work(kvm);", "}")
    + handler(*CALL),
    function(SET, "switch (cap->cap) {", "case KVM_CAP_C:", STORE, "\tbreak;", *A_AND_B, "}", "return 0;")
    + function(f"static int outer({WHOLE})", "return set(kvm, cap);") + handler("\treturn outer(kvm, cap);"),
    function("static int set(struct kvm *kvm, u32 which, u64 *args)", "switch (which) {", "case KVM_CAP_A:",
             "\tif (args[0])", f"\t{FAIL}", "\tfallthrough;", "case KVM_CAP_B:", "\treturn work(kvm);", "case KVM_CAP_C:",
             "\tkvm->arch.x = args[0];", DONE, "}", FAIL) + handler("\treturn set(kvm, cap->cap, cap->args);"),
    function(SET, "switch (cap->cap) {", *A_AND_B, "case KVM_CAP_C:", STORE, DONE, "default:", FAIL, "}")
    + function(VM, "if (cap->flags)", FAIL, "return set(kvm, cap);"),
    function(SET, "u64 value = cap->args[0];", "", "switch (cap->cap) {", "case KVM_CAP_A:", "\tif (value)", f"\t{FAIL}",
             "\tfallthrough;", "case KVM_CAP_B:", "\treturn work(kvm);", "case KVM_CAP_C:", "\tkvm->arch.x = value;",
             DONE, "}", FAIL) + handler(*CALL),
]  # fmt: skip


@pytest.mark.parametrize("text", SHAPES)
def test_each_capability_has_its_own_arguments(tmp_path: Path, text: str) -> None:
    found = {(cap, zero) for cap, *_, zero, _ in rows(tmp_path, text)}
    # B takes no argument, or one on which nothing depends.
    assert found - {("B", "required")} == {("A", "required"), ("C", "accepted")}


ONE = "static int one(struct kvm *kvm, u64 v)"


@pytest.mark.parametrize(
    ("text", "zero"),
    [
        (function(ONE, "if (v)", FAIL, "return 0;") + handler("\treturn one(kvm, cap->args[0]);"), "required"),
        (function(ONE, "if (!v)", FAIL, "return 0;") + handler("\treturn one(kvm, cap->args[0]);"), "rejected"),
        (function(ONE, "return work(kvm, v);") + handler("\treturn one(kvm, cap->args[0]);"), "accepted"),
        (function(SET, "if (cap->args[0] != 0)", FAIL, "return 0;") + handler(*CALL), "required"),
        (function(SET, "if (cap->args[0] || cap->args[1])", FAIL, "return 0;") + handler(*CALL), "required"),
        (function(SET, "return cap->args[0] ? -EINVAL : work(kvm);") + handler(*CALL), "required"),
        (function(SET, "return !cap->args[0] ? work(kvm) : -EINVAL;") + handler(*CALL), "required"),
        (function(SET, "return cap->args[0] ? work(kvm) : -EINVAL;") + handler(*CALL), "rejected"),
        (handler("\treturn cap->args[0] ? -EINVAL : work(kvm);"), "required"),
        (handler("\tr = cap->args[0] ? -EINVAL : work(kvm);", "\treturn r;"), "required"),
        (function("static bool bad(u64 v)", "return v;") + handler("\tif (bad(cap->args[0]))", f"\t{FAIL}", DONE), "required"),
        (function(f"static bool bad({WHOLE})", "return cap->args[0] != 0;")
         + handler("\tif (bad(kvm, cap))", f"\t{FAIL}", DONE), "required"),
        (function("static bool good(u64 v)", "return !v;") + handler("\tif (!good(cap->args[0]))", f"\t{FAIL}", DONE), "required"),
        (handler("\tswitch (cap->args[0]) {", "\tcase 0:", "\t\treturn work(kvm);", "\tdefault:", f"\t{FAIL}", "\t}"), "required"),
        (handler("\tif (!cap->args[0])", "\t\treturn work(kvm);", FAIL), "required"),
    ],
)  # fmt: skip
def test_an_effect_of_zero_that_a_helper_decides(tmp_path: Path, text: str, zero: str) -> None:
    assert {row[2] for row in rows(tmp_path, text) if row[1] == 0} == {zero}
