"""Warning where QEMU drops the result of enabling a capability that the kernel has, and does not rely on."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench import Rows, Tables, bench, edited, finding

from caplint.fixes.checked_result import propose

FILE = "target/i386/kvm/kvm.c"
INCLUDE = '#include "qemu/error-report.h"'
CALL = "    kvm_vm_enable_cap(s, KVM_CAP_A, 0, 1);"
LOSS = "vmm_loss(tree, path, line, kind, relied_path, use_path, use_line, use_column, cap)"
BEFORE, UNASKED = "checked_before(tree, path, line, column, cap)", "ioctl_unasked(tree, cap)"
USE = (FILE, 3, 5)


def _tables(losses: Rows | None = None, asked: tuple[object, ...] = USE, unasked: Rows = []) -> Tables:  # noqa: B006
    own: Rows = [("dropped", None, *USE)] if losses is None else losses
    return {
        LOSS: [("qemu", FILE, 3, *row, "KVM_CAP_A") for row in own],
        BEFORE: [("qemu", *asked, "KVM_CAP_A")] if asked else [],
        UNASKED: unasked,
    }


def _mended(
    root: Path, call: str = CALL, above: str = "{", head: str = INCLUDE, tables: Tables | None = None
) -> str | None:
    made = bench(root, {FILE: f"{head}\n{above}\n{call}\n"}, tables or _tables(), "qemu")
    text = edited(propose, finding(3, path=FILE, tree="qemu", column=5), made)
    return None if text is None else text.removeprefix(f"{head}\n{above}\n")


WARNS = '{}if ({} < 0) {{\n{}    warn_report("KVM_CAP_A cannot be enabled");\n{}}}\n'


@pytest.mark.parametrize(
    "call",
    [CALL, "        kvm_vcpu_enable_cap(cs, KVM_CAP_A, 0, x);", "    kvm_vm_enable_cap(KVM_STATE(ms), KVM_CAP_A, 0);"],
)
def test_a_refusal_is_told(tmp_path: Path, call: str) -> None:
    space = call[: len(call) - len(call.lstrip())]
    assert _mended(tmp_path, call) == WARNS.format(space, call.strip().rstrip(";"), space, space)


@pytest.mark.parametrize(
    "call",
    [
        "    ret = kvm_vm_enable_cap(s, KVM_CAP_A, 0);", "    (void)kvm_vm_enable_cap(s, KVM_CAP_A, 0);",
        "    kvm_vm_enable_cap(s, KVM_CAP_A,", "    kvm_vm_enable_cap(s, KVM_CAP_A, 0); /* why */",
        "    kvm_vm_enable_cap(s, KVM_CAP_A, 0); f();", '    kvm_vm_enable_cap(s, KVM_CAP_A, "a");',
        "    kvm_other_enable_cap(s, KVM_CAP_A, 0);", f"    kvm_vm_enable_cap(s, KVM_CAP_A, {'1' * 40});",
    ],
)  # fmt: skip
def test_only_a_call_that_is_a_line_of_its_own(tmp_path: Path, call: str) -> None:
    assert _mended(tmp_path, call) is None


@pytest.mark.parametrize(
    ("above", "mended"), [("", True), ("    f();", True), ("    }", True), ("    if (s)", False), ("    else", False)]
)
def test_a_branch_without_braces_is_left(tmp_path: Path, above: str, mended: bool) -> None:
    assert (_mended(tmp_path, above=above) is not None) is mended


def test_a_file_that_reports_nothing_is_left(tmp_path: Path) -> None:
    assert _mended(tmp_path, head='#include "qemu/osdep.h"') is None


@pytest.mark.parametrize(
    "tables",
    [
        _tables([]),
        _tables([("overwritten", None, *USE)]),
        _tables([("dropped", "other.c", *USE)]),  # something relies on it
        _tables([("dropped", None, *USE), ("dropped", None, *USE)]),
        _tables(asked=()),  # it may only be an old kernel
        _tables(asked=(FILE, 4, 5)),
        _tables(asked=(FILE, 3, 6)),
        _tables(unasked=[("qemu", "KVM_CAP_A")]),
    ],
)
def test_a_warning_is_not_enough_or_none_is_wanted(tmp_path: Path, tables: Tables) -> None:
    assert _mended(tmp_path, tables=tables) is None


def test_other_programs_report_errors_in_their_own_way(tmp_path: Path) -> None:
    tables = {name: [("kernel", *row[1:]) for row in rows] for name, rows in _tables().items()}
    made = bench(tmp_path, {FILE: f"{INCLUDE}\n{{\n{CALL}\n"}, tables)
    assert edited(propose, finding(3, path=FILE, column=5), made) is None
