"""The list of rules by subject."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from conftest import made_up_rule

from caplint.report.rule_list import RuleList, subject, write_json, write_text
from caplint.report.style import Style
from caplint.rules.page import Rule

HISTORY = "\n## History\n\n- 2020-01-01, kvm@vger: one.\n- 2021-01-01, kvm@vger: " + "long words " * 15 + "end.\n"


def _text(*rules: Rule, ignored: tuple[str, ...] = (), history: bool = False) -> list[str]:
    out = io.StringIO()
    write_text(RuleList(list(rules), ignored, history), out, Style())
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("CAP101", "numbers, constants and layouts of headers"), ("CAP699", "patches and series"),
        ("CAP001", "further rules"), ("CAP999", "further rules"), ("OUR101", "further rules"),
        ("CAP1011", "further rules"), ("CAP10", "further rules"), ("XCAP101", "further rules"),
    ],
)  # fmt: skip
def test_subjects(code: str, words: str) -> None:
    assert subject(made_up_rule(code)) == words


def test_rules_by_subject_with_others_at_the_end() -> None:
    rules = [made_up_rule(code) for code in ("ABC101", "CAP101", "CAP102", "CAP301")]
    assert _text(*rules) == [
        "numbers, constants and layouts of headers",
        "  CAP101  warning  made-up       It is made up",
        "  CAP102  warning  made-up       It is made up",
        "model-specific registers",
        "  CAP301  warning  made-up       It is made up",
        "further rules",
        "  ABC101  warning  made-up       It is made up",
        "",
        "4 rules; `caplint explain CODE` shows the page of a rule",
    ]


def test_names_have_one_width() -> None:
    long = replace(made_up_rule("CAP102"), name="a-longer-name")
    lines = _text(made_up_rule("CAP101"), long)
    assert lines[1].index("It is") == lines[2].index("It is")


def test_a_rule_with_a_fix() -> None:
    lines = _text(replace(made_up_rule("CAP101"), fix="next-free-number"))
    assert lines[1] == "  CAP101  warning  made-up  fix  It is made up"
    assert lines[-1].startswith("fix: caplint can make repairs itself")


@pytest.mark.parametrize(("word", "ignored"), [("CAP101", True), ("CAP102", False), ("made", False)])
def test_ignored_rules(word: str, ignored: bool) -> None:
    assert _text(made_up_rule("CAP101"), ignored=(word,))[1].endswith(" (ignored)") is ignored


def test_history_is_counted_or_shown() -> None:
    rule = made_up_rule("CAP101")
    rule = replace(rule, body=rule.body + "\n## Bad\n\n## Good\n" + HISTORY)
    assert _text(rule)[-1] == "`--history` shows 2 public faults that they would have caught"
    lines = _text(rule, history=True)
    assert lines[2] == "      - 2020-01-01, kvm@vger: one."
    assert lines[3].startswith("      - 2021-01-01, kvm@vger: long words")
    assert lines[4].startswith("        ")
    assert max(map(len, lines)) <= 100
    assert not any("--history" in line for line in lines)


def test_no_rule_at_all() -> None:
    assert _text() == ["", "0 rules; `caplint explain CODE` shows the page of a rule"]


def test_as_objects() -> None:
    out = io.StringIO()
    write_json(RuleList([made_up_rule("CAP301")], ()), out, Style())
    (found,) = json.loads(out.getvalue())
    assert found == {
        "code": "CAP301", "name": "made-up", "severity": "warning", "in_patch": None, "needs": ["kernel"],
        "since": "0.1.0", "fix": None, "title": "It is made up", "history": [], "subject": "model-specific registers",
    }  # fmt: skip
