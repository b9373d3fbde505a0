"""Figures of docs/reliability.md on edits of the real sources: which findings they plant, and which are missed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from editing import Edit

HERE = Path(__file__).parent
RELIABILITY = HERE.parents[1] / "docs" / "reliability.md"

# Edits that are faults and bring nothing, by the rule that should speak.
MISSED = {
    "a type of another width": "CAP508",
    "an exit loses a member": "CAP508",
    "x86: the check asks a function, enabling takes a constant, in 6.1": "CAP213",
}


def edits() -> dict[str, Edit]:
    """All edits of the real sources by name; refactorings and public faults are counted elsewhere."""
    modules = [import_module(path.stem) for path in sorted(HERE.glob("test_real_*edits*.py"))]
    lists = [value for module in modules for value in vars(module).values() if isinstance(value, (list, tuple))]
    return {edit.name: edit for found in lists for edit in found if isinstance(edit, Edit)}


def planted(found: Iterable[Edit]) -> Counter[str]:
    """Rule → number of edits that bring a finding of it."""
    return Counter(code for edit in found for code in {row[1] for row in edit.adds})


def test_the_table_has_every_edit() -> None:
    found = edits()
    silent = [name for name, edit in found.items() if not [*edit.adds]]
    assert [name for name in MISSED if name not in silent] == []
    counts = planted(found.values())
    missed = Counter(MISSED.values())
    expected = {code: (counts[code] + missed[code], counts[code]) for code in {*counts, *missed}}
    text = RELIABILITY.read_text(encoding="utf-8")
    told = {code: (int(all_), int(some)) for code, all_, some in re.findall(r"(CAP\d+) +(\d+) +(\d+)\b", text)}
    assert told == expected
    faults = len(found) - len(silent) + len(MISSED)
    share = 100 * (1 - len(MISSED) / faults)
    assert f"{faults} edits plant a fault, and {len(MISSED)} of these bring nothing ({share:.1f} % found)" in text
