"""Writers of the inventory and of its changes, one per format."""

from __future__ import annotations

from typing import NamedTuple, TextIO

from caplint.engine.outcome import Outcome
from caplint.history.model import CapabilityHistory
from caplint.inventory.difference import InventoryDifference
from caplint.inventory.model import Inventory
from caplint.report.inventory import data, rows, table
from caplint.report.style import Style
from caplint.util.escape import json_text


class Built(NamedTuple):
    """Inventory, and the outcome of the check that it was built with."""

    inventory: Inventory
    outcome: Outcome
    history: CapabilityHistory | None = None


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
    """Write a Markdown table."""
    out.write(rows.markdown_text(built.inventory))


def write_html(built: Built, out: TextIO, _: Style) -> None:
    """Write one HTML page."""
    from caplint.report.inventory.page import page  # noqa: PLC0415 - Jinja2, for this format only

    out.write(page(built.inventory, built.outcome, built.history))


def write_changes_text(found: InventoryDifference, out: TextIO, style: Style) -> None:
    """Write the changes for a terminal."""
    out.writelines(f"{line}\n" for line in table.changes(found, style))


def write_changes_json(found: InventoryDifference, out: TextIO, _: Style) -> None:
    """Write the changes as one object."""
    out.write(json_text(data.difference_object(found), indent=2) + "\n")


def write_changes_csv(found: InventoryDifference, out: TextIO, _: Style) -> None:
    """Write a row per changed property of a capability."""
    out.write(rows.changes_csv(found))


def write_changes_html(found: InventoryDifference, out: TextIO, _: Style) -> None:
    """Write one HTML page."""
    from caplint.report.inventory.changes_page import changes_html  # noqa: PLC0415 - for this format only

    out.write(changes_html(found))


def write_changes_markdown(found: InventoryDifference, out: TextIO, _: Style) -> None:
    """Write the changes as Markdown lists."""
    out.write(rows.changes_markdown(found))
