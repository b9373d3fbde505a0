"""Constant expressions of declarations: enumerators, sizes and casts, as a compiler for the ABI computes them."""

from __future__ import annotations

import pytest
from declared import declared

from caplint.values.c_integers import UnknownValueError

TEXT = """\
enum cup { SMALL, LARGE = 4, HUGE };
enum { NEGATIVE = -1 };
struct tea { unsigned int a; long b; };
typedef struct tea many[3];
"""


def _value(text: str, abi: str = "x86_64") -> int:
    types, problems = declared(TEXT, abi)
    assert problems == []
    return types.constants.text(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SMALL", 0),
        ("HUGE", 5),
        ("LARGE + HUGE * 2", 14),
        ("NEGATIVE", -1),
        ("1 << LARGE", 16),
        ("sizeof(struct tea)", 16),
        ("sizeof(unsigned long) * 8", 64),
        ("_Alignof(struct tea)", 8),
        ("(unsigned int)-1", 2**32 - 1),
        ("(unsigned char)0x1ff", 255),
        ("(signed char)0xff", -1),
        ("(unsigned long)-1", 2**64 - 1),
        ("NEGATIVE < 0u", 0),
        ("HUGE > 4 ? 8 : 16", 8),
    ],
)
def test_values(text: str, value: int) -> None:
    assert _value(text) == value


def test_sizes_are_those_of_the_abi() -> None:
    assert [_value("sizeof(struct tea)", abi) for abi in ("x86_64", "i386")] == [16, 8]
    assert [_value("(unsigned long)-1", abi) for abi in ("x86_64", "i386")] == [2**64 - 1, 2**32 - 1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("TINY", "TINY is not known"),
        ("(struct tea)1", "a cast to"),
        ("sizeof(struct coffee)", "coffee"),
        ("LARGE / SMALL", "zero"),
        ("sizeof(many)", "not understood"),  # the name of a type, or a variable
    ],
)
def test_values_that_are_not_known(text: str, reason: str) -> None:
    with pytest.raises(UnknownValueError, match=reason):
        _value(text)
