"""Constants of numberings as rows: of which headers, how often, and which are other names on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

X86 = "arch/x86/include/uapi/asm/kvm.h"
ARM64 = "arch/arm64/include/uapi/asm/kvm.h"
INCLUDE = "#include <asm/kvm.h>\n"


def _rows(root: Path, columns: str, text: str, **others: str) -> list[tuple[object, ...]]:
    files = {UAPI: INCLUDE + text, X86: "", ARM64: "", **others}
    return ask([bare_kernel(root, files)], f"SELECT {columns} FROM numbered_constant ORDER BY path, line, name, number")


def test_a_constant_of_the_generic_header_has_one_row(tmp_path: Path) -> None:
    rows = _rows(tmp_path, 'arch, abis, line, "column", name, number, numbering', "#define KVM_EXIT_TEA 4\n")
    assert rows == [("", "", 2, 9, "KVM_EXIT_TEA", 4, "exit reasons")]


def test_constants_of_architectures_know_their_abis(tmp_path: Path) -> None:
    text = "#ifdef __i386__\n#define KVM_X86_TEA_VM 1\n#else\n#define KVM_X86_TEA_VM 2\n#endif\n"
    rows = _rows(tmp_path, "arch, abis, number", "", **{X86: text, ARM64: "#define KVM_ARM_TARGET_TEA 3\n"})
    assert rows == [("arm64", "arm64, arm64be", 3), ("x86", "x86_64, i386", 1), ("x86", "x86_64, i386", 2)]


def test_the_copy_in_tools_has_none(tmp_path: Path) -> None:
    copies = {"tools/include/uapi/linux/kvm.h": INCLUDE + "#define KVM_EXIT_TEA 4\n"}
    assert _rows(tmp_path, "name", "", **copies) == []


def test_numbers_beyond_64_bits_with_a_sign_are_exact(tmp_path: Path) -> None:
    rows = _rows(tmp_path, "number", "#define KVM_EXIT_TEA 0xffffffffffffffffULL\n")
    assert rows == [(str(2**64 - 1),)]
    values = "SELECT DISTINCT name, value, alias, enum FROM uapi_constant"
    files = {UAPI: f"{INCLUDE}#define KVM_TEA (~0ULL)\nenum pot {{ KVM_POT }};\n", X86: ""}
    assert ask([bare_kernel(tmp_path / "views", files)], values) == [
        ("KVM_POT", 0, None, "pot"), ("KVM_TEA", str(2**64 - 1), None, None)
    ]  # fmt: skip


ALIASES = [
    ("#define KVM_EXIT_POT KVM_EXIT_TEA", 1),
    ("#define KVM_EXIT_POT (KVM_EXIT_TEA)", 1),
    ("#define KVM_EXIT_POT 4 /* an alias */", 1),
    ("#define KVM_EXIT_POT 4 // same as KVM_EXIT_TEA", 1),
    ("/* Deprecated */\n#define KVM_EXIT_POT 4", 1),
    ("#define KVM_EXIT_POT 4", 0),
    ("#define KVM_EXIT_POT 4 /* of tea */", 0),
    ("#define KVM_EXIT_POT (KVM_EXIT_TEA + 0)", 0),
    ("/* Deprecated */\n\n#define KVM_EXIT_POT 4", 0),
]


@pytest.mark.parametrize(("text", "alias"), ALIASES)
def test_other_names_on_purpose(tmp_path: Path, text: str, alias: int) -> None:
    rows = _rows(tmp_path, "name, alias", f"#define KVM_EXIT_TEA 4\n\n{text}\n")
    assert rows == [("KVM_EXIT_TEA", 0), ("KVM_EXIT_POT", alias)]
