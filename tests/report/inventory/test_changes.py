"""The changes between two inventories as CSV and as a page: text from trees is data."""

from __future__ import annotations

import csv
import io

from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import Inventory
from caplint.report.inventory.rows import changes_csv, changes_html

FOUND = InventoryDifference(
    Inventory([], [], [("kernel", "kernel", "<old>\u202e", None)]),
    Inventory([], [], [("kernel", "kernel", "new", None)]),
    [Change("KVM_CAP_A", "came", ["number 1", "=x86 & more"]), Change("KVM_CAP_<b>", "went", [])],
)


def test_csv() -> None:
    assert list(csv.reader(io.StringIO(changes_csv(FOUND)))) == [
        ["change", "name", "detail"], ["came", "KVM_CAP_A", "number 1"], ["came", "KVM_CAP_A", "'=x86 & more"],
        ["went", "KVM_CAP_<b>", ""],
    ]  # fmt: skip


def test_html() -> None:
    page = changes_html(FOUND)
    assert "Changes of KVM capabilities: &lt;old&gt;\\u202e to new" in page
    assert "number 1<br>=x86 &amp; more" in page
    assert "<b>" not in page
    assert "<script" not in page
