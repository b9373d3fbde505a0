"""C values as columns of the views: exact, and compared by value.

SQLite's integers have 64 bits and a sign; C values range from -2^63 to 2^64 - 1. Every link writes C values with
this module, which alone defines their form:

- a *number* is an INTEGER if it fits into SQLite's range, else its decimal digits as TEXT. Its column has no type, so
  that SQLite converts neither form, and the collation `number`, which orders texts by value. Integers sort first.
- a *set of bits* is an INTEGER in two's complement, so that `&`, `|`, `~` and `printf('%x')` work on its bits.

SQLite's arithmetic turns to floating point on overflow; queries use `plus`, `minus` and `bit_count` instead.
"""

from __future__ import annotations

import re
import sqlite3

Number = int | str
"""Column value of a number."""

LOWEST, HIGHEST = -(1 << 63), (1 << 64) - 1
"""Smallest and largest value of a C integer."""

_INTEGERS = range(-(1 << 63), 1 << 63)
_WORD = 1 << 64
_DIGITS = re.compile(r"-?[0-9]{1,40}\Z", re.ASCII)


def number_column(value: int | None) -> Number | None:
    """Return the column value of a number; None for an unknown value."""
    return value if value is None or value in _INTEGERS else str(value)


def number_of(column: Number | None) -> int | None:
    """Return the number that a column holds. Raise `ValueError` for a text that is not a number."""
    return None if column is None else int(column)


def bits_column(value: int | None) -> int | None:
    """Return the column value of up to 64 bits, or of a negative value in two's complement; None if unknown."""
    if value is None:
        return None
    word = value % _WORD
    return word if word in _INTEGERS else word - _WORD


def within(value: int) -> int:
    """Return the C value nearest to a number, for use as the bound of a range."""
    return min(max(value, LOWEST), HIGHEST)


def register(connection: sqlite3.Connection) -> None:
    """Register the collation `number` and the functions on values."""
    connection.create_collation("number", _compare)
    connection.create_function("plus", 2, _plus, deterministic=True)
    connection.create_function("minus", 2, _minus, deterministic=True)
    connection.create_function("bit_count", 1, _bit_count, deterministic=True)


def _compare(left: str, right: str) -> int:
    """Compare two texts by value, or as text if either is not a number."""
    if _DIGITS.match(left) and _DIGITS.match(right):
        return (int(left) > int(right)) - (int(left) < int(right))
    return (left > right) - (left < right)


def _plus(left: Number | None, right: Number | None) -> Number | None:
    a, b = number_of(left), number_of(right)
    return None if a is None or b is None else number_column(a + b)


def _minus(left: Number | None, right: Number | None) -> Number | None:
    a, b = number_of(left), number_of(right)
    return None if a is None or b is None else number_column(a - b)


def _bit_count(bits: int | None) -> int | None:
    return None if bits is None else (int(bits) % _WORD).bit_count()
