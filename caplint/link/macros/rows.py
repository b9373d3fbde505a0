"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple


class SupersededRow(NamedTuple):
    """Row of `superseded`."""

    side: str
    tree: str
    path: str
    function: str


class UnexpandedRow(NamedTuple):
    """Row of `all_unexpanded`."""

    side: str
    tree: str
    path: str
    line: int
    name: str | None
    reason: str
