"""Lays a run's trees over the store: the snapshot, and every link in its order."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from caplint.c.expression import parse
from caplint.c.formula import equivalent, implies, satisfiable
from caplint.facts.harvest import Reading
from caplint.facts.languages import language_of
from caplint.facts.store import BlobKey, FactStore
from caplint.knowledge import knowledge
from caplint.link.answers import link_answers
from caplint.link.availability import link_availability
from caplint.link.build import conjoin, link_build
from caplint.link.cap_msrs import link_cap_msrs
from caplint.link.cap_states import link_cap_states
from caplint.link.capabilities import link_capabilities
from caplint.link.changes import Loaded, changed_lines
from caplint.link.configurations import Configurations
from caplint.link.doc_scopes import link_doc_scopes
from caplint.link.documentation import link_documentation
from caplint.link.handlers import link_handlers
from caplint.link.ioctl_cases import link_ioctl_cases
from caplint.link.kconfig import link_kconfig
from caplint.link.layouts import layouts_of
from caplint.link.made import link_made
from caplint.link.msrs import link_msrs
from caplint.link.selftests import link_selftests
from caplint.link.values import number_column, register, within
from caplint.link.vmm import link_vmm

if TYPE_CHECKING:
    from caplint.machine.record import Machine


@dataclass(frozen=True)
class Scope:
    """What a run asks for."""

    vendor_ranges: tuple[tuple[int, int], ...] = ()
    narrow: bool = False
    """Only the views of capabilities are wanted."""
    machines: tuple[Machine, ...] = ()
    """Whose answers are held against the trees."""


@cache
def views() -> str:
    """The text of views.sql."""
    return resources.files(__package__).joinpath("views.sql").read_text("utf-8")


def link(
    store: FactStore,
    loaded: list[Loaded],
    rows: dict[BlobKey, int],
    reading: Reading,
    scope: Scope,
) -> Configurations:
    """Fill the views of one run. `rows` says where the store holds each blob."""
    connection = store.connection
    connection.create_function("implies", 2, _implies, deterministic=True)
    connection.create_function("equivalent", 2, _equivalent, deterministic=True)
    connection.create_function("satisfiable", 1, _satisfiable, deterministic=True)
    connection.create_function("symbols", 1, _symbols, deterministic=True)
    register(connection)
    for statement in views().split(";\n"):
        connection.execute(statement)
    for entry in loaded:
        _snapshot(connection, entry, rows)
        for side, tree in (("now", entry.tree), ("base", entry.tree.base)):
            if tree is not None:
                link_made(store, side, tree, reading)
    connection.executemany("INSERT INTO temp.retired VALUES (?, ?)", knowledge().retired.items())
    connection.executemany("INSERT INTO temp.system_answer VALUES (?, ?)", knowledge().system_answers.items())
    ranges = [tuple(number_column(within(end)) for end in ends) for ends in scope.vendor_ranges]
    connection.executemany("INSERT INTO temp.vendor_range VALUES (?, ?)", ranges)
    connection.create_function("conjoin", 2, conjoin, deterministic=True)
    # A narrow run has no views of layouts.
    with layouts_of(store, [] if scope.narrow else [entry.tree for entry in loaded], reading.jobs) as link_layouts:
        configurations = _link_capabilities(store, loaded, reading, scope)
        if not scope.narrow:
            link_cap_states(store, reading.extractor)
            link_msrs(store, reading.extractor)
            link_cap_msrs(connection)
            for entry in loaded:
                link_selftests(connection, entry.tree)
            link_layouts()
    return configurations


def _link_capabilities(store: FactStore, loaded: list[Loaded], reading: Reading, scope: Scope) -> Configurations:
    """What narrow runs have as well."""
    connection = store.connection
    link_capabilities(connection)
    configurations = link_kconfig(connection, link_build(connection))
    _functions(connection, configurations)
    link_handlers(store, reading.extractor)
    link_answers(connection, configurations)
    link_ioctl_cases(connection)
    if scope.machines:
        from caplint.link.machines import link_machines  # noqa: PLC0415 - most runs have none

        link_machines(connection, loaded, configurations, scope.machines)
    link_vmm(store, reading.extractor)
    link_documentation(connection)
    link_doc_scopes(connection)
    link_availability(connection)
    return configurations


def _snapshot(connection: sqlite3.Connection, loaded: Loaded, rows: dict[BlobKey, int]) -> None:
    tree = loaded.tree
    connection.execute(
        "INSERT INTO temp.tree VALUES (?, ?, ?, ?, ?, ?)",
        (tree.name, tree.role, tree.project.name, tree.location, int(tree.base is not None), int(tree.complete)),
    )
    sides = [("now", loaded.files)]
    if tree.base is not None:
        sides.append(("base", loaded.base_files))
    for side, files in sides:
        connection.executemany(
            "INSERT INTO temp.all_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                (
                    side,
                    tree.name,
                    tree.role,
                    file.path,
                    knowledge().architecture_of(tree.project, file.path),
                    tree.project.header_kind(file.path),
                    int(bool(tree.project.documentation.fullmatch(file.path))),
                    rows[file.oid, language_of(file.path) or "c"],
                )
                for file in files
            ],
        )
    connection.executemany("INSERT INTO temp.changed_line VALUES (?, ?, ?)", changed_lines(loaded))
    connection.executemany(
        "INSERT INTO temp.patch_file VALUES (?, ?, ?, ?, ?, ?)",
        [(row.series, row.ordinal, row.patch, tree.name, row.path, row.kind) for row in tree.patch_files],
    )


def unpatched(connection: sqlite3.Connection, configurations: Configurations) -> None:
    """Turn the views to the trees as they are without their patches, as if those changed nothing.

    What was linked as `base` takes the place of `now`, and the `base_` views show the same.
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
    connection.execute("DELETE FROM temp.all_layout_drift WHERE world = 'now'")
    connection.execute("UPDATE temp.all_layout_drift SET world = 'now'")
    for table in ("changed_line", "patch_file", "pending_cap", "pending_section"):
        connection.execute(f"DELETE FROM temp.{table}")  # noqa: S608
    _functions(connection, configurations.unpatched())


def _functions(connection: sqlite3.Connection, configurations: Configurations) -> None:
    connection.create_function("possible", -1, configurations.possible, deterministic=True)
    connection.create_function("consistent", -1, configurations.consistent, deterministic=True)
    connection.create_function("certain", -1, configurations.certain, deterministic=True)


def _implies(stronger: str, weaker: str) -> bool:
    return implies(parse(stronger), parse(weaker))


def _equivalent(left: str, right: str) -> bool:
    return equivalent(parse(left), parse(right))


def _symbols(expression: str) -> str:
    """JSON array of the identifiers in an expression, in order of their first appearance."""
    return json.dumps(list(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", expression))))


def _satisfiable(condition: str) -> bool:
    return satisfiable(parse(condition))
