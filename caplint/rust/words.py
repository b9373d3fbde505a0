"""Words of Rust and of its libraries, from tables.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Words:
    """Names that decide how code is lowered."""

    transparent: frozenset[str]
    entries: frozenset[str]
    walking: frozenset[str]
    fatal: frozenset[str]
    expecting: frozenset[str]
    dropping: frozenset[str]
    present: frozenset[str]
    absent: frozenset[str]
    mutating: frozenset[str]
    holders: frozenset[str]
    asserting: frozenset[str]
    asserting_equal: frozenset[str]
    asserting_different: frozenset[str]
    leaving: frozenset[str]
    issuing: frozenset[str]
    numbering: frozenset[str]
    reserved: frozenset[str]
    targets: dict[str, dict[str, str]]
    """Key of a condition of compilation (`target_arch`; `alone` for a bare name) → value → macro of C."""
    never: frozenset[str]
    """Names of conditions that hold in no build of a program."""


@cache
def words() -> Words:
    """Return the table."""
    data = tomllib.loads(resources.files(__package__).joinpath("tables.toml").read_text("utf-8"))
    targets = data.pop("targets")
    never = frozenset(targets.pop("never")["names"])
    return Words(**{name: frozenset(entries) for name, entries in data.items()}, targets=targets, never=never)
