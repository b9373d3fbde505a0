"""denied_enable: shared code that enables what no check handler answers, and what may refuse it there."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

MAIN = "virt/kvm/kvm_main.c"
ARM = "arch/arm64/kvm/arm.c"
ANSWERS = """\
int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_%s:
		return 1;
	default:
		return 0;
	}
}
"""
SHARED = """\
%s
static int kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)
{
	switch (arg) {
	case KVM_CAP_Z:
		return 1;
	default:
		return kvm_vm_ioctl_check_extension(kvm, arg);
	}
}

static int kvm_vm_ioctl_enable_cap_generic(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	int r = -EINVAL;

	switch (cap->cap) {
	case KVM_CAP_A:
		%s
	default:
		return kvm_vm_ioctl_enable_cap(kvm, cap);
	}
	return r;
}
"""
HELPER = """\
static int ring(struct kvm *kvm, u32 size)
{
	%s
	mutex_lock(&kvm->lock);
	kvm->ring = size;
	mutex_unlock(&kvm->lock);
	return 0;
}
static int other(struct kvm *kvm)
{
	kvm->other = 1;
	return kvm->other;
}
"""


def denied(root: Path, case: str, test: str = "", shared: str = SHARED) -> list[str]:
    files = {
        MAIN: shared % (HELPER % test, case), X86: ANSWERS % "A", ARM: ANSWERS % "B",
        "arch/arm64/include/uapi/asm/kvm.h": "#define ROOM 64\n#define NO_ROOM 0\n",
        "arch/x86/include/uapi/asm/kvm.h": "#define ROOM 1\n",
    }  # fmt: skip
    return [
        arch for (arch,) in ask([bare_kernel(root, files)], "SELECT arch FROM denied_enable WHERE cap = 'KVM_CAP_A'")
    ]


SET = "kvm->ring = cap->args[0];\n\t\treturn 0;"


@pytest.mark.parametrize(
    ("case", "test"),
    [
        (SET, ""),
        (f"if (cap->flags || cap->args[0] > 7)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (kvm->created_vcpus)\n\t\t\treturn -EBUSY;\n\t\t{SET}", ""),
        ("if (kvm->own)\n\t\t\treturn -EBUSY;\n\t\tkvm->own = 1;\n\t\treturn 0;", ""),
        (f"if (!ROOM)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        ("kvm->ring = cap->args[0];\n\t\tr = 0;\n\t\tbreak;", ""),
        ("return ring(kvm, cap->args[0]);", "if (!size || size & (size - 1))\n\t\treturn -EINVAL;"),
        ("r = ring(kvm, cap->args[0]);\n\t\treturn r;", "if (kvm->ring)\n\t\treturn -EINVAL;"),
        ("u64 size = cap->args[0];\n\t\tif (size > 3)\n\t\t\treturn -EINVAL;\n\t\treturn ring(kvm, size);", ""),
    ],
)
def test_nothing_refuses_it(tmp_path: Path, case: str, test: str) -> None:
    assert denied(tmp_path, case, test) == ["arm64"]


@pytest.mark.parametrize(
    ("case", "test"),
    [
        (f"if (!kvm_vm_ioctl_check_extension_generic(kvm, cap->cap))\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"r = kvm_vm_ioctl_check_extension(kvm, cap->cap);\n\t\tif (r <= 0)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (!kvm_arch_has_ring(kvm))\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (cap->flags || !kvm->arch.ring)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (!IS_ENABLED(CONFIG_X86))\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (cap->flags && IS_ENABLED(CONFIG_X86))\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (NO_ROOM == 0)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (!UNKNOWN_ROOM)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        (f"if (!kvm->ring)\n\t\t\treturn -EINVAL;\n\t\t{SET}", ""),
        ("return kvm_arch_enable_ring(kvm);", ""),
        ("return kvm_arch_enable_ring(kvm, cap->args[0]);", ""),
        ("r = kvm_arch_enable_ring(kvm);\n\t\treturn r;", ""),
        ("r = kvm_arch_enable_ring(kvm);\n\t\tbreak;", ""),
        ("return kvm->ops->ring(kvm);", ""),
        ("return other(kvm) + 0;", ""),
        (f"return kvm->has_ring ? 0 : -EINVAL;\n\t\t{SET}", ""),
        ("if (kvm->ring_possible)\n\t\t\tr = 0;\n\t\treturn r;", ""),
        ("return -EINVAL;", ""),
        ("return ring(kvm, cap->args[0]);", "if (kvm->arch.protected)\n\t\treturn -EINVAL;"),
        ("return ring(kvm, cap->args[0]);", "if (!kvm_ring_is_there)\n\t\treturn -EINVAL;"),
        ("return ring(kvm, cap->args[0]);", "switch (kvm->arch.kind) {\n\tcase 1:\n\t\treturn -EINVAL;\n\t}"),
    ],
)
def test_what_may_refuse_it(tmp_path: Path, case: str, test: str) -> None:
    assert denied(tmp_path, case, test) == []


def test_a_test_in_front_of_the_switch(tmp_path: Path) -> None:
    shared = SHARED.replace("\tswitch (cap->cap) {", "\tif (!kvm->arch.ready)\n\t\treturn r;\n\tswitch (cap->cap) {")
    assert denied(tmp_path, SET, shared=shared) == []


def test_a_test_behind_the_switch(tmp_path: Path) -> None:
    shared = SHARED.replace("\treturn r;\n}", "\tif (!kvm->arch.ready)\n\t\treturn -EINVAL;\n\treturn r;\n}")
    assert denied(tmp_path, "r = 0;\n\t\tbreak;", shared=shared) == []


def test_state_that_other_code_sets(tmp_path: Path) -> None:
    shared = SHARED + "\nvoid kvm_arch_init(struct kvm *kvm)\n{\n\tkvm->ring = 1;\n}\n"
    assert denied(tmp_path, f"if (kvm->ring)\n\t\t\treturn -EBUSY;\n\t\t{SET}", shared=shared) == []
