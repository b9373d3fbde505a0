"""C values as columns of the views: exact, and compared by value.

SQLite's integers have 64 bits and a sign; values of C reach from -2^63 to 2^64 - 1. Every link writes them through
this module, and nothing else decides their form:

- a *number* is an INTEGER where SQLite has one for it, else its decimal digits as TEXT. Its column has no type, so that
  SQLite converts neither, and the collation `number`, so that texts are ordered by value. Integers stand before texts.
- a *set of bits* is an INTEGER in two's complement: `&`, `|`, `~` and `printf('%x')` then see the very bits.

Arithmetic of SQLite becomes floating point where it overflows: queries use `plus`, `minus` and `bit_count` instead.
"""

from __future__ import annotations

import re
import sqlite3

Number = int | str
"""A number's column."""

LOWEST, HIGHEST = -(1 << 63), (1 << 64) - 1
"""The least and the greatest value of C."""

_INTEGERS = range(-(1 << 63), 1 << 63)
_WORD = 1 << 64
_DIGITS = re.compile(r"-?[0-9]{1,40}\Z", re.ASCII)


def number_column(value: int | None) -> Number | None:
    """The column of a number; None for a value that is not known."""
    return value if value is None or value in _INTEGERS else str(value)


def number_of(column: Number | None) -> int | None:
    """The number that a column holds. Raises `ValueError` for a text that is none."""
    return None if column is None else int(column)


def bits_column(value: int | None) -> int | None:
    """The column of a set of up to 64 bits, or of a negative value as 64 bits hold it; None where it is not known."""
    if value is None:
        return None
    word = value % _WORD
    return word if word in _INTEGERS else word - _WORD


def within(value: int) -> int:
    """The value of C that is nearest to a number: the bound of a range means the same with it."""
    return min(max(value, LOWEST), HIGHEST)


def register(connection: sqlite3.Connection) -> None:
    """Make the collation and the functions known to a connection whose views hold values."""
    connection.create_collation("number", _compare)
    connection.create_function("plus", 2, _plus, deterministic=True)
    connection.create_function("minus", 2, _minus, deterministic=True)
    connection.create_function("bit_count", 1, _bit_count, deterministic=True)


def _compare(left: str, right: str) -> int:
    """Order two texts by value; a text that is no number, which only a query can hold against one, as text."""
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
