"""Every rule page is a test: its examples, and its silence on the bare mini-trees."""

from __future__ import annotations

from functools import cache

import pytest

from caplint.config.settings import Config
from caplint.engine.rule_examples import Case, cases, problem
from caplint.rules import page
from caplint.rules.page import Rule
from caplint.util import shipped_files


@cache
def _rules() -> list[Rule]:
    return page.load([shipped_files.RULES])


@pytest.mark.parametrize("case", [case for rule in _rules() for case in cases(rule)], ids=str)
def test_example(case: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = tmp_path_factory.getbasetemp().parent / "rule-pages"
    assert problem(case, Config(cache=str(store), jobs=1)) is None


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.code)
def test_a_page_shows_both_sides(rule: Rule) -> None:
    assert rule.bad
    assert rule.good


@pytest.mark.parametrize("rule", _rules(), ids=lambda rule: rule.code)
def test_a_page_says_how_to_fix_and_what_it_cannot_see(rule: Rule) -> None:
    assert "**How to fix it.**" in rule.text
    assert "**Known limits.**" in rule.text
    assert rule.path.name == f"{rule.code}-{rule.name}.md"
