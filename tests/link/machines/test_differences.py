"""Explanations for capabilities that a source and a machine answer differently, on either side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import UAPI, X86, ask, bare_kernel

from caplint.config.run import with_machines
from caplint.config.settings import Config
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


@pytest.mark.parametrize(
    ("cases", "before", "reason", "why"),
    [
        (f"{CASE_A}\t\tr = 1;\n\t\tbreak;\n", "", "unexplained", "kvm_vm_ioctl_check_extension() always answers 1"),
        (f"{CASE_A}\t\treturn BIT_A | 4;\n", "#define BIT_A 2\n", "unexplained", "always answers BIT_A | 4"),
        (
            f"#ifdef CONFIG_KVM_TEA\n{CASE_A}\t\tr = 1;\n\t\tbreak;\n#endif\n",
            "",
            "configuration",
            "answered only under CONFIG_KVM_TEA, which x86 may be built without",
        ),
        (f"{CASE_A}\t\tr = tdp_enabled;\n\t\tbreak;\n", "", "run_time", "the answer is tdp_enabled, which depends"),
        (
            f"{CASE_A}\t\tr = 1;\n\t\tif (bad)\n\t\t\tr = 0;\n\t\tbreak;\n",
            "",
            "run_time",
            "decides it when it is asked",
        ),
        (f"{CASE_A}\t\tif (tea)\n\t\t\tr = 1;\n\t\tbreak;\n", "", "run_time", "answered only where tea"),
        (
            f"{CASE_A}\t\tr = 1;\n\t\tbreak;\n",
            "\tif (!ready)\n\t\treturn 0;\n",
            "run_time",
            "answered only where not !ready",
        ),
    ],
    ids=["always", "constant", "configuration", "variable", "two answers", "guarded", "guarded above"],
)
def test_what_the_source_answers_and_the_machine_does_not(
    tmp_path: Path, cases: str, before: str, reason: str, why: str
) -> None:
    ((cap, source, found, text),) = _rows(_source(tmp_path, cases, before), _machine())
    assert (cap, source, found) == ("KVM_CAP_A", 1, reason)
    assert why in text


def test_a_source_that_answers_0_agrees_with_the_machine(tmp_path: Path) -> None:
    cases = f"{CASE_A}\t\tr = NOTHING;\n\t\tbreak;\n"
    assert _rows(_source(tmp_path, cases, "#define NOTHING 0\n"), _machine()) == []


@pytest.mark.parametrize(
    ("cases", "row"),
    [
        ("", ("KVM_CAP_B", 0, "unexplained", "no check handler of x86 answers it here")),
        (
            "#ifdef CONFIG_KVM_NONE\n\tcase KVM_CAP_B:\n\t\tr = 1;\n\t\tbreak;\n#endif\n",
            ("KVM_CAP_B", 0, "unexplained", "on x86 its case is never built: it stands under CONFIG_KVM_NONE"),
        ),
    ],
)
def test_what_the_machine_answers_and_the_source_does_not(tmp_path: Path, cases: str, row: tuple[object, ...]) -> None:
    assert _rows(_source(tmp_path, cases), _machine(n2=5)) == [row]


def test_a_number_that_the_source_does_not_define(tmp_path: Path) -> None:
    rows = _rows(_source(tmp_path, ""), _machine(n7=3), "cap, number, reason, why, path, line, system, vm")
    why = "this source defines no capability of number 7"
    assert rows == [(None, 7, "unexplained", why, UAPI, 2, 3, 3)]


def test_a_handler_that_was_not_understood_explains_what_is_missing(tmp_path: Path) -> None:
    (row,) = _rows(_source(tmp_path, "\tcase ) ( KVM_CAP_A @@ :\n\t\tr = ) 1;\n"), _machine(n2=1))
    assert row[2] == "blind_spot"
    assert row[3].startswith("no check handler of x86 answers it here, but arch/x86/kvm/x86.c:")
