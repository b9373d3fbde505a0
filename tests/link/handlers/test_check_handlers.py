"""cap_check: what each architecture's handlers answer, and how they are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

CHECK = "SELECT cap, arch, function, line, kind, condition, reads_vm, answer FROM cap_check ORDER BY path, line, cap"
HANDLER = "SELECT path, function, arch, verb, scope, found_by FROM handler ORDER BY path, function"
NAME = "kvm_vm_ioctl_check_extension"
HEADER = "".join(f"#define KVM_CAP_{name} {number}\n" for number, name in enumerate("ABCDE"))


def _function(*lines: str, name: str = NAME, parameters: str = "struct kvm *kvm, long ext") -> str:
    return "\n".join([f"int {name}({parameters})", "{", *(f"\t{line}" for line in lines), "}", ""])


def _switch(*lines: str) -> str:
    return _function("int r = 0;", "switch (ext) {", *lines, "}", "return r;")


def _rows(root: Path, text: str, query: str = CHECK) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {UAPI: HEADER, X86: text})], query)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (_switch("case KVM_CAP_A:", "\treturn 1;"), [("KVM_CAP_A", "x86", NAME, 5, "case", "1", 0, "1")]),
        (
            _switch("case KVM_CAP_A:", "case KVM_CAP_B:", "\tr = kvm->x;", "\tbreak;", "default:", "\tbreak;"),
            [
                ("KVM_CAP_A", "x86", NAME, 5, "case", "1", 1, "kvm->x"),
                ("KVM_CAP_B", "x86", NAME, 6, "case", "1", 1, "kvm->x"),
            ],
        ),
        (
            _switch("case KVM_CAP_A:", "\tr = 1;", "\tif (f(kvm))", "\t\tr = 2;", "\tbreak;"),
            [("KVM_CAP_A", "x86", NAME, 5, "case", "1", 1, None)],
        ),
        (
            _switch("#ifdef CONFIG_X86_64", "case KVM_CAP_A:", "\tr = 1;", "\tbreak;", "#endif"),
            [("KVM_CAP_A", "x86", NAME, 6, "case", "CONFIG_X86_64", 0, "1")],
        ),
        (
            _switch("case KVM_CAP_B ... KVM_CAP_D:", "\treturn 1;"),
            [(f"KVM_CAP_{name}", "x86", NAME, 5, "case", "1", 0, "1") for name in "BCD"],
        ),
        (
            _switch("case KVM_CAP_A: {", "\treturn 1;", "}", "case 7:", "\treturn 2;"),
            [("KVM_CAP_A", "x86", NAME, 5, "case", "1", 0, "1")],
        ),
        (
            _function("if (ext == KVM_CAP_A)", "\treturn kvm->x;", "return 0;"),
            [("KVM_CAP_A", "x86", NAME, 3, "comparison", "1", 1, "kvm->x")],
        ),
        (
            _function("return ext == KVM_CAP_A;"),
            [("KVM_CAP_A", "x86", NAME, 3, "comparison", "1", 0, "ext == KVM_CAP_A")],
        ),
        (
            _function("return ext == KVM_CAP_A;", parameters="long ext"),
            [("KVM_CAP_A", "x86", NAME, 3, "comparison", "1", None, "ext == KVM_CAP_A")],
        ),
        (_function("if (ext != KVM_CAP_A)", "\treturn 1;", "return 0;"), []),
        ("int other(long ext)\n{\n\tswitch (ext) {\n\tcase KVM_CAP_A:\n\t\treturn 1;\n\t}\n}\n", []),
        (_function("return f(KVM_CAP_A);"), []),
    ],
    ids=[
        "returned",
        "two labels",
        "two answers",
        "condition",
        "range",
        "block",
        "if",
        "return",
        "no VM is handed over",
        "other than",
        "another function",
        "mentioned only",
    ],
)
def test_what_a_handler_answers(tmp_path: Path, text: str, rows: list[Any]) -> None:
    assert _rows(tmp_path, text) == rows


HELPER = _function("switch (ext) {", "case KVM_CAP_A:", "\treturn 1;", "}", "return 0;", name="helper")


@pytest.mark.parametrize(
    "call",
    [
        ("return helper(kvm, ext);",),
        ("int r = helper(kvm, ext);", "return r;"),
        ("int r;", "r = helper(kvm, ext);", "return r;"),
        ("if (helper(kvm, ext))", "\treturn 1;", "return 0;"),
    ],
)
def test_a_helper_whose_answer_is_the_handlers_own_is_one(tmp_path: Path, call: tuple[str, ...]) -> None:
    assert _rows(tmp_path, HELPER + _function(*call), HANDLER) == [
        (X86, "helper", "x86", "check", None, "delegation"),
        (X86, NAME, "x86", "check", None, "name"),
    ]


@pytest.mark.parametrize(
    "call",
    [
        ("helper(kvm, ext);", "return 0;"),
        ("return helper(kvm, 3);",),
        ("if (helper(kvm, ext) < 0)", "\treturn 1;", "return 0;"),
        ("if (helper(kvm, ext))", "\treturn -EINVAL;", "return 0;"),
    ],
    ids=["dropped", "not handed on", "compared", "refuses"],
)
def test_any_other_function_that_is_called_is_not(tmp_path: Path, call: tuple[str, ...]) -> None:
    assert _rows(tmp_path, HELPER + _function(*call), HANDLER) == [(X86, NAME, "x86", "check", None, "name")]


CALLBACK = _function("switch (ext) {", "case KVM_CAP_A:", "\treturn 1;", "}", "return 0;", name="vz_check")


@pytest.mark.parametrize(
    "table",
    [
        "static struct ops ops = {\n\t.check_extension = vz_check,\n};\n",
        "static struct ops ops = {\n\t.check_extension = &vz_check,\n};\n",
        "void init(void)\n{\n\tops->check_extension = vz_check;\n}\n",
        "void init(void)\n{\n\tops.check_extension = vz_check;\n}\n",
    ],
)
def test_a_handler_in_a_table(tmp_path: Path, table: str) -> None:
    files = {UAPI: HEADER, "arch/mips/kvm/vz.c": CALLBACK + table, "arch/x86/kvm/vz.c": CALLBACK}
    trees = [bare_kernel(tmp_path, files)]
    assert ask(trees, HANDLER) == [("arch/mips/kvm/vz.c", "vz_check", "mips", "check", None, "table")]
    assert [row[:2] for row in ask(trees, CHECK)] == [("KVM_CAP_A", "mips")]


def test_architectures(tmp_path: Path) -> None:
    text = _switch("case KVM_CAP_A:", "\treturn 1;")
    paths = ["virt/kvm/kvm_main.c", "arch/s390/kvm/kvm-s390.c", "arch/arm/kvm/arm.c", "arch/newarch/kvm/main.c"]
    trees = [bare_kernel(tmp_path, {UAPI: HEADER, **dict.fromkeys(paths, text)})]
    assert ask(trees, "SELECT path, arch FROM cap_check ORDER BY path") == [
        ("arch/arm/kvm/arm.c", "arm64"),
        ("arch/newarch/kvm/main.c", "newarch"),
        ("arch/s390/kvm/kvm-s390.c", "s390"),
        ("virt/kvm/kvm_main.c", "generic"),
    ]


def test_only_the_kernel_has_handlers(tmp_path: Path) -> None:
    tree = bare_kernel(tmp_path, {UAPI: HEADER, "include/linux/x.h": _switch("case KVM_CAP_A:", "\treturn 1;")})
    tree.role = "reference"
    assert ask([tree], HANDLER) == []
