"""The inventory as flat rows: what a spreadsheet and a Markdown reader get."""

from __future__ import annotations

import csv
import io

import pytest
from capabilities import answer, argument, cap, found, inventory, section, support, use

from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import ALWAYS, AnnouncedIoctl, Capability, Inventory, Msr, SourceLine
from caplint.report.inventory.rows import changes_csv, changes_markdown, csv_text, markdown_text

PLACE = SourceLine("kernel", "tools/t.c", 1)
FULL = cap(
    "KVM_CAP_A", 7, alias="KVM_CAP_B", condition="CONFIG_A", since="v5.10",
    architectures={"x86": support(ALWAYS, "vm", "vcpu", arguments=(argument(0, "MASK"),)), "s390": support(None)},
    ioctls=[AnnouncedIoctl("KVM_RUN", None, PLACE), AnnouncedIoctl("KVM_STOP", None, PLACE)],
    msrs=[Msr("MSR_A", 1, [])], documentation=[section("7.1", type="vm", architectures="x86")], selftests=[PLACE],
    vmm=[use("check"), use("require"), use("enable")], machines=[answer(1)], findings=[found("error"), found("note")],
)  # fmt: skip

CHANGED = InventoryDifference(
    Inventory([], [], []), Inventory([], [], []),
    [Change("KVM_CAP_A", "came", ["number 1", "=x86 & more"]), Change("KVM_CAP_<b>", "went", [])],
)  # fmt: skip


def _rows(*capabilities: Capability) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_text(inventory(*capabilities, architectures=("x86", "s390"))))))


def test_a_capability_with_everything() -> None:
    assert _rows(FULL) == [
        {
            "number": "7", "name": "KVM_CAP_A", "alias": "KVM_CAP_B", "condition": "CONFIG_A",
            "since": "v5.10", "x86": "always enable:vm enable:vcpu", "s390": "unanswered",
            "arguments": "x86 vm: args[0] (MASK); vcpu: args[0] (MASK)", "ioctls": "KVM_RUN KVM_STOP", "msrs": "MSR_A",
            "section": "7.1", "type": "vm", "documented_architectures": "x86", "selftests": "tools/t.c",
            "vmm_checks": "2", "vmm_enables": "1", "machines": "1", "findings": "CAP101 CAP101",
        }
    ]  # fmt: skip


def test_a_capability_with_nothing() -> None:
    (row,) = _rows(cap("KVM_CAP_A", None))
    assert {key: value for key, value in row.items() if value} == {
        "name": "KVM_CAP_A", "condition": "1", "vmm_checks": "0", "vmm_enables": "0",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    (row,) = _rows(cap(text, condition=text))
    assert (row["name"], row["condition"]) == (f"'{text}", f"'{text}")


def test_a_cell_has_one_line() -> None:
    assert [row["condition"] for row in _rows(cap(condition='a\nb,"c"\x1b'))] == ['a\\x0ab,"c"\\x1b']


def test_a_table_of_markdown() -> None:
    lines = markdown_text(inventory(FULL, cap("KVM_CAP_B", None))).splitlines()
    assert lines[:4] == [
        "| nr | capability | x86 | since | section | tests | VMM | findings |",
        "| ---: | --- | --- | --- | --- | --- | --- | --- |",
        "| 7 | `KVM_CAP_A` | A+vm+vcpu | v5.10 | 7.1 | 1 | 2c 1e | 1E 1N |",
        "| ? | `KVM_CAP_B` |  |  |  |  |  |  |",
    ]
    assert lines[4:] == ["", lines[5]]
    assert lines[5].endswith(".")


def test_no_name_ends_its_cell() -> None:
    line = markdown_text(inventory(cap("A|<b>*\\\x1b")))
    assert "| `A\\|&lt;b>\\*\\\\\\\\x1b` |" in line


def test_changes() -> None:
    nothing = inventory()
    changes = [
        Change("KVM_CAP_A", "came", ["number 1", "x86: *"]), Change("KVM_CAP_B", "came", []),
        Change("KVM_CAP_C\x1b", "changed", ["number 1 -> 2"]),
    ]  # fmt: skip
    assert changes_markdown(InventoryDifference(nothing, nothing, changes)).splitlines() == [
        "## New (2)", "", "- `KVM_CAP_A`: number 1; x86: \\*", "- `KVM_CAP_B`: ", "",
        "## Gone (0)", "", "none", "",
        "## Changed (1)", "", "- `KVM_CAP_C\\x1b`: number 1 -> 2",
    ]  # fmt: skip


def test_changes_as_rows() -> None:
    assert list(csv.reader(io.StringIO(changes_csv(CHANGED)))) == [
        ["change", "name", "detail"], ["came", "KVM_CAP_A", "number 1"], ["came", "KVM_CAP_A", "'=x86 & more"],
        ["went", "KVM_CAP_<b>", ""],
    ]  # fmt: skip
