"""A workbench over a few lines and rows that a test writes down."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from conftest import Files, bare_kernel

from caplint.findings.finding import Finding, Location
from caplint.fixes.workbench import Workbench

Rows = list[tuple[Any, ...]]
API = "Documentation/virt/kvm/api.rst"


def bench(root: Path, files: Files, tables: dict[str, Rows] | None = None) -> Workbench:
    """A kernel with the files, and tables: `name(column, …)` → rows."""
    connection = sqlite3.connect(":memory:")
    for table, rows in (tables or {}).items():
        connection.execute(f"CREATE TABLE {table}")
        name, _, columns = table.partition("(")
        marks = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    return Workbench(connection, {"kernel": bare_kernel(root, files)})


def finding(line: int, subject: str = "KVM_CAP_A", path: str = API, parts: tuple[str, ...] = ()) -> Finding:
    return Finding("CAP999", "made-up", "warning", subject, None, "f", "m", Location("kernel", path, line), parts=parts)
