"""State that enabling a capability stores, and whether anything reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"


def _enable(case: str, other: str = "") -> str:
    return (
        "int kvm_vm_ioctl_enable_cap(struct kvm *kvm, struct kvm_enable_cap *cap)\n{\nint r = -EINVAL;\n"
        f"switch (cap->cap) {{\ncase KVM_CAP_A: {case}\ncase KVM_CAP_B: {other} r = 0; break;\n}}\nreturn r;\n}}\n"
    )


READER = "int run(struct kvm_vcpu *vcpu) { return vcpu->kvm->arch.tea; }\n"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (_enable("kvm->arch.tea = true; r = 0; break;"), [("kvm->arch.tea", "tea", 0)]),
        (_enable("kvm->arch.tea = true; r = 0; break;") + READER, [("kvm->arch.tea", "tea", 1)]),
        # Another member, or a write, is no read; a test is one, in the handler itself too.
        (_enable("kvm->arch.tea = true; r = 0; break;") + READER.replace("tea", "cup"), [("kvm->arch.tea", "tea", 0)]),
        (_enable("kvm->arch.tea = true; r = 0; break;") + "void f(struct kvm *kvm) { kvm->arch.tea = false; }\n",
         [("kvm->arch.tea", "tea", 0)]),
        (_enable("if (kvm->arch.tea) break; kvm->arch.tea = true; r = 0; break;"), [("kvm->arch.tea", "tea", 1)]),
        # Several, in the order of the code; the last name is the member's.
        (_enable("kvm->arch.tea = 1; kvm->arch.in.cup[3] = 2; r = 0; break;"),
         [("kvm->arch.tea", "tea", 0), ("kvm->arch.in.cup[3]", "cup", 0)]),
        # A case that falls through stores what the next one does.
        (_enable("kvm->arch.tea = 1; fallthrough;", "kvm->arch.cup = 1;"),
         [("kvm->arch.tea", "tea", 0), ("kvm->arch.cup", "cup", 0)]),
        # Local variables, what is done for another capability, and cases that never succeed.
        (_enable("int local = 1; r = 0; break;"), []),
        (_enable("r = 0; break;", "kvm->arch.tea = 1;"), []),
        (_enable("kvm->arch.tea = 1; break;"), []),
    ],
)  # fmt: skip
def test_state(tmp_path: Path, text: str, rows: list[tuple[str, str, int]]) -> None:
    tree = bare_kernel(tmp_path, {UAPI: HEADER, X86: text})
    query = "SELECT target, member, read FROM cap_state WHERE cap = 'KVM_CAP_A' ORDER BY rowid"
    assert ask([tree], query) == rows
