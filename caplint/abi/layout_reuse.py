"""Reuse of layouts between headers that differ only in capability numbers: only the line numbers change."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any

from caplint.abi.sources import Sources
from caplint.abi.types import StructMember
from caplint.abi.uapi_constants import UapiConstant
from caplint.abi.unit import IoctlNumber, Structure, Unknown
from caplint.knowledge.capability_names import NAME, PREFIX, capabilities_in

_NUMBER = re.compile(rf"[ \t]*#[ \t]*define[ \t]+({NAME})[ \t]+\d+[ \t]*\Z")
# A macro that pastes such a name may produce any capability's name.
_PASTED = re.compile(rf"{PREFIX}\w*\s*##|##\s*{PREFIX}")
Lines = dict[str, dict[int, int]]
"""Path → line → line in the other headers, for files that differ."""


def moved(before: Sources, after: Sources) -> Lines | None:
    """Map the lines of `before` to lines of `after`; return None if a difference could change a layout.

    Only whole lines may differ, and only if they give a number to a capability that is named nowhere else.
    """
    if before.targets != after.targets or before.files.keys() != after.files.keys():
        return None
    if any(_pastes(text) for sources in (before, after) for text in sources.files.values()):
        return None
    names = [_counted(sources) for sources in (before, after)]
    line_maps: Lines = {}
    for path in before.files:
        if before.files[path] == after.files[path]:
            continue
        kept = [_kept(sources.files[path], counts) for sources, counts in zip((before, after), names, strict=True)]
        if [text for _, text in kept[0]] != [text for _, text in kept[1]]:
            return None
        line_maps[path] = {old: new for (old, _), (new, _) in zip(*kept, strict=True)}
    return line_maps


# Cached: a run checks the same header once per architecture.
@lru_cache(maxsize=512)
def _pastes(text: str) -> bool:
    return _PASTED.search(text) is not None


@lru_cache(maxsize=512)
def _names(text: str) -> Counter[str]:
    return Counter(capabilities_in(text))


def _counted(sources: Sources) -> Counter[str]:
    counts: Counter[str] = Counter()
    for text in sources.files.values():
        counts.update(_names(text))
    return counts


@lru_cache(maxsize=512)
def _numbering(text: str) -> list[tuple[int, str, str]]:
    """Return line number from 1, text, and capability of each line; '' unless the line only numbers a capability."""
    rows = []
    continued = False
    for number, line in enumerate(text.split("\n"), 1):
        match = _NUMBER.match(line)
        rows.append((number, line, "" if match is None or continued else match.group(1)))
        continued = line.rstrip().endswith("\\")
    return rows


def _kept(text: str, names: Counter[str]) -> list[tuple[int, str]]:
    """Return the lines that could affect a layout, with their numbers from 1."""
    return [(number, line) for number, line, name in _numbering(text) if not name or names[name] > 1]


def move(units: str, lines: Lines) -> str | None:
    """Return the JSON of units with mapped line numbers; None if a line is not in the map."""
    data: dict[str, dict[str, list[Any]]] = json.loads(units)
    try:
        for unit in data.values():
            for kind, shape in _ROWS:
                _move(unit[kind], shape, lines)
            for structure in unit["structures"]:
                _move(structure[Structure._fields.index("members")], StructMember, lines)
    except KeyError:
        return None
    return json.dumps(data)


_Row = type[Structure | IoctlNumber | Unknown | StructMember | UapiConstant]
_ROWS: list[tuple[str, _Row]] = [
    ("structures", Structure), ("ioctls", IoctlNumber), ("unknown", Unknown), ("constants", UapiConstant)
]  # fmt: skip


def _move(rows: list[Any], shape: _Row, lines: Lines) -> None:
    """Map the line of each row in place. Raises `KeyError` for a line that is not in the map."""
    path, line = shape._fields.index("path"), shape._fields.index("line")
    for row in rows:
        if row[path] in lines:
            row[line] = lines[row[path]][row[line]]
