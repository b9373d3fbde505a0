"""compat_case and compat_handler: the cases of compat handlers in many shapes, and handlers that are not understood."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "#define KVMIO 0xAE\n#define KVM_TEA _IOW(KVMIO, 0xe1, struct kvm_tea)\n#define KVM_CUP _IO(KVMIO, 0xe2)\n"
MAIN = "virt/kvm/kvm_main.c"
NATIVE = """
static long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_TEA:
		return kvm_tea(filp, arg);
	default:
		return kvm_arch_vm_ioctl(filp, ioctl, arg);
	}
}
"""
ARCH = "long kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg) { return -ENOTTY; }\n"
TABLE = "static const struct file_operations fops = {{\n\t.unlocked_ioctl = kvm_vm_ioctl,\n\t{}\n}};\n"
HEAD = "static long kvm_vm_compat_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)\n{\n"
REST = "\treturn kvm_vm_ioctl(filp, ioctl, arg);\n}\n"


def _asked(
    root: Path, query: str, text: str, table: str = "KVM_COMPAT(kvm_vm_compat_ioctl),"
) -> list[tuple[object, ...]]:
    files = {UAPI: HEADER, MAIN: NATIVE + text + TABLE.format(table), X86: ARCH}
    return ask([bare_kernel(root, files)], query)


def _cases(root: Path, text: str) -> list[tuple[object, ...]]:
    return _asked(root, "SELECT DISTINCT name, nr FROM compat_case ORDER BY 1, 2", text)


def _understood(root: Path, text: str) -> list[int]:
    return [row[0] for row in _asked(root, "SELECT DISTINCT understood FROM compat_handler", text)]  # type: ignore[misc]


BY_NAME = {
    "a case": HEAD + "\tswitch (ioctl) {\n\tcase KVM_TEA:\n\t\treturn 0;\n\t}\n" + REST,
    "a comparison": HEAD + "\tif (ioctl == KVM_TEA)\n\t\treturn 0;\n" + REST,
    "a negated comparison": HEAD + "\tif (ioctl != KVM_TEA)\n\t\treturn kvm_vm_ioctl(filp, ioctl, arg);\n\treturn 0;\n}\n",
    "a comparison from the other side": HEAD + "\tif (KVM_TEA == ioctl)\n\t\treturn 0;\n" + REST,
    "a ternary": HEAD + "\treturn ioctl == KVM_TEA ? tea(arg) : kvm_vm_ioctl(filp, ioctl, arg);\n}\n",
    "another name of the parameter": HEAD.replace("int ioctl", "int cmd")
    + "\tswitch (cmd) {\n\tcase KVM_TEA:\n\t\treturn 0;\n\t}\n" + REST.replace("ioctl, arg", "cmd, arg"),
    "a helper": "static long tea(struct kvm *kvm, unsigned int nr)\n{\n\tif (nr == KVM_TEA)\n\t\treturn 0;\n\treturn -ENOTTY;\n}\n"
    + HEAD + "\tif (tea(filp->private_data, ioctl) != -ENOTTY)\n\t\treturn 0;\n" + REST,
    "logged": HEAD + '\tpr_debug("%x", ioctl);\n\tif (_IOC_TYPE(ioctl) != KVMIO)\n\t\treturn -EINVAL;\n'
    "\tif (ioctl == KVM_TEA)\n\t\treturn 0;\n" + REST,
}  # fmt: skip


@pytest.mark.parametrize("text", BY_NAME.values(), ids=BY_NAME)
def test_by_name(tmp_path: Path, text: str) -> None:
    assert _cases(tmp_path, text) == [("KVM_TEA", None)]
    assert _understood(tmp_path, text) == [1]


BY_NUMBER = {
    "a macro": "#define KVM_TEA_COMPAT _IOW(KVMIO, 0xe1, struct compat_tea)\n" + HEAD
    + "\tswitch (ioctl) {\n\tcase KVM_TEA_COMPAT:\n\t\treturn 0;\n\t}\n" + REST,
    "a macro with a decimal number": "#define KVM_TEA32 _IOWR(0xAE, 225, u32)\n" + HEAD
    + "\tif (ioctl == KVM_TEA32)\n\t\treturn 0;\n" + REST,
    "a macro with an octal number": "#define KVM_TEA32 _IOWR(0xAE, 0341, u32)\n" + HEAD
    + "\tif (ioctl == KVM_TEA32)\n\t\treturn 0;\n" + REST,
    "an octal number field": HEAD + "\tswitch (_IOC_NR(ioctl)) {\n\tcase 0341:\n\t\treturn 0;\n\t}\n" + REST,
    "an expression": HEAD + "\tswitch (ioctl) {\n\tcase _IOW(KVMIO, 0xe1, struct compat_tea):\n\t\treturn 0;\n\t}\n" + REST,
    "the number field": HEAD + "\tswitch (_IOC_NR(ioctl)) {\n\tcase 0xe1:\n\t\treturn 0;\n\t}\n" + REST,
    "the number field of a name": HEAD + "\tswitch (_IOC_NR(ioctl)) {\n\tcase _IOC_NR(KVM_TEA):\n\t\treturn 0;\n\t}\n" + REST,
    "the common handler": "#define KVM_TEA32 _IOW(KVMIO, 0xe1, u32)\n" + HEAD + REST
    + NATIVE.replace("kvm_vm_ioctl", "kvm_arch_vm_ioctl").replace("KVM_TEA", "KVM_TEA32").replace("\tdefault:\n\t\treturn kvm_arch_vm_ioctl(filp, ioctl, arg);\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("text", BY_NUMBER.values(), ids=BY_NUMBER)
def test_by_number(tmp_path: Path, text: str) -> None:
    assert _cases(tmp_path, text) == [(None, 0xE1)]
    assert _understood(tmp_path, text) == [1]


NOT_UNDERSTOOD = {
    "the number is rewritten": HEAD + "\tif (_IOC_SIZE(ioctl) == 4)\n\t\tioctl = KVM_TEA;\n" + REST,
    "the number is a local": HEAD + "\tunsigned int nr = ioctl & 0xff;\n\n\tif (nr == 0xe1)\n\t\treturn 0;\n" + REST,
    "a table": HEAD
    + "\tfor (i = 0; i < 3; i++)\n\t\tif (table[i].ioctl == ioctl)\n\t\t\treturn table[i].call(arg);\n"
    + REST,
    "a table by index": HEAD + "\treturn table[ioctl & 0xff](filp, arg);\n}\n",
    "a helper that is not in view": HEAD + "\tif (!kvm_elsewhere(filp, ioctl))\n\t\treturn 0;\n" + REST,
    "a callback": HEAD + "\tif (!ops->compat(filp, ioctl))\n\t\treturn 0;\n" + REST,
    "a computed number": HEAD + "\treturn kvm_vm_ioctl(filp, ioctl | 4 << 16, arg);\n}\n",
    "a range": HEAD + "\tswitch (ioctl) {\n\tcase KVM_TEA ... KVM_CUP:\n\t\treturn 0;\n\t}\n" + REST,
    "a label that nobody defines": HEAD + "\tswitch (ioctl) {\n\tcase KVM_MILK_COMPAT:\n\t\treturn 0;\n\t}\n" + REST,
    "order": HEAD + "\tif (ioctl < KVM_TEA)\n\t\treturn 0;\n" + REST,
    "an address": HEAD + "\tkvm_vm_convert(&ioctl);\n" + REST,
}


@pytest.mark.parametrize("text", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
def test_not_understood(tmp_path: Path, text: str) -> None:
    assert _understood(tmp_path, text) == [0]
    assert _asked(tmp_path, "SELECT DISTINCT reason FROM cut", text) == [
        ("a compat handler whose ioctls are not understood",)
    ]


def test_a_table_with_the_common_handler(tmp_path: Path) -> None:
    assert _asked(tmp_path, "SELECT * FROM compat_handler", HEAD + REST, ".compat_ioctl = kvm_vm_ioctl,") == []


def test_conditions(tmp_path: Path) -> None:
    text = (
        "#ifdef CONFIG_COMPAT\n"
        + HEAD
        + "\tswitch (ioctl) {\n#ifdef CONFIG_TEA\n\tcase KVM_TEA:\n\t\treturn 0;\n#endif\n\t}\n"
    )
    query = "SELECT condition FROM compat_case"
    assert _asked(tmp_path, query, text + REST + "#endif\n") == [("CONFIG_COMPAT && CONFIG_TEA",)]


@pytest.mark.parametrize("asks", ["in_compat_syscall()", "is_compat_task()", "in_ia32_syscall()"])
def test_a_function_that_asks_for_a_32_bit_program(tmp_path: Path, asks: str) -> None:
    text = f"static bool narrow(void)\n{{\n\treturn {asks};\n}}\nlong kvm_tea(struct file *f, long a)\n{{\n\tif (narrow())\n"
    assert _cases(tmp_path, text + "\t\treturn 1;\n\treturn 0;\n}\n" + HEAD + REST) == [("KVM_TEA", None)]


def test_circles_end(tmp_path: Path) -> None:
    text = "static long b(struct file *f, unsigned int nr);\nstatic long a(struct file *f, unsigned int nr) { return b(f, nr); }\n"
    text += "static long b(struct file *f, unsigned int nr) { return a(f, nr); }\n"
    assert _understood(tmp_path, text + HEAD + "\ta(filp, ioctl);\n" + REST) == [1]
