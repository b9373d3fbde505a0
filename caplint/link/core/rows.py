"""Rows of the tables that this folder fills: the fields are the columns, in their order. Also their insertion."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from functools import cache
from itertools import chain
from typing import NamedTuple

from caplint.link.core.values import Number


def insert(connection: sqlite3.Connection, table: str, rows: Iterable[NamedTuple]) -> None:
    """Insert rows of one type into a temporary table, by the names of their fields."""
    remaining = iter(rows)
    first = next(remaining, None)
    if first is not None:
        connection.executemany(_statement(table, first._fields), chain([first], remaining))


@cache
def _statement(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO temp.{table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - names of the code's own


class RetiredRow(NamedTuple):
    """Row of `retired`."""

    name: str
    reason: str


class SystemAnswerRow(NamedTuple):
    """Row of `system_answer`."""

    name: str
    reason: str


class TreeRow(NamedTuple):
    """Row of `tree`."""

    name: str
    role: str
    project: str
    location: str
    patched: int
    complete: int


class FileRow(NamedTuple):
    """Row of `all_file`."""

    side: str
    tree: str
    role: str
    path: str
    arch: str | None
    header: str | None
    api: int
    blob: int
    expanded: int


class ChangedLineRow(NamedTuple):
    """Row of `changed_line`."""

    tree: str
    path: str
    line: int


class PatchFileRow(NamedTuple):
    """Row of `patch_file`."""

    series: str
    ordinal: int
    patch: str
    tree: str
    path: str
    kind: str
    synced: int


class VendorRangeRow(NamedTuple):
    """Row of `vendor_range`."""

    low: Number
    high: Number


class CutRow(NamedTuple):
    """Row of `all_cut`."""

    side: str
    tree: str
    path: str
    line: int
    start: int
    stop: int
    reason: str


class ReachesRow(NamedTuple):
    """Row of `reaches`."""

    kind: str
    tree: str
    path: str
    line: int
    function: str
    subject: str
    arch: str | None
    reached: int | None
    reason: str


class FunctionArchRow(NamedTuple):
    """Row of `function_arch`."""

    tree: str
    path: str
    function: str
    arch: str


class EnableWayRow(NamedTuple):
    """Row of `enable_way`."""

    tree: str
    path: str
    line: int
    column: int
    cap: str
    checked: int | None
    reason: str
    route: str
    way: str
