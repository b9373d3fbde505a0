"""Presence conditions of whole files: what the build rules of their tree say, beside KVM being built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from bodies import LinkedCode, linked
from conftest import ask, bare_kernel, bare_qemu

from caplint.c.expression import MAX_LENGTH
from caplint.link.buildconfig.file_conditions import conjoin, file_conditions

FILES = {
    "virt/kvm/Makefile.kvm": (
        "KVM ?= ../../../virt/kvm\nkvm-y := $(KVM)/kvm_main.o\nkvm-$(CONFIG_HAVE_RING) += $(KVM)/ring.o\n"
    ),
    "arch/x86/kvm/Makefile": (
        "kvm-y += x86.o sub/deep.o\nkvm-$(CONFIG_XEN) += xen.o\nkvm-$(CONFIG_A) += twice.o\n"
        "kvm-$(CONFIG_B) += twice.o\nkvm-$(CONFIG_KVM) += plain.o\nobj-$(CONFIG_KVM_X86) += kvm.o\n"
        "obj-$(CONFIG_KVM_INTEL) += vmx/\n"
    ),
    "arch/x86/kvm/vmx/Makefile": "obj-$(CONFIG_SGX) += sgx.o\nobj-y += ../both.o\n",
    "arch/s390/kvm/Makefile": "kvm-$(CONFIG_KVM_X86) += own.o\nobj-$(CONFIG_KVM) += kvm.o\n",
}
PRESENCE = [
    ("virt/kvm/kvm_main.c", "1"), ("virt/kvm/ring.c", "CONFIG_HAVE_RING"), ("arch/x86/kvm/x86.c", "1"),
    ("arch/x86/kvm/xen.c", "CONFIG_XEN"), ("arch/x86/kvm/sub/deep.c", "1"),
    ("arch/x86/kvm/vmx/sgx.c", "CONFIG_KVM_INTEL && CONFIG_SGX"), ("arch/x86/kvm/both.c", "CONFIG_KVM_INTEL"),
    ("arch/x86/kvm/twice.c", "CONFIG_A || CONFIG_B"), ("arch/x86/kvm/plain.c", "1"), ("arch/x86/kvm/lone.c", "1"),
    ("arch/s390/kvm/own.c", "CONFIG_KVM_X86"),
]  # fmt: skip
"""Path and condition; that x86's KVM is built says CONFIG_KVM_X86, and that of s390 does not."""


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    sources = {path: "" for path, _ in PRESENCE if not path.endswith("x86.c")}
    with linked(tmp_path_factory.mktemp("kernel"), "", {**FILES, **sources}) as found:
        yield found


@pytest.mark.parametrize(("path", "condition"), PRESENCE)
def test_presence_of_a_file(code: LinkedCode, path: str, condition: str) -> None:
    assert file_conditions(code.connection)["now", code.tree, path] == condition


@pytest.mark.parametrize(
    ("left", "right", "both"),
    [
        ("1", "CONFIG_A", "CONFIG_A"), ("CONFIG_A", "1", "CONFIG_A"), ("1", "1", "1"), ("0", "CONFIG_A", "0"),
        ("CONFIG_B", "CONFIG_A", "CONFIG_A && CONFIG_B"), ("CONFIG_A", "CONFIG_A", "CONFIG_A"),
        ("CONFIG_A", "!CONFIG_A", "0"),
    ],
)  # fmt: skip
def test_two_conditions_together(left: str, right: str, both: str) -> None:
    assert conjoin(left, right) == both


def test_conditions_that_are_longer_than_people_write_are_cut(tmp_path: Path) -> None:
    """The file is there under a condition that nothing is known of, and the cut is recorded once."""
    rules = "".join(f"kvm-$(CONFIG_{'X' * 90}_{at}) += many.o\n" for at in range(MAX_LENGTH // 90))
    tree = bare_kernel(tmp_path, {"arch/x86/kvm/Makefile": f"{rules}kvm-y += few.o\n", "arch/x86/kvm/many.c": ""})
    query = "SELECT condition, possible('x86', condition), certain('x86', condition) FROM file_condition"
    ((condition, possible, certain),) = ask([tree], f"{query} WHERE path LIKE '%many.c'")
    assert "CONFIG_" not in condition
    assert (possible, certain) == (1, 0)
    assert ask([tree], "SELECT path, line, reason LIKE 'conditions of one object%' FROM all_cut") == [
        ("arch/x86/kvm/Makefile", 1, 1)
    ]


def test_directories_that_have_one_another_built(tmp_path: Path) -> None:
    make = "obj-$(CONFIG_A) += ./ ./ ../kvm/ ../kvm/ a.o\n" * 50
    tree = bare_kernel(tmp_path, {"arch/x86/kvm/Makefile": make, "arch/x86/kvm/a.c": ""})
    assert ask([tree], "SELECT condition FROM file_condition WHERE path LIKE '%a.c'") == [("CONFIG_A",)]


def test_conditions_of_files_and_lines_together(tmp_path: Path) -> None:
    kernel = bare_kernel(
        tmp_path / "kernel",
        {
            "arch/x86/kvm/Makefile": "kvm-$(CONFIG_XEN) += xen.o\nobj-$(CONFIG_KVM) += kvm.o\n",
            "arch/x86/kvm/xen.c": (
                "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\tswitch (ext) {\n"
                "#ifdef CONFIG_A\n\tcase KVM_CAP_X:\n\t\treturn 1;\n#endif\n\tcase KVM_CAP_Y:\n\t\treturn 1;\n\t}\n"
                "\treturn 0;\n}\n"
                "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\n\tswitch (cap->cap) {\n"
                "\tcase KVM_CAP_Y:\n\t\treturn 0;\n\t}\n\treturn -EINVAL;\n}\n"
            ),
        },
    )
    qemu = bare_qemu(
        tmp_path / "qemu",
        {
            "target/i386/kvm/meson.build": "s.add(when: ['CONFIG_KVM', 'CONFIG_XEN_EMU'], if_true: files('xen.c'))\n",
            "target/i386/kvm/xen.c": (
                "int f(KVMState *s)\n{\n#ifdef CONFIG_B\n    kvm_vm_enable_cap(s, KVM_CAP_Y, 0);\n#endif\n"
                "    return kvm_check_extension(s, KVM_CAP_Y);\n}\n"
            ),
        },
    )
    trees = [kernel, qemu]
    assert ask(trees, "SELECT cap, condition FROM cap_check ORDER BY cap") == [
        ("KVM_CAP_X", "CONFIG_A && CONFIG_XEN"),
        ("KVM_CAP_Y", "CONFIG_XEN"),
    ]
    assert ask(trees, "SELECT condition FROM cap_enable") == [("CONFIG_XEN",)]
    assert ask(trees, "SELECT condition FROM vmm_enable") == [("CONFIG_B && CONFIG_XEN_EMU",)]
    assert ask(trees, "SELECT condition FROM vmm_check") == [("CONFIG_XEN_EMU",)]
