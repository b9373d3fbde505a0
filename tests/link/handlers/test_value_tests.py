"""Conditions on one value: which outcomes bound it, which only look at it, and what cannot be told."""

from __future__ import annotations

import pytest

from caplint.link.handlers.value_tests import (
    Bits,
    ConditionResult,
    Level,
    ValueTests,
    combined,
    is_truth,
    leaves,
    operands,
    parts_of,
    result_of,
)
from caplint.values.expression_tree import Node, text_of, tree_of

ZERO, NONZERO, GOOD, BAD = ConditionResult
MASKS = {"~VALID": Bits(True, "VALID"), "VALID": Bits(False), "~ALL": Bits(True, "ALL")}


def _is_value(node: Node) -> bool:
    while node.kind == "cast" and node.text != "bool":
        (node,) = node.parts
    return text_of(node) == "v"


def _number(node: Node) -> int | None:
    return int(node.text) if node.kind == "number" else None


def _tests(accepted: list[str] | None = None) -> ValueTests:
    taken = accepted if accepted is not None else []
    return ValueTests(_is_value, lambda node: MASKS.get(text_of(node), Bits(None)), _number, taken.append)


LEVELS = [
    # condition, level where it is 0, level where it is not
    ("v", Level.TESTED, Level.UNTESTED),
    ("(u32)v", Level.TESTED, Level.UNTESTED),
    ("v == 0", Level.UNTESTED, Level.TESTED),
    ("v != 0", Level.TESTED, Level.UNTESTED),
    ("0 != v", Level.TESTED, Level.UNTESTED),
    ("v == 3", Level.LOOSE, Level.TESTED),
    ("v != 3", Level.TESTED, Level.LOOSE),
    ("v > 0", Level.TESTED, Level.UNTESTED),
    ("0 < v", Level.TESTED, Level.UNTESTED),
    ("v > MAX", Level.TESTED, Level.LOOSE),
    ("MAX < v", Level.TESTED, Level.LOOSE),
    ("v >= MAX", Level.TESTED, Level.LOOSE),
    ("v <= MAX", Level.LOOSE, Level.TESTED),
    ("v < MAX", Level.LOOSE, Level.TESTED),
    ("MAX >= v", Level.LOOSE, Level.TESTED),
    ("v & ~VALID", Level.TESTED, Level.UNTESTED),
    ("~VALID & v", Level.TESTED, Level.UNTESTED),
    ("(v & ~VALID) == 0", Level.UNTESTED, Level.TESTED),
    ("(v & ~VALID) != 0", Level.TESTED, Level.UNTESTED),
    ("v & VALID", Level.UNTESTED, Level.UNTESTED),
    ("v & other", Level.UNKNOWN, Level.UNTESTED),
    ("(v & ~VALID) > 0", Level.TESTED, Level.UNTESTED),
    ("(v & VALID) != v", Level.TESTED, Level.UNTESTED),
    ("(v & VALID) == v", Level.UNTESTED, Level.TESTED),
    ("v == (u32)v", Level.UNTESTED, Level.TESTED),
    ("v < (v & VALID)", Level.LOOSE, Level.LOOSE),
    ("(v | 1) == (v & 1)", Level.UNKNOWN, Level.UNKNOWN),
    ("(v | VALID) != VALID", Level.TESTED, Level.UNTESTED),
    ("(v | VALID) == VALID", Level.UNTESTED, Level.TESTED),
    ("v ^ 5", Level.TESTED, Level.UNTESTED),
    ("v >> 32", Level.TESTED, Level.UNTESTED),
    ("(v >> 32) != 0", Level.TESTED, Level.UNTESTED),
    ("v % 4096", Level.LOOSE, Level.UNTESTED),
    ("(v % 4096) != 0", Level.LOOSE, Level.UNTESTED),
    ("v + 1 > MAX", Level.TESTED, Level.LOOSE),
    ("v - 1 < MAX", Level.LOOSE, Level.TESTED),
    ("v << 2 != 0", Level.TESTED, Level.LOOSE),
    ("f(v)", Level.UNKNOWN, Level.UNKNOWN),
    ("!v", Level.UNKNOWN, Level.UNKNOWN),
    ("v[0] == 1", Level.UNKNOWN, Level.UNKNOWN),
    ("v && 1", Level.UNKNOWN, Level.UNTESTED),
]


@pytest.mark.parametrize(("condition", "zero", "nonzero"), LEVELS)
def test_level_of_each_outcome(condition: str, zero: Level, nonzero: Level) -> None:
    node = tree_of(condition)
    assert (_tests().level(node, ZERO), _tests().level(node, NONZERO)) == (zero, nonzero)
    assert {_tests().level(node, GOOD), _tests().level(node, BAD)} == {Level.UNTESTED}


ACCEPTED = [
    ("v & ~VALID", ZERO, ["VALID"]),
    ("v & ~VALID & ~ALL", ZERO, ["VALID | ALL"]),
    ("(v & ~VALID) == 0", NONZERO, ["VALID"]),
    ("(v & ~VALID) == 4", NONZERO, []),
    ("(v & VALID & MORE) == v", NONZERO, ["VALID & MORE"]),
    ("v == (v & VALID)", NONZERO, ["VALID"]),
    ("(v | VALID) == VALID", NONZERO, ["VALID"]),
    ("v == (u32)v", NONZERO, []),
    ("v & VALID", ZERO, []),
    ("v & ~VALID", NONZERO, []),
    ("v > MAX", ZERO, []),
]


@pytest.mark.parametrize(("condition", "outcome", "masks"), ACCEPTED)
def test_accepted_bits_are_told_as_written(condition: str, outcome: ConditionResult, masks: list[str]) -> None:
    taken: list[str] = []
    _tests(taken).level(tree_of(condition), outcome)
    assert taken == masks


@pytest.mark.parametrize(
    ("text", "reduced", "picks"),
    [
        ("v", False, False),
        ("(u32)v", False, False),
        ("(bool)v", True, False),
        ("!v", True, False),
        ("!!v", True, False),
        ("-v", False, False),
        ("other", True, False),
        ("v & VALID", True, True),
        ("v & ~VALID", False, False),
        ("v & other", True, True),
        ("v | 1", False, False),
        ("v % 8", True, False),
        ("v > MAX", True, False),
        ("v && ready", True, False),
        ("v ? 1 : 2", True, False),
        ("v ? v : 2", False, False),
        ("ready ? v & VALID : 0", True, True),
        ("f(v)", True, False),
        ("table[v]", True, False),
        ("v->x", True, False),
        ("(ready, v)", False, False),
        ("(v, 1)", True, False),
        ("(v & VALID) + v", False, True),
        ("(v & VALID) << 3", True, True),
    ],
)
def test_how_little_of_the_value_an_expression_keeps(text: str, reduced: bool, picks: bool) -> None:
    assert (_tests().reduced(tree_of(text)), _tests().picks(tree_of(text))) == (reduced, picks)


@pytest.mark.parametrize(("text", "mentions"), [("a + (u8)v", True), ("f(g(v))", True), ("vv", False), ("x->v", False)])
def test_mentions(text: str, mentions: bool) -> None:
    assert _tests().mentions(tree_of(text)) is mentions


@pytest.mark.parametrize(
    ("result", "fitting", "others"),
    [(ZERO, [0], [1, -1]), (NONZERO, [1, -22], [0]), (GOOD, [0, 1], [-1]), (BAD, [-1, -4095], [0, 7])],
)
def test_numbers_with_a_property(result: ConditionResult, fitting: list[int], others: list[int]) -> None:
    assert all(result.fits(number) for number in fitting)
    assert not any(result.fits(number) for number in others)
    assert all(result.opposite.fits(number) for number in others)
    assert result.opposite.opposite is result


@pytest.mark.parametrize(
    ("relation", "number", "outcome"),
    [
        ("<", 0, BAD), (">=", 0, GOOD), ("==", 0, ZERO), ("!=", 0, NONZERO), (">", 0, NONZERO), ("<=", 0, ZERO),
        ("==", 1, NONZERO), (">=", 1, NONZERO), ("!=", 1, ZERO), ("<", 1, ZERO), (">", 1, None), ("<=", 1, None),
        ("==", -1, BAD), ("!=", -22, GOOD), ("<", -1, None), (">=", -1, None), ("==", 2, None), ("<", 5, None),
    ],
)  # fmt: skip
def test_result_that_a_comparison_tells(relation: str, number: int, outcome: ConditionResult | None) -> None:
    assert result_of(relation, number, True) is outcome
    assert result_of(relation, number, False) is (None if outcome is None else outcome.opposite)


@pytest.mark.parametrize(
    ("sets", "union"),
    [
        ([], Bits(None)),
        ([Bits(True, "A")], Bits(True, "A")),
        ([Bits(True, "A"), Bits(True, "B"), Bits(True, "A")], Bits(True, "A | B")),
        ([Bits(False), Bits(False)], Bits(False)),
        ([Bits(True, "A"), Bits(False)], Bits(None)),
        ([Bits(True, "A"), Bits(None)], Bits(None)),
        ([Bits(False), Bits(None)], Bits(None)),
    ],
)
def test_any_of_several_sets(sets: list[Bits], union: Bits) -> None:
    assert combined(sets) == union


def test_parts_of_expressions() -> None:
    tree = tree_of("!(a && f(b)) || g(c & d & (e | h))")
    assert list(map(text_of, leaves(tree))) == ["a", "f(b)", "g(c & d & (e | h))"]
    assert [text_of(part.parts[0]) for part in parts_of(tree, "call")] == ["f", "g"]
    assert list(map(text_of, operands(tree_of("a & (b & c) & (d | e)"), "&"))) == ["a", "b", "c", "d | e"]
    assert list(map(text_of, operands(tree_of("a | b"), "&"))) == ["a | b"]


@pytest.mark.parametrize(
    ("text", "truth"),
    [("!a", True), ("a < b", True), ("a && b", True), ("a || b", True), ("~a", False), ("a & b", False), ("a", False)],
)
def test_truth_values(text: str, truth: bool) -> None:
    assert is_truth(tree_of(text)) is truth
