"""Lists of MSRs behind the two index lists: by their names, or by the functions that get their elements."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import X86, ask, bare_kernel

INDEX = "arch/x86/include/asm/msr-index.h"
NUMBERED = "#define MSR_TEA 0x10\n#define MSR_CUP 0x11\n#define MSR_POT 0x12\n"
ALL = "MSR_TEA, MSR_CUP, MSR_POT"
SAVED, EMULATED, FEATURES = (0, 0), (0, 1), (1, 0)


def _list(name: str, elements: str = ALL) -> str:
    return f"static const u32 {name}[] = {{\n\t{elements}\n}};\n"


def _walk(name: str, statement: str) -> str:
    head = "static void kvm_init_msr_lists(void)\n{\n\tunsigned int i;\n\n"
    return f"{head}\tfor (i = 0; i < ARRAY_SIZE({name}); i++)\n\t\t{statement}\n}}\n"


@pytest.mark.parametrize(
    ("code", "role"),
    [
        (_list("msrs_to_save_base"), SAVED),
        (_list("msrs_to_save"), SAVED),
        (_list("emulated_msrs_all"), EMULATED),
        (_list("emulated_msrs"), EMULATED),
        (_list("msr_based_features"), FEATURES),
        (_list("drinks") + _walk("drinks", "kvm_probe_msr_to_save(drinks[i]);"), SAVED),
        (_list("drinks") + _walk("drinks", "if (rdmsr_safe(drinks[i], &low, &high) < 0)\n\t\t\tcontinue;"), SAVED),
        (
            _list("drinks") + _walk("drinks", "if (!kvm_x86_ops->has_emulated_msr(drinks[i]))\n\t\t\tcontinue;"),
            EMULATED,
        ),
        (
            _list("drinks") + _walk("drinks", "if (!kvm_x86_call(has_emulated_msr)(NULL, drinks[i]))\n\t\t\tcontinue;"),
            EMULATED,
        ),
        (_list("drinks") + _walk("drinks", "kvm_probe_feature_msr(drinks[i]);"), FEATURES),
        (_list("drinks"), None),
        (_list("drinks") + _walk("drinks", "pour(drinks[i]);"), None),
        (_list("drinks") + _walk("drinks", "kvm_probe_msr_to_save(other_drinks[i]);"), None),
        (_list("drinks", "MSR_TEA, MSR_CUP, LEMON") + _walk("drinks", "kvm_probe_msr_to_save(drinks[i]);"), None),
        (_list("drinks", "MSR_TEA, MSR_CUP") + _walk("drinks", "kvm_probe_msr_to_save(drinks[i]);"), None),
    ],
)
def test_lists(tmp_path: Path, code: str, role: tuple[int, int] | None) -> None:
    tree = bare_kernel(tmp_path, {INDEX: NUMBERED, X86: code})
    found = ask([tree], "SELECT msr, feature, by_vendor FROM msr_saved ORDER BY number")
    assert found == ([(name, *role) for name in ALL.split(", ")] if role else [])
