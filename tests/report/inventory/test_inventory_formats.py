"""The inventory as table, JSON, CSV, Markdown and HTML, of the mini-trees and of names made to harm."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import Caplint

from caplint.engine.outcome import Outcome
from caplint.inventory.model import Capability, Found, Inventory, SourceLine
from caplint.inventory.select import ONLY
from caplint.report.inventory import data, rows, table
from caplint.report.inventory.page import _script, page, summary
from caplint.report.style import Style
from caplint.util import shipped_files

TREES = (shipped_files.FIXTURES / "linux", shipped_files.FIXTURES / "qemu")
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


def test_the_table_fits_100_columns(mini: Mini) -> None:
    lines = list(table.lines(mini[0], Style()))
    assert max(map(len, lines)) <= table.WIDTH
    assert len(lines) > len(mini[0].capabilities)
    heads = lines[0].split()
    assert heads == ["nr", "capability", *mini[0].architectures, "since", "doc", "test", "vmm", "findings"]


def test_a_name_without_end_is_cut(mini: Mini) -> None:
    cap: Capability = replace(mini[0].capabilities[0], name="KVM_CAP_" + "A" * 300)
    lines = list(table.lines(replace(mini[0], capabilities=[cap]), Style()))
    assert max(map(len, lines)) <= table.WIDTH


def test_json_fits_its_schema(mini: Mini) -> None:
    schema = json.loads(resources.files("caplint").joinpath("schemas/inventory.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(data.as_object(mini[0]))), schema)


def test_csv_and_markdown_have_a_row_for_each(mini: Mini) -> None:
    read = list(csv.DictReader(io.StringIO(rows.csv_text(mini[0]))))
    assert [row["name"] for row in read] == [cap.name for cap in mini[0].capabilities]
    marked = rows.markdown_text(mini[0]).splitlines()
    assert sum(line.startswith("|") for line in marked) == len(mini[0].capabilities) + 2
    assert len({line.replace("\\|", "").count("|") for line in marked if line.startswith("|")}) == 1


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


@pytest.mark.parametrize("output_format", ["text", "json", "csv", "markdown", "html"])
def test_the_command_says_the_same_twice(caplint: Caplint, output_format: str) -> None:
    first = caplint("inventory", *TREES, "--output-format", output_format)
    assert (first.status, first.err) == (0, "")
    assert caplint("inventory", *TREES, "--output-format", output_format, "--jobs", "1").out == first.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--arch", "z80"), "--arch z80: unknown; known are x86"),
        (("--only", "pretty"), "'pretty' is unknown; known are advertised"),
        (("--compare", "/nowhere"), "/nowhere"),
    ],
)
def test_wrong_use(caplint: Caplint, words: tuple[str, ...], said: str) -> None:
    run = caplint("inventory", *TREES, *words)
    assert run.status == 2
    assert said in run.err


def test_filters_that_nothing_passes(caplint: Caplint) -> None:
    assert caplint("inventory", *TREES, "--cap", "NO_SUCH").out == "no capability matches these filters\n"
