"""Validation and execution of the queries of rule pages and of users."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from caplint.findings.finding import Finding
from caplint.rules.finding_rows import finding_of
from caplint.rules.page import Rule
from caplint.rules.sandbox import execute, plain, sandbox
from caplint.util.errors import CaplintError

COLUMNS = (
    "tree",
    "path",
    "line",
    "column",
    "subject",
    "arch",
    "function",
    "severity",
    "message",
    "related",
)
"""Columns that every rule's query must select, in this order."""


def validate(connection: sqlite3.Connection, rule: Rule) -> None:
    """Compile the rule's query against the linked views. Raises `CaplintError` with the reason for an invalid query."""
    with sandbox(connection, f"{rule.path}: query"):
        names, _ = execute(connection, f"SELECT * FROM ({plain(rule.query)}\n) LIMIT 0")  # noqa: S608
    columns = tuple(names)
    if columns != COLUMNS:
        raise CaplintError(f"{rule.path}: query: selects {', '.join(columns)}; it must select {', '.join(COLUMNS)}")


def run(connection: sqlite3.Connection, rule: Rule) -> Iterator[Finding]:
    """Run the rule's query over the linked trees. Raises `CaplintError` for a query that fails or is too costly."""
    with sandbox(connection, f"{rule.path}: query"):
        _, rows = execute(connection, plain(rule.query))
    for row in rows:
        try:
            yield finding_of(rule, row)
        except ValueError as error:
            raise CaplintError(f"{rule.path}: query: a row is malformed: {error} in {row!r:.200}") from error


def query_rows(connection: sqlite3.Connection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a user's query under the limits of rules; return column names and rows. Raises `CaplintError`."""
    with sandbox(connection, "query"):
        return execute(connection, plain(query))
