"""Outcomes as text: everything comes back, and other text is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import made_up_rule

from caplint.config.settings import Suppression
from caplint.coverage.pasted_names import Pasted
from caplint.coverage.summary import AbsentArchitecture, Blind, Coverage, TreeCoverage, Unaccounted
from caplint.engine.outcome import Outcome, Skipped
from caplint.engine.outcome_json import parse, parse_findings, render, render_findings
from caplint.findings.finding import Finding, Location, Related
from caplint.findings.fix import Fix, LineEdit

PLACE = Location("linux", "a\\xff.c", 3, 7)
EDIT = LineEdit("linux", "a.c", 3, ("old",), ("new", "é\u202e"))
FULL = Finding(
    "CAP101", "made-up", "note", "KVM_CAP_A", "x86", "f", "is wrong\n", PLACE, (Related(PLACE, "here"),), "0f",
    "warning", ("a", "b"), Fix("mend", (EDIT,), ("CAP102",)),
)  # fmt: skip
BARE = Finding("CAP101", "made-up", "error", "KVM_CAP_A", None, None, "m", PLACE)
COVERAGE = Coverage(
    [TreeCoverage("linux", 1, 2, 3, 4, 5, 6, 7, 8, 9)], [Blind("linux", "a.c", 1, 2, "why")],
    [Unaccounted("linux", "a.c", 1, 2, "KVM_CAP_X")], {"kind": 1}, families={"MSR": {"kind": 2}},
    pasted=[Pasted("linux", "a.c", 1, 2, "M", "N", ("m.h", 3)), Pasted("linux", "a.c", 1, 2, "M", None, None)],
    absent=[AbsentArchitecture("linux", "mips")],
)  # fmt: skip
OUTCOME = Outcome(
    [], {"linux": (2, 3)}, [FULL, BARE], 4, [Suppression("CAP1", "KVM_CAP_A", "why", "x86")],
    [Skipped("CAP2", "why")], COVERAGE, [made_up_rule()],
)  # fmt: skip


@pytest.mark.parametrize("resolved", [None, [], [BARE, FULL]])
def test_an_outcome_comes_back(resolved: list[Finding] | None) -> None:
    outcome = Outcome(**{**vars(OUTCOME), "resolved": resolved})
    assert parse(render(outcome), outcome.trees, outcome.rules) == outcome


def test_findings_come_back() -> None:
    assert parse_findings(render_findings(iter([FULL, BARE]))) == [FULL, BARE]
    assert parse_findings(render_findings([])) == []


def test_equal_outcomes_have_equal_text_of_one_line() -> None:
    assert render(OUTCOME) == render(parse(render(OUTCOME), [], []))
    assert "\n" not in render(OUTCOME)


def _without(key: str) -> str:
    data: dict[str, Any] = json.loads(render(OUTCOME))
    del data[key]
    return json.dumps(data)


WRONG = [
    *map(_without, ["sizes", "findings", "resolved", "suppressed", "unused_suppressions", "skipped", "coverage"]),
    "", "[]", "{}", "null", "[1", render(OUTCOME)[:-5], render(OUTCOME).replace('"kinds"', '"sorts"'),
    render(OUTCOME).replace('"sizes":{"linux":[2,3]}', '"sizes":{"linux":[2]}'),
    render(OUTCOME).replace('"reason":"why"', '"cause":"why"'),
]  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_other_text_is_an_error(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse(text, [], [])


@pytest.mark.parametrize("text", ["", "[[]]", "[1]", "{", '[["CAP101"]]', json.dumps([[*range(12)]])])
def test_other_text_is_no_findings(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_findings(text)
