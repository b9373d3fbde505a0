"""Formulas: normal form, canonical text, and decisions held against truth tables."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caplint.c.expression import parse
from caplint.c.formula import (
    ClauseEncoder,
    Formula,
    Literal,
    atoms,
    conjunction,
    disjunction,
    equivalent,
    evaluate,
    implies,
    literals,
    negation,
    satisfiable,
    substitute,
    text,
)

A, B, C = Literal("A"), Literal("B"), Literal("C")

NORMAL_FORMS = [
    (conjunction([]), "1"),
    (disjunction([]), "0"),
    (conjunction([B, A, B]), "A && B"),
    (conjunction([A, conjunction([C, B])]), "A && B && C"),
    (conjunction([A, True]), "A"),
    (conjunction([A, False]), "0"),
    (disjunction([A, True]), "1"),
    (conjunction([A, negation(A)]), "0"),
    (disjunction([A, negation(A)]), "1"),
    (conjunction([A, disjunction([A, B])]), "A"),
    (disjunction([A, conjunction([A, B])]), "A"),
    (disjunction([conjunction([C, A]), B]), "(A && C) || B"),
    (negation(conjunction([A, disjunction([B, negation(C)])])), "!A || (!B && C)"),
    (negation(negation(A)), "A"),
    (negation(Literal("A > 1")), "!(A > 1)"),
    (negation(Literal("defined(A)")), "!defined(A)"),
    (negation(Literal("f(A) + f(B)")), "!(f(A) + f(B))"),
]

names = st.sampled_from("ABC")
formulas: st.SearchStrategy[Formula] = st.recursive(
    st.booleans() | st.builds(Literal, names, st.booleans()),
    lambda inner: (
        st.builds(conjunction, st.lists(inner, max_size=3))
        | st.builds(disjunction, st.lists(inner, max_size=3))
        | st.builds(negation, inner)
    ),
    max_leaves=8,
)
quick = settings(max_examples=120, deadline=None, derandomize=True)
WORLDS = [dict(zip("ABC", values, strict=True)) for values in itertools.product([False, True], repeat=3)]


def _table(formula: Formula) -> list[bool | None]:
    return [evaluate(formula, world) for world in WORLDS]


@pytest.mark.parametrize(("formula", "printed"), NORMAL_FORMS)
def test_normal_form(formula: Formula, printed: str) -> None:
    assert text(formula) == printed


@quick
@given(st.lists(formulas, max_size=3))
def test_junctions_against_a_truth_table(operands: list[Formula]) -> None:
    both, either = conjunction(operands), disjunction(operands)
    for world in WORLDS:
        values = [evaluate(operand, world) for operand in operands]
        assert (evaluate(both, world), evaluate(either, world)) == (all(values), any(values))
        assert evaluate(negation(both), world) is not all(values)


@quick
@given(formulas, formulas)
def test_decisions_against_a_truth_table(left: Formula, right: Formula) -> None:
    ours, theirs = _table(left), _table(right)
    assert satisfiable(left) is any(ours)
    assert implies(left, right) is all(their or not our for our, their in zip(ours, theirs, strict=True))
    assert equivalent(left, right) is (ours == theirs)


@quick
@given(formulas)
def test_text_reads_back(formula: Formula) -> None:
    assert _table(parse(text(formula))) == _table(formula)


@quick
@given(formulas, st.dictionaries(names, st.booleans()))
def test_partial_knowledge(formula: Formula, known: dict[str, bool]) -> None:
    rest = substitute(formula, known)
    assert atoms(rest) <= atoms(formula) - set(known)
    agreeing = [world for world in WORLDS if known.items() <= world.items()]
    assert [evaluate(rest, world) for world in agreeing] == [evaluate(formula, world) for world in agreeing]
    value = evaluate(formula, known)
    assert value is None or {value} == {evaluate(formula, world) for world in agreeing}


def test_literals_are_what_must_hold() -> None:
    assert literals(parse("A && !B && (C || D)")) == [A, Literal("B", positive=False)]
    assert literals(parse("A || B")) == []
    assert literals(parse("!A")) == [Literal("A", positive=False)]


def test_atoms() -> None:
    assert atoms(parse("defined(A) && (B > 1 || !CONFIG_C)")) == {"defined(A)", "B > 1", "CONFIG_C"}


def test_what_is_too_hard_to_decide_counts_as_possible() -> None:
    """Twelve pigeons in eleven holes: short to say, and beyond any solver that only resolves clauses."""
    inside = [[Literal(f"P{pigeon}_{hole}") for hole in range(11)] for pigeon in range(12)]
    apart = [disjunction([negation(one[hole]), negation(two[hole])])
             for hole in range(11) for one, two in itertools.combinations(inside, 2)]  # fmt: skip
    begin = time.process_time()
    assert satisfiable(conjunction([*map(disjunction, inside), *apart]))
    assert time.process_time() - begin < 10


@pytest.mark.parametrize("order", [1, -1])
def test_an_endless_chain_is_normalised_in_bounded_rounds(order: int) -> None:
    names = [Literal(f"A{index:03}") for index in range(800)]
    chain = [disjunction([negation(one), two]) for one, two in itertools.pairwise(names)]
    begin = time.process_time()
    whole = conjunction([names[0], *chain[::order]])
    assert time.process_time() - begin < 1
    assert implies(whole, names[-1])
    assert not satisfiable(conjunction([whole, negation(names[-1])]))


def _hard(at: int) -> Formula:
    """A formula that only the solver decides, over atoms of its own."""
    one, two, three = (Literal(f"N{at}_{name}") for name in "ABC")
    pairs = [(one, two), (negation(one), three), (negation(two), negation(three)), (one, negation(three))]
    return conjunction(map(disjunction, pairs))


def test_a_decision_does_not_pay_for_earlier_ones() -> None:
    def seconds(first: int) -> float:
        begin = time.process_time()
        assert all(satisfiable(_hard(at)) for at in range(first, first + 300))
        return time.process_time() - begin

    times = [seconds(block * 300) for block in range(12)]
    assert min(times[-3:]) < 4 * max(min(times[:3]), 0.02)


def test_variables_of_an_encoder_leave_no_gap() -> None:
    encoder = ClauseEncoder()
    literals_of = [encoder.literal(parse(text)) for text in ("A && (B || !C)", "!A", "C")]  # type: ignore[arg-type]
    assert {abs(number) for clause in encoder.clauses for number in clause} == set(range(1, 6))
    assert encoder.nodes == [4, 5]
    assert literals_of == [5, -1, 3]
