"""The evaluator of C constants: held against compilers on random expressions, and by hand where none answers."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from compilers import Compiler, compiler

from caplint.abi.abis import abi_named
from caplint.abi.layout import Types
from caplint.link.integers import UnknownValueError
from caplint.link.numbers import Definition, Numbers

LITERALS = [
    "0", "1", "2", "3", "7", "31", "0x7f", "0xff", "0100", "0x7fffffff", "2147483647", "2147483648", "0x80000000",
    "4294967295", "0xffffffff", "0x100000000", "1U", "0U", "5u", "0xffU", "1L", "2UL", "0xffffffffL", "1LL", "3ULL",
    "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffffULL", "'a'",
]  # fmt: skip
CASTS = [
    "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long", "unsigned long",
    "long long", "unsigned long long",
]  # fmt: skip
BINARY = [
    "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", ">", "<=", ">=", "==", "!=", "&&", "||",
]  # fmt: skip
COUNT = 900
SEEDS = [1, 2]
PARTS = ("literal", "cast", "unary", "conditional", "sizeof", "binary", "binary", "binary")


def _expression(rng: random.Random, depth: int) -> str:
    kind = rng.choice(PARTS) if depth else "literal"
    if kind == "literal":
        return rng.choice(LITERALS)
    if kind == "sizeof":
        return f"sizeof({rng.choice(CASTS)})"
    first = _expression(rng, depth - 1)
    if kind == "cast":
        return f"(({rng.choice(CASTS)})({first}))"
    if kind == "unary":
        return f"({rng.choice('-+~!')}({first}))"
    second = _expression(rng, depth - 1)
    if kind == "conditional":
        return f"({_expression(rng, depth - 1)} ? {first} : {second})"
    operator = rng.choice(BINARY)
    return f"({first} {operator} {f'({second} & 31)' if operator in {'<<', '>>'} else second})"


def _expressions(seed: int) -> list[str]:
    rng = random.Random(seed)
    return [_expression(rng, 3) for _ in range(COUNT)]


def _known(abi: str, expressions: list[str]) -> dict[str, int]:
    """The value of every expression that has one (no overflow, no division by zero), modulo 2^64."""
    constants, found = Types(abi_named(abi)).constants, {}
    for text in expressions:
        try:
            found[text] = constants.text(text) % (1 << 64)
        except UnknownValueError:
            continue
    return found


def _compiled(cc: Compiler, expressions: list[str], directory: Path) -> list[int]:
    """What a compiler makes of the expressions, modulo 2^64; a negative int is sign-extended, an unsigned is not."""
    lines = ",\n".join(f"(unsigned long long)({text})" for text in expressions)
    data = cc.object_of(f"const unsigned long long values[] = {{\n{lines}\n}};\n", directory)
    return list(struct.unpack(f"<{len(expressions)}Q", data["values"]))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("name", "abi"), [("gcc", "x86_64"), ("clang", "x86_64"), ("gcc", "i386"), ("clang", "i386")])
def test_random_expressions_have_the_compilers_value(name: str, abi: str, seed: int, tmp_path: Path) -> None:
    cc = compiler(name, abi)
    known = _known(abi, _expressions(seed))
    assert len(known) > COUNT * 0.6
    answers = dict(zip(known, _compiled(cc, list(known), tmp_path), strict=True))
    assert {text: (value, answers[text]) for text, value in known.items() if value != answers[text]} == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_macros_and_declarations_have_the_same_values(seed: int) -> None:
    expressions = _expressions(seed)
    wide, narrow = _known("x86_64", expressions), _known("i386", expressions)
    compared = 0
    for text in wide.keys() & narrow.keys():
        try:
            value = Numbers({}).of(text)
        except UnknownValueError:
            continue
        compared += 1
        assert value % (1 << 64) == wide[text] == narrow[text], text
    assert compared > COUNT * 0.4


# gcc's values; the last ones hold an operand that is not evaluated and that no compiler takes as a constant.
CONDITIONALS = [
    ("0 ? 1U : -1", 4294967295),
    ("1 ? -1 : 1U", 4294967295),
    ("(0 ? 1UL : -1) > 0", 1),
    ("(0 ? 1U : -1) > 0", 1),
    ("1 ? (signed char)-1 : 0U", 4294967295),
    ("1 ? -1 : (unsigned char)1", -1),
    ("1 ? (0 ? 1U : -1) : 0LL", 4294967295),
    ("1 ? -1 : (1 ? 2 : 0U)", 4294967295),
    ("1 ? -1 : 1U / 0", 4294967295),
    ("1 ? -1 : 1 / 0", -1),
    ("1 ? -1 : 1U << 99", 4294967295),
    ("1 ? -1 : 1 << 99U", -1),
    ("1 ? -1 : (0U < 1 / 0)", -1),
    ("1 ? -1 : !(1U / 0)", -1),
    ("1 ? -1 : ~(1U / 0)", 4294967295),
    ("1 ? -1 : (0 ? 0U : 1 / 0)", 4294967295),
    ("1 ? -1 : (unsigned int)(1 / 0)", 4294967295),
    ("1 ? -1 : (short)(1 / 0)", -1),
    ("1 ? 5 : UNDECLARED", 5),
]


@pytest.mark.parametrize(("text", "value"), CONDITIONALS)
def test_conditionals(text: str, value: int) -> None:
    assert Types(abi_named("x86_64")).constants.text(text) == value
    assert Types(abi_named("i386")).constants.text(text) == value
    assert Numbers({}).of(text) == value


def test_a_negative_value_whose_other_type_is_unknown_has_no_value() -> None:
    with pytest.raises(UnknownValueError, match="UNDECLARED"):
        Numbers({}).of("1 ? -1 : UNDECLARED")
    with pytest.raises(UnknownValueError, match="UNDECLARED"):
        Types(abi_named("x86_64")).constants.text("1 ? -1 : UNDECLARED")


@pytest.mark.parametrize("text", ["0), other = (1", "1; int x = 2", "1 }", "", "  ", "sizeof(1", "1 +", "1)(2"])
def test_texts_that_are_no_expression(text: str) -> None:
    with pytest.raises(UnknownValueError):
        Types(abi_named("x86_64")).constants.text(text)
    with pytest.raises(UnknownValueError):
        Numbers({}).of(text)


def test_a_deep_chain_of_macros_leaves_nothing_behind() -> None:
    """A chain that is too deep is unknown, and the next question starts at depth 0 again."""
    macros = {f"N{at}": Definition(None, f"N{at + 1} + 1") for at in range(200)} | {"N200": Definition(None, "1")}
    numbers = Numbers(macros)
    with pytest.raises(UnknownValueError):
        numbers.of("N0 + 0")
    assert numbers.of("N190 + 0") == 11
