"""The tables and views of schema.sql and views.sql, with their comments and columns, for the schema reference."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from caplint.facts.store.schema import schema
from caplint.link.views import views

_CREATE = re.compile(r"CREATE (?:TEMP )?(TABLE|VIEW) (\w+)")
_COLUMN = re.compile(r"    (\w+)\s+(?:TEXT|INTEGER)\b[^-]*(?:--\s*(.*))?$")
_NAMED = re.compile(r"\bAS (\w+),?\s*--\s*(.*)$")
_PLAIN = re.compile(r"SELECT \* FROM (all_\w+)")
# Functions of queries; SQLite must know them before it can list the columns of a view.
_FUNCTIONS = (
    "implies", "equivalent", "satisfiable", "conjoin", "possible", "consistent", "certain", "nearest_cap", "symbols",
)  # fmt: skip


@dataclass
class Relation:
    """A table or view."""

    name: str
    text: str
    """The comment above it, on one line."""
    columns: list[tuple[str, str]]
    """Name, and the comment beside it."""


def facts() -> list[Relation]:
    """Return the tables of facts."""
    return list(_relations(schema(), "main", {}).values())


def links() -> list[Relation]:
    """Return the views that rules query; a view of side `now` has the comments of the table behind it."""
    found = _relations(views(), "temp", {})
    return [entry for name, entry in found.items() if not name.startswith("all_")]


def _relations(sql: str, where: str, found: dict[str, Relation]) -> dict[str, Relation]:
    columns = _columns()
    comment: list[str] = []
    current: Relation | None = None
    for line in sql.splitlines():
        created = _CREATE.match(line)
        if line.startswith("--"):
            comment.append(line[2:].strip())
        elif created:
            name = created.group(2)
            current = found[name] = Relation(name, " ".join(comment), [(column, "") for column in columns[where, name]])
            behind = _PLAIN.search(line)
            if behind and behind.group(1) in found:
                told = dict(found[behind.group(1)].columns)
                current.columns = [(column, told.get(column, "")) for column, _ in current.columns]
                current.text = current.text or found[behind.group(1)].text
            comment = []
        elif not line.strip():
            comment = []
        if current and (said := _COLUMN.match(line) or _NAMED.search(line)):
            told = dict(current.columns) | {said.group(1): said.group(2) or ""}
            current.columns = [(column, told[column]) for column, _ in current.columns]
    for name, entry in found.items():
        twin = found.get(name.removeprefix("base_")) if name.startswith("base_") else None
        if twin:
            entry.text = f"Like `{twin.name}`, but without the patches applied to trees."
            entry.columns = twin.columns
    return found


def _columns() -> dict[tuple[str, str], list[str]]:
    """Return the columns of each relation by (database, name), as SQLite lists them."""
    connection = sqlite3.connect(":memory:")
    for function in _FUNCTIONS:
        connection.create_function(function, -1, lambda *_: None)
    connection.create_collation("number", lambda one, other: (one > other) - (one < other))
    connection.executescript(schema() + ";" + views())
    return {
        (where, name): [row[1] for row in connection.execute(f"PRAGMA {where}.table_info({name})")]
        for where in ("main", "temp")
        for (name,) in connection.execute(f"SELECT name FROM {where}.sqlite_schema WHERE type <> 'index'")  # noqa: S608
    }
