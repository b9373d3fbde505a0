"""What is mutated, and which tests must notice."""

from __future__ import annotations

from pathlib import Path

TESTS = (
    "tests/findings",
    "tests/rules",
    "tests/c",
    "tests/values",
    "tests/link",
    "tests/report/test_golden.py",
    "tests/cli",
)
"""Those of the links and the rule engine; what only others notice counts as unnoticed."""

GROUPS = {
    "findings/": "caplint/findings",
    "rules/": "caplint/rules",
    "c/conditions.py": "caplint/c/conditions.py",
    "values/": "caplint/values",
    "link/": "caplint/link",
}
"""A sample is drawn from each of them as a whole."""


def sources(group: str) -> list[str]:
    """Return the files of a group."""
    place = Path(GROUPS[group])
    return [str(path) for path in sorted(place.rglob("*.py"))] if place.is_dir() else [str(place)]


def test_files() -> list[str]:
    """All files of tests, in a fixed order."""
    found = []
    for name in TESTS:
        place = Path(name)
        found += [str(path) for path in sorted(place.rglob("test_*.py"))] if place.is_dir() else [name]
    return found
