"""What a function makes of an element of cap->args."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapArgument:
    """An element of cap->args."""

    index: int
    use: str
    """stored, passed, tested."""
    validated: int | None
    zero: str
    """rejected, required, accepted."""
    mask: str | None
