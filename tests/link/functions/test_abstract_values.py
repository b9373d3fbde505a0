"""Possible signs of values, each with its presence condition: truth, negation, and what may be one of several."""

from __future__ import annotations

import pytest

from caplint.c.expression import parse
from caplint.c.formula import Formula, negation, text
from caplint.link.functions.abstract_values import (
    DELEGATED,
    EITHER,
    UNKNOWN,
    AbstractValue,
    joined,
    negated,
    number,
    thing,
    truth,
)

A, B = parse("CONFIG_A"), parse("CONFIG_B")


def _told(value: AbstractValue) -> dict[str, str]:
    return {sign: text(formula) for sign, formula in value.signs.items() if formula is not False}


@pytest.mark.parametrize(
    ("value", "sign", "true", "false"),
    [(-22, "N", True, False), (0, "Z", False, True), (1, "P", True, False), (1 << 70, "P", True, False)],
)
def test_a_number(value: int, sign: str, true: Formula, false: Formula) -> None:
    found = number(value)
    assert found == AbstractValue({sign: True}, value)
    assert (found.true, found.false) == (true, false)


@pytest.mark.parametrize(
    ("value", "true", "false"),
    [
        (UNKNOWN, "1", "1"),
        (EITHER, "1", "1"),
        (DELEGATED, "1", "0"),
        (thing("selector"), "1", "1"),
        (AbstractValue({}), "0", "0"),
        (AbstractValue({"N": A, "Z": negation(A)}), "CONFIG_A", "!CONFIG_A"),
        (AbstractValue({"n": A, "p": B}), "CONFIG_A || CONFIG_B", "0"),
        (AbstractValue({"P": A, "p": negation(A)}), "1", "0"),
        (AbstractValue({"z": A, "Z": B}), "0", "CONFIG_A || CONFIG_B"),
    ],
)
def test_when_a_value_may_be_zero_or_not(value: AbstractValue, true: str, false: str) -> None:
    assert (text(value.true), text(value.false)) == (true, false)


def test_conditions_of_signs() -> None:
    value = AbstractValue({"N": A, "P": B, "Z": False})
    assert text(value.when("N")) == "CONFIG_A"
    assert text(value.when("NP")) == "CONFIG_A || CONFIG_B"
    assert value.when("Zz") is False
    assert value.when("") is False
    assert AbstractValue({"N": A, "P": True}).when("NP") is True
    assert value.only("Pz") == AbstractValue({"P": B})
    assert number(3).only("P") == number(3)


@pytest.mark.parametrize(
    ("true", "false", "value"),
    [
        (True, True, EITHER),
        (False, True, number(0)),
        (True, False, number(1)),
        (A, False, number(1)),
        (False, A, number(0)),
        (A, negation(A), AbstractValue({"P": A, "Z": negation(A)})),
        (A, True, AbstractValue({"P": A, "Z": True})),
    ],
)
def test_truth(true: Formula, false: Formula, value: AbstractValue) -> None:
    assert truth(true, false) == value


@pytest.mark.parametrize(
    ("value", "opposite"),
    [
        (number(5), number(-5)),
        (number(-5), number(5)),
        (number(0), number(0)),
        (AbstractValue({"N": A}), AbstractValue({"P": A})),
        (AbstractValue({"P": True}), AbstractValue({"N": True})),
        (AbstractValue({"n": A, "z": B}), AbstractValue({"p": A, "z": B})),
        (EITHER, AbstractValue({"z": True, "n": True})),
        (DELEGATED, AbstractValue({})),
        (thing("capability", "KVM_CAP_A"), UNKNOWN),
    ],
)
def test_negation(value: AbstractValue, opposite: AbstractValue) -> None:
    assert negated(value).signs == opposite.signs
    assert negated(value).thing == opposite.thing


@pytest.mark.parametrize(
    ("alternatives", "signs"),
    [
        ([], {}),
        ([(number(1), False)], {}),
        ([(number(1), A), (number(-1), negation(A))], {"P": "CONFIG_A", "N": "!CONFIG_A"}),
        ([(number(1), True), (number(-1), True)], {"P": "1", "N": "1"}),
        ([(number(1), A), (number(2), B)], {"P": "CONFIG_A || CONFIG_B"}),
        ([(AbstractValue({"P": B}), A), (number(0), True)], {"P": "CONFIG_A && CONFIG_B", "Z": "1"}),
    ],
)
def test_one_of_several(alternatives: list[tuple[AbstractValue, Formula]], signs: dict[str, str]) -> None:
    assert _told(joined(alternatives)) == signs
    assert joined(alternatives).thing is None


def test_equal_alternatives_keep_what_is_known() -> None:
    """So does the only one that is possible, whatever its condition."""
    assert joined([(number(3), A), (number(3), negation(A))]) == number(3)
    assert joined([(thing("selector"), A)]) == thing("selector")
    assert joined([(thing("selector"), A), (number(1), False)]) == thing("selector")
