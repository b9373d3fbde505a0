"""Names of methods that tell their type, because no library of Rust has them."""

from __future__ import annotations

import re
from functools import lru_cache

from caplint.graph.rust_types import GIVING
from caplint.rust.words import words

# Families of the standard library and of vm-memory.
_FAMILIES = re.compile(
    r"(?:(?:as|into|to|try|is|checked|wrapping|saturating|overflowing|unchecked|from|get_or|or|map|unwrap|expect|ok|trim|sort|"
    r"split|rsplit|strip|push|pop|read|write|local|peer|copy|clone|fill|"
    r"starts|ends|for|and|with|swap|take|skip|poll|fetch|compare|load|store|next|last|first|find|file|leading|trailing|count)"
    r"_\w*|set_(?:len|size|permissions|nonblocking))\Z"
)


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    table = words()
    return table.transparent | table.fatal | table.present | table.absent | table.mutating | table.expecting | GIVING


@lru_cache(maxsize=1 << 14)
def is_telling(name: str) -> bool:
    """Tell whether a method's name alone identifies it: it has several words and is no library's."""
    return "_" in name.strip("_") and name not in _common() and not _FAMILIES.match(name)
