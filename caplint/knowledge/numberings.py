"""Numberings of the UAPI's constants, of numberings.toml: sets of names of which no two may share a number."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from typing import NamedTuple

from caplint.knowledge.load import data_files

# A longer name belongs to no numbering, as no pattern is tried on it; Linux's have up to 50 characters.
_LONGEST = 200


class _Numbering(NamedTuple):
    """Entry of the table [[numberings]]."""

    name: str
    pattern: re.Pattern[str]
    details: bool


class _Tables(NamedTuple):
    """Contents of numberings.toml."""

    numberings: list[_Numbering]
    bounds: re.Pattern[str]
    steady: frozenset[str]
    former: frozenset[str]


@lru_cache(maxsize=1 << 14)
def is_bound(name: str) -> bool:
    """Tell whether a constant only bounds or counts others, so that it changes with every addition."""
    return len(name) <= _LONGEST and _tables().bounds.fullmatch(name) is not None and name not in _tables().steady


@lru_cache(maxsize=1 << 14)
def numbering_of(name: str, enum: str = "") -> str | None:
    """Return the numbering of a constant, given its enumeration; None for one that may have any other's value."""
    if len(name) > _LONGEST or is_bound(name) or name in _tables().former:
        return None
    for numbering in _tables().numberings:
        match = numbering.pattern.fullmatch(name)
        if match is not None:
            return f"{numbering.name}, {match.group(1)}" if match.groups() else numbering.name
    return (enum if enum.startswith("enum of ") else f"enum {enum}") if enum else None


def numbered(names: dict[str, str]) -> dict[str, str]:
    """Return the numbering of each constant that has one; the argument maps each to its enumeration, '' for a macro."""
    found = {name: label for name, enum in names.items() if (label := numbering_of(name, enum))}
    detailed = {numbering.name for numbering in _tables().numberings if numbering.details}
    return {name: label for name, label in found.items() if label not in detailed or not _is_detail(name, label, found)}


def _is_detail(name: str, label: str, found: dict[str, str]) -> bool:
    """Tell whether a name only says more of another one of its numbering, which its first words are."""
    words = name.split("_")
    return any(found.get("_".join(words[:end])) == label for end in range(2, len(words)))


@cache
def _tables() -> _Tables:
    data = tomllib.loads(data_files()["numberings.toml"])
    numberings = [
        _Numbering(entry["name"], re.compile(entry["pattern"]), entry.get("details", False))
        for entry in data["numberings"]
    ]
    constants = data["constants"]
    bounds = re.compile("|".join(constants["bounds"]))
    return _Tables(numberings, bounds, frozenset(constants["steady"]), frozenset(constants["former"]))
