"""Numbers: macro bodies evaluated as a compiler would, and said to be unknown where that is not possible."""

from __future__ import annotations

import time

import pytest

from caplint.values.numbers import Definition, Numbers, UnknownValueError

MACROS = {
    "ONE": Definition(None, "1"),
    "TWO": Definition(None, "(ONE + 1)"),
    "SIXTEEN": Definition(None, "TWO << 3"),
    "OCTAL": Definition(None, "010"),
    "EMPTY": Definition(None, ""),
    "STRING": Definition(None, '"abc"'),
    "SELF": Definition(None, "SELF + 1"),
    "PING": Definition(None, "PONG"),
    "PONG": Definition(None, "PING"),
    "BIT": Definition(("n",), "(1UL << (n))"),
    "SHIFT": Definition(("x", "y"), "((x) << (y))"),
    "SHIFT_ONE": Definition(("y",), "SHIFT(ONE, y)"),
    "SEVEN": Definition((), "7"),
    "LESS": Definition(("x",), "x - 1"),
    "FOREVER": Definition(("x",), "FOREVER(x + 1)"),
    "_IOC": Definition(("d", "t", "n", "s"), "(((d) << 30) | ((t) << 8) | ((n) << 0) | ((s) << 16))"),
    "_IO": Definition(("t", "n"), "_IOC(0U, (t), (n), 0)"),
    "KVMIO": Definition(None, "0xAE"),
    "GENMASK": Definition(("h", "l"), "(((~0ULL) << (l)) & (~0ULL >> (63 - (h))))"),
    "TWICE": Definition(("x",), "x * 2"),
    "D0": Definition(None, "1"),
    **{f"D{n + 1}": Definition(None, f"(D{n} + D{n})") for n in range(20)},
}

VALUES = [
    ("1", 1),
    ("0x10", 16),
    ("010", 8),
    ("0b101", 5),
    ("((5))", 5),
    ("5UL", 5),
    ("( 0x7fULL )", 127),
    ("'a'", 97),
    ("1 + 2 * 3", 7),
    ("1 << 3", 8),
    ("1ULL << 63", 1 << 63),
    ("0xffffffffffffffff", (1 << 64) - 1),
    ("-1", -1),
    ("~0", -1),
    ("- 8 >> 1", -4),
    ("3 - 5", -2),
    ("5 & 3 | 8 ^ 1", 9),
    ("-7 / 2", -3),
    ("-7 % 2", -1),
    ("7 / -2", -3),
    ("7 % -2", 1),
    ("!5", 0),
    ("!0", 1),
    ("2 > 1", 1),
    ("1 && 0", 0),
    ("0 || 2", 1),
    ("1 == 1", 1),
    ("1 ? 2 : 3", 2),
    ("0 ? UNKNOWN : 3", 3),
    ("(__u64)-1", (1 << 64) - 1),
    ("(__u32)-1", (1 << 32) - 1),
    ("(u8)300", 44),
    ("(s8)200", -56),
    ("(int)0x80000000", -(1 << 31)),
    ("(unsigned)-1", (1 << 32) - 1),
    ("(unsigned char)-1", 255),
    ("(signed char)255", -1),
    ("(short)65535", -1),
    ("(int8_t)255", -1),
    ("(uint8_t)255", 255),
    ("(long long)-5", -5),
    ("(unsigned long)5", 5),
    ("sizeof(int)", 4),
    ("sizeof(__u64) * 2", 16),
    ("1 << sizeof(short)", 4),
    ("ONE", 1),
    ("SIXTEEN", 16),
    ("OCTAL", 8),
    ("SIXTEEN | TWO", 18),
    ("BIT(4)", 16),
    ("GENMASK(3, 1)", 14),
    ("TWICE(1 + 2)", 5),
    ("~0U", (1 << 32) - 1),
    ("3 - 5U", (1 << 32) - 2),
    ("0xFFFFFFFFu + 1", 0),
    ("1 || UNKNOWN", 1),
    ("0 && UNKNOWN", 0),
    ("-1 < 0U", 0),
    (" | ".join(["ONE"] * 200), 1),
    ("D20", 1 << 20),
    ("SHIFT(3, TWO)", 12),
    ("SHIFT_ONE(4)", 16),
    ("SEVEN()", 7),
    ("LESS()", -1),
    ("LESS( )", -1),
    ("(sizeof(int) - 5) > 0", 1),
    ("(int)sizeof(int) - 5", -1),
    ("_IO(KVMIO, 0x03)", 0xAE03),
]

UNKNOWN = [
    ("", "its body is empty"),
    ("  ", "its body is empty"),
    ("EMPTY", "its body is empty"),
    ("UNKNOWN", "UNKNOWN is not defined in these headers"),
    ("ONE + UNKNOWN", "UNKNOWN is not defined in these headers"),
    ("UNKNOWN(1)", "UNKNOWN() is not defined in these headers"),
    ("BIT", "BIT is not defined in these headers"),
    ("ONE(1)", "ONE() is not defined in these headers"),
    ("BIT(1, 2)", "BIT() takes 1 arguments"),
    ("SEVEN(1)", "SEVEN() takes 0 arguments"),
    ("SELF", "macros nest too deeply"),
    ("PING", "macros nest too deeply"),
    ("FOREVER(1)", "macros nest too deeply"),
    ("STRING", '`"abc"` is not an integer'),
    ("08", "`08` is not an expression"),
    ("1.5", "`1.5` is not an integer"),
    ("'\\n'", "`'\\n'` is not an integer"),
    ("1 / 0", "division by zero"),
    ("1 % 0", "division by zero"),
    ("1 << 64", "shift by 64"),
    ("1 >> -1", "shift by -1"),
    ("BIT(40)", "shift by 40"),
    ("-1UL", "`-1UL` depends on the width of long"),
    ("sizeof(long)", "`sizeof(long)` depends on the width of long"),
    ("0x7fffffff + 1", "signed overflow"),
    ("(char)200", "the size of char differs between ABIs or is unknown"),
    ("sizeof(struct x)", "the size of its type differs between ABIs or is unknown"),
    ("sizeof(void *)", "the size of its type differs between ABIs or is unknown"),
    ("(unsigned long)-1", "`(unsigned long)-1` depends on the width of long"),
    ("(struct x)5", "the size of its type differs between ABIs or is unknown"),
    ("&ONE", "UnaryOp is not an integer expression"),
    ("ONE = 2", "Assignment is not an integer expression"),
    ("a.b", "StructRef is not an integer expression"),
    ("1, 2", "ExprList is not an integer expression"),
]

# What would end the expression that the body is read in, or is not an expression at all.
MALICIOUS = [
    "1;", "1); int x = (2", "1) + (2", "(", ")", "{1}", "({ 1; })", "#include <x>", "1 <<", "return 1", "\\", "'", '"',
    "\x00", "é", "int x = 1", "1\n}", "1 /* x */", "- " * 3000 + "1", "(" * 5000, "1u2", "0x",
]  # fmt: skip


@pytest.fixture(scope="module")
def numbers() -> Numbers:
    return Numbers(MACROS)


@pytest.mark.parametrize(("body", "value"), VALUES)
def test_value(numbers: Numbers, body: str, value: int) -> None:
    assert numbers.of(body) == value


@pytest.mark.parametrize(("body", "reason"), UNKNOWN)
def test_unknown(numbers: Numbers, body: str, reason: str) -> None:
    for _ in range(2):  # the second answer comes from the cache
        with pytest.raises(UnknownValueError) as error:
            numbers.of(body)
        assert str(error.value) == reason


@pytest.mark.parametrize("body", MALICIOUS, ids=[body[:12].encode("unicode-escape").decode() for body in MALICIOUS])
def test_malicious(numbers: Numbers, body: str) -> None:
    begin = time.process_time()
    with pytest.raises(UnknownValueError):
        numbers.of(body)
    assert time.process_time() - begin < 2


def test_definition_of_a_row() -> None:
    assert Definition.of(None, "1") == Definition(None, "1")
    assert Definition.of('["x", "y"]', "x") == Definition(("x", "y"), "x")
    assert Definition.of("[]", "1") == Definition((), "1")
