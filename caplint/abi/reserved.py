"""Names of members that only reserve space; a file of its own, because links ask it without loading pycparser."""

from __future__ import annotations

import re

_RESERVED = re.compile(r"_*(?:pad|padding|reserved?|rsvd|resv|res|unused|dummy|spare|fill|filler)_?\d*(?:\[\])?\Z")


def is_reserved(name: str) -> bool:
    """Tell whether a member's name says that it only reserves space."""
    return _RESERVED.match(name.rpartition(".")[2]) is not None
