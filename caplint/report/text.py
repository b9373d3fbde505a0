"""Text report: every finding with the source lines of all locations that it compares."""

from __future__ import annotations

from typing import TextIO

from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding, Location
from caplint.report.source import Source
from caplint.report.style import Style, safe
from caplint.report.wording import MAX_RELATED, coverage_line, place_text, plural, remarks, sentence, tally

_MAX_LINE = 160


def report(outcome: Outcome, out: TextIO, style: Style) -> None:
    """Write the findings, then a summary, unless the style is brief."""
    source = Source(outcome.trees)
    shown = [(finding, "") for finding in outcome.findings]
    if outcome.known_shown:
        shown += [(known.finding, f"known upstream, {known.entry.remark}") for known in outcome.known]
    explained: set[str] = set()
    for finding, remark in shown:
        hinted = not style.brief and finding.code not in explained
        explained.add(finding.code)
        _finding(finding, source, out, style, remark, hinted=hinted)
    for finding in outcome.resolved or ():
        _resolved(finding, out, style)
    if not style.brief:
        summary(outcome, out, style)


def _finding(  # noqa: PLR0913 - a finding, and its looks
    finding: Finding, source: Source, out: TextIO, style: Style, remark: str, *, hinted: bool
) -> None:
    """Print a finding; `hinted`: the first of its rule, which says where the rule is explained."""
    head = style(finding.severity, f"{finding.severity} {finding.code}")
    subject = safe(finding.subject)
    print(f"{head} {style('bold', subject)}{sentence(finding).removeprefix(subject)}", file=out)
    _place(finding.place, "", source, out, style)
    for related in finding.related[:MAX_RELATED]:
        _place(related.place, related.message, source, out, style)
    if len(finding.related) > MAX_RELATED:
        print(f"  … and {len(finding.related) - MAX_RELATED} more places", file=out)
    if remark:
        print(f"  {safe(remark)}", file=out)
    if hinted:
        print(style("dim", f"  caplint explain {safe(finding.code)}"), file=out)
    print(file=out)


def _resolved(finding: Finding, out: TextIO, style: Style) -> None:
    """Print a resolved finding. Its location refers to the unpatched tree, so no source line is shown."""
    head = f"{style('good', 'resolved:')} {finding.severity} {finding.code} {style('bold', safe(finding.subject))}"
    print(f"{head}: {safe(finding.message)}", file=out)
    print(f"  {style('place', f'{safe(finding.place.tree)}:{safe(finding.place.path)}')}\n", file=out)


def _place(place: Location, message: str, source: Source, out: TextIO, style: Style) -> None:
    where = style.link(source.address(place), style("place", place_text(place)))
    print(f"  {where}{': ' + safe(message) if message else ''}", file=out)
    text = source.line(place).expandtabs(4).strip()
    if text:
        shown = text if len(text) <= _MAX_LINE else text[: _MAX_LINE - 1] + "…"
        print(f"  {style('dim', f'{place.line:>7} |')} {safe(shown)}", file=out)


def summary(outcome: Outcome, out: TextIO, style: Style) -> None:
    """Write the counts, remarks, coverage, trees and time of a run."""
    worst = outcome.findings[0].severity if outcome.findings else "good"
    print(style(worst, tally(outcome)), file=out)
    for remark in remarks(outcome):
        print(remark, file=out)
    print(f"coverage: {coverage_line(outcome.coverage)}", file=out)
    ran = len(outcome.rules) - len(outcome.skipped)
    trees = ", ".join(f"{safe(tree.name)} ({safe(tree.location)})" for tree in outcome.trees)
    print(style("dim", f"{plural(ran, 'rule')} on {trees} in {outcome.seconds:.2f} s"), file=out)
