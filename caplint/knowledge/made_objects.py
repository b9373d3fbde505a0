"""Calls by which a VMM creates and realizes objects and sets their properties: `[[paths.made]]` of paths.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

MADE = "=made"
"""Name under which a call that creates or realizes an object passes the text of that object, in outlines."""

_WORD = re.compile(r"[a-z][a-z0-9]{2,}")


class MadeObjects:
    """Functions that call a method of an object's class, which they find by the object's type or a property's name."""

    def __init__(self, entries: list[dict[str, Any]], unspecific: Iterable[str]) -> None:
        self.calls: dict[str, frozenset[str]] = {entry["method"]: frozenset(entry["calls"]) for entry in entries}
        """Method, as `structure.member` → functions that lead to it."""
        self.makers: dict[str, list[int]] = {
            call: positions for entry in entries for call, positions in entry["calls"].items()
        }
        """Function → positions of the arguments that tell the object or the property."""
        self._unspecific = frozenset(unspecific)

    def leading_to(self, members: Iterable[str]) -> list[str]:
        """Return the functions that lead to methods with one of these names."""
        wanted = set(members)
        return [call for method, calls in self.calls.items() if method.rpartition(".")[2] in wanted for call in calls]

    def words(self, text: str) -> list[str]:
        """Return the words of a name or an expression that tell which object, or property, it speaks of."""
        return [word for word in _WORD.findall(text.lower()) if word not in self._unspecific]
