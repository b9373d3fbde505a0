"""rust-vmm's bindings: their layouts are those that their own tests state, and the kernel's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import real_trees
from editing import Row, Transform, swap
from real_trees import KERNELS, Corpus, root, shipped_rules

from caplint.abi.rust_bindings import evaluate_any
from caplint.abi.sources import ROOT, Sources
from caplint.engine.check import check
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

pytestmark = pytest.mark.corpus
corpus = real_trees.corpus
BINDINGS = "rust-kvm-bindings-0.10"
ABIS = {"x86_64": "x86_64", "arm64": "arm64", "riscv64": "riscv64"}
_SIZE = re.compile(r"::(size|align)_of::<(\w+)>\(\),\s*(\d+)usize")
_OFFSET = re.compile(r"addr_of!\(\(\*ptr\)\.(\w+)\) as usize - ptr as usize \},\s*(\d+)usize,[^;]*?stringify!\((\w+)\)")


def member(name: str, old: str, new: str) -> Transform:
    """Replace a text within the definition of a type."""

    def apply(text: str) -> str:
        match = re.search(rf"^pub (?:struct|union) {name} \{{.*?^\}}", text, re.MULTILINE | re.DOTALL)
        assert match is not None
        return text[: match.start()] + swap(old, new)(match.group()) + text[match.end() :]

    return apply


def stated(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield what the tests in the crate state: type, `size`, `align` or a member, and its number."""
    for kind, name, number in _SIZE.findall(text):
        yield name, kind, int(number)
    for member, number, name in _OFFSET.findall(text):
        yield name, f".{member.rstrip('_')}", int(number)


@pytest.mark.parametrize("directory", ABIS)
def test_layouts_are_those_that_the_tests_of_the_crate_state(directory: str) -> None:
    path = f"src/{directory}/bindings.rs"
    # Under another name, nested types are evaluated on their own.
    text = (root(BINDINGS) / path).read_text().replace("__bindgen_ty_", "__nested_")
    abi = ABIS[directory]
    unit = evaluate_any(Sources({path: text}, {("", ROOT): path}), [abi])[abi]
    computed: dict[tuple[str, str], int] = {}
    for structure in unit.structures:
        computed |= {(structure.tag, "size"): structure.size, (structure.tag, "align"): structure.alignment}
        computed |= {(structure.tag, f".{member.name.rstrip('_')}"): member.offset for member in structure.members}
    expected = {(name, kind): number for name, kind, number in stated(text) if name.startswith("kvm_")}
    assert len(expected) > 300
    # `_bitfield_1` and bindgen's padding have other names in C.
    missing = {key for key in expected if key not in computed and "bindgen" not in key[1]}
    assert missing == set()
    assert {key: computed[key] for key in expected if key in computed} == {
        key: number for key, number in expected.items() if key in computed
    }
    assert unit.unknown == []


def differences(corpus: Corpus, *trees: Tree) -> list[Row]:
    """Findings about layouts and constants in the bindings."""
    rules = [rule for rule in shipped_rules() if rule.code in {"CAP107", "CAP109", "CAP110"}]
    outcome = check(list(trees), rules, corpus.config)
    return sorted(
        (str(found.severity), found.code, found.subject, found.arch)
        for found in outcome.findings
        if found.place.path.endswith(".rs")
    )


@pytest.mark.parametrize("kernel", KERNELS)
def test_they_agree_with_the_kernel(corpus: Corpus, kernel: str) -> None:
    found = differences(corpus, corpus.tree(kernel), corpus.tree(BINDINGS))
    # They were made from Linux 6.9's headers, which have members that 6.1's lack.
    assert found == [] if kernel == "linux-6.12" else {row[:2] for row in found} == {("note", "CAP107")}


@pytest.mark.edits
@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        ("src/x86_64/bindings.rs", member("kvm_enable_cap", "    pub flags: __u32,\n", "    pub flags: __u64,\n"),
         [("error", "CAP107", "kvm_enable_cap", "x86")]),
        ("src/arm64/bindings.rs", member("kvm_vcpu_init", "[__u32; 7usize]", "[__u32; 9usize]"),
         [("error", "CAP107", "kvm_vcpu_init", "arm64")]),
        ("src/riscv64/bindings.rs", member("kvm_msi", "    pub data: __u32,\n", ""),
         [("error", "CAP107", "kvm_msi", "riscv")]),
        ("src/x86_64/bindings.rs", member("kvm_vcpu_events__bindgen_ty_4", "    pub pending: __u8,\n", ""),
         [("error", "CAP107", "kvm_vcpu_events", "x86")]),
        ("src/x86_64/bindings.rs", swap("self._bitfield_1.get(3usize, 1u8)", "self._bitfield_1.get(2usize, 1u8)"),
         [("error", "CAP107", "kvm_ioapic_state", "x86")]),
        ("src/x86_64/bindings.rs", swap("KVM_EXIT_HLT: u32 = 5;", "KVM_EXIT_HLT: u32 = 55;"),
         [("error", "CAP109", "KVM_EXIT_HLT", "x86")]),
        # The same bytes, written otherwise.
        ("src/x86_64/bindings.rs", member("kvm_enable_cap", "    pub flags: __u32,\n", "    pub flags: i32,\n"), []),
        ("src/x86_64/bindings.rs", swap("#[repr(C)]\n", "#[repr(C, align(1))]\n", 172), []),
        ("src/x86_64/bindings.rs", swap("KVM_EXIT_HLT: u32 = 5;", "KVM_EXIT_HLT: u32 = 0x5;"), []),
    ],
)  # fmt: skip
def test_edits(corpus: Corpus, path: str, change: Transform, expected: list[Row]) -> None:
    bindings = corpus.tree(BINDINGS)
    edited = OverlayTree(bindings, {path: change((root(BINDINGS) / path).read_text()).encode()})
    assert differences(corpus, corpus.tree("linux-6.12"), edited) == expected
