"""The repair tables: what the code of these projects says that the grammar does not know."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

_ASM = ("asm", "asm_inline", "asm_volatile_goto", "__asm", "__asm__")


@dataclass(frozen=True)
class Tables:
    """Compiled repair tables; `identity` names their content, for the store's keys."""

    words: re.Pattern[bytes]
    """Finds every word of the tables; group 2 is one that takes arguments."""
    kinds: dict[bytes, str]
    """What each word with arguments is: `attribute`, `declarator`, `type` or `asm`."""
    declarators: dict[bytes, int]
    """The argument that names what a declaring macro declares."""
    iterators: re.Pattern[bytes]
    identity: str


@lru_cache(maxsize=8)
def tables(attributes: tuple[str, ...] = (), iterators: tuple[str, ...] = ()) -> Tables:
    """The shipped tables, with a user's additions.

    Raises `re.error` for an iterator pattern that is no regular expression.
    """
    text = resources.files(__package__).joinpath("tables.toml").read_text("utf-8")
    data = tomllib.loads(text)
    kinds = dict.fromkeys(data["attributes_with_arguments"], "attribute")
    kinds |= dict.fromkeys(data["declarators"], "declarator")
    kinds |= dict.fromkeys(data["types"]["names"], "type")
    kinds |= dict.fromkeys(_ASM, "asm")
    plain = (re.escape(name).replace(r"\*", r"\w*") for name in [*data["attributes"], *attributes])
    return Tables(
        words=re.compile(rb"\b(?:(" + _trie(plain) + rb")\b|(" + _trie(kinds) + rb")\b\s*+)"),
        kinds={name.encode(): kind for name, kind in kinds.items()},
        declarators={name.encode(): index for name, index in data["declarators"].items()},
        iterators=re.compile("|".join([*data["iterators"]["patterns"], *iterators]).encode()),
        identity=repr((text, attributes, iterators)),
    )


def _trie(names: Iterable[str]) -> bytes:
    """An alternation that shares prefixes, so that most words are refused at their first letters."""
    groups: dict[str, list[str]] = {}
    for name in sorted(set(names)):
        groups.setdefault(name[:3], []).append(name[3:])
    return "|".join(f"{head}(?:{'|'.join(tails)})" for head, tails in groups.items()).encode()
