"""Calls by which a VMM creates and realizes objects and sets their properties: `[[paths.made]]` of paths.toml."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

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
        self.tells = lru_cache(maxsize=1 << 16)(self._tells)
        """Whether an object, or a property in quotes, can be the one that the name of a method speaks of."""

    def leading_to(self, members: Iterable[str]) -> list[str]:
        """Return the functions that lead to methods with one of these names."""
        wanted = set(members)
        return [call for method, calls in self.calls.items() if method.rpartition(".")[2] in wanted for call in calls]

    def _tells(self, made: str, method: str) -> bool:
        # Of an object one word suffices, as `cpu` in DEVICE(cpuobj); a setter's name has all words of the property.
        own, words = tuple(self._words(method)), self._words(made)
        return bool(own and words) and (all if made.startswith('"') else any)(word.startswith(own) for word in words)

    def _words(self, text: str) -> list[str]:
        return [word for word in _WORD.findall(text.lower()) if word not in self._unspecific]
