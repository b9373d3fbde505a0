"""The inventory's page asks for nothing, tells nothing of the machine, and treats text from the trees as data."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from capabilities import PLACE, cap, found, inventory, section, support, use
from conftest import bare_kernel

from caplint.coverage.summary import Coverage
from caplint.engine.outcome import Outcome, nothing
from caplint.findings.finding import Finding, Location
from caplint.inventory.model import Found, Inventory, SourceLine
from caplint.inventory.select import ONLY
from caplint.report.inventory import rows, table
from caplint.report.inventory.page import _script, page, summary
from caplint.report.style import Style
from caplint.util import shipped_files

HOSTILE = "KVM_CAP_</script><img src=x onerror=alert(1)>\x1b[31m|=1+1`"

Mini = tuple[Inventory, Outcome]


@pytest.fixture
def hostile(mini: Mini) -> Mini:
    """One capability, everything of which is made to harm."""
    inventory, outcome = mini
    first = next(cap for cap in inventory.capabilities if cap.paths)
    found = [Found("CAP101", HOSTILE, "error", HOSTILE, HOSTILE, SourceLine("kernel", HOSTILE, 1, HOSTILE))]
    paths = [replace(path, steps=tuple(replace(s, function=HOSTILE) for s in path.steps)) for path in first.paths]
    evil = replace(first, name=HOSTILE, alias=HOSTILE, comment=HOSTILE, findings=found, paths=paths, condition="=1")
    return replace(inventory, capabilities=[evil], trees=[("kernel", "kernel", HOSTILE, HOSTILE)]), outcome


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))


def test_the_page_asks_for_nothing(mini: Mini) -> None:
    text = page(*mini)
    for tag, attributes in _Page(text).elements:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base"}
        assert "src" not in attributes
        assert (attributes.get("href") or "#").startswith("#") or tag == "a"
    assert re.search(r'Content-Security-Policy" content="default-src \'none\'', text)
    assert all(f'<tr data-name="{cap.name}"' in text for cap in mini[0].capabilities)


def test_the_page_does_not_tell_where_trees_lie(mini: Mini) -> None:
    text = page(*mini)
    assert str(shipped_files.FIXTURES) not in text
    assert str(Path.home()) + "/" not in text
    assert "<b>kernel</b> linux" in text


def test_every_part_of_the_page_has_a_name(mini: Mini) -> None:
    """What axe looks for, for machines without it: names of fields, buttons and regions, and no name twice."""
    text = page(*mini)
    elements = _Page(text).elements
    names = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(set(names)) == len(names)
    assert [tag for tag, _ in elements].count("main") == 1
    assert re.search('<html lang="en">', text)
    for tag, attributes in elements:
        assert tag != "section" or attributes.get("aria-label")
        assert tag not in {"input", "select"} or re.search(rf'<label[^>]*>[^<]+<{tag} id="{attributes["id"]}"', text)
        assert attributes.get("role") != "region" or ("aria-label" in attributes and attributes.get("tabindex") == "0")
    assert not re.search(r"<button[^>]*>\s*</button>", text)


def test_the_page_offers_every_word_of_only(mini: Mini) -> None:
    text = page(*mini)
    offered = re.findall(r"<option(?: value=\"(\w+)\")?>([\w-]+)", text[text.index('id="only"') :])
    assert {value or label for value, label in offered} >= set(ONLY) - {""}


def test_hostile_names_are_text(hostile: Mini) -> None:
    text = page(*hostile)
    elements = _Page(text).elements
    assert "img" not in {tag for tag, _ in elements}
    assert not any(name.startswith("on") for _, attributes in elements for name in attributes)
    assert sum(tag == "script" for tag, _ in elements) == text.count("</script>") == 2
    assert "\x1b" not in text
    for other in ("\n".join(table.lines(hostile[0], Style())), rows.markdown_text(hostile[0]), summary(*hostile)):
        assert "\x1b" not in other
    assert "<img" not in rows.markdown_text(hostile[0])
    (row,) = csv.DictReader(io.StringIO(rows.csv_text(hostile[0])))
    assert row["condition"] == "'=1"


def test_data_cannot_end_its_script() -> None:
    """Not even where a blank follows the name, as HTML allows."""
    held = {"</script x": ["<!--", "-->", "&lt;"]}
    text = _script(held)
    assert not set("<>&") & set(text)
    assert json.loads(text) == held


EMPTY = nothing([], "")


def _held(text: str) -> Any:
    """The data of a page."""
    (script,) = re.findall(r'<script [^>]*type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    return json.loads(script)


def test_numbers_that_a_script_would_round_are_texts() -> None:
    small, large = cap("KVM_CAP_A", 2**53 - 1), cap("KVM_CAP_B", 2**53)
    held = _held(page(inventory(small, large), EMPTY))["capabilities"]
    assert (held["KVM_CAP_A"]["number"], held["KVM_CAP_B"]["number"]) == (2**53 - 1, str(2**53))


def test_a_selected_architecture_narrows_uses_and_findings(tmp_path: Path) -> None:
    both = {"x86": support(), "arm64": support(None)}
    of_arm = [Found("CAP101", "a", severity, "arm64", "m", PLACE) for severity in ("note", "error")]
    run = replace(EMPTY, trees=[bare_kernel(tmp_path, {})])
    held = _held(page(inventory(cap(architectures=both, findings=of_arm, vmm=[use("check")])), run))
    shown = held["selections"]["KVM_CAP_A"]
    assert set(shown) == {"", "x86", "arm64"}
    assert [shown[arch][2] for arch in ("", "x86", "arm64")] == ["1E 1N", "", "1E 1N"]
    assert shown["x86"][1] == ["1c"]


def test_a_rule_is_explained_only_where_it_has_findings(mini: Mini) -> None:
    shown = replace(mini[0], capabilities=[cap(findings=[found("note", "CAP102")])])
    text = page(shown, mini[1])
    assert len(mini[1].rules) > 50
    assert re.findall(r'<template data-rule="(\w+)">', text) == ["CAP102"]


def test_the_summary_counts_each_architecture() -> None:
    caps = [
        cap("KVM_CAP_A", architectures={"x86": support("always", "vm"), "s390": support(None, "vm")}),
        cap("KVM_CAP_B", architectures={"x86": support("by VM")}, documentation=[section()], selftests=[PLACE]),
        cap("KVM_CAP_C", documentation=[section(heading=False)], vmm=[use("enable")]),
    ]
    place = Location("kernel", "a\x1b.c", 4)
    found = [Finding("CAP101", "a", severity, "KVM_CAP_A", None, None, "m", place) for severity in ("error", "note")]
    run = Outcome([], {}, found, 0, [], [], Coverage([], [], [], {}), [])
    assert summary(inventory(*caps, architectures=("x86", "s390")), run).splitlines()[:11] == [
        "KVM capabilities in kernel (linux)",
        "",
        "     3 defined",
        "     2 answered on x86, 1 can be enabled",
        "     0 answered on s390, 1 can be enabled",
        "     1 have a section of api.rst",
        "     1 are named in a self-test",
        "     1 are used by a VMM in view",
        "",
        "1 errors and warnings, 1 notes:",
        "  CAP101 KVM_CAP_A  a\\x1b.c:4",
    ]
