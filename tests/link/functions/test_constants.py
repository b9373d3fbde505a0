"""Values of macros: which definition a file sees, and sets of bits that are put together from them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bodies import LinkedCode, linked
from conftest import UAPI, X86

from caplint.link.functions.constants import Mask

ARM, GENERIC = "arch/arm64/kvm/arm.c", "virt/kvm/pfncache.c"
TEXT = """\
#define OWN 1
#define OF_HEADER 5
#define TWICE(x) ((x) * 2)
#define CIRCLE CIRCULAR
#define CIRCULAR CIRCLE
#define NEGATIVE (-3)
#define HIGH (1ULL << 63)
int handler(struct kvm *kvm, long ext) { return 0; }
"""
FILES = {
    ARM: "#define OWN 2\nint of_arm(void) { return 0; }\n",
    GENERIC: "int generic(void) { return 0; }\n",
    UAPI: "#define OF_HEADER 6\n#define SHARED 0x10\n#define PER_ARCH 1\n#define BOTH (SHARED | OWN)\n",
    "arch/x86/include/asm/kvm_host.h": "#define PER_ARCH 2\n#define ONLY_X86 7\n#define DOUBLE 1\n",
    "arch/x86/kvm/other.h": "#define DOUBLE 2\n#define SAME 4\n",
    "arch/x86/kvm/third.h": "#define SAME 4\n",
    "arch/arm64/include/asm/kvm_host.h": "#define PER_ARCH 3\n",
    "arch/x86/kvm/other.c": "#define OF_OTHER_FILE 8\n",
    "tools/arch/x86/include/asm/kvm_host.h": "#define ONLY_X86 70\n#define OF_TOOLS 9\n",
}


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinkedCode]:
    with linked(tmp_path_factory.mktemp("kernel"), TEXT, FILES) as found:
        yield found


@pytest.mark.parametrize(
    ("arch", "path", "expression", "value"),
    [
        # The file's own definition hides those of headers, and is not seen by another file.
        ("x86", X86, "OWN", 1), ("arm64", ARM, "OWN", 2), ("x86", X86, "OF_HEADER", 5), ("arm64", ARM, "OF_HEADER", 6),
        ("x86", X86, "OF_OTHER_FILE", None), (None, GENERIC, "OWN", None),
        # A header of the architecture hides a generic one; no other architecture sees it.
        ("x86", X86, "PER_ARCH", 2), ("arm64", ARM, "PER_ARCH", 3), ("s390", "arch/s390/kvm/a.c", "PER_ARCH", 1),
        ("arm64", ARM, "ONLY_X86", None),
        # In generic code an architecture's macro has no single value.
        (None, GENERIC, "PER_ARCH", None), (None, GENERIC, "ONLY_X86", None), ("generic", GENERIC, "SHARED", 16),
        # Headers that differ hide the value; the copies below tools/ are none of the kernel's own.
        ("x86", X86, "DOUBLE", None), ("x86", X86, "SAME", 4), ("x86", X86, "ONLY_X86", 7),
        ("x86", X86, "OF_TOOLS", None),
        # Expressions
        ("x86", X86, "TWICE(SHARED) + 1", 33), ("x86", X86, "BOTH", 17), ("arm64", ARM, "BOTH", 18),
        ("x86", X86, "HIGH", 1 << 63), ("x86", X86, "NEGATIVE", -3), ("x86", X86, "CIRCLE", None),
        ("x86", X86, "kvm->max", None), ("x86", X86, "", None), ("x86", X86, "1 / 0", None),
    ],
)  # fmt: skip
def test_value(code: LinkedCode, arch: str | None, path: str, expression: str, value: int | None) -> None:
    assert code.constants.value(arch, path, expression) == value


def test_definitions_are_those_of_the_tree_itself(code: LinkedCode) -> None:
    rows = sorted(code.constants.definitions("PER_ARCH"))
    assert [(path.split("/")[1], arch, body) for path, arch, _, body in rows] == [
        ("arm64", "arm64", "3"), ("x86", "x86", "2"), ("uapi", "generic", "1")
    ]  # fmt: skip
    assert [path for path, *_ in code.constants.definitions("ONLY_X86")] == ["arch/x86/include/asm/kvm_host.h"]
    assert code.constants.definitions("missing") == []


@pytest.mark.parametrize(
    ("expressions", "text", "value"),
    [
        (["OWN"], "OWN", 1),
        (["OWN", "SHARED"], "OWN | SHARED", 17),
        (["OWN", "OWN"], "OWN", 1),
        (["kvm->x ? SHARED : OWN"], "SHARED | OWN", 17),
        (["kvm->x ? SHARED : 0", "ONLY_X86"], "SHARED | 0 | ONLY_X86", 23),
        # A part whose value is not known, or that is an error, makes the whole unknown.
        (["OWN", "kvm->x"], "OWN | kvm->x", None),
        (["OWN", "NEGATIVE"], "OWN | NEGATIVE", None),
        (["kvm->x ? SHARED : kvm->y"], "SHARED | kvm->y", None),
        ([], "", None),
        (["0"], "0", 0),
        (["HIGH", "OWN"], "HIGH | OWN", (1 << 63) | 1),
    ],
)
def test_mask(code: LinkedCode, expressions: list[str], text: str, value: int | None) -> None:
    assert code.constants.mask(code.body("handler"), expressions) == Mask(text, value)


def test_a_nested_choice_is_left_whole(code: LinkedCode) -> None:
    """Branches of `a ? b : c ? d : e` are not told apart; the value is that of an expression which is not constant."""
    assert code.constants.mask(code.body("handler"), ["kvm->x ? OWN : kvm->y ? SHARED : 4"]).value is None
