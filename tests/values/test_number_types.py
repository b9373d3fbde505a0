"""Numbers: every type that a cast or sizeof may name, by its width and sign; what each operator gives."""

from __future__ import annotations

import pytest

from caplint.values.numbers import Definition, Numbers, UnknownValueError

# Name; bits; whether unsigned.
TYPES = [
    ("signed char", 8, False),
    ("unsigned char", 8, True),
    ("short", 16, False),
    ("unsigned short", 16, True),
    ("int", 32, False),
    ("signed", 32, False),
    ("unsigned", 32, True),
    ("unsigned int", 32, True),
    ("long long", 64, False),
    ("long long int", 64, False),
    ("unsigned long long", 64, True),
    ("unsigned long long int", 64, True),
    *((f"{prefix}{bits}{suffix}", bits, unsigned)
      for bits in (8, 16, 32, 64)
      for prefix, suffix, unsigned in (
          ("u", "", True), ("__u", "", True), ("uint", "_t", True), ("__le", "", True), ("__be", "", True),
          ("s", "", False), ("__s", "", False), ("int", "_t", False))),
]  # fmt: skip


def _value(body: str) -> int:
    return Numbers({}).of(body)


def _is_unknown(body: str) -> bool:
    try:
        _value(body)
    except UnknownValueError:
        return True
    return False


@pytest.mark.parametrize(("name", "bits", "unsigned"), TYPES)
def test_types(name: str, bits: int, unsigned: bool) -> None:
    assert _value(f"({name})-1") == ((1 << bits) - 1 if unsigned else -1)
    assert _value(f"({name}){1 << (bits - 1)}ULL") == (1 << (bits - 1)) * (1 if unsigned else -1)
    assert _value(f"({name})({(1 << (bits - 1)) - 1}ULL)") == (1 << (bits - 1)) - 1
    assert _value(f"(({name})1 << 5) + 0") == 32
    assert _value(f"(int)sizeof({name})") == bits // 8


@pytest.mark.parametrize("name", ["long", "long int", "unsigned long", "unsigned long int"])
def test_what_depends_on_the_width_of_long_is_unknown(name: str) -> None:
    assert _value(f"({name})5") == 5
    assert _is_unknown(f"({name})0x1ffffffff")
    assert _is_unknown(f"(int)sizeof({name})")
    assert _is_unknown("~0UL")
    assert _value("(unsigned int)~0UL") == 0xFFFFFFFF


@pytest.mark.parametrize("name", ["char", "float", "double", "struct a", "unknown_t", "void *"])
def test_types_without_a_known_width(name: str) -> None:
    assert _is_unknown(f"({name})1")
    assert _is_unknown(f"sizeof({name})")


# As C11 6.3.1.8 converts: what is smaller than an int becomes one, and unsigned wins at the same rank.
@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("-1 < 0", 1),
        ("-1 < 0U", 0),
        ("-1 > 0U", 1),
        ("-1LL < 0U", 1),
        ("-1LL < 0ULL", 0),
        ("-1 <= -1", 1),
        ("2 <= 1", 0),
        ("2 >= 2", 1),
        ("1 >= 2", 0),
        ("1 == 1U", 1),
        ("1 == 2", 0),
        ("-1 == 0xffffffff", 1),
        ("1 != 1", 0),
        ("1 != 2", 1),
        ("(u8)255 + 1", 256),
        ("(u8)(255 + 1)", 0),
        ("(s8)200", -56),
        ("~(u8)0", -1),
        ("-(u16)1", -1),
        ("-1U", 0xFFFFFFFF),
        ("+(s8)-1", -1),
        ("0u - 1", 0xFFFFFFFF),
        ("0ULL - 1", (1 << 64) - 1),
        ("0xffffffff + 1", 0),
        ("0xffffffffULL + 1", 1 << 32),
        ("0x80000000 >> 31", 1),
        ("0xffffffffU * 2", 0xFFFFFFFE),
        ("0xf0 & 0x3c", 0x30),
        ("0xf0 | 0x0c", 0xFC),
        ("0xf0 ^ 0x3c", 0xCC),
        ("6 * 7", 42),
        ("1 ? 2 : 3", 2),
        ("0 ? 2 : 3", 3),
        ("1 ? -1 : 0", -1),
        ("0 || 0", 0),
        ("0 || 2", 1),
        ("3 || 1 / 0", 1),
        ("0 && 1 / 0", 0),
        ("2 && 3", 1),
        ("2 && 0", 0),
        ("!-1", 0),
        ("10", 10),
        ("999999999", 999999999),
        ("0x1F", 31),
        ("0X10", 16),
        ("037777777777 + 1", 0),
        ("4294967295 + 1", 4294967296),
        ("0x7fffffff + 0", 0x7FFFFFFF),
        ("07", 7),
        ("0777", 511),
        ("0XFF", 255),
        ("0xABCDEFu", 0xABCDEF),
        ("4294967295", 4294967295),
        ("2147483648", 2147483648),
        ("0x7fffffff", 0x7FFFFFFF),
        ("' '", 32),
    ],
)
def test_operators(body: str, value: int) -> None:
    assert _value(body) == value
    assert _value(f"({body})") == value


@pytest.mark.parametrize(
    "body",
    ["1 / 0", "1 % 0", "1 << 32", "1 << -1", "1ULL << 64", "1 ? x : 2", "x", '"a"', "1.5", "f(1)", "", "a.b", "'\\n'"],
)
def test_what_has_no_value(body: str) -> None:
    assert _is_unknown(body)


def test_an_answer_is_the_same_the_second_time() -> None:
    numbers = Numbers({"A": Definition(None, "B"), "B": Definition(None, "(1 << 4)"), "C": Definition(None, "D")})
    for _ in range(2):
        assert numbers.of("A") == 16
        assert numbers.of(" A ") == 16
        with pytest.raises(UnknownValueError):
            numbers.of("C")
