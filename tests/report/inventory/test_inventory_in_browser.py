"""The inventory's page of the mini-trees in a real browser."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from browser import DESKTOP, PHONE, barriers, opened
from playwright.sync_api import expect

from caplint.engine.outcome import Outcome
from caplint.history.model import CapabilityHistory, Event, EventCause, Track
from caplint.inventory.model import Inventory
from caplint.inventory.select import ONLY, select
from caplint.report.inventory.page import page
from caplint.report.inventory.words import findings, uses

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


def test_what_is_selected_is_that_of_the_command_line(file: Path, mini: Mini) -> None:
    """For every architecture and word: the same capabilities, with the same uses and findings."""
    inventory = mini[0]
    script = """([arch, word]) => {
      for (const [id, value] of [["arch", arch], ["only", word]]) {
        document.getElementById(id).value = value;
        document.getElementById(id).dispatchEvent(new Event("input"));
      }
      return [...document.querySelectorAll("#table tbody tr:not([hidden])")].map((row) =>
        [row.dataset.name, row.querySelector(".uses").textContent, row.querySelector(".found").textContent]);
    }"""
    with opened(file) as seen:
        for arch in ["", *inventory.architectures]:
            for word in ["", *ONLY]:
                chosen = select(inventory, filter(None, [arch]), (), filter(None, [word])).capabilities
                expected = [[cap.name, uses(cap), findings(cap)] for cap in chosen]
                assert seen.page.evaluate(script, [arch, word]) == expected, (arch, word)


def test_the_address_keeps_filters_and_capability(file: Path, mini: Mini) -> None:
    arch = mini[0].architectures[0]
    name = next(cap.name for cap in mini[0].capabilities if arch in cap.architectures)
    rows = "#table tbody tr:visible"
    with opened(file) as seen:
        seen.page.select_option("#arch", arch)
        seen.page.select_option("#only", "documented")
        seen.page.fill("#search", "kvm_cap & x")
        seen.page.fill("#search", "")
        seen.page.locator("#table thead button").nth(1).dblclick()
        seen.page.wait_for_url(lambda url: url.endswith(f"#arch={arch}&show=documented&sort=-capability"))
        shown = seen.page.locator(f"{rows} th a").all_text_contents()
        address = seen.page.url
        seen.page.locator(f"{rows} th a").first.click()
        expect(seen.page.locator("#detail")).to_be_visible()
        assert seen.page.url.endswith(f"&arch={arch}&show=documented&sort=-capability")
        seen.page.go_back()
        expect(seen.page.locator("#detail")).to_be_hidden()
        assert seen.page.url == address
        seen.page.goto("about:blank")
        seen.page.goto(address)
        assert seen.page.locator(f"{rows} th a").all_text_contents() == shown
        seen.page.goto("about:blank")
        seen.page.goto(f"{file.as_uri()}#{name}&arch=no-such&sort=none&%zz=%")
        expect(seen.page.locator("#detail h2")).to_have_text(name)
        assert seen.page.locator("#table tbody tr:not([hidden])").count() == len(mini[0].capabilities)
        expect(seen.page.locator("#count")).to_contain_text("arch=no-such of the address is unknown here")
        assert seen.console == []


def test_back_finds_a_filter_that_was_typed_just_before(file: Path) -> None:
    with opened(file) as seen:
        seen.page.fill("#search", "irqchip")
        seen.page.locator("#table tbody tr:visible th a").first.click()
        seen.page.go_back()
        expect(seen.page.locator("#search")).to_have_value("irqchip")
        expect(seen.page.locator("#detail")).to_be_hidden()


def test_the_keyboard_alone_is_enough(file: Path, mini: Mini) -> None:
    name = next(cap.name for cap in mini[0].capabilities if cap.paths)
    with opened(file, PHONE) as seen:
        press = seen.page.keyboard.press
        press("Tab")
        press("Enter")  # the link that skips to the table
        expect(seen.page.locator("#matrix")).to_be_focused()
        press("/")
        seen.page.keyboard.type(name)
        press("Escape")
        press("j")
        press("Enter")
        expect(seen.page.locator("#detail h2")).to_have_text(name)
        reached = []
        for _ in range(12):
            press("Tab")
            script = "document.activeElement.closest('#detail') ? 'in' : document.activeElement.tagName"
            reached.append(seen.page.evaluate(script))
        assert "in" in reached
        assert set(reached) <= {"in", "BODY"}, "what the capability covers is not reached"
        press("Escape")
        expect(seen.page.locator(f"#table tr[id={name}] a")).to_be_focused()


def test_the_picture_scales(file: Path, mini: Mini) -> None:
    name = next(cap.name for cap in mini[0].capabilities if cap.paths)
    with opened(file, PHONE, f"#{name}") as seen:
        drawing = seen.page.locator("#path svg")

        def width() -> float:
            return float(drawing.evaluate("one => one.getBoundingClientRect().width"))

        seen.page.get_by_role("button", name="Natural size").click()
        natural = width()
        seen.page.get_by_role("button", name="Larger").click()
        assert width() > natural
        seen.page.get_by_role("button", name="Fit").click()
        assert width() <= seen.page.locator(".picture").evaluate("one => one.clientWidth")
        seen.page.get_by_text("The path as text").click()
        expect(seen.page.locator("#path pre")).to_contain_text(name)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier(file: Path, mini: Mini, size: tuple[int, int], scheme: Literal["light", "dark"]) -> None:
    name = next(cap.name for cap in mini[0].capabilities if cap.paths)
    with opened(file, size, scheme=scheme) as seen:
        assert barriers(seen.page) == []
        seen.page.goto(f"{file.as_uri()}#{name}")
        expect(seen.page.locator("#detail")).to_be_visible()
        assert barriers(seen.page) == []


def test_the_timeline(mini: Mini, tmp_path: Path) -> None:
    first, second = mini[0].capabilities[:2]
    cause = EventCause("a" * 40, "2024-01-02", "KVM: <b>add</b>", is_merge=False)
    event = Event(first.name, "check", "x86", "brought", None, "always", "v6.1", (cause,))
    history = CapabilityHistory((Track("kernel", "kernel", "linux", (), (event,)),))
    path = tmp_path / "history.html"
    path.write_text(page(*mini, history), "utf-8")
    with opened(path, fragment=f"#{first.name}") as seen:
        expect(seen.page.locator("#timeline li")).to_contain_text("v6.1 check on x86: brought, always")
        expect(seen.page.locator("#timeline li")).to_contain_text("aaaaaaaaaaaa 2024-01-02 KVM: <b>add</b>")
        seen.page.goto(f"{path.as_uri()}#{second.name}")
        expect(seen.page.locator("#timeline")).to_contain_text("no event of it")


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
