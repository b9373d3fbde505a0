"""Kconfig as formulas: what holds in every configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, implies, satisfiable
from caplint.link.buildconfig.kconfig_constraints import constraints


@dataclass
class Made:
    """A `config` entry."""

    name: str
    prompt: bool = False
    depends: Formula = True
    selects: list[tuple[str, str, Formula, int]] = field(default_factory=list)
    defaults: list[Formula] = field(default_factory=list)


def _holds(
    claim: str, *entries: Made, elsewhere: tuple[str, ...] = (), exclusive: tuple[tuple[str, ...], ...] = ()
) -> bool:
    return implies(conjunction(constraints(entries, elsewhere, exclusive)), parse(claim))


def test_what_anybody_may_choose_constrains_nothing() -> None:
    assert constraints([Made("A", prompt=True)], (), ()) == []


def test_what_nothing_turns_on_is_off() -> None:
    assert _holds("!CONFIG_A", Made("A"))
    assert not _holds("!CONFIG_A", Made("A"), elsewhere=("A",))


@pytest.mark.parametrize(
    "entry", [Made("A", prompt=True, depends=parse("CONFIG_B")), Made("A", depends=parse("CONFIG_B"), defaults=[True]),
              Made("A", defaults=[parse("CONFIG_B")])]
)  # fmt: skip
def test_what_is_chosen_or_a_default_has_its_dependencies(entry: Made) -> None:
    other = Made("B", prompt=True)
    assert _holds("!CONFIG_A || CONFIG_B", entry, other)
    assert not _holds("CONFIG_A || !CONFIG_B", entry, other)
    assert not _holds("!CONFIG_A", entry, other)


def test_what_selects_turns_on() -> None:
    own, target = Made("A", prompt=True, selects=[("B", "select", parse("CONFIG_C"), 1)]), Made("B")
    condition = Made("C", prompt=True)
    assert _holds("!(CONFIG_A && CONFIG_C) || CONFIG_B", own, target, condition)
    assert _holds("!CONFIG_B || CONFIG_A && CONFIG_C", own, target, condition)
    assert not _holds("!CONFIG_A || CONFIG_B", own, target, condition)


def test_what_is_only_implied_may_be_turned_off_again() -> None:
    own, target = Made("A", prompt=True, selects=[("B", "imply", True, 1)]), Made("B")
    assert not _holds("!CONFIG_A || CONFIG_B", own, target)
    assert _holds("!CONFIG_B || CONFIG_A", own, target)


def test_which_of_two_entries_selects_is_not_known() -> None:
    own = Made("A", prompt=True, selects=[("B", "select", True, 1)])
    assert not _holds("!CONFIG_A || CONFIG_B", own, Made("A", prompt=True), Made("B"))
    assert _holds("!CONFIG_B || CONFIG_A", own, Made("A", prompt=True), Made("B"))


def test_of_a_group_at_most_one_is_on() -> None:
    entries = [Made(name, prompt=True) for name in "ABC"]
    assert _holds("!(CONFIG_A && CONFIG_B)", *entries, exclusive=(("A", "B"),))
    assert not _holds("!(CONFIG_A && CONFIG_C)", *entries, exclusive=(("A", "B"),))
    found = conjunction([*constraints(entries, (), (("A", "B", "C"),)), parse("CONFIG_B")])
    assert satisfiable(found)
    assert not satisfiable(conjunction([found, parse("CONFIG_C")]))
