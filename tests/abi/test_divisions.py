"""Members that a header has moved: whether they divide their bytes as before, and the name of a missing one."""

from __future__ import annotations

import pytest

from caplint.abi.drift import drifts
from caplint.abi.sources import HeaderSet, gather
from caplint.abi.unit import AbiUnit, evaluate

HEAD = "#include <linux/types.h>\n#include <linux/ioctl.h>\n"
IOCTL = "#define KVM_STATE _IOW(0xAE, 1, struct kvm_state)\n"
VMX = "struct vmx { __u64 on; __u64 cs; };\n"


def unit(text: str) -> AbiUnit:
    files = {"include/linux/kvm.h": f"{HEAD}{text}{IOCTL}".encode()}
    return evaluate(gather(HeaderSet("include/linux/kvm.h", ""), files.get), ["x86_64"])["x86_64"]


def state(members: str, before: str = VMX) -> str:
    return f"{before}struct kvm_state {{ __u16 flags; __u16 format; __u32 size; {members} }};\n"


OLD = "union { struct vmx vmx; __u8 pad[120]; };"
HDR = "struct vmx_hdr { __u64 on; __u64 cs12; __u32 flags; __u32 pad; __u64 deadline; };\n"
SVM = "struct svm { __u64 pa; };\n"
PAIRS = {
    "into a named union": (OLD, "union { struct vmx vmx; __u8 pad[120]; } hdr;", VMX, "compatible"),
    "into a union with another structure that begins alike": (
        OLD,
        "union { struct vmx_hdr vmx; struct svm svm; __u8 pad[120]; } hdr;",
        HDR + SVM,
        "compatible",
    ),
    "divided otherwise": (
        OLD,
        "union { struct vmx_hdr vmx; __u8 pad[120]; } hdr;",
        HDR.replace("__u64 on;", "__u32 on; __u32 more;"),
        "break",
    ),
    "behind another member": (
        OLD,
        "union { struct { __u64 x; struct vmx vmx; } v; __u8 pad[120]; } hdr;",
        VMX,
        "break",
    ),
    "in place of others": ("__u64 a; __u64 b;", "__u32 c; __u32 d; __u64 b;", VMX, "break"),
}


@pytest.mark.parametrize(("old", "new", "before", "verdict"), PAIRS.values(), ids=PAIRS)
def test_members_that_have_moved(old: str, new: str, before: str, verdict: str) -> None:
    older, newer = unit(state(old)), unit(state(new, before))
    for one, other in ((older, newer), (newer, older)):
        found = [drift.verdict for drift in drifts(one, other) if drift.subject == "kvm_state"]
        assert found in ([verdict], [] if verdict == "compatible" else [verdict])


MISSING = {
    "whole member": ("struct { __u64 esr; __u64 flags; } arm_sea;", "lacks arm_sea"),
    "part of a member": ("union { struct { __u64 esr; } sea; __u64 word[4]; } exit;", "lacks exit.sea"),
    "array of structures": ("struct { __u64 a; } entries[2];", "lacks entries"),
}


@pytest.mark.parametrize(("members", "text"), MISSING.values(), ids=MISSING)
def test_a_missing_member_is_named_as_a_whole(members: str, text: str) -> None:
    shared = "union { __u64 word[4]; } exit;" if "exit" in members else ""
    union = f"union {{ {members} __u8 padding[64]; }};" if not shared else members
    kernel, vmm = unit(state(union)), unit(state(shared or "union { __u8 padding[64]; };"))
    (drift,) = [drift for drift in drifts(kernel, vmm) if drift.subject == "kvm_state"]
    assert (drift.verdict, drift.changes) == ("compatible", (text,))


REGROUPED = {
    "also in a group": (
        "union { __u64 a; __u64 w[2]; };",
        "union { struct { __u64 a; __u64 b; } g; __u64 w[2]; __u64 a; };",
        "g",
    ),
    "another member of one name": (
        "union { struct { __u32 t; __u64 w[2]; } x; struct { __u32 u; __u64 flags; } y; };",
        "union { struct { __u32 t; union { __u64 flags; __u64 w[2]; }; } x; struct { __u32 u; __u64 flags; } y; };",
        "x.flags",
    ),
    "a member of one name outside": (
        "__u64 a; union { __u64 w[2]; struct { __u64 flags; } y; };",
        "__u64 a; union { __u64 w[2]; struct { __u64 flags; } y; struct { __u64 flags; } z; };",
        "z",
    ),
}


@pytest.mark.parametrize(("old", "new", "name"), REGROUPED.values(), ids=REGROUPED)
def test_a_further_member_is_named(old: str, new: str, name: str) -> None:
    older, newer = unit(state(old)), unit(state(new))
    for one, other, text in ((older, newer, "has also"), (newer, older, "lacks")):
        (drift,) = [drift for drift in drifts(one, other) if drift.subject == "kvm_state"]
        assert (drift.verdict, drift.changes) == ("compatible", (f"{text} {name}",))
