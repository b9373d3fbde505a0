"""Headers that are broken or mean harm: each is a reason, none hangs a run, and none reads what is not the tree's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import lay

from caplint.abi import work
from caplint.abi.sources import Place, Sources, gather
from caplint.abi.unit import Unit, evaluate
from caplint.trees.detect import directory_tree

GOOD = "struct kvm_good { int a; };\n"


def unit(text: str, **others: str) -> Unit:
    files = {"include/linux/kvm.h": text.encode()} | {f"include/linux/{k}.h": v.encode() for k, v in others.items()}
    return evaluate(gather(Place("include/linux/kvm.h", ""), files.get), ["x86_64"])["x86_64"]


WHOLE = [
    ("#include <linux/tea.h>\n", "includes <linux/tea.h>, which this tree does not hold"),
    ("#include <../../../etc/passwd>\n", "includes <../../../etc/passwd>, which this tree does not hold"),
    ('#include "/etc/passwd"\n', 'includes "/etc/passwd", which this tree does not hold'),
    ("#include <asm/kvm.h>\n", "includes <asm/kvm.h>, which this tree does not hold"),
    ('#include "kvm.h"\n', "includes nest more than 30 deep"),
    ("#error no tea\n", "#error no tea"),
    ("#pragma pack(1)\n", "#pragma pack(1) is not understood"),
    ("#if 1 / 0\n#endif\n", "Could not evaluate expression"),
    ("#if tea(1)\n#endif\n", "not understood"),
    ("struct kvm_tea {\n", "a declaration begins here and does not end"),
    ("}\n", "a bracket closes that none has opened"),
    ("struct kvm_tea ( }\n", "is not understood"),
]


@pytest.mark.parametrize(("text", "reason"), WHOLE)
def test_a_header_that_cannot_be_evaluated(text: str, reason: str) -> None:
    found = unit(text + GOOD)
    assert found.structures == []
    assert len(found.unknown) == 1
    assert reason in found.unknown[0].reason
    assert found.unknown[0].line >= 1


ONE = [
    ("struct kvm_tea { int a[-1]; };", "length is negative or enormous"),
    ("struct kvm_tea { char a[1ULL << 60]; };", "length is negative or enormous"),
    ("struct kvm_tea { char a[1 / 0]; };", "division by zero"),
    ("struct kvm_tea { char a[sizeof(struct kvm_tea)]; };", "struct kvm_tea is not declared"),
    ("struct kvm_tea { struct kvm_tea a; };", "struct kvm_tea is not declared"),
    ("struct kvm_tea { int a : 40; };", "a bit-field of 40 bits in a int"),
    ("struct kvm_tea { int a __attribute__((vector_size(16))); };", "the attribute `vector_size` is not understood"),
    ("struct kvm_tea { int a __attribute__((aligned(3))); };", "an alignment of 3 is none"),
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
    assert tree.content("include/uapi/linux/kvm.h") is not None
    assert [tree.content(f"include/uapi/linux/{name}.h") for name in ("away", "loop", "gone")] == [None, None, None]


BOMB = "#define B0 B1 B1 B1 B1\n" + "".join(f"#define B{i} {f'B{i + 1} ' * 4}\n" for i in range(1, 30)) + "B0\n"


def test_a_header_that_never_ends_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_LIMIT", 2.0)
    sources = {
        key: Sources({"linux/kvm.h": text}, {("", "linux/kvm.h"): "linux/kvm.h"})
        for key, text in (("bad", BOMB), ("good", GOOD))
    }
    with work.evaluating({key: (value, ["x86_64"]) for key, value in sources.items()}, 2) as results:
        found, complete = results()
    assert complete, "it would be the same another time"
    bad, good = (json.loads(found[key])["x86_64"] for key in ("bad", "good"))
    assert "takes longer than" in bad["unknown"][0][3]
    assert [row[0] for row in good["structures"]] == ["kvm_good"]
