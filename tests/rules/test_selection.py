"""Selection of rules by code, prefix and name."""

from __future__ import annotations

import pytest

from caplint.rules.page import Rule, load
from caplint.rules.selection import is_ignored, is_selected, validate
from caplint.util.errors import CaplintError
from caplint.util.shipped_files import RULES


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return load([RULES], whole=False)


def codes(rules: list[Rule], *words: str, extend: tuple[str, ...] = ()) -> set[str]:
    return {rule.code for rule in rules if is_selected(rule, words, extend)}


def test_nothing_selects_every_rule(rules: list[Rule]) -> None:
    assert codes(rules) == {rule.code for rule in rules}
    assert codes(rules, extend=("CAP401",)) == {rule.code for rule in rules}


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("CAP401",), "CAP401"),
        (("cap401",), "CAP401"),
        (("CAP4",), "CAP4"),
        (("cap50", "CAP4"), ("CAP50", "CAP4")),
        (("C",), "CAP"),
        (("enable-result-ignored",), "CAP401"),
        (("Enable-Result-Ignored",), "CAP401"),
    ],
)
def test_words(rules: list[Rule], words: tuple[str, ...], wanted: str | tuple[str, ...]) -> None:
    assert codes(rules, *words) == {rule.code for rule in rules if rule.code.startswith(wanted)}


def test_further_rules_are_added_to_those_selected(rules: list[Rule]) -> None:
    assert codes(rules, "CAP101", extend=("CAP102", "enable-result-ignored")) == {"CAP101", "CAP102", "CAP401"}


@pytest.mark.parametrize(
    ("ignore", "chosen", "left"),
    [
        (("CAP4",), ("CAP401",), "CAP401"),
        (("CAP40",), ("CAP4",), ""),
        (("CAP4",), ("CAP4",), ""),
        (("CAP401",), ("CAP401",), ""),
        (("CAP4",), ("enable-result-ignored",), "CAP401"),
        (("enable-result-ignored",), ("CAP401",), ""),
        (("CAP4", "CAP401"), ("CAP40",), ""),
    ],
)
def test_the_longer_word_prevails(
    rules: list[Rule], ignore: tuple[str, ...], chosen: tuple[str, ...], left: str
) -> None:
    kept = {rule.code for rule in rules if rule.code.startswith("CAP401") and not is_ignored(rule, ignore, chosen)}
    assert kept == ({left} if left else set())


def test_rules_that_no_word_ignores_stay(rules: list[Rule]) -> None:
    assert {rule.code for rule in rules if is_ignored(rule, ("CAP4",))} == codes(rules, "CAP4")
    assert not any(is_ignored(rule, ()) for rule in rules)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("CAP999", "CAP"), ("", "unknown rule"), ("enable-result", "enable-result-ignored"), ("CAP4*", "CAP4")],
)
def test_an_unknown_word_is_an_error(rules: list[Rule], word: str, hint: str) -> None:
    with pytest.raises(CaplintError, match="unknown rule") as error:
        validate(rules, ["CAP4", word])
    assert hint in str(error.value)
