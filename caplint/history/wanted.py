"""Choice of a history's contents."""

from __future__ import annotations

from dataclasses import dataclass

from caplint.inventory.select import is_named


@dataclass(frozen=True)
class Wanted:
    """Choice of a history's contents."""

    caps: tuple[str, ...] = ()
    """Globs of capabilities; empty: all."""
    tags: tuple[str, ...] = ()
    """Globs of tags; empty: those of releases."""
    code: bool = True
    """Whether code, documentation and tests are read, beside the header."""

    def has(self, cap: str) -> bool:
        """Tell whether a capability is wanted."""
        return is_named(cap, self.caps)
