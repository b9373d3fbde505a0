"""Rows of temporary tables: inserted by column name, and one type for each table that fits it."""

from __future__ import annotations

import importlib
import re
import sqlite3
from typing import Any, NamedTuple

import pytest

from caplint.link.core.rows import insert
from caplint.link.core.values import register
from caplint.link.views import views

_FOLDERS = ("buildconfig", "core", "docs", "handlers", "machines", "macros", "msr", "uapi", "vmm")


class Pair(NamedTuple):
    """Row of a table whose columns have another order."""

    name: str
    line: int


def _row_types() -> dict[str, Any]:
    """Table → its row type, by the docstring of the type."""
    types: dict[str, Any] = {}
    for folder in _FOLDERS:
        module = importlib.import_module(f"caplint.link.{folder}.rows")
        for value in vars(module).values():
            if isinstance(value, type) and (table := re.match(r"Row of `(\w+)`", value.__doc__ or "")):
                types[table.group(1)] = value
    return types


@pytest.fixture
def connection() -> sqlite3.Connection:
    """Return a database with all temporary tables."""
    database = sqlite3.connect(":memory:")
    register(database)
    for statement in re.findall(r"^CREATE TEMP TABLE .*?;\n", views(), re.MULTILINE | re.DOTALL):
        database.execute(statement)
    return database


def test_rows_are_inserted_by_column_name() -> None:
    """Accept any column order of the table, and rows from a generator."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TEMP TABLE pair (line INTEGER, name TEXT)")
    insert(database, "pair", (Pair(name, line) for line, name in enumerate("ab")))
    insert(database, "pair", [])
    assert database.execute("SELECT name, line FROM pair").fetchall() == [("a", 0), ("b", 1)]


@pytest.mark.parametrize("table", sorted(_row_types()))
def test_a_row_type_has_its_tables_columns_in_their_order(table: str, connection: sqlite3.Connection) -> None:
    """Positional construction of a row is safe only with the table's column order."""
    columns = [name for _, name, *_ in connection.execute(f"PRAGMA temp.table_info({table})")]
    assert list(_row_types()[table]._fields) == columns


def test_every_table_that_is_filled_from_python_has_a_row_type() -> None:
    """Guard the parametrised test against finding no types at all."""
    assert len(_row_types()) >= 40
