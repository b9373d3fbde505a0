"""vmm_asked: capabilities whose answers decide whether control reaches an ioctl."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

HEAD = "#define KVM_SET_A _IOW(KVMIO, 0x99, int)\nstatic int has_a;\nstatic int init(KVMState *s)\n{\n\t%s\n}\n"
FLAG = "has_a = kvm_check_extension(s, KVM_CAP_A);\n\treturn 0;"
PUT = "kvm_vcpu_ioctl(cs, KVM_SET_A, 1);"
# What asks, what the function f does, what stands behind it, and how the ioctl is asked for.
CODE = {
    "not at all": (FLAG, PUT, "", []),
    "a flag": (FLAG, f"if (has_a) {PUT}", "", ["guard"]),
    "a flag, returning early": (FLAG, f"if (!has_a) return;\n\t{PUT}", "", ["guard"]),
    "a flag in a function": (FLAG, f"if (a_is_there()) {PUT}", "int a_is_there(void) { return has_a; }\n", ["guard"]),
    "one way of two": (FLAG, f"if (has_a || other) {PUT}", "", ["guard"]),
    "a conditional expression": (FLAG, "return has_a ? kvm_vcpu_ioctl(cs, KVM_SET_A, 1) : 0;", "", ["guard"]),
    "the only caller": (FLAG, PUT, "void g(void *cs) { if (has_a) f(cs); }\n", ["guard"]),
    "one of two callers": (FLAG, PUT, "void g(void *cs) { if (has_a) f(cs); }\nvoid h(void *cs) { f(cs); }\n", []),
    "both callers": (
        FLAG, PUT,
        "void g(void *cs) { if (has_a) f(cs); }\nvoid h(void *cs) { if (!has_a) return; f(cs); }\n", ["guard"],
    ),
    "a macro that may hide it": (FLAG, f"if (kvm_has_it()) {PUT}", "", ["unknown"]),
    "required": (
        "if (!kvm_check_extension(s, KVM_CAP_A)) {\n\t\terror_report(\"no\");\n\t\treturn -1;\n\t}\n\treturn 0;",
        PUT, "", ["required"],
    ),
    "itself": (FLAG, f"{PUT}\n\tf(cs);", "", []),
}  # fmt: skip


@pytest.mark.parametrize(("init", "code", "behind", "ways"), CODE.values(), ids=CODE)
def test_a_way_to_an_ioctl(tmp_path: Path, init: str, code: str, behind: str, ways: list[str]) -> None:
    text = HEAD % init + f"int f(void *cs)\n{{\n\t{code}\n}}\n" + behind
    tree = bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": text})
    assert ask([tree], "SELECT way FROM vmm_asked ORDER BY way") == [(way,) for way in ways]
