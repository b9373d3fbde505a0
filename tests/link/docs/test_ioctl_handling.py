"""ioctl_handling: the configurations in which an ioctl that stands for a capability is carried out, in many shapes."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "#define KVM_CAP_TEA 9\n#define KVM_BREW _IO(0xAE, 1) /* Available with KVM_CAP_TEA */\n"
CHECK = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext) { if (ext == KVM_CAP_TEA) return 1; return 0; }\n"
QUERY = "SELECT arch, condition FROM ioctl_handling"
STUB = """
#ifdef CONFIG_TEA
int brew(struct kvm *kvm) { kvm->tea = 1; return 0; }
#else
static inline int brew(struct kvm *kvm) { return -ENOTTY; }
#endif
"""


def _found(root: Path, case: str, above: str = "", more: dict[str, str] | None = None) -> list[tuple[object, ...]]:
    text = f"""{CHECK}{above}
long kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{{
	int r = -ENOTTY;

	switch (ioctl) {{
	{case}
	}}
	return r;
}}
"""
    files = {UAPI: HEADER, X86: text, "arch/arm64/kvm/arm.c": CHECK, **(more or {})}
    return ask([bare_kernel(root, files)], QUERY)


@pytest.mark.parametrize(
    ("case", "condition"),
    [
        ("case KVM_BREW: r = 0; break;", "1"),
        ("\n#ifdef CONFIG_TEA\n\tcase KVM_BREW: r = 0; break;\n#endif\n", "CONFIG_TEA"),
        ("\n#ifdef __KVM_HAVE_TEA\n\tcase KVM_BREW: r = 0; break;\n#endif\n", "1"),
        (
            "\n#if defined(__KVM_HAVE_TEA) && defined(CONFIG_TEA)\n\tcase KVM_BREW: r = 0; break;\n#endif\n",
            "CONFIG_TEA",
        ),
        ("case KVM_BREW: if (!IS_ENABLED(CONFIG_TEA)) return -ENOTTY; r = 0; break;", "CONFIG_TEA"),
        ("case KVM_BREW: r = -EINVAL; if (!IS_ENABLED(CONFIG_TEA)) break; r = 0; break;", "CONFIG_TEA"),
        ("case KVM_BREW: { if (!IS_ENABLED(CONFIG_TEA)) { r = -EINVAL; goto out; } r = 0; out: break; }", "CONFIG_TEA"),
        (
            "case KVM_BREW: if (!IS_ENABLED(CONFIG_TEA) || !IS_ENABLED(CONFIG_CUP)) return -EPERM; return 0;",
            "CONFIG_CUP && CONFIG_TEA",
        ),
        ("case KVM_BREW: if (!IS_ENABLED(CONFIG_TEA)) return 0; r = 0; break;", "1"),
        ("case KVM_BREW: if (arg) { if (!IS_ENABLED(CONFIG_TEA)) return -EINVAL; } r = 0; break;", "1"),
        ("case KVM_BREW: if (!IS_ENABLED(CONFIG_TEA) && arg) return -EINVAL; r = 0; break;", "1"),
        ("case KVM_BREW: r = brew(kvm); break;", "CONFIG_TEA"),
        ("case KVM_BREW: return brew(kvm);", "CONFIG_TEA"),
        ("case KVM_BREW: if (copy_from_user(&x, y, 4)) return -EFAULT; r = brew(kvm); break;", "CONFIG_TEA"),
        ("case KVM_BREW: brew(kvm); r = 0; break;", "1"),
        ("case KVM_BREW: r = elsewhere(kvm); break;", "1"),
    ],
)
def test_cases(tmp_path: Path, case: str, condition: str) -> None:
    assert _found(tmp_path, case, STUB) == [("x86", condition)]


def test_a_function_that_only_refuses(tmp_path: Path) -> None:
    above = "static int brew(struct kvm *kvm) { return -EOPNOTSUPP; }\n"
    assert _found(tmp_path, "case KVM_BREW: r = brew(kvm); break;", above) == [("x86", "0")]


def test_shared_code_with_a_function_of_each_architecture(tmp_path: Path) -> None:
    shared = "long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)\n{\n\tswitch (ioctl) {\n"
    shared += "\tcase KVM_BREW:\n\t\treturn kvm_arch_brew(filp);\n\t}\n\treturn -ENOTTY;\n}\n"
    shared += "int __weak kvm_arch_brew(struct file *filp) { return -ENOTTY; }\n"
    own = {
        "virt/kvm/kvm_main.c": shared,
        "arch/x86/kvm/brew.c": "int kvm_arch_brew(struct file *f) { return pour(f); }\n",
    }
    assert _found(tmp_path, "", more=own) == [("arm64", "0"), ("x86", "1")]


def test_the_rule_that_builds_the_file(tmp_path: Path) -> None:
    case = "long kvm_vm_ioctl_tea(unsigned int ioctl)\n{\n\tswitch (ioctl) {\n\tcase KVM_BREW:\n\t\treturn 0;\n\t}\n}\n"
    more = {"arch/x86/kvm/tea.c": case, "arch/x86/kvm/Makefile": "kvm-$(CONFIG_TEA) += tea.o\n"}
    assert _found(tmp_path, "", more=more) == [("x86", "CONFIG_TEA")]


def test_a_handler_of_capabilities_refuses_for_reasons_of_its_own(tmp_path: Path) -> None:
    above = "static int kvm_vcpu_ioctl_enable_cap(struct kvm_vcpu *v, struct kvm_enable_cap *cap) { return -EINVAL; }\n"
    assert _found(tmp_path, "case KVM_BREW: r = kvm_vcpu_ioctl_enable_cap(vcpu, &cap); break;", above) == [("x86", "1")]
