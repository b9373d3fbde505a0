"""make site: every rule, table and view has its place, no link is broken, and nothing is asked of a network."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from browser import DESKTOP, PHONE, barriers, opened

from caplint.rules.page import load
from caplint.util import shipped_files
from tools.site import build
from tools.vocabulary import facts, links


class Page(HTMLParser):
    """Anchors of a page, where its links lead, and what a browser loads for it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        if tag == "link" and given.get("rel") not in {"index", "search", "next", "prev", "author"}:
            self.loads.append(given.get("href", ""))
        if "src" in given:
            self.loads.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("site")
    build(target)
    return target / "html"


@cache
def page(path: Path) -> Page:
    return Page(path)


def test_every_rule_has_a_page(site: Path) -> None:
    index = (site / "rules" / "index.html").read_text("utf-8")
    for rule in load([shipped_files.RULES]):
        text = (site / "rules" / f"{rule.path.stem}.html").read_text("utf-8")
        assert f'href="{rule.path.stem}.html"' in index
        assert rule.name in text
        assert 'class="highlight-sql' in text


def test_every_table_and_view_has_an_anchor(site: Path) -> None:
    anchors = page(site / "schema.html").anchors
    for entry in [*facts(), *links()]:
        assert entry.name.replace("_", "-") in anchors or entry.name in anchors
        assert entry.columns


def test_no_link_is_broken(site: Path) -> None:
    seen = 0
    for path in sorted(site.rglob("*.html")):
        for link in page(path).links:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            if parts.fragment and target.suffix == ".html":
                assert unquote(parts.fragment) in page(target).anchors, f"{path.name}: {link}"
            seen += 1
    assert seen > 500


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for path in sorted(site.rglob("*.html")):
        assert not [load for load in page(path).loads if urlsplit(load).netloc or load.startswith("//")], path.name
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:https?:)?//|@import", sheet.read_text("utf-8")), sheet.name


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", ["index", "rules/CAP102-number-collision", "schema", "search"])
def test_no_barrier(site: Path, name: str, size: tuple[int, int]) -> None:
    with opened(site / f"{name}.html", size) as seen:
        assert barriers(seen.page) == []
        seen.page.emulate_media(color_scheme="dark")
        assert barriers(seen.page) == []


def test_the_front_page_shows_what_caplint_does(site: Path) -> None:
    text = (site / "index.html").read_text("utf-8")
    assert "warning CAP502 KVM_CAP_IRQCHIP_SPLIT" in re.sub(r"<[^>]+>", "", text)
    assert "<svg" in (site / "_images/path.svg").read_text("utf-8")
    example = (site / "example-inventory.html").read_text("utf-8")
    assert "KVM_CAP_" in example
    assert str(shipped_files.FIXTURES) not in example
    assert 'href="example-inventory.html"' in text


def test_added_and_removed_lines_have_a_colour_in_both_themes(site: Path) -> None:
    with opened(site / "rules/CAP102-number-collision.html") as seen:
        colour = "one => getComputedStyle(one).color"
        plain = seen.page.locator(".highlight-diff pre").first.evaluate(colour)
        light = seen.page.locator(".highlight-diff .gi").first.evaluate(colour)
        seen.page.emulate_media(color_scheme="dark")
        dark = seen.page.locator(".highlight-diff .gi").first.evaluate(colour)
        assert len({plain, light, dark}) == 3


def test_columns_carry_their_comments() -> None:
    relations = {entry.name: entry for entry in [*facts(), *links()]}
    assert relations["doc_section"].text == "A heading of the documentation."
    assert dict(relations["cap"].columns)["condition"] == "presence condition, 1: always"
    assert "side" in dict(relations["cap"].columns)
    assert dict(relations["api_section"].columns)["ordinal"] == "its last number component"
    assert relations["base_cap"].columns == relations["cap"].columns
