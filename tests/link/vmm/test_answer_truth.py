"""Answers of check handlers that are positive with and without a VM, and programs that only test an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel, bare_qemu

HANDLER = """\
#define LIMIT 1024
#define OFF 0
struct kvm {{
	u32 max;
	bool on;
	u32 unset;
	u32 cleared;
}};
void create(struct kvm *kvm)
{{
	kvm->max = LIMIT;
	kvm->on = 1;
	kvm->cleared = LIMIT;
}}
void clear(struct kvm *kvm)
{{
	kvm->cleared = 0;
}}
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{{
	int r = 0;

	switch (ext) {{
	case KVM_CAP_A:
		{0}
		break;
	}}
	return r;
}}
"""
ANSWERS = {
    "count": ("r = kvm ? kvm->max : LIMIT;", True),
    "branches": ("if (kvm)\n\t\t\tr = kvm->max;\n\t\telse\n\t\t\tr = 8;", True),
    "flag": ("r = kvm ? kvm->on : 1;", False),
    "never set": ("r = kvm ? kvm->unset : LIMIT;", False),
    "cleared": ("r = kvm ? kvm->cleared : LIMIT;", False),
    "0 without a VM": ("r = kvm ? kvm->max : OFF;", False),
    "predicate": ("r = !kvm || has_tea(kvm);", False),
}


@pytest.mark.parametrize(("answer", "positive"), ANSWERS.values(), ids=ANSWERS)
def test_answers_that_are_positive_either_way(tmp_path: Path, answer: str, positive: bool) -> None:
    tree = bare_kernel(tmp_path, {X86: HANDLER.format(answer)})
    assert ask([tree], "SELECT reads_vm FROM cap_check") == [(1,)]
    assert ask([tree], "SELECT cap FROM cap_truth") == ([("KVM_CAP_A",)] if positive else [])


USES = {
    "test": ("if (kvm_check_extension(s, KVM_CAP_A))\n\t\tg();", 1),
    "comparison with 0": ("s->has = kvm_check_extension(s, KVM_CAP_A) > 0;", 1),
    "member, and its name in a message": (
        's->ready = kvm_check_extension(s, KVM_CAP_A);\n\tif (n)\n\t\tg("KVM is ready + %d");',
        1,
    ),
    "negated, and kept": ("s->ready = !kvm_check_extension(s, KVM_CAP_A);\n\tif (s->ready)\n\t\tg();", 1),
    "number": ("s->most = kvm_check_extension(s, KVM_CAP_A);\n\tif (n > s->most)\n\t\tg();", 0),
    "argument": ("int n = kvm_check_extension(s, KVM_CAP_A);\n\tg(n + 1);", 0),
}


@pytest.mark.parametrize(("line", "tested"), USES.values(), ids=USES)
def test_answers_that_are_only_tested(tmp_path: Path, line: str, tested: int) -> None:
    text = f"void f(KVMState *s, int n)\n{{\n\t{line}\n}}\n"
    tree = bare_qemu(tmp_path, {"accel/kvm/kvm-all.c": text})
    assert ask([tree], "SELECT only_tested FROM vmm_check") == [(tested,)]
