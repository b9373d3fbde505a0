"""Rows of a query, for caplint facts."""

from __future__ import annotations

import csv
from typing import TextIO

from caplint.report.style import Style, safe
from caplint.util.escape import json_text

Rows = tuple[list[str], list[tuple[object, ...]]]
"""Column names, and rows."""


def write_text(found: Rows, out: TextIO, _: Style) -> None:
    """Write a table; columns are padded to at most 60 characters."""
    columns, rows = found
    cells = [[safe("" if value is None else str(value)) for value in row] for row in (columns, *rows)]
    widths = [min(60, max(len(row[index]) for row in cells)) for index in range(len(columns))]
    out.writelines(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in cells
    )


def write_json(found: Rows, out: TextIO, _: Style) -> None:
    """Write a list of objects."""
    columns, rows = found
    out.write(json_text([dict(zip(columns, row, strict=True)) for row in rows], indent=2) + "\n")


def write_csv(found: Rows, out: TextIO, _: Style) -> None:
    """Write comma-separated values with a row of column names."""
    columns, rows = found
    table = csv.writer(out)
    for row in (columns, *rows):
        table.writerow([safe(value) if isinstance(value, str) else value for value in row])
