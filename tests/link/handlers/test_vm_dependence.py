"""cap_check: whether an answer depends on the VM, and capabilities however a handler names them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)"
HEADER = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n#define KVM_CAP_C 3\n"


def _function(head: str, *lines: str) -> str:
    return "\n".join([head, "{", *(f"\t{line}" for line in lines), "}", ""])


def _handler(*lines: str, above: tuple[str, ...] = (), below: tuple[str, ...] = ("return r;",)) -> str:
    return _function(CHECK, "int r = 0;", *above, "switch (ext) {", "case KVM_CAP_A:", *lines, "}", *below)


def _helper(*lines: str, parameters: str = "struct kvm *vm") -> str:
    return _function(f"static int helper({parameters})", *lines)


def _ask(root: Path, text: str, query: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {UAPI: HEADER, X86: text})], query)


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        (_handler("r = kvm->x;", "break;"), 1),
        (_handler("return kvm != NULL;"), 1),
        (_handler("if (kvm)", "\tr = 1;", "break;"), 1),
        (_handler("r = ask(kvm);", "break;"), 1),
        (_handler("r = kvmx;", "break;"), 0),
        (_handler("r = has;", "break;", above=("bool has = kvm->x;",)), 1),
        (_handler("r = has;", "break;", above=("bool has = other;",)), 0),
        (_handler("r = other;", "break;", above=("bool has = kvm->x;",)), 0),
        (_handler("r = has;", "break;", "case KVM_CAP_B:", "has = kvm->x;", "break;"), 0),
        (_handler("r = has;", "break;", above=("vm.has = kvm->x;",)), 0),
        (_helper("return 1;") + _handler("r = helper(kvm);", "break;"), 0),
        (_helper("return 1;") + _handler("r = helper(kvm) + kvm->x;", "break;"), 1),
        (_helper("return 1;") + _handler("r = helper(kvm->parent);", "break;"), 1),
        (_helper("return use(vm);") + _handler("r = helper(kvm);", "break;"), 1),
        (_helper("return a;", parameters="int a, struct kvm *vm") + _handler("r = helper(1, kvm);", "break;"), 0),
        (_helper("return a;", parameters="int a, struct kvm *vm") + _handler("r = helper(kvm, 1);", "break;"), 1),
        (_helper("return 1;") + _handler("r = helper((kvm));", "break;"), 0),
        (_helper("return 1;") + _handler("r = helper((kvm)) + (kvm->x);", "break;"), 1),
        (_helper("return 1;") + _handler("r = helper(kvm) + helper(kvm->x);", "break;"), 1),
        (_helper("return a;", parameters="int a, struct kvm *vm") + _handler("r = helper(f(1), kvm);", "break;"), 0),
        (_helper("return a;", parameters="struct kvm *vm, int a") + _handler("r = helper(kvm, kvm->x);", "break;"), 1),
        (_helper("return 1;", parameters="void") + _handler("r = helper(kvm);", "break;"), 1),
        ("#define helper(vm) 1\n" + _handler("r = helper(kvm);", "break;"), 1),
    ],
)
def test_whether_an_answer_reads_the_vm(tmp_path: Path, text: str, reads: int) -> None:
    assert _ask(tmp_path, text, "SELECT reads_vm FROM cap_check WHERE cap = 'KVM_CAP_A'") == [(reads,)]


@pytest.mark.parametrize(
    ("lines", "rows"),
    [
        (("switch (ext) {", "case KVM_CAP_A:", "case (KVM_CAP_B):", "\treturn 1;", "}"),
         [("KVM_CAP_A", "case", 4), ("KVM_CAP_B", "case", 5)]),
        (("switch (ext) {", "case KVM_CAP_A ... KVM_CAP_C:", "\treturn 1;", "}"),
         [("KVM_CAP_A", "case", 4), ("KVM_CAP_B", "case", 4), ("KVM_CAP_C", "case", 4)]),
        (("switch (ext) {", "case KVM_CAP_B ... KVM_CAP_C:", "\treturn 1;", "}"),
         [("KVM_CAP_B", "case", 4), ("KVM_CAP_C", "case", 4)]),
        (("switch (ext) {", "case KVM_CAP_A ... KVM_CAP_UNKNOWN:", "\treturn 1;", "}"),
         [("KVM_CAP_A", "case", 4), ("KVM_CAP_UNKNOWN", "case", 4)]),
        (("switch (ext) {", "case OTHER:", "\treturn 1;", "}"), []),
        (("if (ext == KVM_CAP_A)", "\treturn 1;", "return 0;"), [("KVM_CAP_A", "comparison", 3)]),
        (("return ext == KVM_CAP_A || ext == KVM_CAP_B;",),
         [("KVM_CAP_A", "comparison", 3), ("KVM_CAP_B", "comparison", 3)]),
        (("if (ext != KVM_CAP_A)", "\treturn 0;", "return 1;"), [("KVM_CAP_A", "comparison", 3)]),
        (("if (ext == OTHER)", "\treturn 1;"), []),
        (("x = ext == KVM_CAP_A;",), []),
    ],
)  # fmt: skip
def test_how_a_handler_names_a_capability(tmp_path: Path, lines: tuple[str, ...], rows: list[Any]) -> None:
    found = _ask(tmp_path, _function(CHECK, *lines), "SELECT cap, kind, line FROM cap_check ORDER BY cap")
    assert found == rows
