"""What is mutated, and which tests must notice."""

from __future__ import annotations

from pathlib import Path

TESTS = ("tests/test_findings.py", "tests/test_rules.py", "tests/c", "tests/link", "tests/test_golden.py",
         "tests/test_rule_pages.py", "tests/cli")  # fmt: skip
"""Those of the links and the rule engine; what only others notice counts as unnoticed."""

GROUPS = {
    "findings.py": "caplint/findings.py",
    "rules.py": "caplint/rules.py",
    "c/conditions.py": "caplint/c/conditions.py",
    "link/": "caplint/link",
}
"""A sample is drawn from each of them as a whole."""


def sources(group: str) -> list[str]:
    """The files of a group."""
    place = Path(GROUPS[group])
    return [str(path) for path in sorted(place.glob("*.py"))] if place.is_dir() else [str(place)]


def test_files() -> list[str]:
    """All files of tests, in a fixed order."""
    found = []
    for name in TESTS:
        place = Path(name)
        found += [str(path) for path in sorted(place.rglob("test_*.py"))] if place.is_dir() else [name]
    return found
