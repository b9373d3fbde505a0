"""Constants of two copies of the headers that differ, by value and not by spelling."""

from __future__ import annotations

import pytest

from caplint.abi.constant_drift import constant_drifts
from caplint.abi.sources import HeaderSet, Sources, gather
from caplint.abi.unit import AbiUnit, evaluate

ROOT, ASM = "include/uapi/linux/kvm.h", "arch/x86/include/uapi/asm/kvm.h"


PRELUDE = "#include <linux/types.h>\n#include <linux/ioctl.h>\n#include <asm/kvm.h>\n#define KVMIO 0xAE\n"


def _sources(text: str, asm: str = "") -> Sources:
    files = {ROOT: f"{PRELUDE}{text}".encode(), ASM: f"{asm}\n".encode()}
    return gather(HeaderSet(ROOT, ASM), files.get)


def _drift(one: str, other: str, asm: tuple[str, str] = ("", "")) -> list[tuple[str, str]]:
    units: list[AbiUnit] = [
        evaluate(_sources(text, header), ["x86_64"])["x86_64"] for text, header in zip((one, other), asm, strict=True)
    ]
    return [(drift.subject, drift.summary) for drift in constant_drifts(*units)]


BOUNDS = "".join(
    f"#define {name} {{0}}\n" for name in ("A_MAX", "KVM_NR_A", "A_MASK", "A_VALID_MASK", "A_VALID_FIELDS")
)


DRIFTS: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "a macro": ("#define A 1\n", "#define A 2\n", [("A", "2, not 1")]),
    "an enumerator": ("enum { A, B };\n", "enum { A, X, B };\n", [("B", "2, not 1")]),
    "a macro and an enumerator": ("enum { A, B };\n", "#define B 4\n", [("B", "4, not 1")]),
    "through another": (
        "#define A B\n#define B 1\n", "#define B 2\n#define A B\n", [("A", "2, not 1"), ("B", "2, not 1")]
    ),
    "a wide one": ("#define A 0x10000\n", "#define A (1 << 17)\n", [("A", "0x20000, not 0x10000")]),
    "another spelling": ("#define A 0x10\n", "#define A (1UL << 4)\n", []),
    "a newer copy": ("#define A 1\n", "#define A 1\n#define B 2\n", []),
    "bounds": (BOUNDS.format(1), BOUNDS.format(3), []),
    "a bit that says that something is valid": (
        "#define KVM_EVENT_VALID_SMM 8\n", "#define KVM_EVENT_VALID_SMM 4\n", [("KVM_EVENT_VALID_SMM", "4, not 8")]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other", "expected"), DRIFTS.values(), ids=DRIFTS)
def test_constants_differ_by_value(one: str, other: str, expected: list[tuple[str, str]]) -> None:
    assert _drift(one, other) == expected


def test_an_architecture_may_replace_a_value() -> None:
    fallback = "#ifndef A\n#define A 0\n#endif\n"
    assert _drift(fallback, fallback, ("", "#define A 64\n")) == []
    assert _drift("", "", ("#define A 32\n", "#define A 64\n")) == [("A", "64, not 32")]


def test_no_architecture_replaces_a_number_of_a_numbering() -> None:
    one, other = "#define KVM_EXIT_A 1\n", "#define KVM_EXIT_A 2\n"
    assert _drift(one, "", ("", other)) == _drift("", other, (one, "")) == [("KVM_EXIT_A", "2, not 1")]
    assert _drift("enum a { A };\n", "", ("", "#define A 2\n")) == [("A", "2, not 0")]
