"""Use of an element of cap->args in a function."""

from __future__ import annotations

from typing import NamedTuple


class CapArgument(NamedTuple):
    """Element of cap->args that a function reads."""

    position: int
    """Index in cap->args."""
    use: str
    """`stored`, `passed` or `tested`."""
    validated: int | None
    zero: str
    """`rejected`, `required` or `accepted`."""
    mask: str | None
