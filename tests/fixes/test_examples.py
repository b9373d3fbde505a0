"""The bad examples of pages with a fixer: whatever is fixed there goes, and nothing else comes."""

from __future__ import annotations

from functools import cache

import pytest
from mended import holds

from caplint.config.settings import Config
from caplint.engine.check import check
from caplint.engine.compare import compare_series
from caplint.engine.outcome import Outcome
from caplint.engine.rule_examples import Case, cases, laid_trees
from caplint.rules import page
from caplint.rules.page import Rule
from caplint.trees.series import PatchedTrees
from caplint.trees.tree import Tree
from caplint.util import shipped_files

# Bad examples of each page of which all findings are fixed; in the others all is left as it is.
FIXED: dict[str, set[int]] = {
    "CAP102": {1, 3},
    "CAP103": set(),
    "CAP105": {1, 2},
    "CAP205": {1, 2, 4},
    "CAP206": {1, 2, 3},
    "CAP217": {1, 3},
    "CAP304": {1, 2},
    "CAP309": {1},
    "CAP401": set(),
    "CAP402": {1},
    "CAP403": {1, 2, 3},
    "CAP406": {1},
    "CAP501": {2, 3},
    "CAP502": {1, 2},
    "CAP503": {1, 2, 4},
    "CAP504": {1, 2, 4, 8},
    "CAP505": {2, 3},
    "CAP507": {3},
    "CAP509": {4, 5},
    "CAP601": set(),
    "CAP605": {1},
}


@cache
def _rules() -> list[Rule]:
    return page.load([shipped_files.RULES])


def _bad() -> list[Case]:
    return [case for rule in _rules() if rule.fix for case in cases(rule) if case.kind == "bad"]


def test_every_page_with_a_fixer_is_tested() -> None:
    assert {rule.code for rule in _rules() if rule.fix} == FIXED.keys()


@pytest.mark.parametrize("case", _bad(), ids=str)
def test_example(case: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    config = Config(cache=str(tmp_path_factory.getbasetemp().parent / "fixes"), jobs=1)
    patched = laid_trees(case)

    def run(trees: list[Tree]) -> Outcome:
        if not any(tree.base for tree in trees):
            return check(trees, _rules(), config)
        return compare_series([PatchedTrees(trees, patched[0].series), *patched[1:]], _rules(), config)[0]

    outcome = run(patched[0].trees)
    own = [found for found in outcome.findings if found.code == case.rule.code]
    assert own
    mended = holds(patched[0].trees, outcome, run)
    fixed = [found for found in mended.fixed if found.code == case.rule.code]
    assert len(fixed) == (len(own) if case.number in FIXED[case.rule.code] else 0)
