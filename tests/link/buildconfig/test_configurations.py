"""Decisions about presence conditions: possible, certain, and consistent with what Kconfig demands."""

from __future__ import annotations

import sqlite3

import pytest

from caplint.c.expression import parse
from caplint.link.buildconfig.configurations import Configurations

NOW, BASE, OTHER = ("now", "linux", "x86"), ("base", "linux", "x86"), ("now", "other", "arm64")
KNOWN = {
    NOW: {"CONFIG_ON": True, "CONFIG_OFF": False},
    BASE: {"CONFIG_ON": False, "CONFIG_OFF": True},
    OTHER: {"CONFIG_ARM": True},
    ("now", "linux", "s390"): {"CONFIG_ON": False},
}
RULES = {NOW: [parse("!CONFIG_TEA || CONFIG_CUP"), parse("!CONFIG_CUP || CONFIG_POT")], BASE: [parse("CONFIG_TEA")]}


@pytest.fixture
def configurations() -> Configurations:
    return Configurations(KNOWN, RULES)


@pytest.mark.parametrize(
    ("arch", "condition", "possible", "certain"),
    [
        ("x86", "1", 1, 1), ("x86", "0", 0, 0), ("x86", "CONFIG_ON", 1, 1), ("x86", "CONFIG_OFF", 0, 0),
        ("x86", "!CONFIG_OFF", 1, 1), ("x86", "CONFIG_FREE", 1, 0), ("x86", "CONFIG_ON && CONFIG_FREE", 1, 0),
        ("x86", "CONFIG_OFF && CONFIG_FREE", 0, 0), ("x86", "CONFIG_FREE || !CONFIG_FREE", 1, 1),
        ("x86", "CONFIG_FREE && !CONFIG_FREE", 0, 0), ("s390", "CONFIG_ON", 0, 0), ("s390", "CONFIG_OFF", 1, 0),
        # Nothing is known of an architecture, or of none.
        ("mips", "CONFIG_ON", 1, 0), (None, "CONFIG_ON", 1, 0), ("x86", None, None, None),
        # Another tree has the architecture.
        ("arm64", "CONFIG_ARM", 1, 1),
    ],
)  # fmt: skip
def test_possible_and_certain(
    configurations: Configurations, arch: str | None, condition: str | None, possible: int | None, certain: int | None
) -> None:
    assert (configurations.possible(arch, condition), configurations.certain(arch, condition)) == (possible, certain)


@pytest.mark.parametrize(
    ("condition", "consistent"),
    [
        ("CONFIG_TEA", 1), ("CONFIG_TEA && CONFIG_CUP", 1), ("CONFIG_TEA && !CONFIG_CUP", 0),
        ("CONFIG_TEA && !CONFIG_POT", 0), ("!CONFIG_TEA && !CONFIG_POT", 1), ("CONFIG_OFF", 0), (None, None),
    ],
)  # fmt: skip
def test_constraints_hold_at_once(
    configurations: Configurations, condition: str | None, consistent: int | None
) -> None:
    assert configurations.consistent("x86", condition) == consistent
    assert configurations.consistent("x86", condition) == consistent  # remembered
    # Each part is possible by itself, and an architecture without constraints allows everything that is.
    assert configurations.possible("x86", condition) == (condition and int(condition != "CONFIG_OFF"))
    assert configurations.consistent("mips", condition) == (None if condition is None else 1)


def test_trees_and_sides_are_told_apart(configurations: Configurations) -> None:
    assert configurations.possible("x86", "CONFIG_OFF", "linux", "base") == 1
    assert configurations.certain("x86", "CONFIG_ON", "linux", "base") == 0
    assert configurations.consistent("x86", "!CONFIG_TEA", "linux", "base") == 0
    assert configurations.possible("x86", "CONFIG_OFF", "other") == 1
    assert configurations.consistent("x86", "CONFIG_TEA && !CONFIG_CUP", "other") == 1


def test_the_base_takes_the_place_of_the_patched_trees(configurations: Configurations) -> None:
    unpatched = configurations.unpatched()
    assert (unpatched.possible("x86", "CONFIG_OFF"), configurations.possible("x86", "CONFIG_OFF")) == (1, 0)
    assert unpatched.consistent("x86", "!CONFIG_TEA") == 0
    assert unpatched.certain("arm64", "CONFIG_ARM") == 1  # a tree without a patch stays
    assert unpatched.text() != configurations.text()


def test_text_is_all_that_decides() -> None:
    text = Configurations(KNOWN, RULES).text()
    assert "CONFIG_CUP" in text
    assert text == Configurations({NOW: dict(reversed(KNOWN[NOW].items())), **KNOWN}, RULES).text()
    assert text == Configurations({**KNOWN, BASE: {}}, {**RULES, BASE: []}).text()
    assert text != Configurations({**KNOWN, NOW: {"CONFIG_ON": False, "CONFIG_OFF": False}}, RULES).text()
    assert text != Configurations(KNOWN, {NOW: RULES[NOW][:1]}).text()


def test_sql_functions(configurations: Configurations) -> None:
    connection = sqlite3.connect(":memory:")
    configurations.add_functions(connection)
    query = "SELECT possible('x86', 'CONFIG_OFF'), certain('x86', 'CONFIG_ON'), consistent('x86', ?, 'linux', 'now')"
    assert connection.execute(query, ("CONFIG_TEA && !CONFIG_CUP",)).fetchone() == (0, 1, 0)
    assert connection.execute("SELECT possible('x86', NULL)").fetchone() == (None,)
