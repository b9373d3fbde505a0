"""The inventory's page of the mini-trees in a real browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, opened
from playwright.sync_api import expect

from caplint.engine.outcome import Outcome
from caplint.inventory.model import Inventory
from caplint.report.inventory.page import page

Mini = tuple[Inventory, Outcome]


@pytest.fixture
def file(mini: Mini, tmp_path: Path) -> Path:
    """The page on disk."""
    path = tmp_path / "inventory.html"
    path.write_text(page(*mini), "utf-8")
    return path


def test_search_filter_open_and_follow(file: Path, mini: Mini) -> None:
    cap = next(cap for cap in mini[0].capabilities if cap.paths)
    rows = "#table tbody tr:visible"
    with opened(file) as seen:
        assert seen.page.locator(rows).count() == len(mini[0].capabilities)
        seen.page.keyboard.press("/")
        seen.page.keyboard.type(cap.name.lower())
        assert cap.name in seen.page.locator(f"{rows} th").all_text_contents()
        seen.page.click(f'a[href="#{cap.name}"]')
        expect(seen.page.locator("#detail h2")).to_have_text(cap.name)
        expect(seen.page.locator("#path svg")).to_be_visible()
        drawn = seen.page.locator("#path svg").text_content() or ""
        assert all(step.function in drawn for step in cap.paths[0].steps[:-1])
        assert seen.page.locator("#detail pre .hit").count() >= len(cap.definitions)
        seen.page.keyboard.press("Escape")
        expect(seen.page.locator("#detail")).to_be_hidden()
        assert (seen.console, seen.requests) == ([], [file.as_uri()])


def test_an_architecture_leaves_only_what_it_knows(file: Path, mini: Mini) -> None:
    with opened(file) as seen:
        for arch in mini[0].architectures:
            seen.page.select_option("#arch", arch)
            known = [cap.name for cap in mini[0].capabilities if arch in cap.architectures]
            assert seen.page.locator("#table tbody tr:visible").count() == len(known)
            assert seen.page.locator("#count").text_content() == f"{len(known)} of {len(mini[0].capabilities)}"
            assert seen.page.locator("#table thead th.arch:visible").all_text_contents() == [arch]
            answered = sum(
                1
                for name in known
                for cap in mini[0].capabilities
                if cap.name == name and cap.architectures[arch].advertised
            )
            seen.page.select_option("#only", "advertised")
            assert seen.page.locator("#table tbody tr:visible").count() == answered
            seen.page.select_option("#only", "")


def test_sorting_and_keys(file: Path, mini: Mini) -> None:
    with opened(file) as seen:
        seen.page.click("#table thead th:nth-child(2) button")
        names = seen.page.locator("#table tbody tr").evaluate_all("rows => rows.map(row => row.dataset.name)")
        assert names == sorted(names)
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("j")
        seen.page.keyboard.press("Enter")
        expect(seen.page.locator("#detail h2")).to_have_text(names[1])
        seen.page.keyboard.press("k")
        expect(seen.page.locator("#detail h2")).to_have_text(names[0])


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_nothing_is_wider_than_the_screen(file: Path, mini: Mini, size: tuple[int, int]) -> None:
    name = next(cap.name for cap in mini[0].capabilities if cap.paths)
    with opened(file, size, f"#{name}") as seen:
        expect(seen.page.locator("#detail")).to_be_visible()
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert seen.page.evaluate("document.getElementById('detail').scrollWidth") <= size[0]


def test_names_made_to_harm_do_none(mini: Mini, tmp_path: Path) -> None:
    inventory, outcome = mini
    first = next(cap for cap in inventory.capabilities if cap.paths)
    evil = "KVM_CAP_</script><img src=x onerror=alert(1)>'\""
    places = [replace(use, place=replace(use.place, function=evil)) for use in first.vmm]
    steps = tuple(replace(step, function=evil, note=evil) for step in first.paths[0].steps)
    hostile = replace(first, name=evil, comment=evil, vmm=places, paths=[replace(first.paths[0], steps=steps)])
    path = tmp_path / "hostile.html"
    path.write_text(page(replace(inventory, capabilities=[hostile]), outcome), "utf-8")
    with opened(path) as seen:
        seen.page.click("#table tbody a")
        expect(seen.page.locator("#detail h2")).to_have_text(evil)
        assert seen.page.locator("img").count() == 0
        assert (seen.console, seen.requests) == ([], [path.as_uri()])
