"""A QEMU that lacks a place: one line that says which, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from qemu_series import REQUESTS, written
from small_qemu import ARM, CPU, FILES, MACHINE, SHARED, STATE, X86

from caplint.util.errors import CaplintError

_OTHER = "static int kvm_vm_enable_new(void)\n{\n    return 0;\n}\n\n"
_END = "    }}\n    {};\n}}\n\nint kvm_arch_init_vcpu"
_SUPPORTED = "static int kvm_get_supported_msrs"
_CASES = {
    "no start": ("bool on arm64", ARM, "int kvm_arch_init(MachineState", "int other(MachineState",
                 "arm64 has no kvm_arch_init()"),
    "no plain return": ("mask", X86, _END.format("return 0"), _END.format("f()"),
                        "has no plain return at its end"),
    "no state": ("mask", STATE, "struct KVMState", "struct Other", "has no member in view"),
    "member taken": ("mask", STATE, "int nr_vcpus;", "int cap_new;", "has a member cap_new already"),
    "function taken": ("mask", X86, _SUPPORTED, _OTHER + _SUPPORTED, "is a function of that name"),
    "no class": ("descriptor", SHARED, "kvm_accel_class_init(ObjectClass", "other_class_init(ObjectClass",
                 "no kvm_accel_class_init()"),
    "no neighbour": ("register", X86, "    if (has_msr", "    if (1 && has_msr", "none with a flag, one member"),
    "number taken": ("register", CPU, "          0x48", "          0x4f", "MSR_SPEC_CTRL has number 0x4f"),
    "no end of a reset": ("register", CPU, "    struct {} end_reset_fields;\n", "", "does not tell what a reset keeps"),
    "state taken": ("register", CPU, "    uint64_t xss;", "    uint64_t msr_ppin;", "has a member msr_ppin already"),
    "no subsection": ("register", MACHINE, "    .needed = msr_hwcr_needed,\n", "", "has no subsection of its own"),
    "no list": ("register", MACHINE, "        &vmstate_msr_hwcr,\n", "", "is in no list of subsections"),
    "flag taken": ("register", X86, "static bool has_msr_hwcr;\n",
                   "static bool has_msr_ppin;\nstatic bool has_msr_hwcr;\n", "has a variable of that name"),
}  # fmt: skip


@pytest.mark.parametrize("case", _CASES)
def test_one_line_says_what_is_missing(tmp_path: Path, case: str) -> None:
    kind, path, old, new, words = _CASES[case]
    with pytest.raises(CaplintError) as caught:
        written(tmp_path, REQUESTS[kind], {path: (old, new)})
    said = str(caught.value)
    assert words in said
    assert "\n" not in said
    assert (tmp_path / path).read_text() == FILES[path].replace(old, new)
