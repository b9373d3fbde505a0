"""Capabilities that each architecture answers: its own handler's, and the generic one's unless that decides first."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, X86, ask, bare_kernel

HEADER = "".join(f"#define KVM_CAP_{name} {number}\n" for number, name in enumerate("ABCD"))
GENERIC = "virt/kvm/kvm_main.c"
ARM = "arch/arm64/kvm/arm.c"


def _handler(name: str, *cases: str) -> str:
    return f"int {name}(struct kvm *kvm, long ext)\n{{\nswitch (ext) {{\n{chr(10).join(cases)}\n}}\nreturn 0;\n}}\n"


def _own(*cases: str) -> str:
    return _handler("kvm_vm_ioctl_check_extension", *cases)


def _generic(*cases: str) -> str:
    text = _handler("kvm_vm_ioctl_check_extension_generic", *cases)
    return text.replace("}\nreturn 0;", "}\nreturn kvm_vm_ioctl_check_extension(kvm, ext);")


YES, NO = "case KVM_CAP_A: return 1;", "case KVM_CAP_A: return 0;"


@pytest.mark.parametrize(
    ("files", "rows"),
    [
        ({X86: _own(YES)}, [("x86", "1", X86)]),
        ({X86: _own(YES), ARM: _own(YES)}, [("arm64", "1", ARM), ("x86", "1", X86)]),
        ({X86: _own(NO), ARM: _own(YES)}, [("arm64", "1", ARM)]),
        # The generic handler answers for each architecture that has one.
        ({X86: _own(), ARM: _own(), GENERIC: _generic(YES)}, [("arm64", "1", GENERIC), ("x86", "1", GENERIC)]),
        ({X86: _own(YES), GENERIC: _generic("")}, [("x86", "1", X86)]),
        # Where the generic handler answers 0, an architecture is not asked; under a condition, only without it.
        ({X86: _own(YES), GENERIC: _generic(NO)}, []),
        ({X86: _own(YES), GENERIC: _generic(f"#ifdef CONFIG_TEA\n{NO}\n#endif")}, [("x86", "!CONFIG_TEA", X86)]),
        ({X86: _own(f"#ifdef CONFIG_CUP\n{YES}\n#endif"), GENERIC: _generic(f"#ifdef CONFIG_TEA\n{NO}\n#endif")},
         [("x86", "CONFIG_CUP && !CONFIG_TEA", X86)]),
        ({X86: _own(YES), GENERIC: _generic("case KVM_CAP_B: return 0;")}, [("x86", "1", X86)]),
        ({X86: _own(f"#ifdef CONFIG_TEA\n{YES}\n#endif")}, [("x86", "CONFIG_TEA", X86)]),
    ],
)  # fmt: skip
def test_answers(tmp_path: Path, files: dict[str, str], rows: list[tuple[str, str, str]]) -> None:
    tree = bare_kernel(tmp_path, {UAPI: HEADER, **files})
    query = "SELECT arch, condition, path FROM cap_answer WHERE cap = 'KVM_CAP_A' ORDER BY arch, path"
    assert ask([tree], query) == rows


def test_what_kconfig_rules_out_is_not_answered(tmp_path: Path) -> None:
    """The architecture that selects the symbol answers; one that cannot have it does not."""
    kconfig = "config HAVE_KVM_TEA\n\tbool\n"
    files = {
        UAPI: HEADER,
        X86: _own(),
        ARM: _own(),
        GENERIC: _generic(f"#ifdef CONFIG_HAVE_KVM_TEA\n{YES}\n#endif"),
        "virt/kvm/Kconfig": kconfig,
        "arch/x86/kvm/Kconfig": 'source "virt/kvm/Kconfig"\nconfig KVM\n\tbool "KVM"\n\tselect HAVE_KVM_TEA\n',
        "arch/arm64/kvm/Kconfig": 'source "virt/kvm/Kconfig"\nconfig KVM\n\tbool "KVM"\n',
    }
    assert ask([bare_kernel(tmp_path, files)], "SELECT arch FROM cap_answer") == [("x86",)]
