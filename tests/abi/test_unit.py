"""Headers that are broken or mean harm: each is a reason, none hangs a run, and none reads what is not the tree's."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import lay
from evaluated import DOUBLED, GOOD, unit

from caplint.trees.detect import directory_tree

WHOLE = [
    ("#include <asm/kvm.h>\n", "includes <asm/kvm.h>, which this tree does not hold"),
    ('#include "kvm.h"\n', "includes nest more than 30 deep"),
    ("#error no tea\n", "#error no tea"),
    ("#pragma pack(1)\n", "#pragma pack(1) is not understood"),
    ("#if 1 / 0\n#endif\n", "Could not evaluate expression"),
    ("#if tea(1)\n#endif\n", "not understood"),
    ("struct kvm_tea {\n", "the declaration that begins here does not end"),
    ("}\n", "`}` has no matching opening bracket"),
    ("struct kvm_tea ( }\n", "is not understood"),
]


@pytest.mark.parametrize(("text", "reason"), WHOLE)
def test_a_header_that_cannot_be_evaluated(text: str, reason: str) -> None:
    found = unit(text + GOOD)
    assert found.structures == []
    assert len(found.unknown) == 1
    assert reason in found.unknown[0].reason
    assert found.unknown[0].line >= 1


FOREIGN = ["<linux/tea.h>", "<../../../etc/passwd>", '"/etc/passwd"', '"tea.h"']


@pytest.mark.parametrize("include", FOREIGN)
def test_a_header_that_the_tree_does_not_hold_costs_what_needs_it(include: str) -> None:
    found = unit(f"#include {include}\nstruct kvm_needs {{ tea_t a; }};\n{GOOD}")
    assert [structure.tag for structure in found.structures] == ["kvm_good"]
    assert [(entry.name, entry.line) for entry in found.unknown] == [(include, 1), ("struct kvm_needs", 2)]
    assert "this tree does not hold it" in found.unknown[0].reason


ONE = [
    ("struct kvm_tea { int a[-1]; };", "length is negative or enormous"),
    ("struct kvm_tea { char a[1ULL << 60]; };", "length is negative or enormous"),
    ("struct kvm_tea { char a[1 / 0]; };", "division by zero"),
    ("struct kvm_tea { char a[sizeof(struct kvm_tea)]; };", "struct kvm_tea is not declared"),
    ("struct kvm_tea { struct kvm_tea a; };", "struct kvm_tea is not declared"),
    ("struct kvm_tea { int a : 40; };", "a bit-field of 40 bits in a int"),
    ("struct kvm_tea { int a __attribute__((vector_size(16))); };", "the attribute `vector_size` is not understood"),
    ("struct kvm_tea { int a __attribute__((aligned(3))); };", "an alignment of 3 is not valid"),
    ("struct kvm_tea { int a __attribute__((aligned)); };", "`aligned` without a number"),
    ("struct kvm_tea { int a, b __attribute__((aligned(8))); };", "in a list of declarators"),
    ("struct kvm_tea { int a; } __attribute__((ms_struct));", "the attribute `ms_struct` is not understood"),
    ("struct kvm_tea { size_t a; };", "is not understood"),
    ("struct kvm_tea { _Alignas(16) int a; };", "_Alignas is not understood"),
    ("struct kvm_tea { int a" + "[1]" * 3000 + "; };", "nests too deeply"),
    ("enum kvm_tea { A = 1ULL << 40 };", "wider than an int"),
    ("struct kvm_tea { " + "struct { " * 3000 + "int a; " + "} x; " * 3000 + "};", "nests too deeply"),
]


@pytest.mark.parametrize(("text", "reason"), ONE, ids=[text[:40] for text, _ in ONE])
def test_a_declaration_without_a_layout_hides_no_other(text: str, reason: str) -> None:
    found = unit(f"{text}\n{GOOD}")
    assert [structure.tag for structure in found.structures] == ["kvm_good"]
    assert reason in found.unknown[0].reason


def test_what_holds_an_unknown_follows_from_it() -> None:
    found = unit("struct a { size_t x; };\nstruct b { struct a y; };\nstruct c { struct b z; };\n")
    assert [(entry.name, entry.follows) for entry in found.unknown] == [
        ("struct a", 0),
        ("struct b", 1),
        ("struct c", 1),
    ]


def test_functions_and_prototypes_are_passed_over() -> None:
    found = unit("static inline int f(struct kvm_x *x) { return x ? 1 : 0; }\nextern int g(int);\n" + GOOD)
    assert ([s.tag for s in found.structures], found.unknown) == (["kvm_good"], [])


def test_an_ioctl_of_a_structure_that_is_not_there_is_none() -> None:
    found = unit("#include <linux/ioctl.h>\n#define KVM_X _IOR(0xAE, 1, struct kvm_none)\n#define KVM_Y _IO(0xAE, 2)\n")
    assert [(ioctl.name, ioctl.value) for ioctl in found.ioctls] == [("KVM_Y", 0xAE02)]
    assert found.unknown == []


def test_a_link_out_of_the_tree_is_no_header(tmp_path: Path) -> None:
    lay(tmp_path, {"secret.h": "struct secret { int a; };"})
    root = lay(tmp_path / "k", {"include/uapi/linux/kvm.h": "#include <linux/away.h>\n", "virt/kvm/x.c": ""})
    (root / "include/uapi/linux/away.h").symlink_to(tmp_path / "secret.h")
    (root / "include/uapi/linux/loop.h").symlink_to("loop.h")
    tree = directory_tree(str(root))
    assert tree.read_or_none("include/uapi/linux/kvm.h") is not None
    assert [tree.read_or_none(f"include/uapi/linux/{name}.h") for name in ("away", "loop", "gone")] == [
        None,
        None,
        None,
    ]


def test_an_ioctl_without_an_end_is_given_up() -> None:
    found = unit(f"{DOUBLED}#include <linux/ioctl.h>\n#define KVM_X _IO(0xAE, B39)\n{GOOD}")
    assert [structure.tag for structure in found.structures] == ["kvm_good"]
    assert [(entry.name, entry.reason[:20]) for entry in found.unknown] == [("KVM_X", "takes more than 500,")]


def _enumeration(constants: int) -> str:
    return "enum e {\n" + "".join(f"E{at},\n" for at in range(constants)) + "};\n"


def test_time_grows_with_an_enumeration() -> None:
    def seconds(constants: int) -> float:
        begun = time.process_time()
        unit(_enumeration(constants))
        return time.process_time() - begun

    seconds(10)
    assert seconds(6_000) < 8 * max(seconds(1_500), 0.1)


STRUCTURE = "struct s{0} {{ int m; }};\n"


IOCTL = "#define I{0} _IO(1, 2)\n"


LARGE = [
    (_enumeration(12_000), "has more than 20,000 tokens", 0, 0),
    ("".join(map(STRUCTURE.format, range(4_000))), "not evaluated: declarations beyond the first 3,000", None, 0),
    ("#include <linux/ioctl.h>\n" + "".join(map(IOCTL.format, range(1_500))),
     "not evaluated: macros of ioctls beyond the first 1,000", 0, None),
    ("".join(f"struct s{at} {{\n" + "".join(f"int m{n};" for n in range(4_000))
             + "};\n" for at in range(3)), "not evaluated: structures with more than 10,000 members together", 2, 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason", "structures", "ioctls"), LARGE, ids=[row[1] for row in LARGE])
def test_what_is_left_out_is_named(text: str, reason: str, structures: int | None, ioctls: int | None) -> None:
    """None for a number that is neither none nor all."""
    found = unit(text)
    assert [row.reason for row in found.unknown] == [reason]
    for rows, expected in ((found.structures, structures), (found.ioctls, ioctls)):
        assert len(rows) == expected if expected is not None else 0 < len(rows) < 4_000
