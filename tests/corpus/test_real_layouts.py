"""Layouts and ioctl numbers of the real headers, held against compilers for every ABI, and against a stored account."""

from __future__ import annotations

import json
import re
import tarfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from compilers import COMPILERS, Compiler, compiler
from real_trees import ACCOUNT, root, stated

from caplint.abi import preprocess
from caplint.abi.abis import abi_named, abis_of
from caplint.abi.opaque_lines import Thin
from caplint.abi.sources import HeaderSet, gather
from caplint.abi.types import StructMember
from caplint.abi.unit import AbiUnit, Structure, evaluate
from caplint.trees.detect import directory_tree

pytestmark = pytest.mark.corpus

TREES = ("linux-6.12", "qemu-10.0", "linux-6.1", "qemu-7.2")
# The kernel whose other headers stand in for the system's where a VMM's copy lacks them.
SYSTEM = "linux-6.12"


def place(tree: str, word: str) -> HeaderSet:
    """Where a tree keeps KVM's headers of an architecture."""
    if tree.startswith("linux"):
        return HeaderSet("include/uapi/linux/kvm.h", f"arch/{word}/include/uapi/asm/kvm.h")
    return HeaderSet("linux-headers/linux/kvm.h", f"linux-headers/asm-{word}/kvm.h")


def word_of(abi: str) -> str:
    return "arm" if abi == "arm" else abi_named(abi).arch


@cache
def unit(tree: str, abi: str) -> AbiUnit:
    """What caplint makes of a tree's headers; the test is skipped where they have no such architecture."""
    where = place(tree, word_of(abi))
    if not (root(tree) / where.asm).is_file():
        pytest.skip(f"{tree} has no KVM for {word_of(abi)}")
    return evaluate(gather(where, directory_tree(str(root(tree))).read_or_none), [abi])[abi]


@pytest.fixture
def options(tree: str, abi: str, tmp_path: Path) -> list[str]:
    """Compiler options under which `#include <linux/kvm.h>` finds the tree's, and the real system headers behind it."""
    word = word_of(abi)
    system = root(SYSTEM)
    generated = tmp_path / "generated"
    for name in ("compiler", "compiler_types"):  # headers_install removes what includes them
        _write(generated / f"linux/{name}.h", "")
    for file in (system / "include/uapi/asm-generic").glob("*.h"):  # as Kbuild's generic-y does
        if not (system / f"arch/{word}/include/uapi/asm/{file.name}").exists():
            _write(generated / f"asm/{file.name}", f"#include <asm-generic/{file.name}>\n")
    paths = []
    if tree.startswith("qemu"):
        link = tmp_path / "copy"
        link.mkdir()
        (link / "asm").symlink_to(root(tree) / f"linux-headers/asm-{word}")
        paths = [link, root(tree) / "linux-headers"]
    elif tree != SYSTEM:
        paths = [root(tree) / f"arch/{word}/include/uapi", root(tree) / "include/uapi"]
    paths += [system / f"arch/{word}/include/uapi", system / "include/uapi", generated]
    return ["-nostdinc", "-D__user=", "-D__EXPORTED_HEADERS__", *(part for path in paths for part in ("-I", str(path)))]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


PRELUDE = "#include <linux/kvm.h>"
OLDER = [("clang", abi) for abi in ("x86_64", "i386", "s390x")]
CASES = [(tree, *pair) for tree in TREES for pair in (COMPILERS if tree in TREES[:2] else OLDER)]
each = pytest.mark.parametrize(("tree", "name", "abi"), CASES, ids=["-".join(case) for case in CASES])


@each
def test_every_structure_is_laid_out_as_a_compiler_does(
    tree: str, name: str, abi: str, options: list[str], tmp_path: Path
) -> None:
    ours = unit(tree, abi)
    cc = compiler(name, abi)
    assert ours.unknown == []
    assert {s.tag for s in ours.structures} >= _declared(cc, options)
    questions: list[tuple[str, int]] = []
    for structure in ours.structures:
        tag = f"{structure.kind} {structure.tag}"
        questions += [(f"sizeof({tag})", structure.size), (f"_Alignof({tag})", structure.alignment)]
        for member in structure.members:
            questions += _questions(tag, member)
    answers = cc.constants(PRELUDE, [text for text, _ in questions], tmp_path, options)
    assert [(text, answer) for (text, _), answer in zip(questions, answers, strict=True)] == questions
    assert len(questions) > 700


def _questions(tag: str, member: StructMember) -> list[tuple[str, int]]:
    if member.bits is not None:
        return []
    path = member.name.replace("[]", "[0]")
    found = [(f"__builtin_offsetof({tag}, {path})", member.offset)]
    if not member.type.endswith("[]"):
        found.append((f"sizeof((({tag} *)0)->{path})", member.size))
    return found


def _declared(cc: Compiler, options: list[str]) -> set[str]:
    """Tags of the structures that KVM's own headers define, as the compiler's preprocessor shows them."""
    found: set[str] = set()
    header = ""
    for line in cc.preprocessed(PRELUDE, options).splitlines():
        if marker := re.match(r'# \d+ "([^"]*)"', line):
            header = marker.group(1)
        elif header.endswith("/kvm.h"):
            found |= set(re.findall(r"\b(?:struct|union)\s+(\w+)\s*\{", line))
    return found


@each
def test_every_bit_field_lies_where_a_compiler_puts_it(
    tree: str, name: str, abi: str, options: list[str], tmp_path: Path
) -> None:
    fields = [(s, member) for s in unit(tree, abi).structures for member in s.members if member.bits is not None]
    if not fields:
        pytest.skip("no bit-fields")
    lines = [
        f"const {s.kind} {s.tag} field_{index} = {{ .{member.name.replace('[]', '[0]')} = -1 }};"
        for index, (s, member) in enumerate(fields)
    ]
    cc = compiler(name, abi)
    data = cc.object_of("\n".join([PRELUDE, *lines]), tmp_path, options)
    for index, (s, member) in enumerate(fields):
        assert _set_bits(data[f"field_{index}"], little=cc.little) == _positions(member), (s.tag, member.name)


def _positions(member: StructMember) -> list[int]:
    assert member.bit_offset is not None
    assert member.bits is not None
    return list(range(member.bit_offset, member.bit_offset + member.bits))


def _set_bits(data: bytes, *, little: bool) -> list[int]:
    """Positions of the bits that are 1, in the order of the ABI."""
    return [
        8 * index + bit
        for index, byte in enumerate(data)
        for bit in range(8)
        if byte & (1 << bit if little else 0x80 >> bit)
    ]


@each
def test_every_ioctl_has_the_number_that_a_compiler_computes(
    tree: str, name: str, abi: str, options: list[str], tmp_path: Path
) -> None:
    ours = unit(tree, abi)
    cc = compiler(name, abi)
    macros = dict(
        re.findall(r"^#define (\w*KVM_\w+)[ \t]+(\S.*)$", cc.preprocessed(PRELUDE, [*options, "-dM"]), re.MULTILINE)
    )
    numbers = {name for name, body in macros.items() if re.match(r"_IO[RW]*\(", body)}
    names = sorted(numbers | {name for name, body in macros.items() if body in numbers})
    refused = cc.refused("\n".join([PRELUDE, *(f"unsigned int v_{name} = {name};" for name in names)]), options)
    valid = [name for line, name in enumerate(names, 2) if line not in refused]
    answers = dict(zip(valid, cc.constants(PRELUDE, valid, tmp_path, options), strict=True))
    assert {ioctl.name: ioctl.value for ioctl in ours.ioctls} == answers
    assert len(answers) > 75


# Macros whose values need headers that no copy of KVM's carries: <linux/bits.h> and <linux/sizes.h>, or U64_MAX.
ELSEWHERE = {
    "KVM_ARM_DEVICE_ID_MASK", "KVM_ARM_DEVICE_TYPE_MASK", "KVM_VGIC_V3_DIST_SIZE", "KVM_VGIC_V3_ITS_SIZE",
    "KVM_VGIC_V3_REDIST_SIZE", "KVM_S390_NO_MEM_LIMIT",
}  # fmt: skip


@each
def test_every_constant_has_the_value_that_a_compiler_computes(
    tree: str, name: str, abi: str, options: list[str], tmp_path: Path
) -> None:
    found = unit(tree, abi)
    ours = {constant.name: constant.value for constant in found.constants}
    cc = compiler(name, abi)
    known = {ioctl.name for ioctl in found.ioctls} | ELSEWHERE
    written = {one for one in _constants(cc, options) - known if not one.startswith("KVM_CAP_")}
    names = sorted(written | ours.keys())
    refused = cc.refused("\n".join([PRELUDE, *(f"unsigned long long v{name} = {name};" for name in names)]), options)
    valid = [name for line, name in enumerate(names, 2) if line not in refused]
    halves = [f"(unsigned long long)({one}){shift}" for shift in ("", " >> 32") for one in valid]
    answers = cc.constants(PRELUDE, halves, tmp_path, options)
    whole = [low | high << 32 for low, high in zip(answers[: len(valid)], answers[len(valid) :], strict=True)]
    assert {name: value % (1 << 64) for name, value in ours.items()} == dict(zip(valid, whole, strict=True))
    assert len(ours) > 220


def _constants(cc: Compiler, options: list[str]) -> set[str]:
    """Names of the macros and enumerators that KVM's own headers define, as the compiler's preprocessor shows them."""
    found: set[str] = set()
    header, enumeration = "", False
    for line in cc.preprocessed(PRELUDE, [*options, "-dD"]).splitlines():
        if marker := re.match(r'# \d+ "([^"]*)"', line):
            header = marker.group(1)
        elif header.endswith("/kvm.h"):
            if macro := re.match(r"#define (\w+) \S", line):
                found.add(macro.group(1))
                continue
            enumeration = re.match(r"enum\b.*\{", line) is not None or (enumeration and "}" not in line)
            if enumeration:
                found |= set(re.findall(r"^\s*(\w+)\s*(?:=|,|$)", line))
    return found


# A compiler's account that is at hand beside some checkouts: also of architectures that no compiler here knows.

ABIS = {
    "x86": ["x86_64"], "arm64": ["arm64"], "s390": ["s390x"], "powerpc": ["ppc64", "ppc64le"],
    "riscv": ["riscv64"], "mips": ["mips64", "mips64el"], "loongarch": ["loongarch64"],
}  # fmt: skip


def _account(name: str) -> Any:
    if not ACCOUNT.is_file():
        pytest.skip("no compiler's account of these sources beside this checkout")
    with tarfile.open(ACCOUNT) as archive:
        member = archive.extractfile(name)
        assert member
        return json.load(member)


def _fields(structure: Structure) -> dict[str, tuple[Any, ...]]:
    return {
        member.name: (member.offset, member.size, member.bits, member.bit_offset)
        for member in structure.members
        if "[]" not in member.name
    }


@pytest.mark.parametrize(("tree", "suffix"), [("linux-6.12", "linux-6.12.107"), ("qemu-10.0", "qemu-10.0")])
def test_all_is_as_in_the_stored_account(tree: str, suffix: str) -> None:
    structs, macros = _account(f"structs.{suffix}.json"), _account(f"macros.{suffix}.json")
    stated(tree)
    for arch, abi in ((known, abi) for known in structs for abi in ABIS[known]):
        ours = {structure.tag: structure for structure in unit(tree, abi).structures}
        for tag, entry in structs[arch].items():
            assert (ours[tag].size, ours[tag].alignment) == (entry["size"], entry["align"]), (abi, tag)
            stored = {
                name: (offset, size, *((bits[0]["bits"], bits[0]["bit_offset"]) if bits else (None, None)))
                for name, offset, size, _, *bits in entry["fields"]
                if name
            }
            assert _fields(ours[tag]) == stored, (abi, tag)
        numbers = {ioctl.name: ioctl.value for ioctl in unit(tree, abi).ioctls}
        assert numbers == {name: entry["value"] for name, entry in macros[arch]["ioctl"].items()}, abi


@pytest.mark.parametrize("word", ["x86", "arm64", "powerpc", "s390", "riscv", "mips", "loongarch"])
@pytest.mark.parametrize("tree", TREES)
def test_what_is_put_aside_changes_nothing(tree: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where = place(tree, word)
    if not (root(tree) / where.asm).is_file():
        pytest.skip(f"{tree} has no KVM for {word}")
    sources = gather(where, directory_tree(str(root(tree))).read_or_none)
    names = [abi.name for abi in abis_of(word, word)]
    found = evaluate(sources, names)
    monkeypatch.setattr(preprocess, "thin", lambda given, _: Thin(dict(given.files), {}))
    monkeypatch.setattr(preprocess, "_EXPANSIONS", {})
    assert evaluate(sources, names) == found
