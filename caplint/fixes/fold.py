"""Folds fixes into the patches of a series: each goes into the patch that brought the defect."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from caplint.findings.finding import Finding
from caplint.findings.fix import LineEdit
from caplint.fixes.draft import Draft
from caplint.fixes.line_map import blocks, earlier

Versions = list[bytes | None]
"""Contents of a file: before the series, and after each of its patches; None where it does not exist."""


class FoldError(Exception):
    """Fix that no patch of the series can take; the message is the reason."""


@dataclass(frozen=True)
class _Trace:
    """Lines of the last version, as far back as they exist."""

    first: int
    """Number of the patch that brings them; 0 if they were there before the series."""
    lines: dict[int, int]
    """Patch → their first line after it, counted from 1."""


def folded(findings: Iterable[Finding], files: dict[tuple[str, str], Versions]) -> dict[tuple[str, str], Versions]:
    """Return the versions of the files with the fixes of some findings made, from the patch on that brought each.

    Raises `FoldError` if a fix fits into no patch.
    """
    edits: dict[tuple[str, str], dict[int, dict[LineEdit, None]]] = {}
    for finding in findings:
        place = finding.place
        origin = _trace(files.get((place.tree, place.path)), place.line, 1).first
        for edit in finding.fix.edits if finding.fix else ():
            key = (edit.tree, edit.path)
            trace = _trace(files.get(key), edit.line, len(edit.old))
            start = max(trace.first, origin)
            if not start:
                raise FoldError("no patch of the series brings the lines that it changes")
            for step in range(start, max(trace.lines) + 1):
                moved = LineEdit(edit.tree, edit.path, trace.lines[step], edit.old, edit.new)
                edits.setdefault(key, {}).setdefault(step, {})[moved] = None
    after = dict(files)
    for key, steps in edits.items():
        versions = list(files[key])
        for step, own in steps.items():
            draft = Draft(versions[step] or b"")
            draft.edit(own)
            versions[step] = draft.content
        after[key] = versions
    return after


def _trace(versions: Versions | None, line: int, count: int) -> _Trace:
    """Follow lines of the last version back to the patch that brings them. Raises `FoldError` if that is not known."""
    if versions is None or versions[-1] is None:
        raise FoldError("the series does not change the file")
    step, first = len(versions) - 1, line - 1
    lines = {step: line}
    while step > 0:
        before, now = versions[step - 1], versions[step]
        if before is None or now is None:
            return _Trace(step, lines)
        changes = blocks(before, now)
        if changes is None:
            raise FoldError("a patch changes too many lines of the file")
        place = earlier(changes, first, first + count)
        if place is None:
            return _Trace(step, lines)
        step, first = step - 1, place
        lines[step] = first + 1
    return _Trace(0, lines)
