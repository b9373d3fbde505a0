"""Replaces a misspelt capability of the documentation or of a header's comment by the one that is defined."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.headings import retitled
from caplint.fixes.workbench import Proposals, Workbench
from caplint.knowledge.capability_names import PREFIX

_MOST_PLACES = 50
_MOST_FINDINGS = 50
_MOST_NAMES = 2_000
_LONGEST = 100
# Letters by which a name may be misspelt, and the shortest name of which so many are no other word.
_LETTERS = 2
_SHORTEST = 8
_DEFINED = "SELECT DISTINCT name FROM cap WHERE tree = ? AND header = 'uapi'"
_RENAMED = """
    SELECT DISTINCT c.name FROM cap c JOIN base_cap b ON b.tree = c.tree AND b.number = c.number AND b.header = c.header
    WHERE c.tree = ? AND b.name = ? AND c.header = 'uapi' AND c.alias IS NULL
      AND NOT EXISTS (SELECT 1 FROM base_cap o WHERE o.tree = c.tree AND o.name = c.name)
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose the defined name for each place of a file that has the wrong one.

    The name is certain if a patch renamed the capability, or if one capability alone has the same words in another
    order, or differs in two letters and no digit. A name that a line break splits gets no fix.
    """
    for finding in findings[:_MOST_FINDINGS]:
        meant = _meant(finding, bench)
        if meant is None:
            continue
        tree, path = finding.place.tree, finding.place.path
        word = re.compile(rf"\b{re.escape(finding.subject)}\b")
        lines = enumerate(bench.lines(tree, path), 1)
        places = {
            number: word.sub(meant, text) for number, text in lines if finding.subject in text and word.search(text)
        }
        edits = retitled(bench, tree, path, places) if 0 < len(places) <= _MOST_PLACES else None
        if edits:
            yield finding, Fix(f"name {meant}, which the header defines", tuple(edits))


def _meant(finding: Finding, bench: Workbench) -> str | None:
    """Return the capability that a wrong name certainly stands for."""
    tree, wrong = finding.place.tree, finding.subject
    if not wrong.startswith(PREFIX) or len(wrong) > _LONGEST:
        return None
    renamed = [name for (name,) in bench.rows(_RENAMED, tree, wrong)]
    if renamed:
        return str(renamed[0]) if len(renamed) == 1 else None
    defined = bench.rows(_DEFINED, tree)
    near = [name for (name,) in defined if len(defined) <= _MOST_NAMES and _is_near(wrong, str(name))]
    return str(near[0]) if len(near) == 1 else None


def _is_near(wrong: str, name: str) -> bool:
    """Return whether one of two names is a misspelling of the other."""
    one, other = wrong.removeprefix(PREFIX), name.removeprefix(PREFIX)
    if sorted(one.split("_")) == sorted(other.split("_")) or one.replace("_", "") == other.replace("_", ""):
        return True
    digits = [re.sub(r"\D", " ", text).split() for text in (one, other)]
    return digits[0] == digits[1] and min(len(one), len(other)) >= _SHORTEST and _differ_little(one, other)


def _differ_little(one: str, other: str) -> bool:
    """Return whether at most `_LETTERS` letters are added, dropped or replaced between two short texts."""
    if abs(len(one) - len(other)) > _LETTERS or len(other) > _LONGEST:
        return False
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        before, row = row, [number]
        for at, same in enumerate(other, 1):
            row.append(min(before[at] + 1, row[-1] + 1, before[at - 1] + (letter != same)))
        if min(row) > _LETTERS:
            return False
    return row[-1] <= _LETTERS
