"""A machine's answers held against a source: which differ, and what explains it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel, bare_qemu

from caplint.config.run import with_machines
from caplint.config.settings import Config
from caplint.link.machines.machines import Release, release_of
from caplint.machine.record import Answer, Machine
from caplint.trees.tree import Tree

HEADER = "#define KVM_CAP_A 1\n#define KVM_CAP_B 2\n"
MAKEFILE = "# a kernel\nVERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 3\nEXTRAVERSION =\nNAME = Tea\n"
HANDLER = "int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)\n{\n\tint r = 0;\n"
KCONFIG = 'config KVM\n\ttristate "KVM"\n\nconfig KVM_TEA\n\tbool "tea"\n\nconfig KVM_NONE\n\tbool\n'


def _machine(release: str = "6.12.3", *, vm_error: str | None = None, **answers: int) -> Machine:
    given = tuple(Answer(int(name[1:]), None, value, None if vm_error else value) for name, value in answers.items())
    return Machine("box", release, "x86", 0, 9, given, vm_error)


def _source(root: Path, cases: str, before: str = "", more: dict[str, str] | None = None) -> Tree:
    body = f"{HANDLER}{before}\tswitch (ext) {{\n{cases}\tdefault:\n\t\tbreak;\n\t}}\n\treturn r;\n}}\n"
    files = {"Makefile": MAKEFILE, UAPI: HEADER, X86: body, "arch/x86/kvm/Kconfig": KCONFIG}
    return bare_kernel(root, {**files, **(more or {})})


def _rows(tree: Tree, machine: Machine, columns: str = "cap, source, reason, why") -> list[tuple[Any, ...]]:
    config = with_machines(Config(cache="none", jobs=1), (machine,))
    return ask([tree], f"SELECT {columns} FROM machine_difference ORDER BY number", config)


CASE_A = "\tcase KVM_CAP_A:\n"


def test_an_answer_on_either_descriptor_is_one(tmp_path: Path) -> None:
    tree = _source(tmp_path, f"{CASE_A}\t\tr = 1;\n\t\tbreak;\n")
    for system, vm in ((0, 4), (4, 0), (4, None)):
        machine = Machine("box", "6.12.3", "x86", 0, 9, (Answer(1, None, system, vm),), None)
        assert _rows(tree, machine) == []
    assert len(_rows(tree, Machine("box", "6.12.3", "x86", 0, 9, (Answer(1, None, -22, 0),), None))) == 1


def test_what_was_not_asked_is_not_compared(tmp_path: Path) -> None:
    tree = _source(tmp_path, f"{CASE_A}\t\tr = 1;\n\t\tbreak;\n")
    assert _rows(tree, Machine("box", "6.12.3", "x86", 2, 9, ())) == []


@pytest.mark.parametrize(
    ("release", "same", "reason"),
    [
        ("6.12.3", "version", "unexplained"),
        ("6.12.3-local+", "version", "unexplained"),
        ("6.12.30", "series", "unexplained"),
        ("6.12.3.1", "series", "unexplained"),
        ("6.12", "series", "unexplained"),
        ("6.1.3", "none", "release"),
        ("6.121.0", "none", "release"),
        ("tea", "none", "release"),
    ],
)
def test_another_version_explains_all_that_is_left(tmp_path: Path, release: str, same: str, reason: str) -> None:
    rows = _rows(_source(tmp_path, ""), _machine(release, n2=1), "same, reason, source_release")
    assert rows == [(same, reason, "6.12.3")]


def test_a_source_that_states_no_version(tmp_path: Path) -> None:
    tree = _source(tmp_path, "", more={"Makefile": "obj-y += kvm.o\n"})
    ((reason, why, stated),) = _rows(tree, _machine(n2=1), "reason, why, source_release")
    assert (reason, stated) == ("release", None)
    assert why.endswith("the machine runs 6.12.3, and this source states no version")


@pytest.mark.parametrize(
    ("makefile", "release"),
    [
        (MAKEFILE, Release("6.12", "6.12.3")),
        ("VERSION = 6\nPATCHLEVEL = 18\nSUBLEVEL = 0\nEXTRAVERSION = -rc2\n", Release("6.18", "6.18.0-rc2")),
        ("VERSION = 6\n", None),
        ("\xff\xfe\nVERSION = $(shell x)\n", None),
        ("", None),
    ],
)
def test_the_version_of_a_source(tmp_path: Path, makefile: str, release: Release | None) -> None:
    assert release_of(bare_kernel(tmp_path, {"Makefile": makefile})) == release


def test_the_answers_themselves(tmp_path: Path) -> None:
    trees = [
        _source(tmp_path / "k", "", more={UAPI: HEADER + "#define KVM_CAP_FAR 300\n"}),
        bare_qemu(tmp_path / "q", {"linux-headers/linux/kvm.h": "#define KVM_CAP_ODD 1\n#define KVM_CAP_NEW 4\n"}),
    ]
    config = with_machines(Config(cache="none", jobs=1), (_machine(vm_error="no VM", n1=7, n5=1),))
    assert ask(trees, "SELECT number, cap, system, vm FROM machine_answer", config) == [
        (1, "KVM_CAP_A", 7, None),
        (2, "KVM_CAP_B", 0, None),
        (4, "KVM_CAP_NEW", 0, None),
        (5, None, 1, None),
    ]


def test_without_a_probe_nothing_depends_on_the_machine(tmp_path: Path) -> None:
    tree = _source(tmp_path, f"{CASE_A}\t\tr = 1;\n\t\tbreak;\n")
    assert ask([tree], "SELECT 1 FROM machine_answer UNION ALL SELECT 1 FROM machine_difference") == []
