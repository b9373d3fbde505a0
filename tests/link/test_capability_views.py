"""cap and cap_use: what headers define, and where the names stand in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import QEMU_UAPI, UAPI, X86, ask, bare_kernel, bare_qemu

from caplint.util.suggest import nearest

TOOLS = "tools/include/uapi/linux/kvm.h"
CAP = "SELECT name, number, alias, condition FROM cap ORDER BY line"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("#define KVM_CAP_A 1\n", [("KVM_CAP_A", 1, None, "1")]),
        ("#define KVM_CAP_A (0x10) /* why */\n", [("KVM_CAP_A", 16, None, "1")]),
        ("#define BASE 5\n#define KVM_CAP_A (BASE + 1)\n", [("KVM_CAP_A", 6, None, "1")]),
        (
            "#define KVM_CAP_A 1\n#define KVM_CAP_OLD KVM_CAP_A\n",
            [("KVM_CAP_A", 1, None, "1"), ("KVM_CAP_OLD", 1, "KVM_CAP_A", "1")],
        ),
        ("#define KVM_CAP_A UNKNOWN\n", [("KVM_CAP_A", None, None, "1")]),
        ("#define KVM_CAP_A(x) (x)\n#define KVM_CAP_B\n#define KVM_CAP_LAST_INFO { 0 }\n", []),
        ("#define KVM_CAPTION 3\n#undef KVM_CAP_A\n", []),
        (
            "#ifdef __KVM_HAVE_PIT\n#define KVM_CAP_A 1\n#endif\n",
            [("KVM_CAP_A", 1, None, "defined(__KVM_HAVE_PIT)")],
        ),
        ("#ifdef __KERNEL__\n#define KVM_CAP_A 1\n#else\n#define KVM_CAP_B 2\n#endif\n", [("KVM_CAP_B", 2, None, "1")]),
        ("#if 0\n#define KVM_CAP_A 1\n#endif\n", []),
    ],
)
def test_what_a_header_defines(tmp_path: Path, text: str, rows: list[Any]) -> None:
    assert ask([bare_kernel(tmp_path, {UAPI: text})], CAP) == rows


def test_every_copy_says_which_it_is(tmp_path: Path) -> None:
    line = "\n#define KVM_CAP_A 1 /* note */\n"
    trees = [
        bare_kernel(
            tmp_path / "k",
            {UAPI: line, TOOLS: line, "arch/s390/include/uapi/asm/kvm.h": line, "include/linux/kvm_host.h": line},
        ),
        bare_qemu(tmp_path / "q", {QEMU_UAPI: line, "linux-headers/asm-x86/kvm.h": line}),
    ]
    query = "SELECT tree, role, path, line, column, header, arch, comment FROM cap ORDER BY tree, path"
    assert ask(trees, query) == [
        ("kernel", "kernel", "arch/s390/include/uapi/asm/kvm.h", 2, 9, "uapi", "s390", "note"),
        ("kernel", "kernel", UAPI, 2, 9, "uapi", "generic", "note"),
        ("kernel", "kernel", TOOLS, 2, 9, "copy", "generic", "note"),
        ("qemu", "vmm", "linux-headers/asm-x86/kvm.h", 2, 9, "vmm", "x86", "note"),
        ("qemu", "vmm", QEMU_UAPI, 2, 9, "vmm", None, "note"),
    ]


def test_where_names_stand_in_code(tmp_path: Path) -> None:
    code = (
        "/* KVM_CAP_A */\n#if 0\nint off = KVM_CAP_A;\n#endif\n"
        'void f(int x)\n{\n\tg(KVM_CAP_A, "KVM_CAP_A");\n\tswitch (x) {\n\tcase KVM_CAP_B: ;\n\t}\n}\n'
    )
    trees = [bare_kernel(tmp_path, {UAPI: "#define KVM_CAP_A 1\n", X86: code})]
    assert ask(trees, "SELECT path, line, cap, arch, kind FROM cap_use ORDER BY line") == [
        (X86, 7, "KVM_CAP_A", "x86", "argument"),
        (X86, 9, "KVM_CAP_B", "x86", "case"),
    ]


CAPS = ["KVM_CAP_SPLIT_IRQCHIP", "KVM_CAP_IRQCHIP", "KVM_CAP_BINARY_STATS_FD", "KVM_CAP_SPAPR_MULTITCE", "KVM_CAP_HLT"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KVM_CAP_IRQCHIP_SPLIT", "KVM_CAP_SPLIT_IRQCHIP"),
        ("KVM_CAP_STATS_BINARY_FD", "KVM_CAP_BINARY_STATS_FD"),
        ("KVM_CAP_PPC_MULTITCE", "KVM_CAP_SPAPR_MULTITCE"),
        ("KVM_CAP_IRQCIHP", "KVM_CAP_IRQCHIP"),
        ("KVM_CAP_HLT", "KVM_CAP_HLT"),
    ],
)
def test_what_a_misspelt_name_means(name: str, meant: str | None) -> None:
    assert nearest(name, CAPS) == meant


def test_nothing_close() -> None:
    assert nearest("KVM_CAP_HLT", []) is None
    assert nearest("Q", ["KVM_CAP_HLT"]) is None
