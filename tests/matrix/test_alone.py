"""A pair is judged by the findings that need both trees; those of one tree stand once, in its own cell."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib import resources
from pathlib import Path

import jsonschema
import pytest
from conftest import HEADER, UAPI, Caplint, age, kernel, lay
from fleets import fleet

from caplint.matrix.model import Cell

TWICE = HEADER + "#define KVM_CAP_TWIN 9\n"


@pytest.fixture
def words(apart: Path) -> list[str]:
    """The fleet, whose second kernel is one that gives a number twice."""
    words = fleet(apart)
    kernel(apart / "linux-2", {UAPI: TWICE})
    age(apart)
    return words


def test_a_finding_of_one_tree_is_no_reason_of_a_pair(caplint: Caplint, words: list[str], apart: Path) -> None:
    run = caplint("matrix", *words, "--output-format", "json")
    found = json.loads(run.out)
    jsonschema.validate(
        found, json.loads(resources.files("caplint").joinpath("schemas/matrix.json").read_text("utf-8"))
    )
    assert run.status == 1
    assert [cell["agrees"] for cell in found["cells"]] == [True, False, True, False]
    own = {cell["tree"]: [entry["code"] for entry in cell["findings"]] for cell in found["alone"]}
    assert own == {"linux-1": [], "linux-2": ["CAP102"], "qemu-1": [], "qemu-2": []}
    assert found["cells"][2]["counts"] == {"error": 0, "warning": 0, "note": 1}
    text = caplint("matrix", *words).out
    assert "linux-2                found 1/0/2  agrees 0/0/1  differs 1/0/1\n" in text
    assert "\nfindings of one tree alone\nerror CAP102 " in text
    assert text.endswith("2 of 4 pairs agree (--fail-on error); 1 of 4 trees with findings of its own\n")


def test_limit_and_baseline_count_for_trees_too(caplint: Caplint, words: list[str]) -> None:
    pair = ["--kernel", "linux-2", "--qemu", "qemu-1"]
    assert caplint("matrix", *pair).status == 1
    assert caplint("matrix", *pair, "--fail-on", "never").status == 0
    caplint("baseline", "write", "known", *pair)
    assert caplint("matrix", *pair, "--baseline", "known").status == 0


def test_csv_markdown_and_html(caplint: Caplint, words: list[str], apart: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(caplint("matrix", *words, "--output-format", "csv").out)))
    assert [(row["kernel"], row["vmm"], row["verdict"]) for row in rows] == [
        ("linux-1", "qemu-1", "agrees"), ("linux-1", "qemu-2", "differs"),
        ("linux-2", "qemu-1", "agrees"), ("linux-2", "qemu-2", "differs"),
        ("linux-1", "", "clean"), ("linux-2", "", "found"), ("", "qemu-1", "clean"), ("", "qemu-2", "clean"),
    ]  # fmt: skip
    markdown = caplint("matrix", *words, "--output-format", "markdown").out.splitlines()
    assert markdown[4] == "| linux-2 | found 1/0/2 | agrees 0/0/1 | differs 1/0/1 |"
    assert any(line.startswith("- linux-2: error CAP102 ") for line in markdown)
    page = caplint("matrix", *words, "--output-format", "html").out
    opened = re.search(r'<a href="#(c[\d-]+)">found <br>1/0/2</a>', page)
    assert opened
    assert re.search(rf'<section class="cell" id="{opened[1]}"[^>]*>\n<h2>linux-2</h2>\n<ul><li>error CAP102 ', page)
    assert page == caplint("matrix", *words, "--output-format", "html").out


def test_names_are_data_on_the_page(caplint: Caplint, words: list[str], apart: Path) -> None:
    (apart / "linux-2").rename(apart / "<img src=x>|`a`\u202e")
    lay(apart / "x", {})
    for name in ("html", "markdown", "csv"):
        out = caplint("matrix", "--kernel", "<img src=x>|`a`\u202e", "--qemu", "qemu-1", "--output-format", name).out
        assert "\u202e" not in out
        assert ("<img" in out) == (name == "csv")


def test_a_finding_that_is_worse_in_the_pair_stays() -> None:
    def cell(*marks: tuple[str, str]) -> Cell:
        findings = tuple({"fingerprint": mark, "severity": severity} for mark, severity in marks)
        return Cell(counts=dict.fromkeys(("error", "warning", "note"), 0), findings=findings, marks=marks)

    pair = cell(("a", "error"), ("b", "warning")).without((cell(("a", "warning")), cell(("b", "warning"))))
    assert pair.marks == (("a", "error"),)
    assert (pair.agrees, pair.counts) == (False, {"error": 1, "warning": 0, "note": 0})
    failed = cell(("a", "error")).without((Cell(error="gone"), cell()))
    assert failed.error == "gone"
