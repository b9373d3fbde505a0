"""The page of the changes between two inventories: text from trees is data, and the search is in the address."""

from __future__ import annotations

from pathlib import Path

from browser import opened
from playwright.sync_api import expect

from caplint.inventory.difference import Change, InventoryDifference
from caplint.inventory.model import Inventory
from caplint.report.inventory.changes_page import changes_html

FOUND = InventoryDifference(
    Inventory([], [], [("kernel", "kernel", "<old>\u202e", None)]),
    Inventory([], [], [("kernel", "kernel", "new", None)]),
    [Change("KVM_CAP_A", "came", ["number 1", "=x86 & more"]), Change("KVM_CAP_<b>", "went", [])],
)


def test_html() -> None:
    page = changes_html(FOUND)
    assert "from <b>&lt;old&gt;\\u202e</b> to <b>new</b>" in page
    assert "<li>number 1</li><li>=x86 &amp; more</li>" in page
    assert "KVM_CAP_&lt;b&gt;" in page
    assert "New (1)" in page
    assert "Changed (0)" in page
    assert page.count("<script") == 1


def test_the_page_does_not_tell_where_trees_lie() -> None:
    old, new = (Inventory([], [], [("kernel", "kernel", f"/home/me/{name}/linux", None)]) for name in ("old", "new"))
    page = changes_html(InventoryDifference(old, new, []))
    assert "from <b>old/linux</b> to <b>new/linux</b>" in page
    assert "/home" not in page


def test_each_kind_has_its_table_or_says_none() -> None:
    page = changes_html(FOUND)
    sections = dict(zip(("came", "went", "changed"), page.split("<section")[1:], strict=True))
    assert all(f'id="{kind}"' in text and f'href="#{kind}"' in page for kind, text in sections.items())
    assert ["<table>" in text for text in sections.values()] == [True, True, False]
    assert ["none" in text for text in sections.values()] == [False, False, True]
    assert "KVM_CAP_A" in sections["came"]
    assert "KVM_CAP_A" not in sections["went"]


def test_the_search_is_in_the_address(tmp_path: Path) -> None:
    path = tmp_path / "changes.html"
    path.write_text(changes_html(FOUND), "utf-8")
    with opened(path, fragment="#q=x86") as seen:
        expect(seen.page.locator("#count")).to_have_text("1 of 2")
        seen.page.fill("#search", "<b>")
        expect(seen.page.locator("tbody tr:visible")).to_have_count(1)
        seen.page.wait_for_url(lambda url: "#q=%3Cb%3E" in url)
        assert (seen.console, seen.requests) == ([], [path.as_uri()])
