"""Gives a new section of api.rst the next number of the chapter that it stands in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.headings import retitled
from caplint.fixes.workbench import Proposals, Workbench

_SECTIONS = "SELECT line, number, title FROM api_section WHERE tree = ? AND path = ? ORDER BY line"
_BEFORE = "SELECT number, title FROM base_api_section WHERE tree = ? AND path = ?"
_PATCHED = "SELECT name FROM tree WHERE patched AND complete"
_CHANGED = "SELECT line FROM changed_line WHERE tree = ? AND path = ?"
_SECTION = re.compile(r"(\d{1,6})\.(\d{1,6})")
_CHAPTER = re.compile(r"\d{1,6}")
_MOST_FINDINGS = 50


class _Section(NamedTuple):
    line: int
    number: str
    title: str


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a number for each section that a patch adds with a number that is taken, skipped or of another chapter.

    It is the number after the last one above in the chapter. A section that was there before the patch keeps its
    number, because others refer to it; so does one whose number the patch's own text names, and one with old sections
    behind it in its chapter.
    """
    patched = {name for (name,) in bench.rows(_PATCHED)}
    by_file: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding.place.tree in patched:
            by_file.setdefault((finding.place.tree, finding.place.path), []).append(finding)
    for place, own in by_file.items():
        lines = bench.lines(*place)
        changed = {line for (line,) in bench.rows(_CHANGED, *place)}
        numbers = _numbers(place, {found.place.line for found in own} & changed, bench)
        for finding in own[:_MOST_FINDINGS]:
            line = finding.place.line
            number = numbers.get(line)
            others = [lines[other - 1] for other in changed if other != line and other <= len(lines)]
            if number is None or not lines or _is_named(finding.subject, others):
                continue
            before, blank, title = lines[line - 1].partition(" ")
            edits = retitled(bench, *place, {line: f"{number}{blank}{title}"}) if before == finding.subject else None
            if edits:
                yield finding, Fix(f"number the section {number}", tuple(edits))


def _numbers(place: tuple[str, str], wrong: set[int], bench: Workbench) -> dict[int, str]:
    """Return line → right number of wrongly numbered new sections; none in a chapter where an old one follows."""
    sections = [_Section(*row) for row in bench.rows(_SECTIONS, *place)]
    old = {(number, title) for number, title in bench.rows(_BEFORE, *place)}
    more = Counter(section.title for section in sections)
    more.subtract(title for _, title in old)
    found: dict[int, str] = {}
    pending: list[int] = []
    chapter, highest = "", 0
    for section in sections:
        parts = _SECTION.fullmatch(section.number)
        is_old = (section.number, section.title) in old
        if _CHAPTER.fullmatch(section.number):
            chapter, highest, pending = section.number, 0, []
        elif parts is not None and section.line in wrong and not is_old and more[section.title] > 0 and chapter:
            highest += 1
            found[section.line] = f"{chapter}.{highest}"
            pending.append(section.line)
        elif parts is not None and parts[1] == chapter:
            highest = max(highest, int(parts[2]))
            for line in pending if is_old else ():
                found.pop(line, None)
    taken = {section.number for section in sections if section.line not in found}
    return {line: number for line, number in found.items() if number not in taken}


def _is_named(number: str, lines: Iterable[str]) -> bool:
    """Return whether a line names a number, so that it may refer to the section."""
    word = re.compile(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)")
    return any(map(word.search, lines))
