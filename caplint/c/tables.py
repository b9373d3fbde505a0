"""Repair tables: macros and attributes of these projects that the grammar does not know."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

_ASM = ("asm", "asm_inline", "asm_volatile_goto", "__asm", "__asm__")


@dataclass(frozen=True)
class Repairs:
    """User's additions to the repair tables."""

    attributes: tuple[str, ...] = ()
    iterators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Tables:
    """Repair tables; `identity` is their part of the store's cache keys."""

    attributes: list[str]
    """Words without arguments; a `*` matches any ending."""
    kinds: dict[bytes, str]
    """Word with arguments → its kind: `attribute`, `declarator`, `group`, `type` or `asm`."""
    declarators: dict[bytes, int]
    """Declaring macro → index of the argument that names the declared variable."""
    groups: dict[bytes, int]
    """Grouping macro → number of arguments before the members."""
    iterators: re.Pattern[bytes]
    identity: str

    @cached_property
    def words(self) -> re.Pattern[bytes]:
        """Pattern of every word in the tables; group 2 is a word that takes arguments."""
        kinds = [name.decode() for name in self.kinds]
        heads = "".join(sorted({_literal(name[:1]) for name in (*self.attributes, *kinds)}))
        return re.compile(rf"\b(?=[{heads}])(?:({_trie(self.attributes)})\b|({_trie(kinds)})\b\s*+)".encode())


@lru_cache(maxsize=8)
def tables(attributes: tuple[str, ...] = (), iterators: tuple[str, ...] = ()) -> Tables:
    """Return the shipped tables with a user's additions; an attribute `name()` takes arguments.

    Raises `re.error` for an iterator pattern that is not a regular expression.
    """
    text = Path(__file__).with_name("tables.toml").read_text("utf-8")
    data = tomllib.loads(text)
    calls = (name.removesuffix("()") for name in attributes if name.endswith("()"))
    kinds = dict.fromkeys([*data["attributes_with_arguments"], *calls], "attribute")
    kinds |= dict.fromkeys(data["declarators"], "declarator")
    kinds |= dict.fromkeys(data["groups"], "group")
    kinds |= dict.fromkeys(data["types"]["names"], "type")
    kinds |= dict.fromkeys(_ASM, "asm")
    return Tables(
        attributes=[*data["attributes"], *(name for name in attributes if not name.endswith("()"))],
        kinds={name.encode(): kind for name, kind in kinds.items()},
        declarators={name.encode(): index for name, index in data["declarators"].items()},
        groups={name.encode(): count for name, count in data["groups"].items()},
        iterators=re.compile("|".join([*data["iterators"]["patterns"], *iterators]).encode()),
        identity=repr((text, attributes, iterators)),
    )


def _trie(names: Iterable[str]) -> str:
    """Return an alternation with shared prefixes, so that most words are rejected at their first letter."""
    tails: dict[str, set[str]] = {}
    for name in names:
        tails.setdefault(name[:1], set()).add(name[1:])
    return "|".join(_literal(head) + _tail(rest) for head, rest in sorted(tails.items()))


def _tail(rest: set[str]) -> str:
    return _literal(*rest) if len(rest) == 1 else f"(?:{_trie(rest)})"


def _literal(name: str) -> str:
    return re.escape(name).replace(r"\*", r"\w*")
