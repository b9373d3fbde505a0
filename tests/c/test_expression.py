"""The expressions of `#if`: what is boolean is read, what is not becomes one atom."""

from __future__ import annotations

import time

import pytest

from caplint.c.expression import covered, defined, parse
from caplint.c.formula import atoms, text

READS = [
    ("A", "A"),
    ("1", "1"),
    ("0", "0"),
    ("0x0", "0"),
    ("0x10UL", "1"),
    ("00", "0"),
    ("0b1", "1"),
    ("(0)", "0"),
    ("!0 && A", "A"),
    ("!1", "0"),
    ("defined(A)", "defined(A)"),
    ("defined A", "defined(A)"),
    ("! defined ( A )", "!defined(A)"),
    ("defined(CONFIG_A)", "CONFIG_A"),
    ("CONFIG_A", "CONFIG_A"),
    ("IS_ENABLED(CONFIG_A)", "CONFIG_A"),
    ("IS_BUILTIN(CONFIG_A)", "CONFIG_A && !CONFIG_A_MODULE"),
    ("IS_BUILTIN ( CONFIG_A ) && IS_MODULE(CONFIG_A)", "0"),
    ("IS_REACHABLE(CONFIG_A)", "CONFIG_A && (!CONFIG_A_MODULE || defined(MODULE))"),
    ("!IS_BUILTIN(CONFIG_A)", "!CONFIG_A || CONFIG_A_MODULE"),
    ("IS_REACHABLE(CONFIG_A) && !CONFIG_A", "0"),
    ("IS_MODULE(CONFIG_A)", "CONFIG_A && CONFIG_A_MODULE"),
    ("!!A", "A"),
    ("((((A))))", "A"),
    ("!(A && B)", "!A || !B"),
    ("A || B && C", "A || (B && C)"),
    ("A && (B || C)", "A && (B || C)"),
    ("!(A && (B || !C))", "!A || (!B && C)"),
    ("defined(A) && defined(B) || !defined(C)", "(defined(A) && defined(B)) || !defined(C)"),
    ("A>1", "A > 1"),
    ("(A > 1)", "A > 1"),
    ("!(A > 1)", "!(A > 1)"),
    ("!A > 1", "!A > 1"),
    ("!(A) > 1 || B", "!(A) > 1 || B"),
    ("!f(A, B) == 2", "!f(A, B) == 2"),
    ("!f(A, B)", "!f(A, B)"),
    ("A >= B + 1 && C", "A >= B + 1 && C"),
    ("(A + B) * C > 3 && D", "(A + B) * C > 3 && D"),
    ("defined(3)", "defined(3)"),
    ("defined 3x && A", "A && defined 3x"),
    ("!IS_ENABLED(a²)", "!IS_ENABLED(a²)"),
    ("defined(A) == 1", "defined(A) == 1"),
    ("A == 'x'", "A == 'x'"),
    ("LINUX_VERSION_CODE >= KERNEL_VERSION(5,4,0)", "LINUX_VERSION_CODE >= KERNEL_VERSION(5, 4, 0)"),
    ("f(A && B, C) && D", "D && f(A && B, C)"),
    ("A ? B : C", "A ? B : C"),
    ("__ASSEMBLY__", "0"),
    ("defined(__ASSEMBLY__)", "0"),
    ("!defined(__ASSEMBLER__)", "1"),
    ("defined(__cplusplus) || A", "A"),
    ("A && B > 1 && !(B > 1)", "0"),
    ("", "(empty)"),
    ("A B", "A B"),
]
NAMES = [
    ("A", "defined(A)"),
    ("CONFIG_A", "CONFIG_A"),
    ("__ASSEMBLY__", "0"),
    ("__ASSEMBLER__", "0"),
    ("__cplusplus", "0"),
]
STRANGE = ["(", ")", "A &&", "&& A", "!", "A || ", "f(", "defined", "defined(", "'", '"', "\\", "A ) B", "(A", "\x00"]


@pytest.mark.parametrize(("source", "formula"), READS)
def test_reads(source: str, formula: str) -> None:
    assert text(parse(source)) == formula
    assert text(parse(formula)) == formula or formula == "(empty)"


@pytest.mark.parametrize(("name", "formula"), NAMES)
def test_defined(name: str, formula: str) -> None:
    assert text(defined(name)) == formula


@pytest.mark.parametrize("source", STRANGE)
def test_any_text_is_answered(source: str) -> None:
    assert parse(source) not in {True, False}


@pytest.mark.parametrize("depth", [1, 40, 60])
def test_parentheses(depth: int) -> None:
    assert text(parse("(" * depth + "A" + ")" * depth)) == "A"


@pytest.mark.parametrize(
    "source",
    [
        "(" * 61 + "A" + ")" * 61,
        "(" * 100_000,
        "!" * 2000 + "A",
        "(A > 1)" * 500,
        "A && " * 5000 + "A",
        "((A) > 1) > " * 300,
    ],
    ids=["deep", "open", "bangs", "row", "long", "fallbacks"],
)
def test_what_nobody_wrote_is_one_atom(source: str) -> None:
    begin = time.process_time()
    assert len(atoms(parse(source))) == 1
    assert time.process_time() - begin < 1


@pytest.mark.parametrize(
    ("condition", "others", "answer"),
    [
        ("A", ["A"], True),
        ("A && B", ["B"], True),
        ("A", ["A && B", "A && !B"], True),
        ("A", ["A && B", "!B"], True),
        ("A", ["B"], False),
        ("A", ["A && B"], False),
        ("A", [], False),
        ("1", ["B", "!B"], True),
    ],
)
def test_a_condition_is_covered_by_some_others(condition: str, others: list[str], answer: bool) -> None:
    assert covered(condition, others) is answer
