"""Layouts as views of a run: of which copies, under a patch, and of programs that are found by their headers only."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import QEMU_UAPI, UAPI, kernel, lay, qemu

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.findings.finding import Finding
from caplint.rules import page as rule_pages
from caplint.session import open_session
from caplint.trees.detect import directory_tree, parse_tree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util import shipped_files

GENERIC = """\
#include <linux/types.h>
#include <linux/ioctl.h>
#include <asm/kvm.h>
#define KVM_CAP_IRQCHIP 0
#define KVM_CAP_HLT 1
#define KVM_CAP_NR_VCPUS 9
struct kvm_tea {
	__u32 cups;
	__u64 leaves;
	struct kvm_pot pot;
};
#define KVM_SET_TEA _IOW(0xAE, 0x01, struct kvm_tea)
"""
X86 = "struct kvm_pot {\n\t__u32 size;\n};\n"
S390 = "struct kvm_pot {\n\t__u64 size;\n};\n"
KERNEL = {UAPI: GENERIC, "arch/x86/include/uapi/asm/kvm.h": X86, "arch/s390/include/uapi/asm/kvm.h": S390}
QEMU = {QEMU_UAPI: GENERIC, "linux-headers/asm-x86/kvm.h": X86, "linux-headers/asm-s390/kvm.h": S390}


def rows(trees: list[Tree], sql: str, cache: str = "none") -> list[tuple[object, ...]]:
    session = open_session(trees, Config(cache=cache, jobs=1))
    try:
        return session.connection.execute(sql).fetchall()
    finally:
        session.store.close()


def found(*trees: Tree) -> list[Finding]:
    rules = [rule for rule in rule_pages.load([shipped_files.RULES]) if rule.code == "CAP107"]
    return check(list(trees), rules, Config(cache="none", jobs=1)).findings


@pytest.fixture
def linux(tmp_path: Path) -> Tree:
    return directory_tree(str(kernel(tmp_path / "k", KERNEL)))


def test_a_row_per_member_and_abi(linux: Tree) -> None:
    columns = "member, offset, size, struct_size, carried, arch"
    sql = f"SELECT {columns} FROM struct_layout WHERE struct = 'kvm_tea' AND abi = '%s'"
    assert rows([linux], sql % "i386") == [
        ("cups", 0, 4, 16, 1, "x86"), ("leaves", 4, 8, 16, 1, "x86"), ("pot", 12, 4, 16, 1, "x86"),
    ]  # fmt: skip
    assert rows([linux], sql % "s390x") == [
        ("cups", 0, 4, 24, 1, "s390"), ("leaves", 8, 8, 24, 1, "s390"), ("pot", 16, 8, 24, 1, "s390"),
    ]  # fmt: skip


def test_a_row_per_ioctl_and_abi(linux: Tree) -> None:
    sql = "SELECT abi, name, value, direction, size, nr, type, argument, path, line FROM ioctl_number ORDER BY abi"
    place = (UAPI, 12)
    assert rows([linux], sql) == [
        ("i386", "KVM_SET_TEA", 0x4010AE01, "write", 16, 1, 0xAE, "struct kvm_tea", *place),
        ("s390x", "KVM_SET_TEA", 0x4018AE01, "write", 24, 1, 0xAE, "struct kvm_tea", *place),
        ("x86_64", "KVM_SET_TEA", 0x4018AE01, "write", 24, 1, 0xAE, "struct kvm_tea", *place),
    ]


def test_what_is_remembered_is_what_was_computed(linux: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = "SELECT * FROM struct_layout"
    first = rows([linux], sql, str(tmp_path / "cache"))
    monkeypatch.setattr("caplint.abi.evaluation_pool.evaluating", None)
    assert rows([linux], sql, str(tmp_path / "cache")) == first
    assert first


def test_a_patch_shows_both(linux: Tree) -> None:
    patched = OverlayTree(linux, {UAPI: GENERIC.replace("__u32 cups", "__u64 cups").encode()})
    sql = "SELECT size FROM %sstruct_layout WHERE member = 'cups' AND abi = 'x86_64'"
    assert rows([patched], sql % "") == [(8,)]
    assert rows([patched], sql % "base_") == [(4,)]
    (finding,) = found(patched)
    assert (finding.severity, finding.subject, finding.arch, finding.place.line) == ("error", "kvm_tea", None, 7)
    assert "that before the patch" in finding.message


def test_a_vmm_of_one_architecture(linux: Tree, tmp_path: Path) -> None:
    files = {QEMU_UAPI: GENERIC.replace("__u32 cups", "__u64 cups"), "linux-headers/asm-s390/kvm.h": S390}
    (finding,) = found(linux, directory_tree(str(qemu(tmp_path / "q", files))))
    assert (finding.severity, finding.subject, finding.place.path) == ("error", "kvm_tea", QEMU_UAPI)
    assert finding.related[0].place.path == UAPI
    assert "KVM_SET_TEA" not in finding.message  # the size on s390 is the same: padding was there before
    assert "size of cups: 8, not 4" in finding.message


DRIFT = """
    SELECT against, kind, subject, arch, path, line, original_path, original_line, column > 0, original_column > 0
    FROM layout_drift ORDER BY 1, 2, 3, 4
"""


def test_a_difference_stands_on_the_lines_of_today(linux: Tree, tmp_path: Path) -> None:
    other = {path: text.replace("size;", "size[2];").replace("0x01", "0x02") for path, text in QEMU.items()}
    cache = str(tmp_path / "cache")
    first = rows([linux, directory_tree(str(qemu(tmp_path / "q", other)))], DRIFT, cache)
    assert first == rows([linux, directory_tree(str(tmp_path / "q"))], DRIFT)
    shifted = {path: f"\n\n\n{text}" for path, text in other.items()}
    again = rows([linux, directory_tree(str(qemu(tmp_path / "p", shifted)))], DRIFT, cache)
    assert again == [(*row[:5], row[5] + 3, *row[6:]) for row in first]  # type: ignore[operator]
    assert {row[:3] for row in again} >= {("vmm", "struct", "kvm_pot"), ("vmm", "ioctl", "KVM_SET_TEA")}


def test_one_finding_for_a_structure_of_each_architecture(linux: Tree, tmp_path: Path) -> None:
    files = {path: text.replace("size;", "size[2];") for path, text in QEMU.items()}
    subjects = sorted(
        (f.subject, f.arch, f.severity) for f in found(linux, directory_tree(str(qemu(tmp_path / "q", files))))
    )
    assert subjects == [("kvm_pot", "s390", "error"), ("kvm_pot", "x86", "error"), ("kvm_tea", None, "error")]


def test_a_program_that_is_known_by_its_headers(linux: Tree, tmp_path: Path) -> None:
    files = {
        "sys/linux/kvm.h": GENERIC.replace("__u64 leaves", "__u32 leaves"),
        "sys/x86_64/asm/kvm.h": X86,
        "main.c": "int f(int fd) { return ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_HLT); }",
    }
    tea = parse_tree(f"tea=vmm:{lay(tmp_path / 'p', files)}")
    (finding,) = found(linux, tea)
    assert (finding.subject, finding.place.tree, finding.place.path) == ("kvm_tea", "tea", "sys/linux/kvm.h")
    assert rows([linux, tea], "SELECT cap FROM vmm_check WHERE tree = 'tea'") == [("KVM_CAP_HLT",)]


def test_headers_only(linux: Tree, tmp_path: Path) -> None:
    tea = parse_tree(
        f"tea=vmm:{lay(tmp_path / 'p', {'linux/kvm.h': GENERIC, 'asm-x86/kvm.h': X86, 'asm-s390/kvm.h': S390})}"
    )
    assert found(linux, tea) == []
    assert {abi for (abi,) in rows([tea], "SELECT DISTINCT abi FROM struct_layout")} == {"x86_64", "i386", "s390x"}


def test_an_architecture_that_no_path_names_is_said(linux: Tree, tmp_path: Path) -> None:
    tea = parse_tree(f"tea=vmm:{lay(tmp_path / 'p', {'inc/linux/kvm.h': GENERIC, 'inc/asm/kvm.h': X86})}")
    assert [(f.severity, f.place.path) for f in found(linux, tea)] == [("note", "inc/asm/kvm.h")]


def test_the_copy_of_the_kernel_itself_is_never_more_than_a_note(tmp_path: Path) -> None:
    tools = {"tools/include/uapi/linux/kvm.h": GENERIC.replace("__u32 cups", "__u64 cups")}
    (finding,) = found(directory_tree(str(kernel(tmp_path / "k", {**KERNEL, **tools}))))
    assert (finding.severity, finding.subject) == ("note", "kvm_tea")


def test_a_mark_of_the_byte_order_is_no_text(tmp_path: Path) -> None:
    tree = directory_tree(str(kernel(tmp_path / "k", {**KERNEL, UAPI: "\ufeff" + GENERIC})))
    assert rows([tree], "SELECT name, reason FROM layout_unknown") == []


def test_what_tools_does_not_copy_is_the_kernels_own_only_beside_a_copy(tmp_path: Path) -> None:
    """Without its linux/kvm.h what is left in tools/ is not known, and the kernel's own headers are not doubted."""
    left = "tools/arch/x86/include/uapi/asm/kvm.h"
    tree = directory_tree(str(kernel(tmp_path / "k", {**KERNEL, left: X86})))
    assert rows([tree], "SELECT DISTINCT path FROM layout_unknown") == [(left,)]


def test_only_the_configured_abis_are_compared(linux: Tree, tmp_path: Path) -> None:
    """A 64-bit member begins at another offset on i386 than on x86_64, so a member before it breaks i386 alone."""
    before, after = "\t__u32 cups;\n\t__u64 leaves;", "\t__u32 cups;\n\t__u32 pad;\n\t__u64 leaves;"
    other = {
        path: text.replace(before, after).replace("0x01, struct kvm_tea", "0x01, int") for path, text in QEMU.items()
    }
    narrow = {path: text.replace("0x01, struct kvm_tea", "0x01, int") for path, text in KERNEL.items()}
    trees: list[Tree] = [
        directory_tree(str(kernel(tmp_path / "k", narrow))),
        directory_tree(str(qemu(tmp_path / "q", other))),
    ]
    rules = [rule for rule in rule_pages.load([shipped_files.RULES]) if rule.code == "CAP107"]

    def on(*abis: str) -> list[tuple[str, str | None]]:
        findings = check(trees, rules, Config(cache="none", jobs=1, abis=abis)).findings
        return [(finding.subject, finding.arch) for finding in findings]

    assert on() == on("i386") == [("kvm_tea", "x86")]
    assert on("x86_64", "s390x") == []


def test_a_foreign_header_costs_what_needs_it(linux: Tree, tmp_path: Path) -> None:
    changed = GENERIC.replace("__u32 cups", "__u64 cups")
    files = {
        **QEMU,
        QEMU_UAPI: changed.replace("#define KVM_CAP_IRQCHIP", "#include <vendor/tea.h>\n#define KVM_CAP_IRQCHIP"),
    }
    findings = {f.subject: f.severity for f in found(linux, directory_tree(str(qemu(tmp_path / "q", files))))}
    assert findings == {"kvm_tea": "error", "<vendor/tea.h>": "note"}
