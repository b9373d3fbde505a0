"""Predicates of `#[cfg(…)]` as expressions of C."""

from __future__ import annotations

import pytest

from caplint.rust.cfg import condition_of, predicate

PREDICATES = [
    ("test", "0"),
    ("not(test)", "!(0)"),
    ("all()", "1"),
    ("any()", "0"),
    ("true", "1"),
    ('target_os = "linux"', "defined(__linux__)"),
    ('feature = "a-b"', "defined(CFG_feature_a_b)"),
    ("own_name", "defined(CFG_own_name)"),
    ("version(1.2)", "defined(CFG_version_1_2)"),
    ("all(", "defined(CFG_all)"),
    ("not(" * 40 + "unix" + ")" * 40, None),
    ("a" * 5000, "defined(CFG_" + "a" * 40 + ")"),
]


@pytest.mark.parametrize(("text", "expression"), PREDICATES)
def test_predicate(text: str, expression: str | None) -> None:
    found = predicate(text)
    assert expression is None or found == expression
    assert "\n" not in found


def test_other_attributes_set_no_condition() -> None:
    assert {condition_of(text) for text in ("#[inline]", "#[cfg_attr(test, a)]", "#[derive(Debug)]")} == {"1"}
