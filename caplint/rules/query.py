"""Validation and execution of the queries of rule pages and of users."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from caplint.findings.finding import Finding
from caplint.rules.finding_rows import finding_of
from caplint.rules.page import Rule
from caplint.rules.sandbox import execute, plain, sandbox
from caplint.util import shipped_files
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
PARTS = "parts"
"""Further column that a query may select last: a JSON array with the names of the faults that the finding combines."""


def validate(connection: sqlite3.Connection, rule: Rule) -> None:
    """Compile the rule's query against the linked views. Raises `CaplintError` with the reason for an invalid query."""
    with sandbox(connection, f"{rule.path}: query"):
        names, _ = execute(connection, f"SELECT * FROM ({plain(rule.query)}\n) LIMIT 0")  # noqa: S608
    _require_columns(rule, tuple(names))


def _require_columns(rule: Rule, columns: tuple[str, ...]) -> None:
    if columns not in {COLUMNS, (*COLUMNS, PARTS)}:
        wanted = f"{', '.join(COLUMNS)} and may then select {PARTS}"
        raise CaplintError(f"{rule.path}: query: selects {', '.join(columns)}; it must select {wanted}")


def run(connection: sqlite3.Connection, rule: Rule) -> Iterator[Finding]:
    """Yield the rule's findings in the linked trees.

    Raises `CaplintError` for a query that fails, does not end or selects other columns.
    """
    try:
        with sandbox(connection, f"{rule.path}: query"):
            names, rows = execute(connection, plain(rule.query))
    except (sqlite3.Error, UnicodeError) as error:
        # The shipped pages make no such text: there the store is damaged.
        if "decode to UTF-8" not in str(error) or rule.path.parent == shipped_files.RULES:
            raise
        raise CaplintError(
            f"{rule.path}: query: {error}; wrap the column in hex(); "
            "if it builds no text, the cache is corrupt: remove it"
        ) from error
    _require_columns(rule, tuple(names))
    for row in rows:
        try:
            yield finding_of(rule, row)
        except ValueError as error:
            raise CaplintError(f"{rule.path}: query: a row is malformed: {error} in {_shown(row):.200}") from error


def _shown(row: tuple[Any, ...]) -> str:
    return f"({', '.join('NULL' if value is None else repr(value) for value in row)})"


def query_rows(connection: sqlite3.Connection, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run a user's query under the limits of rules; return column names and rows. Raises `CaplintError`."""
    with sandbox(connection, "query"):
        return execute(connection, plain(query))
