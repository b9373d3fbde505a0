"""What two evaluated copies of the headers disagree about; those that differ in lines alone are compared once.

A patch moves the lines of headers far more often than it changes a layout. So differences are also kept under what the
copies are without their lines, and are then found again on the lines where they stand now.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from caplint.code_identity import LAYOUTS, code_identity
from caplint.facts.store import FactStore

# The end of a header's path and a line of it, in the JSON of units.
_LINE = re.compile(r'\.h", \d+')
_SHAPES = 64
"""Copies whose shapes are kept in memory; a run has some thirty."""

_KINDS = {"struct": "structures", "ioctl": "ioctls"}
_SIDES = (slice(6, 9), slice(9, 12))
"""Path, line and column of a difference: in the kernel's copy, in the other."""


def drift_of(store: FactStore, kernel: str, other: str) -> list[list[Any]]:
    """The differences between two copies' units, given as JSON: rows of `caplint.abi.pairs.Difference`."""
    shapes = [_shape(units) for units in (kernel, other)]
    if shapes[0] == shapes[1]:
        return []
    code = code_identity(*LAYOUTS)
    name = f"drift of shapes {code} {shapes[0]} {shapes[1]}"
    known = store.recall(name)
    if known is None:
        known = json.dumps(_compared(kernel, other))
        store.retain(name, known)
        return json.loads(known)  # type: ignore[no-any-return]
    rows: list[list[Any]] = json.loads(known)
    if rows:
        sides = [json.loads(units) for units in (kernel, other)]
        for row in rows:
            for units, columns in zip(sides, _SIDES, strict=True):
                row[columns] = _place(units, row)
    return rows


@lru_cache(maxsize=_SHAPES)
def _shape(units: str) -> str:
    """Names everything that units say, but for lines."""
    return hashlib.sha256(_LINE.sub('.h"', units).encode()).hexdigest()


def _compared(kernel: str, other: str) -> list[tuple[object, ...]]:
    from caplint.abi.pairs import differences  # noqa: PLC0415 - most runs compare nothing anew
    from caplint.abi.work import unit_of  # noqa: PLC0415

    sides = [{abi: unit_of(data) for abi, data in json.loads(units).items()} for units in (kernel, other)]
    return [tuple(row) for row in differences(sides[0], sides[1])]


def _place(units: Mapping[str, Any], row: list[Any]) -> list[Any]:
    """Where what a difference is about is defined, on the first ABI that it is said of: path, line, column."""
    from caplint.abi.unit import Ioctl, Structure  # noqa: PLC0415 - pycparser's

    subject, kind, _, abis = row[:4]
    shape = Structure if kind == "struct" else Ioctl
    columns = [shape._fields.index(name) for name in ("path", "line", "column")]
    found = {entry[0]: entry for entry in units[abis.partition(", ")[0]][_KINDS[kind]]}[subject]
    return [found[column] for column in columns]
