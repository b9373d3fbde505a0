"""compat_ioctl: which ioctls a 32-bit program passes with another argument, and what differs."""

# ruff: noqa: E501 - each shape of code is one line
from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

HEAD = "#include <linux/types.h>\n#include <linux/ioctl.h>\n#include <asm/kvm.h>\n#define KVMIO 0xAE\n"


def _found(root: Path, text: str, arch: str = "x86") -> list[tuple[object, ...]]:
    files = {UAPI: HEAD + text, f"arch/{arch}/include/uapi/asm/kvm.h": "#define __KVM_HAVE_TEA\n"}
    query = "SELECT ioctl, abi, renumbers, names, change FROM compat_ioctl ORDER BY line"
    return ask([bare_kernel(root, files)], query)


@pytest.mark.parametrize(
    ("members", "renumbers", "change"),
    [
        ("void *p;", 1, "p has 4 bytes, not 8"),
        ("__u32 n; __u8 *p;", 1, "p has 4 bytes, not 8"),
        ("unsigned long n;", 1, "n has 4 bytes, not 8"),
        ("long n[4];", 1, "n has 16 bytes, not 32"),
        ("__u32 n; __u64 v;", 1, "v begins at byte 4, not 8"),
        ("__u64 v; __u32 n;", 1, "struct kvm_tea has 12 bytes, not 16"),
        ("__u32 n; union { void *p; __u64 pad; };", 1, "p has 4 bytes, not 8"),
        ("__u64 n; union { void *p; __u64 pad; };", 0, "p has 4 bytes, not 8"),
        ("__u64 n; struct { void *p; __u32 q; } u[2];", 1, "u[].p has 4 bytes, not 8"),
        ("__u64 n; int (*f)(int);", 1, "f has 4 bytes, not 8"),
        ("__u64 n; struct kvm_cup *cup;", 1, "cup has 4 bytes, not 8"),
        ("__u64 n; struct kvm_cup cups[2];", 1, "leaves has 4 bytes, not 8"),
        ("__u64 n; struct kvm_cup cups[];", 0, "leaves has 4 bytes, not 8"),
        ("__u64 n; union { struct kvm_cup cup; __u64 pad[4]; };", 0, "leaves has 4 bytes, not 8"),
    ],
)
def test_structures_that_differ(tmp_path: Path, members: str, renumbers: int, change: str) -> None:
    text = f"struct kvm_cup {{ __u32 n; void *leaves; }};\nstruct kvm_tea {{ {members} }};\n"
    text += "#define KVM_TEA _IOW(KVMIO, 1, struct kvm_tea)\n"
    names = "[]" if renumbers else '["KVM_TEA"]'
    assert _found(tmp_path, text) == [("KVM_TEA", "i386", renumbers, names, change)]


SAUCER = "struct kvm_saucer { __u64 v; __u32 n; };\n"


@pytest.mark.parametrize(
    ("members", "renumbers", "change"),
    [
        ("__u64 n; struct kvm_saucer s;", 1, "struct kvm_tea has 20 bytes, not 24"),
        ("__u64 n; struct kvm_saucer s; __u32 m;", 1, "m begins at byte 20, not 24"),
        ("__u64 n; struct kvm_saucer s[];", 0, "struct kvm_saucer has 12 bytes, not 16"),
        ("__u64 n; union { struct kvm_saucer s[3]; __u8 pad[64]; } u;", 0, "u.s has 36 bytes, not 48"),
        ("__u64 n; struct { struct kvm_saucer s; } t[];", 0, "struct kvm_saucer has 12 bytes, not 16"),
        ("__u64 n; union { struct { struct kvm_saucer s; __u32 m; } t; __u8 pad[64]; } u;", 0, "u.t.m begins at byte 20, not 24"),
        ("__u64 n; union { struct kvm_saucer s; struct { __u32 m; __u64 v; } t; __u8 pad[64]; } u;", 0, "u.t.v begins at byte 12, not 16"),
        ("__u64 n; union { struct kvm_saucer s; };", 1, "struct kvm_tea has 20 bytes, not 24"),
        # In the tail of a larger union it is as long as the union.
        ("__u64 n; union { struct kvm_saucer s; __u8 pad[64]; } u;", None, ""),
        ("__u64 n; union { struct kvm_saucer s; __u64 pad[2]; };", None, ""),
        ("__u64 n; union { struct { __u64 v; __u32 m; } s; __u8 pad[16]; } u;", None, ""),
        ("__u64 n; union { struct { struct kvm_saucer s; } t; __u8 pad[24]; } u; __u64 m;", None, ""),
        ("struct kvm_saucer s __attribute__((aligned(8))); __u64 m;", 0, "m begins at byte 12, not 16"),
    ],
)  # fmt: skip
def test_a_structure_that_is_shorter_at_its_end(
    tmp_path: Path, members: str, renumbers: int | None, change: str
) -> None:
    text = f"{SAUCER}struct kvm_tea {{ {members} }};\n#define KVM_TEA _IOW(KVMIO, 1, struct kvm_tea)\n"
    found = [(row[2], row[4]) for row in _found(tmp_path, text)]
    assert found == ([] if renumbers is None else [(renumbers, change)])


@pytest.mark.parametrize(
    "text",
    [
        "struct kvm_tea { __u64 p; __u32 n; __u32 pad; };\n#define KVM_TEA _IOW(KVMIO, 1, struct kvm_tea)\n",
        "struct kvm_tea { __u32 n; __u32 m; __u64 v[]; };\n#define KVM_TEA _IOW(KVMIO, 1, struct kvm_tea)\n",
        "struct kvm_tea { __u32 n; __u64 v; } __attribute__((packed));\n#define KVM_TEA _IOW(KVMIO, 1, struct kvm_tea)\n",
        "struct kvm_tea { void *p; };\n#define KVM_TEA _IO(KVMIO, 1)\n",
        "struct kvm_tea { void *p; };\n#define KVM_TEA _IOW(0xAF, 1, struct kvm_tea)\n",
        "#define KVM_TEA _IOW(KVMIO, 1, struct kvm_of_another_header)\n",
        "#define KVM_TEA _IOW(KVMIO, 1, __u64)\n",
    ],
)
def test_one_layout(tmp_path: Path, text: str) -> None:
    assert _found(tmp_path, text) == []


def test_an_argument_that_is_no_structure(tmp_path: Path) -> None:
    change = "its argument has 4 bytes, not 8"
    assert _found(tmp_path, "#define KVM_TEA _IOWR(KVMIO, 1, unsigned long)\n") == [
        ("KVM_TEA", "i386", 1, "[]", change)
    ]


def test_a_name_for_the_number_of_32_bit_programs(tmp_path: Path) -> None:
    text = "#define KVM_TEA _IOWR(KVMIO, 1, unsigned long)\n#define KVM_TEA32 _IOWR(KVMIO, 1, __u32)\n"
    assert [row[3] for row in _found(tmp_path, text)] == ['["KVM_TEA32"]']


@pytest.mark.parametrize(
    ("arch", "abis"), [("powerpc", {"ppc"}), ("mips", {"mips"}), ("s390", set()), ("loongarch", set())]
)
def test_other_architectures(tmp_path: Path, arch: str, abis: set[str]) -> None:
    text = "struct kvm_tea { void *p; };\n#define KVM_TEA _IOW(KVMIO, 1, struct kvm_tea)\n"
    assert {row[1] for row in _found(tmp_path, text, arch)} == abis
