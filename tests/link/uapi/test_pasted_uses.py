"""Names of capabilities that macros paste together, and the parts that are no names."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ask, bare_qemu

USES = [
    ("#define HAS(c) ask(KVM_CAP_##c)\nint f(void) { return HAS(HLT); }", ["KVM_CAP_HLT"]),
    ("#define HAS(c) ask(KVM_CAP_X86_ ## c)\nint f(void) { return HAS(SMM); }", ["KVM_CAP_X86_SMM"]),
    ("#define HAS(s, c) ask(s, KVM_CAP_ARM ## _ ## c)\nint f(void) { return HAS(1, SVE); }", ["KVM_CAP_ARM_SVE"]),
    ("#define HAS(a, b) ask(KVM_CAP_##a##_##b)\nint f(void) { return HAS(ARM, SVE); }", ["KVM_CAP_ARM_SVE"]),
    ("#define HAS(c) ask(KVM_CAP_X86_##c##_V2)\nint f(void) { return HAS(SMM); }", ["KVM_CAP_X86_SMM_V2"]),
    ("#define HAS(c) x_##KVM_CAP_HLT##c\n", []),
    ("#define BOTH(c) (ask(KVM_CAP_X86_##c) || ask(KVM_CAP_S390_##c))\nint f(void) { return BOTH(A); }",
     ["KVM_CAP_S390_A", "KVM_CAP_X86_A"]),
    ("#define HAS(c) ask(KVM_CAP_##c) + KVM_CAP_HLT\n", ["KVM_CAP_HLT"]),
    ("#define HAS(c) ask(KVM_CAP_HLT##c, KVM_CAP_HLT)\n", ["KVM_CAP_HLT"]),
    ("#define HAS(c) ask(KVM_CAP_HLT##c)\nint f(void) { return KVM_CAP_HLT; }", ["KVM_CAP_HLT"]),
    ("#define HAS(c) ask(#c, \"KVM_CAP_\" #c)\nint f(void) { return HAS(HLT); }", []),
    ("#define HAS(c) ask(KVM_CAP_##c)\nint f(void) { return HAS(a + 1); }", []),
]  # fmt: skip


@pytest.mark.parametrize(("code", "names"), USES)
def test_uses(tmp_path: Path, code: str, names: list[str]) -> None:
    trees = [bare_qemu(tmp_path, {"target/i386/kvm/kvm.c": f"{code}\n"})]
    assert [name for (name,) in ask(trees, "SELECT DISTINCT cap FROM cap_use ORDER BY cap")] == names
