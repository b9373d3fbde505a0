"""Handlers that have names of their own, found by the ioctls that call them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

MAIN = "virt/kvm/kvm_main.c"
ANSWER = (
    "int our_answer(struct kvm *kvm, long ext)\n{\n\tswitch (ext) {\n\tcase KVM_CAP_A:\n\t\treturn 1;\n\t}\n"
    "\treturn 0;\n}\n"
)
ENABLE = (
    "%sint our_enable(struct %s *v, struct kvm_enable_cap *cap)\n{\n\tif (cap->flags)\n\t\treturn -EINVAL;\n"
    "\tswitch (cap->cap) {\n\tcase KVM_CAP_A:\n\t\tv->a = true;\n\t\treturn 0;\n\t}\n\treturn -EINVAL;\n}\n"
)
COPY = "struct kvm_enable_cap cap;\nif (copy_from_user(&cap, argp, sizeof(cap)))\n\treturn -EFAULT;\n"


def _ioctl(name: str, *lines: str) -> str:
    return "\n".join(
        [f"static long {name}(struct file *filp, unsigned int ioctl, unsigned long arg)", "{", *lines, "}", ""]
    )


def _case(request: str, *lines: str) -> tuple[str, ...]:
    return ("switch (ioctl) {", f"case {request}: {{", *lines, "}", "default:", "\tbreak;", "}", "return r;")


@pytest.mark.parametrize(
    "lines",
    [
        _case("KVM_CHECK_EXTENSION", "r = our_answer(kvm, arg);", "break;"),
        _case("KVM_CHECK_EXTENSION", "return our_answer(NULL, arg);"),
        _case("KVM_CHECK_EXTENSION", "r = our_answer(kvm, (long)arg);", "break;"),
        _case("KVM_CHECK_EXTENSION", "if ((r = our_answer(kvm, arg)) < 0)", "r = 0;", "break;"),
        ("if (ioctl == KVM_CHECK_EXTENSION)", "\treturn our_answer(kvm, arg);", "return r;"),
        ("if (ioctl == KVM_CHECK_EXTENSION) {", "r = our_answer(kvm, arg);", "goto out;", "}", "out:", "return r;"),
        ("if (ioctl != KVM_CHECK_EXTENSION)", "\treturn -ENOTTY;", "return our_answer(kvm, arg);"),
    ],
)
def test_functions_that_answer(tmp_path: Path, lines: tuple[str, ...]) -> None:
    tree = bare_kernel(tmp_path, {MAIN: _ioctl("our_vm_fd", *lines), X86: ANSWER})
    assert ask([tree], "SELECT function, arch, cap FROM cap_check") == [("our_answer", "x86", "KVM_CAP_A")]


def test_functions_of_each_architecture_behind_a_shared_one(tmp_path: Path) -> None:
    shared = (
        ANSWER.replace("our_answer", "shared")
        .replace("CAP_A", "CAP_B")
        .replace("return 0;", "return our_answer(kvm, ext);")
    )
    lines = _case("KVM_CHECK_EXTENSION", "r = shared(kvm, arg);", "break;")
    tree = bare_kernel(tmp_path, {MAIN: shared + _ioctl("our_vm_fd", *lines), X86: ANSWER})
    found = ask([tree], "SELECT function, arch, cap FROM cap_check ORDER BY 1")
    assert found == [("our_answer", "x86", "KVM_CAP_A"), ("shared", "generic", "KVM_CAP_B")]


@pytest.mark.parametrize(
    ("name", "lines", "scope"),
    [
        ("our_vm_fd", _case("KVM_ENABLE_CAP", COPY, "r = our_enable(kvm, &cap);", "break;"), "vm"),
        ("our_fd", _case("KVM_ENABLE_CAP", COPY, "return our_enable(vcpu, &cap);"), "vcpu"),
        ("our_vcpu_fd", _case("KVM_ENABLE_CAP", COPY, "r = our_enable(v, &cap);", "break;"), "vcpu"),
        ("our_vm_fd", _case("KVM_ENABLE_CAP", "r = our_copy(kvm, argp);", "break;"), "vm"),
        (
            "our_vm_fd",
            ("if (ioctl == KVM_ENABLE_CAP) {", COPY, "return our_enable(kvm, &cap);", "}", "return r;"),
            "vm",
        ),
    ],
)
def test_functions_that_enable(tmp_path: Path, name: str, lines: tuple[str, ...], scope: str) -> None:
    copies = f"static int our_copy(struct kvm *kvm, void __user *argp)\n{{\n{COPY}return our_enable(kvm, &cap);\n}}\n"
    enable = ENABLE % ("", "kvm" if scope == "vm" else "kvm_vcpu")
    tree = bare_kernel(tmp_path, {MAIN: copies + _ioctl(name, *lines), X86: enable})
    assert ask([tree], "SELECT function, cap, scope FROM cap_enable") == [("our_enable", "KVM_CAP_A", scope)]


def test_a_helper_in_shared_code_is_no_hook_of_the_architectures(tmp_path: Path) -> None:
    helper = (
        "static int helper(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\tkvm->a = cap->args[0];\n\treturn 0;\n}\n"
    )
    shared = (
        "static int shared(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\tswitch (cap->cap) {\n"
        "\tcase KVM_CAP_B:\n\t\treturn helper(kvm, cap);\n\tdefault:\n\t\treturn our_enable(kvm, cap);\n\t}\n}\n"
    )
    lines = _case("KVM_ENABLE_CAP", COPY, "r = shared(kvm, &cap);", "break;")
    code = {MAIN: helper + shared + _ioctl("our_vm_fd", *lines), X86: ENABLE % ("", "kvm")}
    found = ask([bare_kernel(tmp_path, code)], "SELECT function, arch, found_by, understood FROM handler ORDER BY 1")
    assert found == [
        ("helper", "generic", "delegation", 1), ("our_enable", "x86", "ioctl", 1), ("shared", "generic", "ioctl", 1),
    ]  # fmt: skip
