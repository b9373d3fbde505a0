"""Literals in their own types."""

from __future__ import annotations

import pytest

from caplint.values.c_integers import Value, literal


@pytest.mark.parametrize(
    ("text", "long_bits", "value"),
    [
        ("1", 32, Value(1, 32, False)), ("1U", 32, Value(1, 32, True)), ("'a'", 64, Value(97, 32, False)),
        ("1L", 32, Value(1, 32, False)), ("1L", 64, Value(1, 64, False)), ("1UL", 64, Value(1, 64, True)),
        ("1LL", 32, Value(1, 64, False)), ("1ULL", 32, Value(1, 64, True)),
        ("2147483647", 32, Value(2147483647, 32, False)), ("2147483648", 32, Value(2147483648, 64, False)),
        ("0x80000000", 32, Value(0x80000000, 32, True)), ("0x100000000", 32, Value(0x100000000, 64, False)),
        ("4294967296L", 32, Value(4294967296, 64, False)), ("4294967296UL", 32, Value(4294967296, 64, True)),
        ("0x8000000000000000", 64, Value(1 << 63, 64, True)), ("0x8000000000000000L", 32, Value(1 << 63, 64, True)),
        ("4294967295U", 32, Value(4294967295, 32, True)), ("4294967296U", 32, Value(4294967296, 64, True)),
    ],
)  # fmt: skip
def test_the_first_type_that_holds_it(text: str, long_bits: int, value: Value) -> None:
    assert literal(text, long_bits) == value
