"""Use of an element of cap->args in a function."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapArgument:
    """Element of cap->args that a function reads."""

    index: int
    use: str
    """`stored`, `passed` or `tested`."""
    validated: int | None
    zero: str
    """`rejected`, `required` or `accepted`."""
    mask: str | None
