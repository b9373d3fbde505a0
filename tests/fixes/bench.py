"""A workbench over a few lines and rows that a test writes down."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from conftest import Files, bare_kernel, bare_qemu

from caplint.findings.finding import Finding, Location
from caplint.fixes.workbench import Fixer, Workbench

Rows = list[tuple[Any, ...]]
Tables = dict[str, Rows]
"""`name(column, …)` → rows."""
API = "Documentation/virt/kvm/api.rst"


def filled(tables: Tables) -> sqlite3.Connection:
    """A database of the tables."""
    connection = sqlite3.connect(":memory:")
    for table, rows in tables.items():
        connection.execute(f"CREATE TABLE {table}")
        name, _, columns = table.partition("(")
        marks = ", ".join("?" * len(columns.split(",")))
        connection.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)
    return connection


def bench(root: Path, files: Files, tables: Tables | None = None, tree: str = "kernel") -> Workbench:
    """A kernel, or a QEMU, with the files, and tables."""
    made = (bare_qemu if tree == "qemu" else bare_kernel)(root, files)
    return Workbench(filled(tables or {}), {tree: made})


def finding(
    line: int,
    subject: str = "KVM_CAP_A",
    path: str = API,
    parts: tuple[str, ...] = (),
    *,
    tree: str = "kernel",
    column: int = 1,
    severity: str = "warning",
    message: str = "m",
) -> Finding:
    place = Location(tree, path, line, column)
    return Finding("CAP999", "made-up", severity, subject, None, "f", message, place, parts=parts)


def edited(propose: Fixer, found: Finding, made: Workbench) -> str | None:
    """The file of a finding after its fix, which changes no other; None if it has none."""
    fixes = list(propose([found], made))
    if not fixes:
        return None
    ((of, fix),) = fixes
    assert of is found
    lines = made.lines(found.place.tree, found.place.path)
    for edit in sorted(fix.edits, key=lambda edit: -edit.line):
        assert (edit.tree, edit.path) == (found.place.tree, found.place.path)
        assert list(edit.old) == lines[edit.line - 1 : edit.stop - 1]
        lines = [*lines[: edit.line - 1], *edit.new, *lines[edit.stop - 1 :]]
    return "".join(f"{line}\n" for line in lines)
