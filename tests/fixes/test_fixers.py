"""Fixers by name: each has a function of its own, and a page that names another one is told which there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from conftest import made_up_rule

from caplint.fixes.fixers import FIXERS, fixer, fixer_name
from caplint.rules import page
from caplint.util import shipped_files
from caplint.util.errors import CaplintError

MODULES = {"next-free-number": "next_number"}
"""Fixers whose module has another name."""


@pytest.mark.parametrize("name", FIXERS)
def test_each_name_stands_for_its_own_module(name: str) -> None:
    module = MODULES.get(name, name.replace("-", "_"))
    assert fixer(name).__module__ == f"caplint.fixes.{module}"


def test_all_of_them_are_named_by_a_page() -> None:
    rules = [rule for rule in page.load([shipped_files.RULES]) if rule.fix is not None]
    assert {fixer_name(rule) for rule in rules} == set(FIXERS)
    assert list(FIXERS) == sorted(FIXERS)


@pytest.mark.parametrize(
    ("fix", "told"),
    [
        ("missing-brake", r"CAP999\.md: front matter: fix: unknown fixer 'missing-brake'; did you mean missing-break"),
        ("x", r"unknown fixer 'x'; known are asked-first, .*, vendor-filter"),
        ("", "unknown fixer ''"),
        ("missing_break", "did you mean missing-break"),
        ("a" * 5_000, "unknown fixer 'a{90,99}; known are"),
        (None, "unknown fixer ''"),
    ],
)
def test_an_unknown_name(fix: str | None, told: str) -> None:
    with pytest.raises(CaplintError, match=told):
        fixer_name(replace(made_up_rule(), fix=fix))
