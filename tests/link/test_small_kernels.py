"""Headers, build rules and Kconfig of kernels of a few lines: what one line of each decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import QEMU_UAPI, UAPI, ask, bare_kernel, bare_qemu

MAKE = "arch/x86/kvm/Makefile"


def _caps(root: Path, header: str) -> list[tuple[Any, ...]]:
    return ask([bare_kernel(root, {UAPI: header})], "SELECT name, number, condition, line FROM cap ORDER BY line")


@pytest.mark.parametrize(
    ("header", "rows"),
    [
        ("#define BASE 200\n#define KVM_CAP_A (BASE + 1)\n", [("KVM_CAP_A", 201, "1", 2)]),
        ("#define NTH(n) (10 * (n))\n#define KVM_CAP_A NTH(3)\n", [("KVM_CAP_A", 30, "1", 2)]),
        ("#define KVM_CAP_A KVM_CAP_B\n#define KVM_CAP_B 7\n", [("KVM_CAP_A", 7, "1", 1), ("KVM_CAP_B", 7, "1", 2)]),
        ("#ifdef CONFIG_A\n#define KVM_CAP_A 7\n#endif\n", [("KVM_CAP_A", 7, "CONFIG_A", 2)]),
        ("#ifdef __KERNEL__\n#define X 7\n#else\n#define KVM_CAP_A 8\n#endif\n", [("KVM_CAP_A", 8, "1", 4)]),
        ("#ifndef __KERNEL__\n#define KVM_CAP_A 8\n#endif\n", [("KVM_CAP_A", 8, "1", 2)]),
        ("#if !defined(__KERNEL__) && B\n#define KVM_CAP_A 8\n#endif\n", [("KVM_CAP_A", 8, "B", 2)]),
        ("#define KVM_CAP_A unknown\n", [("KVM_CAP_A", None, "1", 1)]),
    ],
)
def test_capabilities_of_a_header(tmp_path: Path, header: str, rows: list[tuple[Any, ...]]) -> None:
    assert _caps(tmp_path, header) == rows


def test_each_tree_reads_its_own_header(tmp_path: Path) -> None:
    trees = [
        bare_kernel(tmp_path / "kernel", {UAPI: "#define BASE 1\n#define KVM_CAP_A (BASE)\n"}),
        bare_qemu(tmp_path / "qemu", {QEMU_UAPI: "#define BASE 2\n#define KVM_CAP_A (BASE)\n"}),
    ]
    assert ask(trees, "SELECT role, number FROM cap ORDER BY 1") == [("kernel", 1), ("vmm", 2)]


@pytest.mark.parametrize(
    ("rules", "path", "condition"),
    [
        ({MAKE: "obj-$(CONFIG_A) += x.o\n"}, "arch/x86/kvm/x.c", "CONFIG_A"),
        ({MAKE: "obj-y += x.o\n"}, "arch/x86/kvm/x.c", "1"),
        ({MAKE: "obj-$(CONFIG_A) += x.o\nobj-$(CONFIG_B) += x.o\n"}, "arch/x86/kvm/x.c", "CONFIG_A || CONFIG_B"),
        ({MAKE: "obj-$(CONFIG_A) += y.o\n"}, "arch/x86/kvm/x.c", "1"),
        (
            {MAKE: "obj-$(CONFIG_A) += sub/\n", "arch/x86/kvm/sub/Makefile": "obj-$(CONFIG_B) += x.o\n"},
            "arch/x86/kvm/sub/x.c",
            "CONFIG_A && CONFIG_B",
        ),
        (
            {MAKE: "obj-$(CONFIG_A) += sub/\n", "arch/x86/kvm/sub/Makefile": "obj-y += x.o\nobj-$(CONFIG_B) += ../\n"},
            "arch/x86/kvm/sub/x.c",
            "CONFIG_A && CONFIG_B",
        ),
        (
            {MAKE: "obj-$(CONFIG_KVM) += kvm.o\nobj-$(CONFIG_A) += x.o\n"},
            "arch/x86/kvm/x.c",
            "CONFIG_A",
        ),
        (
            {MAKE: "obj-$(CONFIG_KVM_X86) += kvm.o\nkvm-y += x.o\nobj-$(CONFIG_A) += z.o\n"},
            "arch/x86/kvm/x.c",
            "1",
        ),
    ],
    ids=["one", "always", "either", "another", "directory", "circle", "beside the module", "of the module"],
)
def test_when_a_file_is_built(tmp_path: Path, rules: dict[str, str], path: str, condition: str) -> None:
    tree = bare_kernel(tmp_path, {**rules, path: "int x;\n"})
    assert ask([tree], f"SELECT condition FROM file_condition WHERE path = '{path}'") == [(condition,)]


KCONFIG = """\
config KVM
	def_bool y
{lines}
config ONE
	bool "one"
config TWO
	bool "two"
config HELPER
	bool
"""


@pytest.mark.parametrize(
    ("lines", "condition", "possible"),
    [
        ("config A\n\tbool \"a\"\n\tselect ONE", "CONFIG_A && !CONFIG_ONE", 0),
        ("config A\n\tbool \"a\"\n\tselect ONE", "!CONFIG_A && CONFIG_ONE", 1),
        ("config A\n\tbool \"a\"\n\timply ONE", "CONFIG_A && !CONFIG_ONE", 1),
        ("config A\n\tbool \"a\"\n\tselect ONE if TWO", "CONFIG_A && !CONFIG_ONE", 1),
        ("config A\n\tbool \"a\"\n\tselect ONE if TWO", "CONFIG_A && CONFIG_TWO && !CONFIG_ONE", 0),
        ("config A\n\tbool \"a\"\n\tdepends on ONE", "CONFIG_A && !CONFIG_ONE", 0),
        ("config A\n\tbool \"a\"\n\tdepends on ONE", "CONFIG_A && CONFIG_ONE && !CONFIG_TWO", 1),
        ("config A\n\tbool\n\tdefault ONE", "CONFIG_A && !CONFIG_ONE", 0),
        ("config A\n\tbool \"a\"\n\tselect HELPER", "CONFIG_HELPER && !CONFIG_A", 0),
        ("config A\n\tbool \"a\"\n\tselect HELPER", "CONFIG_HELPER && CONFIG_A", 1),
        ("config A\n\tbool \"a\"", "CONFIG_UNHEARD_OF", 1),
        ("config A\n\tbool \"a\"", "CONFIG_A && !CONFIG_A", 0),
    ],
)  # fmt: skip
def test_what_kconfig_lets_hold_at_once(tmp_path: Path, lines: str, condition: str, possible: int) -> None:
    tree = bare_kernel(tmp_path, {"arch/x86/kvm/Kconfig": KCONFIG.format(lines=lines)})
    assert ask([tree], f"SELECT consistent('x86', '{condition}'), consistent('x86', '{condition}', 'kernel')") == [
        (possible, possible)
    ]
    assert ask([tree], f"SELECT consistent(NULL, '{condition}')") == [(int(condition != "CONFIG_A && !CONFIG_A"),)]
