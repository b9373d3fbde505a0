"""The page of a fleet: 12 VMMs and 7 kernels, each cell with an address, and no path of the machine."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from browser import DESKTOP, PHONE, barriers, opened
from playwright.sync_api import expect

from caplint.matrix.model import Cell, FleetMember, Matrix
from caplint.report.matrix_page import write_html
from caplint.report.style import Style

KERNELS = [f"linux-6.{number}" for number in range(1, 8)]
VMMS = [f"qemu-{number}.0" for number in range(1, 13)]


def _cell(errors: int) -> Cell:
    finding: dict[str, Any] = {
        "severity": "error", "code": "CAP101", "subject": "KVM_CAP_<A>", "arch": None, "message": "\u202em",
        "fingerprint": "f",
    }  # fmt: skip
    counts = {"error": errors, "warning": 0, "note": 3}
    return Cell(counts=counts, agrees=not errors, findings=(finding,) * errors)


def _fleet() -> Matrix:
    kernels = [FleetMember(name, f"/home/me/trees/{name}", "kernel", "kernel") for name in KERNELS]
    vmms = [FleetMember(name, f"/home/me/trees/{name}", "vmm", "qemu") for name in VMMS]
    lost = Cell(error="/home/me/trees/qemu-12.0: has no header")
    pairs = [lost if vmm is vmms[11] else _cell((row + at) % 3) for row in range(7) for at, vmm in enumerate(vmms)]
    return Matrix(kernels, vmms, pairs, [_cell(0)] * 18 + [lost], "error")


@pytest.fixture
def text() -> str:
    """The page."""
    out = io.StringIO()
    write_html(_fleet(), out, Style())
    return out.getvalue()


@pytest.fixture
def file(text: str, tmp_path: Path) -> Path:
    """The page on disk."""
    path = tmp_path / "matrix.html"
    path.write_text(text, "utf-8")
    return path


def test_every_cell_leads_to_its_findings(text: str) -> None:
    links, sections = re.findall(r'href="#(c[0-9-]+)"', text), re.findall(r'id="(c[0-9-]+)"', text)
    assert sorted(links) == sorted(sections)
    with_findings = sum((row + at) % 3 > 0 for row in range(7) for at in range(11))
    assert len(links) == with_findings + 7 + 1  # and those that were not checked, of pairs and of the tree
    assert len(set(sections)) == len(sections)
    assert "linux-6.1 with qemu-2.0" in text


def test_nothing_of_the_machine_and_nothing_harmful(text: str) -> None:
    assert "/home/me" not in text
    assert "not checked: qemu-12.0: has no header" in text
    assert "KVM_CAP_&lt;A&gt;: \\u202em" in text


def test_a_cell_opens_by_the_keyboard_and_has_an_address(file: Path) -> None:
    with opened(file) as seen:
        expect(seen.page.locator(".cell:visible")).to_have_count(0)
        seen.page.locator("#pairs tbody:last-of-type td a").first.focus()
        seen.page.keyboard.press("Enter")
        expect(seen.page.locator(".cell:visible li")).to_have_count(1)
        assert "#c" in seen.page.url
        seen.page.locator("thead button").nth(2).focus()
        seen.page.keyboard.press("Enter")
        cells = seen.page.locator("#pairs tbody:last-of-type td:nth-child(3)")
        keys = cells.evaluate_all("all => all.map(one => one.dataset.key)")
        assert keys == sorted(keys)
        assert seen.page.locator("#pairs tbody").first.locator("th").text_content() == "alone"
        assert (seen.console, seen.requests) == ([], [file.as_uri()])


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_it_fits_the_screen_and_has_no_barrier(file: Path, size: tuple[int, int]) -> None:
    with opened(file, size, "#c1-2") as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert barriers(seen.page) == []
        seen.page.emulate_media(color_scheme="dark")
        assert barriers(seen.page) == []
