"""The inventory of the mini-trees as table, JSON, CSV, Markdown and HTML, by the command and its options."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from conftest import Caplint

from caplint.engine.outcome import Outcome
from caplint.inventory.model import Capability, Inventory
from caplint.report.inventory import rows, table
from caplint.report.style import Style
from caplint.util import shipped_files

TREES = (shipped_files.FIXTURES / "linux", shipped_files.FIXTURES / "qemu")

Mini = tuple[Inventory, Outcome]


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


def test_csv_and_markdown_have_a_row_for_each(mini: Mini) -> None:
    read = list(csv.DictReader(io.StringIO(rows.csv_text(mini[0]))))
    assert [row["name"] for row in read] == [cap.name for cap in mini[0].capabilities]
    marked = rows.markdown_text(mini[0]).splitlines()
    assert sum(line.startswith("|") for line in marked) == len(mini[0].capabilities) + 2
    assert len({line.replace("\\|", "").count("|") for line in marked if line.startswith("|")}) == 1


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
