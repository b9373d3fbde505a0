"""Capabilities that comments of the UAPI headers name."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import HEADER, UAPI, ask, bare_kernel

COMMENTS = [
    ("/* Available with KVM_CAP_TEA */\n#define KVM_TEA _IO(KVMIO, 1)", ["KVM_CAP_TEA"]),
    ("#define KVM_TEA _IO(KVMIO, 1) // KVM_CAP_TEA, KVM_CAP_MILK", ["KVM_CAP_MILK", "KVM_CAP_TEA"]),
    ("struct kvm_tea {\n\t__u32 cups; /* with KVM_CAP_TEA */\n};", ["KVM_CAP_TEA"]),
    ("/* KVM_CAP_S390_*, KVM_CAP_X86_, KVM_CAP_XXX, KVM_CAP_xxx, KVM_CAP_FOO, KVM_CAP_<X> and KVM_CAP_ */", []),
    ("#define KVM_CAP_TEA 9\n#define KVM_MILK KVM_CAP_TEA", []),
    ('static const char *a = "KVM_CAP_TEA";', []),
]


@pytest.mark.parametrize(("text", "names"), COMMENTS)
@pytest.mark.parametrize("path", [UAPI, "arch/s390/include/uapi/asm/kvm.h"])
def test_comments(tmp_path: Path, path: str, text: str, names: list[str]) -> None:
    trees = [bare_kernel(tmp_path, {UAPI: HEADER, path: f"{HEADER}{text}\n"})]
    assert [name for (name,) in ask(trees, "SELECT cap FROM header_comment_cap ORDER BY cap")] == names


@pytest.mark.parametrize("path", ["tools/include/uapi/linux/kvm.h", "arch/x86/include/asm/kvm_host.h"])
def test_other_headers_are_not_asked(tmp_path: Path, path: str) -> None:
    trees = [bare_kernel(tmp_path, {path: "/* KVM_CAP_TEA */\n"})]
    assert ask(trees, "SELECT cap FROM header_comment_cap") == []
