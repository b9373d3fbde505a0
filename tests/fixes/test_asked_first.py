"""Question to the VM around a call that enables a capability and drops the result."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Tables, bench, edited, finding

from caplint.fixes.asked_first import propose

FILE = "target/i386/kvm/kvm.c"
ENABLES = "vmm_enable(tree, path, line, column, cap, result, resolved_via, callee, scope, arch)"
ANSWERS = "cap_answer(cap, arch)"
VM = "    (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0, 1);"


def _mended(
    root: Path,
    call: str,
    above: str = "{",
    *,
    arch: str | None = "x86",
    result: str = "void",
    via: str = "direct",
    answers: tuple[str, ...] = ("x86",),
) -> str | None:
    """The lines that stand for the call."""
    callee, scope = ("kvm_vcpu_enable_cap", "vcpu") if "vcpu_enable" in call else ("kvm_vm_enable_cap", "vm")
    column = call.find(callee) + 1
    row = ("qemu", FILE, 2, column, "KVM_CAP_A", result, via, callee, scope, arch)
    tables: Tables = {ENABLES: [row], ANSWERS: [("KVM_CAP_A", answer) for answer in answers]}
    text = edited(
        propose,
        finding(2, path=FILE, tree="qemu", column=column),
        bench(root, {FILE: f"{above}\n{call}\n"}, tables, "qemu"),
    )
    return None if text is None else text.removeprefix(f"{above}\n")


@pytest.mark.parametrize(
    ("call", "question"),
    [
        (VM, "kvm_vm_check_extension(s, KVM_CAP_A)"),
        ("    (void) kvm_vm_enable_cap(KVM_STATE(ms), KVM_CAP_A, 0);",
         "kvm_vm_check_extension(KVM_STATE(ms), KVM_CAP_A)"),
        ("        (void)kvm_vm_enable_cap(s->kvm, KVM_CAP_A, 0);", "kvm_vm_check_extension(s->kvm, KVM_CAP_A)"),
        # A vCPU cannot be asked: the one VM of the process is.
        ("    (void)kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0);", "kvm_vm_check_extension(kvm_state, KVM_CAP_A)"),
    ],
)  # fmt: skip
def test_the_vm_is_asked_first(tmp_path: Path, call: str, question: str) -> None:
    space = call[: len(call) - len(call.lstrip())]
    assert _mended(tmp_path, call) == f"{space}if ({question}) {{\n    {call}\n{space}}}\n"


@pytest.mark.parametrize(
    ("above", "mended"),
    [("{", True), ("    f(s);", True), ("    }", True), ("", True), ("    /* why */", True), ("    if (s)", False),
     ("    else", False), ("    x =", False)],
)  # fmt: skip
def test_only_a_statement_of_its_own(tmp_path: Path, above: str, mended: bool) -> None:
    assert (_mended(tmp_path, VM, above) is not None) is mended


@pytest.mark.parametrize(
    "call",
    [
        "    kvm_vm_enable_cap(s, KVM_CAP_A, 0);",
        "    ret = (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0);",
        "    (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0); /* why */",
        "    (void)kvm_vm_enable_cap(s, KVM_CAP_A,",
        "    (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0), f();",
        "    (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0); f();",
        f"    (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0, {'1' * 60});",
    ],
)
def test_a_call_that_is_written_otherwise(tmp_path: Path, call: str) -> None:
    assert _mended(tmp_path, call) is None


def test_a_question_that_no_kernel_in_view_answers_would_never_enable_it(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", VM, answers=()) is None
    assert _mended(tmp_path / "b", VM, answers=("arm64",)) is None
    assert _mended(tmp_path / "c", VM, answers=("arm64",), arch=None) is not None
    assert _mended(tmp_path / "d", VM, answers=("arm64", "x86")) is not None


def test_a_result_that_counts_or_a_call_from_elsewhere(tmp_path: Path) -> None:
    assert _mended(tmp_path / "a", VM, result="checked") is None
    assert _mended(tmp_path / "b", VM, via="wrapper") is None
