"""Adapter of pcpp: cheap copies of tokens (a quarter of its run time) and undivided numbers.

pcpp's lexer splits `1ULL` before the last letter. That letter is then a separate identifier, which a macro or a macro
parameter of that name would replace, and no `#if` with such a number can be evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from typing import Any

import pcpp
from pcpp.evaluator import Value
from pcpp.parser import LexToken

_ENDS = frozenset({"l", "L", "u", "U", "lu", "lU", "Lu", "LU"})
_SUFFIXES = frozenset("uUlL")
# Of a number in an `#if`.
_BITS = 64


class TooMuchWorkError(Exception):
    """A text makes the preprocessor handle more tokens than any real one does."""


class Preprocessor(pcpp.Preprocessor):  # type: ignore[misc]
    """Tokenizer of pcpp with corrections, and its macro expander with a bound.

    A few lines of macros that hold each other twice, or headers that include each other twice, take time without an end
    and need not give a single token, such as in an `#if`; so the work is counted and not what comes out.
    """

    most_tokens = 500_000
    """Tokens that it handles before it raises `TooMuchWorkError`; KVM's headers on x86 take 17,000."""
    handled = 0

    def handle(self, count: int) -> None:
        """Count tokens as handled. Raises `TooMuchWorkError`."""
        self.handled += count
        if self.handled > self.most_tokens:
            raise TooMuchWorkError(f"takes more than {self.most_tokens:,} steps to preprocess")

    def expand_macros(self, tokens: list[Any], expanding_from: Sequence[str] = ()) -> list[Any]:
        """Return the tokens with all macros expanded, in place."""
        self.handle(len(tokens))
        expanded: list[Any] = super().expand_macros(tokens, list(expanding_from))
        self.handle(len(expanded))
        return expanded

    def tokenize(self, text: str) -> list[Any]:
        """Return the tokens of a text."""
        return _whole(super().tokenize(text))

    def group_lines(self, input: str, abssource: str) -> Iterator[list[Any]]:  # noqa: A002 - pcpp's name for it
        """Yield the tokens of each line."""
        yield from map(_whole, super().group_lines(input, abssource))


def copied(token: Any) -> Any:
    """Return a copy of a token, faster than `copy.copy`; a token's state is its attributes."""
    twin = LexToken.__new__(LexToken)
    twin.__dict__.update(token.__dict__)
    return twin


LexToken.__copy__ = copied


def _shifting_left(shift: Callable[[Value, Any], Value]) -> Callable[[Value, Any], Value]:
    """Return the operator, but that it makes no number of gigabytes first to keep 64 bits of it."""

    @wraps(shift)
    def shifted(self: Value, other: Any) -> Value:
        if self.exception is None and not 0 <= int(other) < _BITS:  # reported where the value is needed, as pcpp does
            return Value(0, exception=ValueError(f"a shift by more than {_BITS - 1} bits"))
        return shift(self, other)

    return shifted


Value.__lshift__ = _shifting_left(Value.__lshift__)


def _whole(tokens: Iterable[Any]) -> list[Any]:
    """Return the tokens with split number suffixes rejoined."""
    joined: list[Any] = []
    for token in tokens:
        if token.value in _ENDS and joined and joined[-1].type == "CPP_INTEGER" and joined[-1].value[-1] in _SUFFIXES:
            joined[-1].value += token.value
        else:
            joined.append(token)
    return joined
