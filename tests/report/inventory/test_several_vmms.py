"""Several VMMs in one inventory: each has a column of its own, in every format."""

from __future__ import annotations

import csv
import io

import pytest
from capabilities import cap, inventory, support, use

from caplint.inventory.model import Inventory, SourceLine, VmmPlace
from caplint.inventory.select import narrowed
from caplint.report.inventory.rows import csv_text, markdown_text
from caplint.report.inventory.table import lines
from caplint.report.inventory.words import uses, vmm_columns
from caplint.report.style import Style


def _in(vmm: str, verb: str) -> VmmPlace:
    return use(verb, SourceLine(vmm, "src/kvm.rs", 7, "new"))


_A = cap("KVM_CAP_A", architectures={"x86": support()}, vmm=[_in("one", "check"), _in("two", "enable")])


def _two() -> Inventory:
    return inventory(_A, cap("KVM_CAP_B", 2), vmms=("one", "two"))


@pytest.mark.parametrize(
    ("vmms", "columns"), [((), [None]), (("qemu",), [None]), (("one", "two"), ["one", "two"])]
)  # fmt: skip
def test_only_several_have_names(vmms: tuple[str, ...], columns: list[str | None]) -> None:
    assert vmm_columns(inventory(vmms=vmms)) == columns


def test_uses_of_one() -> None:
    assert [uses(_A, vmm) for vmm in (None, "one", "two", "three")] == ["1c 1e", "1c", "1e", ""]


def test_an_architecture_narrows_each_column() -> None:
    of_x86 = VmmPlace("check", "vm", "x86", "tested", "1", SourceLine("one", "src/x86_64/kvm.rs", 1))
    part = narrowed(cap(vmm=[of_x86, _in("two", "check")]), ["arm64"])
    assert [uses(part, vmm) for vmm in ("one", "two")] == ["", "1c"]


def test_columns_of_the_terminal() -> None:
    head, row, other, *rest = lines(_two(), Style(False))
    assert head.split()[-4:] == ["test", "one", "two", "findings"]
    assert (row[head.index("one") :].split(), other.split()) == (["1c", "1e"], ["2", "B"])
    assert "one, two: checks c, enables e" in " ".join(rest)


def test_columns_of_markdown() -> None:
    head, _, row = markdown_text(_two()).splitlines()[:3]
    assert head.endswith("| tests | one | two | findings |")
    assert row.endswith("| 1c | 1e |  |")


def test_columns_of_csv() -> None:
    (row, other) = csv.DictReader(io.StringIO(csv_text(_two())))
    columns = ["vmm_checks", "vmm_enables", "one checks", "one enables", "two checks", "two enables"]
    assert [row[column] for column in columns] == ["1", "1", "1", "0", "0", "1"]
    assert {other[column] for column in columns} == {"0"}


def test_a_name_is_no_formula_and_no_markup() -> None:
    shown = inventory(vmms=("=1+1", "a|<b>"))
    assert "'=1+1 checks" in csv_text(shown).splitlines()[0]
    assert "| =1+1 | a\\|&lt;b> | findings |" in markdown_text(shown)
