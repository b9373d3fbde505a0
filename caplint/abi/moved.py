"""Headers that differ in nothing but the numbers of capabilities: their layouts are the same, on other lines."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import lru_cache
from typing import Any

from caplint.abi.layout import Member
from caplint.abi.sources import Sources
from caplint.abi.unit import Ioctl, Structure, Unknown
from caplint.capability_names import NAME, PREFIX, capabilities_in

_NUMBER = re.compile(rf"[ \t]*#[ \t]*define[ \t]+({NAME})[ \t]+\d+[ \t]*\Z")
# Whatever pastes such a name may name any of them.
_PASTED = re.compile(rf"{PREFIX}\w*\s*##|##\s*{PREFIX}")
Lines = dict[str, dict[int, int]]
"""Path → line → where it stands in the other headers; of files that differ."""


def moved(before: Sources, after: Sources) -> Lines | None:
    """Where the lines of `before` stand in `after`; None where anything differs that could change a layout.

    What may differ are whole lines that give a number to a capability which nothing else in the headers names.
    """
    if before.targets != after.targets or before.files.keys() != after.files.keys():
        return None
    if any(_pastes(text) for sources in (before, after) for text in sources.files.values()):
        return None
    names = [_counted(sources) for sources in (before, after)]
    found: Lines = {}
    for path in before.files:
        if before.files[path] == after.files[path]:
            continue
        kept = [_kept(sources.files[path], counts) for sources, counts in zip((before, after), names, strict=True)]
        if [text for _, text in kept[0]] != [text for _, text in kept[1]]:
            return None
        found[path] = {old: new for (old, _), (new, _) in zip(*kept, strict=True)}
    return found


# A run asks the same of each header for every architecture that has it.
@lru_cache(maxsize=512)
def _pastes(text: str) -> bool:
    return _PASTED.search(text) is not None


@lru_cache(maxsize=512)
def _names(text: str) -> Counter[str]:
    return Counter(capabilities_in(text))


def _counted(sources: Sources) -> Counter[str]:
    found: Counter[str] = Counter()
    for text in sources.files.values():
        found.update(_names(text))
    return found


@lru_cache(maxsize=512)
def _numbering(text: str) -> list[tuple[int, str, str]]:
    """Each line with its number from 1 and the capability that it does no more than number; '' for none."""
    found = []
    continued = False
    for number, line in enumerate(text.split("\n"), 1):
        match = _NUMBER.match(line)
        found.append((number, line, "" if match is None or continued else match.group(1)))
        continued = line.rstrip().endswith("\\")
    return found


def _kept(text: str, names: Counter[str]) -> list[tuple[int, str]]:
    """The lines that could matter, with their numbers from 1."""
    return [(number, line) for number, line, name in _numbering(text) if not name or names[name] > 1]


def move(units: str, lines: Lines) -> str | None:
    """The JSON of units on other lines; None where one of them is not known."""
    data: dict[str, dict[str, list[Any]]] = json.loads(units)
    try:
        for unit in data.values():
            for kind, shape in (("structures", Structure), ("ioctls", Ioctl), ("unknown", Unknown)):
                _move(unit[kind], shape, lines)
            for structure in unit["structures"]:
                _move(structure[Structure._fields.index("members")], Member, lines)
    except KeyError:
        return None
    return json.dumps(data)


def _move(rows: list[Any], shape: type[Structure | Ioctl | Unknown | Member], lines: Lines) -> None:
    """Raises `KeyError` for a line that is not known."""
    path, line = shape._fields.index("path"), shape._fields.index("line")
    for row in rows:
        if row[path] in lines:
            row[line] = lines[row[path]][row[line]]
