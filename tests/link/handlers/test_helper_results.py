"""Answers of a handler, and whether it accepts, where a helper sets the result and returns it in a variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel
from test_request_flags import VM, function

HEADER = "#define KVM_CAP_A 301\n"
CHECKS = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
HAS = "static int has(struct kvm *kvm)"
SET = "static int set(struct kvm *kvm, u64 v)"
E = "-EINVAL"


@pytest.mark.parametrize(
    ("lines", "negative"),
    [
        (("int r;", "if (!kvm)", f"\tr = {E};", "else", "\tr = kvm->x;", "return r;"), "1"),
        ((f"int r = {E};", "if (kvm)", "\tr = kvm->x;", "return r;"), "1"),
        (("if (!kvm)", f"\treturn {E};", "return kvm->x;"), "1"),
        ((f"return kvm ? kvm->x : {E};",), "1"),
        ((f"int r = kvm ? kvm->x : {E};", "return r;"), "1"),
        ((f"int r = kvm->y ? 1 : kvm->z ? 2 : {E};", "", "return r;"), "1"),
        (
            (
                "int r = 0;",
                "switch (kvm->x) {",
                "case 1:",
                f"\tr = {E};",
                "\tbreak;",
                "case 2:",
                "\tr = 1;",
                "\tbreak;",
                "}",
                "return r;",
            ),
            "1",
        ),
        ((f"int r = {E};", "#ifdef CONFIG_T", "r = 1;", "#endif", "return r;"), "1"),
        ((f"int r = {E};", "", "r = kvm->x;", "return r;"), "0"),
        (
            (f"int r = {E};", "if (kvm)", "\tr = 1;", "else", "\tr = 0;", "return r;"),
            "0",
        ),
        ((f"int r = {E};", "if (kvm) {", "\tr = 1;", "\treturn r;", "}", "r = 0;", "return r;"), "0"),
        ((f"int r = {E};", "fill(kvm, &r);", "return r;"), "0"),
        (("int r = 0;", "r |= kvm->x;", "return r;"), "0"),
        ((f"int r = {E};", "if (kvm)", "\tgoto out;", "r = 1;", "out:", "return r;"), "0"),
        ((f"int other = {E};", "int r = kvm->x;", "return r;"), "0"),
        (("return 1;",), "0"),
    ],
)
def test_an_errno_that_a_helper_sets(tmp_path: Path, lines: tuple[str, ...], negative: str) -> None:
    for index, served in enumerate((("r = has(kvm);", "break;"), ("return has(kvm);",))):
        answers = function(CHECKS, "int r = 0;", "switch (ext) {", "case KVM_CAP_A:", *served, "}", "return r;")
        tree = bare_kernel(tmp_path / str(index), {X86: function(HAS, *lines) + answers, UAPI: HEADER})
        assert ask([tree], "SELECT negative_condition FROM check_site") == [(negative,)]


@pytest.mark.parametrize(
    ("lines", "guarded"),
    [
        (("int r;", "", "r = 0;", "if (v)", "\tkvm->x |= 1;", "else", "\tkvm->x &= ~1;", "return r;"), 0),
        (("kvm->x = v;", "return 0;"), 0),
        (("int r = 0;", "kvm->x = v;", "return r;"), 0),
        (("if (v)", "\treturn 0;", "kvm->x = v;", "return 0;"), 0),
        (("int r = -EINVAL;", "if (kvm->ready)", "\tr = 0;", "return r;"), 1),
        (("if (kvm->ready)", "\treturn -EINVAL;", "return 0;"), 1),
        (("return other(kvm, v);",), 1),
        (("int r = other(kvm, v);", "return r;"), 1),
        (("int r = 0;", "if (other(kvm))", "\tr = -EBUSY;", "return r;"), 1),
        (("return kvm->ready ? 0 : -EINVAL;",), 1),
    ],
)
def test_a_helper_that_never_refuses(tmp_path: Path, lines: tuple[str, ...], guarded: int) -> None:
    case = ("r = set(kvm, cap->args[0]);", "break;")
    behind = ("if (!r)", "\tr = sane(kvm);", "return r;")
    enables = function(VM, "int r;", "if (cap->flags)", "\treturn -EINVAL;", "switch (cap->cap) {", "case KVM_CAP_A:",
                       *case, "default:", "\tr = -EINVAL;", "}", *behind)  # fmt: skip
    tree = bare_kernel(tmp_path, {X86: function(SET, *lines) + enables, UAPI: HEADER})
    assert ask([tree], "SELECT guarded FROM enable_site") == [(guarded,)]


def test_a_helper_that_is_a_macro_or_missing_may_refuse(tmp_path: Path) -> None:
    for index, text in enumerate(("#define set(k, v) ((k)->ready ? 0 : -EINVAL)\n", "")):
        enables = function(
            VM, "switch (cap->cap) {", "case KVM_CAP_A:", "\treturn set(kvm, cap->args[0]);", "}", "return -EINVAL;"
        )
        tree = bare_kernel(tmp_path / str(index), {X86: text + enables, UAPI: HEADER})
        assert ask([tree], "SELECT guarded FROM enable_site") == [(1,)]
