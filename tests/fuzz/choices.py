"""Decisions of a grammar, read off the fuzzer's bytes: a changed byte changes one decision, so coverage guides them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")


class Choices:
    """Consumes bytes from the front. Where none is left, every decision is the first one, so grammars end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, bound: int) -> int:
        """Return a number from 0 up to, and without, `bound`, which is at most 65,536."""
        width = 1 if bound <= 256 else 2
        value = int.from_bytes(self._data[self._at : self._at + width], "little")
        self._at += width
        return value % bound

    def pick(self, options: Sequence[_Item]) -> _Item:
        """Return one of the options."""
        return options[self.below(len(options))]

    def seldom(self, of: int = 4) -> bool:
        """Return True once in `of` times."""
        return self.below(of) == of - 1

    def some(self, most: int, make: Callable[[], str], between: str = "") -> str:
        """Return up to `most` texts, joined."""
        return between.join(make() for _ in range(self.below(most + 1)))

    def rest(self) -> bytes:
        """Return the bytes that no decision has taken."""
        return self._data[self._at :]
