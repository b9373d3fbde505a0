"""pcpp, with tokens that are cheap to copy (a quarter of what preprocessing takes) and numbers that are whole.

pcpp's lexer ends `1ULL` before the last letter, which is then a word of its own: a macro of that name, or a macro's
parameter, would take its place, and no `#if` with such a number can be evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pcpp
from pcpp.parser import LexToken

_ENDS = frozenset({"l", "L", "u", "U", "lu", "lU", "Lu", "LU"})
_SUFFIXES = frozenset("uUlL")


class Preprocessor(pcpp.Preprocessor):  # type: ignore[misc]
    """What turns text into tokens, mended."""

    def tokenize(self, text: str) -> list[Any]:
        """The tokens of a text."""
        return _whole(super().tokenize(text))

    def group_lines(self, input: str, abssource: str) -> Iterator[list[Any]]:  # noqa: A002 - pcpp's name for it
        """The tokens of each line."""
        yield from map(_whole, super().group_lines(input, abssource))


def copied(token: Any) -> Any:
    """What `copy.copy` makes by way of pickling; a token is its attributes and nothing else."""
    twin = LexToken.__new__(LexToken)
    twin.__dict__.update(token.__dict__)
    return twin


LexToken.__copy__ = copied


def _whole(tokens: Iterable[Any]) -> list[Any]:
    """With the ends of numbers put to them."""
    found: list[Any] = []
    for token in tokens:
        if token.value in _ENDS and found and found[-1].type == "CPP_INTEGER" and found[-1].value[-1] in _SUFFIXES:
            found[-1].value += token.value
        else:
            found.append(token)
    return found
