"""Typed C integers: literals, conversions and operators (C11 6.3.1, 6.4.4.1, 6.5)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import NamedTuple

_LITERAL = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)\Z")
_CHARACTER = re.compile(r"'([\x20-\x7e])'\Z")

_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
_COMPARISON: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


class UnknownValueError(Exception):
    """Error for a value that cannot be computed; the message gives the reason."""


class Value(NamedTuple):
    """Typed integer: its value, width in bits and signedness."""

    value: int
    bits: int
    unsigned: bool


def literal(text: str, long_bits: int) -> Value:
    """Return a C literal in its own type (C11 6.4.4.1); `long` has `long_bits` bits. Raises `UnknownValueError`."""
    if character := _CHARACTER.match(text):
        return Value(ord(character.group(1)), 32, False)
    parts = _LITERAL.match(text)
    if parts is None:
        raise UnknownValueError(f"`{text[:40]}` is not an integer")
    digits, suffix = parts.groups()
    value, decimal = _integer(digits)
    suffix = suffix.lower()
    widths = [64] if "ll" in suffix else [long_bits, 64] if "l" in suffix else [32, 64]
    for bits in widths:
        if "u" not in suffix and value < 1 << (bits - 1):
            return Value(value, bits, False)
        if ("u" in suffix or not decimal) and value < 1 << bits:
            return Value(value, bits, True)
    raise UnknownValueError(f"`{text[:40]}` is too large")


def promoted(value: Value) -> Value:
    """Apply the integer promotions."""
    return value if value.bits >= 32 else Value(value.value, 32, False)


def common(left: Value, right: Value) -> tuple[int, bool]:
    """Return width and signedness after the usual arithmetic conversions, for types of at least 32 bits."""
    if left.bits == right.bits:
        return left.bits, left.unsigned or right.unsigned
    wider = max(left, right, key=lambda value: value.bits)
    return wider.bits, wider.unsigned


def binary(symbol: str, left: Value, right: Value) -> Value:
    """Return the result of a binary operator other than && and ||. Raises `UnknownValueError`."""
    left, right = promoted(left), promoted(right)
    if symbol in {"<<", ">>"}:
        if not 0 <= right.value < left.bits:
            raise UnknownValueError(f"shift by {right.value}")
        shifted = left.value << right.value if symbol == "<<" else left.value >> right.value
        return wrapped(shifted, left.bits, left.unsigned)
    bits, unsigned = common(left, right)
    a, b = (truncated(side.value, bits, unsigned).value for side in (left, right))
    if symbol in _COMPARISON:
        return Value(int(_COMPARISON[symbol](a, b)), 32, False)
    if symbol in _ARITHMETIC:
        return wrapped(_ARITHMETIC[symbol](a, b), bits, unsigned)
    if symbol in {"/", "%"}:
        if b == 0:
            raise UnknownValueError("division by zero")
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return wrapped(quotient if symbol == "/" else a - quotient * b, bits, unsigned)
    raise UnknownValueError(f"{symbol} is not an operator of constant expressions")


def wrapped(value: int, bits: int, unsigned: bool) -> Value:
    """Return the result of an operation: unsigned values wrap. Raises `UnknownValueError` for signed overflow."""
    if not unsigned and not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise UnknownValueError("signed overflow")
    return truncated(value, bits, unsigned)


def truncated(value: int, bits: int, unsigned: bool) -> Value:
    """Return the value converted to a type."""
    value &= (1 << bits) - 1
    if not unsigned and value >> (bits - 1):
        value -= 1 << bits
    return Value(value, bits, unsigned)


def _integer(digits: str) -> tuple[int, bool]:
    """Return a literal's value, and whether it is decimal; a leading zero means octal."""
    base = {"0x": 16, "0X": 16, "0b": 2, "0B": 2}.get(digits[:2])
    try:
        if base:
            return int(digits[2:], base), False
        octal = len(digits) > 1 and digits[0] == "0"
        return int(digits, 8 if octal else 10), not octal
    except ValueError as error:
        raise UnknownValueError(f"`{digits[:40]}` is not an integer") from error
