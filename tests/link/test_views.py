"""Statements that make the links' tables and views, for the trees as they are and as they were before a patch."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import UAPI, ask, bare_kernel

from caplint.facts.store.store import FactStore
from caplint.link import views as under_test
from caplint.link.core.condition_functions import add_functions
from caplint.link.core.values import register
from caplint.link.views import fact_views, views
from caplint.trees.overlay import OverlayTree


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    """The schema of a run that has read nothing."""
    store = FactStore(None)
    connection = store.connection
    add_functions(connection)
    register(connection)
    for statement in (*views().split(";\n"), *fact_views().split(";\n")):
        connection.execute(statement)
    yield connection
    store.close()


def _names(connection: sqlite3.Connection, kind: str) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_temp_schema WHERE type = ?", (kind,))}


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {column[1] for column in connection.execute(f"PRAGMA {table}")}


def test_every_table_of_both_sides_has_a_view_of_each(schema: sqlite3.Connection) -> None:
    both = {name for name in _names(schema, "table") if "side" in _columns(schema, f"temp.table_info({name})")}
    assert {"all_cap", "all_file", "all_handler"} <= both
    expected = {
        prefix + name.removeprefix("all_") for name in both if name.startswith("all_") for prefix in ("", "base_")
    }
    assert expected - _names(schema, "view") == set(), "these tables need views"


def test_a_view_of_both_sides_names_its_own() -> None:
    """No placeholder is left, and a view of the base reads rows of the base alone."""
    assert "{" not in re.sub(r"'[^']*'|--.*", "", views())
    for name, text in re.findall(r"CREATE TEMP VIEW (\w+) AS(.*?);\n", views(), re.DOTALL):
        sides = set(re.findall(r"side = '(\w+)'", text))
        assert sides <= {"base" if name.startswith("base_") else "now"}, name


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("CREATE TEMP VIEW {base_}tea AS SELECT * FROM all_tea WHERE side = '{side}';",
         "CREATE TEMP VIEW tea AS SELECT * FROM all_tea WHERE side = 'now';\n\n"
         "CREATE TEMP VIEW base_tea AS SELECT * FROM all_tea WHERE side = 'base';\n"),
        ("CREATE TEMP TABLE all_tea (\n    id    INTEGER,\n    side  TEXT NOT NULL\n);",
         "CREATE TEMP TABLE all_tea (\n    id    INTEGER,\n    side  TEXT NOT NULL\n);\n\n"
         "CREATE TEMP VIEW tea AS SELECT * FROM all_tea WHERE side = 'now';\n"
         "CREATE TEMP VIEW base_tea AS SELECT * FROM all_tea WHERE side = 'base';\n"),
        ("CREATE TEMP TABLE all_tea (\n    sided TEXT\n);", "CREATE TEMP TABLE all_tea (\n    sided TEXT\n);\n"),
        ("CREATE TEMP TABLE all_tea (\n    side TEXT\n);\n\nCREATE TEMP VIEW {base_}tea AS SELECT '{side}';",
         "CREATE TEMP TABLE all_tea (\n    side TEXT\n);\n\nCREATE TEMP VIEW tea AS SELECT 'now';\n\n"
         "CREATE TEMP VIEW base_tea AS SELECT 'base';\n"),
    ],
    ids=["written for both", "a table", "no side", "a view of its own"],
)  # fmt: skip
def test_twins(text: str, made: str) -> None:
    assert under_test._with_twins(text) == made


def test_facts_of_the_runs_files_alone(tmp_path: Path) -> None:
    """The store has those of every tree that it has seen; a patch's base belongs to the run."""
    for name in ("OTHER", "TEA"):
        tree = bare_kernel(tmp_path / name, {UAPI: f"#define {name} 1\n"})
    patched = OverlayTree(tree, {UAPI: b"#define CUP 1\n"})
    assert ask([tree], "SELECT name FROM macro") == [("TEA",)]
    assert ask([patched], "SELECT name FROM macro ORDER BY 1") == [("CUP",), ("TEA",)]


def test_every_table_of_facts_has_such_a_view(schema: sqlite3.Connection) -> None:
    tables = {name for (name,) in schema.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")}
    of_blobs = {
        name for name in tables if "blob" in {column[1] for column in schema.execute(f"PRAGMA main.table_info({name})")}
    }
    assert "function" in of_blobs
    assert of_blobs | {"blob"} <= _names(schema, "view")
