"""For people: every finding with the source lines of all the places that it compares."""

from __future__ import annotations

from functools import lru_cache
from typing import TextIO

from caplint.check import Outcome
from caplint.errors import CaplintError
from caplint.findings import Finding, Place
from caplint.report.style import Style, safe
from caplint.report.wording import coverage_line, plural, tally
from caplint.trees.tree import Tree

_MAX_LINE = 160
# A list of evidence longer than this says no more than its beginning.
_MAX_RELATED = 8


def report(outcome: Outcome, out: TextIO, style: Style) -> None:
    """Write the findings, then a summary."""
    source = _Source(outcome.trees)
    for finding in outcome.findings:
        _finding(finding, source, out, style)
    for finding in outcome.resolved or ():
        _resolved(finding, out, style)
    _summary(outcome, out, style)


class _Source:
    """Lines of the trees' files."""

    def __init__(self, trees: list[Tree]) -> None:
        self._trees = {tree.name: tree for tree in trees}
        self._lines = lru_cache(maxsize=32)(self._read)

    def line(self, place: Place) -> str:
        lines = self._lines(place.tree, place.path)
        return lines[place.line - 1] if 0 < place.line <= len(lines) else ""

    def _read(self, tree: str, path: str) -> list[str]:
        try:
            return self._trees[tree].read(path).decode("utf-8", "replace").split("\n")
        except (OSError, CaplintError, KeyError):
            return []


def _finding(finding: Finding, source: _Source, out: TextIO, style: Style) -> None:
    where = f" on {finding.arch}" if finding.arch and finding.arch != "generic" else ""
    head = style(finding.severity, f"{finding.severity} {finding.code}")
    print(f"{head} {style('bold', safe(finding.subject))}{where}: {safe(finding.message)}", file=out)
    _place(finding.place, "", source, out, style)
    for related in finding.related[:_MAX_RELATED]:
        _place(related.place, related.message, source, out, style)
    if len(finding.related) > _MAX_RELATED:
        print(f"  … and {len(finding.related) - _MAX_RELATED} more places", file=out)
    print(file=out)


def _resolved(finding: Finding, out: TextIO, style: Style) -> None:
    """What was there before: its place is one of the tree before, so no line is shown."""
    head = f"{style('good', 'resolved:')} {finding.severity} {finding.code} {style('bold', safe(finding.subject))}"
    print(f"{head}: {safe(finding.message)}", file=out)
    print(f"  {style('place', f'{safe(finding.place.tree)}:{safe(finding.place.path)}')}\n", file=out)


def _place(place: Place, message: str, source: _Source, out: TextIO, style: Style) -> None:
    where = style("place", f"{safe(place.tree)}:{safe(place.path)}:{place.line}")
    print(f"  {where}{': ' + safe(message) if message else ''}", file=out)
    text = source.line(place).expandtabs(4).strip()
    if text:
        shown = text if len(text) <= _MAX_LINE else text[: _MAX_LINE - 1] + "…"
        print(f"  {style('dim', f'{place.line:>7} |')} {safe(shown)}", file=out)


def _summary(outcome: Outcome, out: TextIO, style: Style) -> None:
    worst = outcome.findings[0].severity if outcome.findings else "good"
    print(style(worst, tally(outcome)), file=out)
    reasons: dict[str, list[str]] = {}
    for skipped in outcome.skipped:
        reasons.setdefault(skipped.reason, []).append(skipped.code)
    for reason, codes in reasons.items():
        print(f"skipped: {', '.join(codes)} ({reason})", file=out)
    for entry in outcome.unused_suppressions:
        print(
            f"unused suppression: {safe(entry.code)} {safe(entry.subject)} ({safe(entry.reason)})",
            file=out,
        )
    print(f"coverage: {coverage_line(outcome.coverage)}", file=out)
    ran = len(outcome.rules) - len(outcome.skipped)
    trees = ", ".join(f"{safe(tree.name)} ({safe(tree.location)})" for tree in outcome.trees)
    print(style("dim", f"{plural(ran, 'rule')} on {trees} in {outcome.seconds:.2f} s"), file=out)
