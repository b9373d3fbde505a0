"""Rows of the tables that this folder fills: the fields are the columns, in their order."""

from __future__ import annotations

from typing import NamedTuple


class KconfigRow(NamedTuple):
    """Row of `all_kconfig`."""

    side: str
    tree: str
    arch: str
    symbol: str
    state: str
    path: str | None
    line: int | None


class FileConditionRow(NamedTuple):
    """Row of `all_file_condition`."""

    side: str
    tree: str
    path: str
    condition: str
