"""Linker of a run's trees: it fills every table, in an order that follows from the links' needs."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack

from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import BlobKey, FactStore
from caplint.link.buildconfig.configurations import Configurations
from caplint.link.buildconfig.file_conditions import conjoin
from caplint.link.core.condition_functions import add_functions
from caplint.link.core.loaded_trees import Loaded
from caplint.link.core.values import register
from caplint.link.linking import Linking, RunScope
from caplint.link.order import closure, in_order
from caplint.link.registry import LINKS
from caplint.link.views import fact_views, views


def link(
    store: FactStore,
    loaded: list[Loaded],
    rows: dict[BlobKey, int],
    reading: ExtractionSettings,
    scope: RunScope,
) -> Configurations:
    """Fill the views of one run. `rows` gives each blob's id in the store."""
    connection = store.connection
    add_functions(connection)
    register(connection)
    connection.create_function("conjoin", 2, conjoin, deterministic=True)
    for statement in views().split(";\n"):
        connection.execute(statement)
    with ExitStack() as stack:
        run = Linking(store, loaded, rows, reading, scope, stack)
        run.results = closure(LINKS, scope.results) if scope.results else None
        for step in in_order(LINKS):
            if step.wanted(run) and run.needs(*step.fills):
                step.run(run)
    for statement in fact_views().split(";\n"):
        connection.execute(statement)
    return run.configurations


def unpatched(connection: sqlite3.Connection, configurations: Configurations) -> Configurations:
    """Switch the views to the unpatched trees, and return what decides on presence conditions there.

    Rows of side `base` replace those of side `now`, and the `base_` views show the same rows.
    """
    tables = connection.execute("SELECT name FROM sqlite_temp_schema WHERE type = 'table'").fetchall()
    for (table,) in tables:
        columns = {name for _, name, *_ in connection.execute(f"PRAGMA temp.table_info({table})")}
        if {"side", "tree"} <= columns:
            patched = "tree IN (SELECT name FROM temp.tree WHERE patched)"
            connection.execute(f"DELETE FROM temp.{table} WHERE side = 'now' AND {patched}")  # noqa: S608
            connection.execute(f"UPDATE temp.{table} SET side = 'now' WHERE side = 'base'")  # noqa: S608
    twins = connection.execute(
        "SELECT name FROM sqlite_temp_schema WHERE type = 'view' AND name LIKE 'base!_%' ESCAPE '!'"
    )
    for (view,) in twins.fetchall():
        connection.execute(f"DROP VIEW temp.{view}")
        connection.execute(f"CREATE TEMP VIEW {view} AS SELECT * FROM {view.removeprefix('base_')}")  # noqa: S608
    connection.execute("DELETE FROM temp.all_layout_drift WHERE snapshot = 'now'")
    connection.execute("UPDATE temp.all_layout_drift SET snapshot = 'now'")
    for table in ("changed_line", "patch_file", "pending_cap", "pending_constant", "pending_section"):
        connection.execute(f"DELETE FROM temp.{table}")  # noqa: S608
    before = configurations.unpatched()
    before.add_functions(connection)
    return before
