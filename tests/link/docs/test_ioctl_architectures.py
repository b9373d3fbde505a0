"""Architectures that serve an ioctl whose case is in shared code, by what their functions for it return."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_kernel

MAIN = """\
static long kvm_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	int r;
	switch (ioctl) {
	case KVM_GET_FPU: {
		r = -ENOMEM;
		if (!buffer)
			goto out;
		r = kvm_arch_vcpu_ioctl_get_fpu(vcpu, fpu);
		if (r)
			goto out;
		break;
	}
	case KVM_RUN:
		if (kvm_arch_vcpu_ioctl_first(vcpu))
			return kvm_arch_vcpu_ioctl_run(vcpu);
		break;
	default:
		r = kvm_arch_vcpu_ioctl(filp, ioctl, arg);
	}
out:
	return r;
}
"""
HEAD = "int kvm_arch_vcpu_ioctl_get_fpu(struct kvm_vcpu *vcpu, struct kvm_fpu *fpu)\n"
BODIES = [
    ("return -EINVAL;", 0),
    ("return (-ENOTTY);", 0),
    ("if (!vcpu)\n\t\treturn -EINVAL;\n\tpr_debug(1);\n\treturn -ENOIOCTLCMD;", 0),
    ("int r = -EINVAL;\n\n\treturn r;", 0),
    ("int r;\n\n\tr = -EOPNOTSUPP;\n\tif (vcpu)\n\t\tr = -EINVAL;\n\treturn r;", 0),
    ("return not_here(vcpu);", 0),
    ("int r = not_here(vcpu);\n\n\treturn r;", 0),
    ("int r = -EINVAL;\n\n\tif (vcpu)\n\t\tr = 0;\n\treturn r;", 1),
    ("int r = -EINVAL;\n\n\tget_user(r, fpu);\n\treturn r;", 1),
    ("int r = -EINVAL;\n\n\tload(&r);\n\treturn r;", 1),
    ("int r = -EINVAL;\n\n\tr += 22;\n\treturn r;", 1),
    ("return elsewhere(vcpu);", 1),
    ("return here(vcpu);", 1),
    ("return again(vcpu);", 1),
    ("if (vcpu->arch.secret)\n\t\treturn -EINVAL;\n\tmemcpy(fpu, vcpu, 1);\n\treturn 0;", 1),
    ("fpu->fcr = vcpu->fcr;\n\treturn 0;", 1),
    ("return 0;", None),
    ("return vcpu ? -EINVAL : 0;", None),
    ("", None),
]
HELPERS = """
static int not_here(struct kvm_vcpu *vcpu)
{
	return -ENXIO;
}
static int here(struct kvm_vcpu *vcpu)
{
	return vcpu->mode;
}
static int again(struct kvm_vcpu *vcpu)
{
	return again(vcpu);
}
"""
QUERY = "SELECT arch, served FROM ioctl_architecture ORDER BY arch, ioctl"


@pytest.mark.parametrize(("body", "served"), BODIES)
def test_what_a_function_returns(tmp_path: Path, body: str, served: int | None) -> None:
    code = f"{HELPERS}{HEAD}{{\n\t{body}\n}}\n"
    trees = [bare_kernel(tmp_path, {"virt/kvm/kvm_main.c": MAIN, "arch/mips/kvm/mips.c": code})]
    assert ask(trees, QUERY) == [("mips", served)]


def test_one_build_that_serves_it_is_enough(tmp_path: Path) -> None:
    refusing, serving = (f"{HEAD}{{\n\t{body}\n}}\n" for body in ("return -EINVAL;", "load(fpu);\n\treturn 0;"))
    files = {"arch/powerpc/kvm/book3s.c": refusing, "arch/powerpc/kvm/booke.c": serving, "arch/arm64/kvm/a.c": refusing}
    trees = [bare_kernel(tmp_path, {"virt/kvm/kvm_main.c": MAIN, **files})]
    assert ask(trees, QUERY) == [("arm64", 0), ("powerpc", 1)]


def test_a_case_that_calls_several_functions_tells_nothing(tmp_path: Path) -> None:
    code = "int kvm_arch_vcpu_ioctl_run(struct kvm_vcpu *vcpu)\n{\n\treturn -EINVAL;\n}\n"
    trees = [bare_kernel(tmp_path, {"virt/kvm/kvm_main.c": MAIN, "arch/mips/kvm/mips.c": code})]
    assert ask(trees, QUERY) == []
