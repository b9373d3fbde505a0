"""Conditionals of build files: the condition of each line, and how many and how long they may be."""

from __future__ import annotations

import pytest

from caplint.c.expression import parse
from caplint.c.formula import Literal, text
from caplint.c.syntax import UnreadableError
from caplint.facts.syntax.build_conditionals import MAX_ALTERNATIVES, MAX_CONDITIONS, Allowance, Nesting
from caplint.facts.syntax.logical_lines import MAX_NESTING


def _whole(steps: str) -> str:
    """The condition behind some steps: `A` begins an `if`, `+A` an alternative with a test, `+` an `else`, `-` ends."""
    nesting = Nesting()
    for step in steps.split():
        if step == "-":
            nesting.leave()
        elif step.startswith("+"):
            nesting.alternative(parse(step[1:]) if step[1:] else True)
        else:
            nesting.enter(parse(step))
    return text(nesting.whole)


@pytest.mark.parametrize(
    ("steps", "condition"),
    [
        ("", "1"), ("A", "A"), ("A -", "1"), ("A B", "A && B"), ("A B -", "A"), ("A +", "!A"), ("A +B", "!A && B"),
        ("A +B +", "!A && !B"), ("A +B +C", "!A && !B && C"), ("A B +", "A && !B"), ("A + B", "!A && B"),
        ("A + B - -", "1"), ("+A", "1"), ("+", "1"), ("-", "1"), ("- - A", "A"), ("A B + - +", "!A"), ("A A", "A"),
        ("1 +", "0"), ("0", "0"), ("0 +", "1"),
    ],
)  # fmt: skip
def test_condition_of_a_line(steps: str, condition: str) -> None:
    assert _whole(steps) == condition


def test_nesting_is_bounded() -> None:
    assert _whole("A " * MAX_NESTING) == "A"
    assert _whole("A - " * 1_000) == "1"
    with pytest.raises(UnreadableError, match=f"nests deeper than {MAX_NESTING}"):
        _whole("A " * (MAX_NESTING + 1))


def test_alternatives_are_bounded() -> None:
    names = " ".join(f"+A{number}" for number in range(MAX_ALTERNATIVES - 1))
    assert _whole(f"A {names} -") == "1"
    with pytest.raises(UnreadableError, match=f"has more than {MAX_ALTERNATIVES} alternatives of one if"):
        _whole(f"A {names} +")


def test_length_of_conditions_is_bounded() -> None:
    allowance, half = Allowance(), Literal("A" * (MAX_CONDITIONS // 2))
    assert allowance.spend(half) is half
    allowance.spend(half)
    with pytest.raises(UnreadableError, match="its conditions are too long"):
        allowance.spend(parse("A"))
