"""Values of macros as code of a file and an architecture sees them, and sets of bits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked
from conftest import X86

from caplint.link.functions.constants import Mask

ARM = "arch/arm64/kvm/arm.c"
GENERIC = "virt/kvm/kvm_main.c"
FILES = {
    "include/linux/kvm_host.h": """\
#define SHARED 1
#define BOTH_HEADERS 2
#define TWICE 3
#define OWN 4
#define OF_ARCH 5
#define BIT(n) (1 << (n))
#define USES_OTHER (SHARED | BIT(4))
#define LOOP_A LOOP_B
#define LOOP_B LOOP_A
#define NEGATIVE (-1)
#define TEXT "x"
""",
    "include/linux/kvm_types.h": "#define TWICE 30\n#define BOTH_HEADERS 2\n",
    "arch/x86/include/asm/kvm_host.h": "#define OF_ARCH 50\n#define X86_ONLY 6\n",
    "arch/arm64/include/asm/kvm_host.h": "#define ARM_ONLY 7\n",
    "tools/include/linux/kvm_host.h": "#define SHARED 100\n#define TOOLS 8\n",
    ARM: "int g(void) { return ARM_ONLY; }\n",
    GENERIC: "int h(void) { return SHARED; }\n#define IN_C 9\n",
}
TEXT = "#define OWN 40\nint f(void)\n{\n\treturn OWN;\n}\n"


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, FILES) as found:
        yield found


@pytest.mark.parametrize(
    ("arch", "path", "expression", "value"),
    [
        ("x86", X86, "SHARED", 1), ("x86", X86, "BOTH_HEADERS", 2), ("x86", X86, "TWICE", None),
        ("x86", X86, "OWN", 40), ("arm64", ARM, "OWN", 4), (None, GENERIC, "OWN", 4),
        ("x86", X86, "OF_ARCH", 50), ("arm64", ARM, "OF_ARCH", 5), (None, GENERIC, "OF_ARCH", None),
        ("x86", X86, "X86_ONLY", 6), ("arm64", ARM, "X86_ONLY", None), (None, GENERIC, "X86_ONLY", None),
        ("arm64", ARM, "ARM_ONLY", 7), ("x86", X86, "TOOLS", None), ("x86", X86, "IN_C", None),
        (None, GENERIC, "IN_C", 9), ("x86", X86, "USES_OTHER", 17), ("x86", X86, "BIT(3) + 1", 9),
        ("x86", X86, "LOOP_A", None), ("x86", X86, "NEGATIVE", -1), ("x86", X86, "TEXT", None),
        ("x86", X86, "0x10", 16), ("x86", X86, "variable", None), ("x86", X86, "", None), ("x86", X86, "1 +", None),
        ("x86", X86, "9" * 5_000, None), ("x86", X86, "BIT(" * 500 + "1" + ")" * 500, None),
    ],
)  # fmt: skip
def test_value(code: LinkedCode, arch: str | None, path: str, expression: str, value: int | None) -> None:
    """The own file counts first, then headers of the architecture, then those of all; two texts are none."""
    assert code.constants.value(arch, path, expression) == value


def test_definitions(code: LinkedCode) -> None:
    found = {(path, arch, body) for path, arch, _, body in code.constants.definitions("OF_ARCH")}
    assert {body for *_, body in found} == {"5", "50"}
    assert code.constants.definitions("BIT")[0][2] == '["n"]'
    assert code.constants.definitions("MISSING") == []
    assert [body for *_, body in code.constants.definitions("SHARED")] == ["1"]


@pytest.mark.parametrize(
    ("expressions", "mask"),
    [
        (["1", "4"], Mask("1 | 4", 5)),
        (["SHARED", "BIT(3)"], Mask("SHARED | BIT(3)", 9)),
        (["4", "4"], Mask("4", 4)),
        (["a ? 1 : 2"], Mask("1 | 2", 3)),
        (["a ? SHARED : missing"], Mask("SHARED | missing", None)),
        (["a ? b : c ? 1 : 2"], Mask("a ? b : c ? 1 : 2", None)),
        (["missing"], Mask("missing", None)),
        (["NEGATIVE"], Mask("NEGATIVE", None)),
        (["~0ull"], Mask("~0ull", (1 << 64) - 1)),
        ([], Mask("", None)),
        (["0"], Mask("0", 0)),
    ],
)
def test_mask(code: LinkedCode, expressions: list[str], mask: Mask) -> None:
    assert code.constants.mask(code.body("f"), expressions) == mask
