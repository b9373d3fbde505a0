"""The record types and schema.sql say the same, and the schema explains itself."""

from __future__ import annotations

import re
import sqlite3
from importlib import resources
from typing import get_type_hints

import pytest

from caplint.facts.records import TABLES

SCHEMA = resources.files("caplint.facts").joinpath("schema.sql").read_text("utf-8")
# Said once for all at the top of the schema, or named as what they are.
PLAIN = frozenset({"id", "blob", "line", "column", "start", "stop", "condition", "function", "name", "path", "size"})
PLAIN_IN = {
    "condition": {"text"},
    "include": {"path"},
    "test": {"expression"},
    "guard_extent": {"expression"},
    "comparison": {"constant"},
    "table_entry": {"variable", "type", "field", "value"},
    "blind_spot": {"reason"},
    "doc_mention": {"title"},
    "token": {"occurrences"},
    "stat_cache": {"directory", "inode", "oid", "reader"},
    "object_cache": {"reader", "size"},
}


def _tables() -> dict[str, list[tuple[str, str, bool]]]:
    """Column names, types and whether they are mandatory, by table, as SQLite understands them."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    tables = {
        name: [
            (column, kind, bool(mandatory))
            for _, column, kind, mandatory, _, _ in connection.execute(f"PRAGMA table_info({name})")
        ]
        for name in names
    }
    connection.close()
    return tables


COLUMNS = _tables()
_KINDS: dict[object, tuple[str, bool]] = {str: ("TEXT", True), int: ("INTEGER", True), str | None: ("TEXT", False)}


@pytest.mark.parametrize("record", TABLES, ids=lambda record: record.__name__)
def test_record_agrees_with_its_table(record: type) -> None:
    columns = COLUMNS[TABLES[record]]
    assert columns[0] == ("blob", "INTEGER", True)
    fields = [(name, *_KINDS[int if name == "condition" else kind]) for name, kind in get_type_hints(record).items()]
    assert fields == columns[1:]


def test_every_table_of_facts_has_a_record() -> None:
    assert set(TABLES.values()) == set(COLUMNS) - {"blob", "condition", "memo", "stat_cache", "object_cache"}


def test_every_table_of_facts_is_indexed_by_blob() -> None:
    assert set(re.findall(r"CREATE INDEX \w+_blob ON (\w+) \(blob\b", SCHEMA)) == set(TABLES.values())


@pytest.mark.parametrize("table", COLUMNS)
def test_table_has_a_comment(table: str) -> None:
    assert re.search(rf"^-- \S.+\nCREATE TABLE {table} \(", SCHEMA, re.MULTILINE)


@pytest.mark.parametrize("table", COLUMNS)
def test_columns_have_comments(table: str) -> None:
    match = re.search(rf"^CREATE TABLE {table} \(\n(.*?)^\)", SCHEMA, re.MULTILINE | re.DOTALL)
    assert match
    lines = {line.split()[0]: line for line in match.group(1).splitlines()}
    silent = {
        column
        for column, _, _ in COLUMNS[table]
        if column not in PLAIN | PLAIN_IN.get(table, set()) and not re.search(r"--\s\S+", lines[column])
    }
    assert silent == set()
