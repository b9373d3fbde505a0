"""Writers of the inventory and of what changed in it, one per format."""

from __future__ import annotations

from typing import NamedTuple, TextIO

from caplint.inventory.difference import Difference
from caplint.inventory.model import Inventory
from caplint.outcome import Outcome
from caplint.quoting import json_text
from caplint.report.inventory import data, rows, table
from caplint.report.style import Style


class Built(NamedTuple):
    """An inventory, and the outcome of the check that it was made with."""

    inventory: Inventory
    outcome: Outcome


def write_text(built: Built, out: TextIO, style: Style) -> None:
    """Write a table for a terminal."""
    out.writelines(f"{line}\n" for line in table.lines(built.inventory, style))


def write_json(built: Built, out: TextIO, _: Style) -> None:
    """Write everything as one object."""
    out.write(json_text(data.as_object(built.inventory), indent=2) + "\n")


def write_csv(built: Built, out: TextIO, _: Style) -> None:
    """Write comma-separated values."""
    out.write(rows.csv_text(built.inventory))


def write_markdown(built: Built, out: TextIO, _: Style) -> None:
    """Write a table in Markdown."""
    out.write(rows.markdown_text(built.inventory))


def write_html(built: Built, out: TextIO, _: Style) -> None:
    """Write one page for the browser."""
    from caplint.report.inventory.page import page  # noqa: PLC0415 - Jinja2, for this format only

    out.write(page(built.inventory, built.outcome))


def write_changes_text(found: Difference, out: TextIO, style: Style) -> None:
    """Write the changes for a terminal."""
    out.writelines(f"{line}\n" for line in table.changes(found, style))


def write_changes_json(found: Difference, out: TextIO, _: Style) -> None:
    """Write the changes as one object."""
    out.write(json_text(data.difference_object(found), indent=2) + "\n")


def write_changes_markdown(found: Difference, out: TextIO, _: Style) -> None:
    """Write the changes as a table in Markdown."""
    out.write(rows.changes_markdown(found))
