"""Differences between two evaluated copies of the headers; copies that differ in lines alone are compared once.

A patch moves header lines far more often than it changes a layout. So differences are also memoized under the
copies' content without lines, and are then located again on their current lines.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from caplint.facts.store.store import FactStore
from caplint.util.code_identity import LAYOUTS, code_identity

# End of a header's path and a line number in it, in the JSON of units.
_LINE = re.compile(r'\.h", \d+')
_SHAPES = 64
"""Number of copies whose shapes are kept in memory; a run has some thirty."""

_KINDS = {"struct": "structures", "ioctl": "ioctls", "constant": "constants"}
_SIDES = (slice(6, 9), slice(9, 12))
"""Columns for path, line and column of a difference: in the kernel's copy, in the other copy."""


def drift_of(store: FactStore, kernel: str, other: str) -> list[list[Any]]:
    """Return the differences between two copies' units (JSON): rows of `caplint.abi.compare_abis.Difference`."""
    shapes = [_shape(units) for units in (kernel, other)]
    if shapes[0] == shapes[1]:
        return []
    code = code_identity(*LAYOUTS)
    cache_key = f"drift of shapes {code} {shapes[0]} {shapes[1]}"
    recalled = store.recall(cache_key)
    if recalled is None:
        recalled = json.dumps(_compared(kernel, other))
        store.retain(cache_key, recalled)
        return json.loads(recalled)  # type: ignore[no-any-return]
    rows: list[list[Any]] = json.loads(recalled)
    if rows:
        sides = [json.loads(units) for units in (kernel, other)]
        for row in rows:
            for units, columns in zip(sides, _SIDES, strict=True):
                row[columns] = _place(units, row)
    return rows


@lru_cache(maxsize=_SHAPES)
def _shape(units: str) -> str:
    """Return the hash of units without their lines."""
    return hashlib.sha256(_LINE.sub('.h"', units).encode()).hexdigest()


def _compared(kernel: str, other: str) -> list[tuple[object, ...]]:
    from caplint.abi.compare_abis import differences  # noqa: PLC0415 - most runs compare nothing anew
    from caplint.abi.evaluation_pool import unit_of  # noqa: PLC0415

    sides = [{abi: unit_of(data) for abi, data in json.loads(units).items()} for units in (kernel, other)]
    return [tuple(row) for row in differences(sides[0], sides[1])]


def _place(units: Mapping[str, Any], row: list[Any]) -> list[Any]:
    """Return path, line and column of a difference's subject, on the first ABI of the difference."""
    from caplint.abi.uapi_constants import UapiConstant  # noqa: PLC0415 - pycparser's
    from caplint.abi.unit import IoctlNumber, Structure  # noqa: PLC0415

    subject, kind, _, abis = row[:4]
    fields = {"struct": Structure._fields, "ioctl": IoctlNumber._fields, "constant": UapiConstant._fields}[kind]
    columns = [fields.index(name) for name in ("path", "line", "column")]
    by_name = {entry[0]: entry for entry in units[abis.partition(", ")[0]][_KINDS[kind]]}[subject]
    return [by_name[column] for column in columns]
