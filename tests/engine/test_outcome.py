"""An outcome of a run: equal runs are equal outcomes, whatever time they took."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import made_up_rule

from caplint.engine.outcome import Outcome, Skipped, nothing
from caplint.findings.finding import Finding, Location


def test_a_comparison_of_nothing_skips_every_rule_for_one_reason() -> None:
    rules = [made_up_rule("CAP101"), made_up_rule("CAP102")]
    outcome = nothing(rules, "no file of KVM has changed")
    assert outcome.skipped == [Skipped(rule.code, "no file of KVM has changed") for rule in rules]
    assert (outcome.findings, outcome.resolved, outcome.rules) == ([], [], rules)
    assert (outcome.coverage.percent, outcome.coverage.total("files")) == (100.0, 0)
    assert nothing([], "x").skipped == []


def test_outcomes_share_no_list() -> None:
    one, other = nothing([], ""), nothing([], "")
    one.commented.append("x")
    one.unmatched.extend([])
    assert other.commented == []
    assert replace(other).known is other.known


@pytest.mark.parametrize(
    ("change", "equal"),
    [
        ({"seconds": 9.9}, True),
        ({"passing": True}, True),
        ({"configuration": Path("caplint.toml")}, True),
        ({"suppressed": 1}, False),
        ({"resolved": None}, False),
        ({"baselined": 0}, False),
        ({"findings": [Finding("CAP101", "a", "note", "A", None, None, "m", Location("k", "a.c", 1))]}, False),
    ],
)
def test_what_a_run_found_is_compared_and_not_its_surroundings(change: dict[str, object], equal: bool) -> None:
    outcome = nothing([], "")
    assert (Outcome(**{**vars(outcome), **change}) == outcome) is equal
