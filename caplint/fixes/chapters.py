"""Chapters of api.rst, and the place and number of a section that is added to one."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from caplint.fixes.workbench import Workbench

# Chapters with the sections of capabilities, by where these can be enabled ('' for those that cannot be).
_CHAPTERS = """
    SELECT s.path, s.chapter, coalesce(e.scope, '') AS scope, count(*)
    FROM api_section s JOIN doc_cap d ON d.tree = s.tree AND d.path = s.path AND d.line = s.line AND d.heading AND d.api
    LEFT JOIN (SELECT tree, cap, min(scope) AS scope FROM cap_enable GROUP BY tree, cap) e
         ON e.tree = d.tree AND e.cap = d.cap
    WHERE s.tree = ? AND s.chapter <> '' AND NOT d.pattern
    GROUP BY s.path, s.chapter, coalesce(e.scope, '') ORDER BY count(*) DESC
"""
# Chapters with the sections of ioctls, which say with what capability each is available.
_OF_IOCTLS = """
    SELECT s.path, s.chapter FROM api_section s
    JOIN api_field d ON d.tree = s.tree AND d.path = s.path AND d.section = s.number AND d.name = 'capability'
    WHERE s.tree = ? AND s.chapter <> '' AND s.title GLOB 'KVM_*' AND s.title NOT GLOB 'KVM_CAP_*'
    GROUP BY s.path, s.chapter ORDER BY count(*) DESC
"""
_SECTIONS = "SELECT line, number, chapter, ordinal FROM api_section WHERE tree = ? AND path = ? ORDER BY line"


class ChapterEnd(NamedTuple):
    """End of a chapter."""

    line: int
    """Its last line with text."""
    number: str
    """Number of a section that is added there."""


def chapter_for(bench: Workbench, tree: str, scope: str) -> tuple[str, str] | None:
    """Return file and number of the chapter that most capabilities of a descriptor (vm, vcpu; '' of none) are in."""
    return next((row[:2] for row in bench.rows(_CHAPTERS, tree) if row[2] == scope), None)


def chapter_of_ioctls(bench: Workbench, tree: str) -> tuple[str, str] | None:
    """Return file and number of the chapter that most ioctls are in."""
    return next((row[:2] for row in bench.rows(_OF_IOCTLS, tree)), None)


def chapter_end(
    bench: Workbench, place: tuple[str, str], chapter: str, taken: Container[str] = ()
) -> ChapterEnd | None:
    """Return the end of a chapter of a file; None if its sections are not in order. `taken`: further numbers."""
    sections = bench.rows(_SECTIONS, *place)
    own = [index for index, row in enumerate(sections) if row[2] == chapter]
    after = [row[0] for row in sections if row[2] == "" and row[0] > sections[own[-1]][0]]
    line = after[0] - 1 if after else len(bench.lines(*place))
    while (bench.line(*place, line) or "").startswith(".. _") or bench.line(*place, line) == "":
        line -= 1
    if line <= sections[own[-1]][0] + 1:
        return None
    ordinal = max(sections[index][3] for index in own) + 1
    while f"{chapter}.{ordinal}" in taken:
        ordinal += 1
    return ChapterEnd(line, f"{chapter}.{ordinal}")
