"""Number of findings of each rule."""

from __future__ import annotations

import json
from collections import Counter
from typing import NamedTuple, TextIO

from caplint.engine.outcome import Outcome
from caplint.findings.finding import SEVERITIES
from caplint.report.style import Style
from caplint.report.text import summary


class RuleCount(NamedTuple):
    """Number of a rule's findings of one severity."""

    severity: str
    code: str
    name: str
    findings: int


def counts(outcome: Outcome) -> list[RuleCount]:
    """Return the counts of the findings that reports list, the most severe and frequent first."""
    shown = [known.finding for known in outcome.known] if outcome.known_shown else []
    found = Counter((finding.severity, finding.code, finding.name) for finding in [*outcome.findings, *shown])
    rows = [RuleCount(*key, count) for key, count in found.items()]
    return sorted(rows, key=lambda row: (SEVERITIES.index(row.severity), -row.findings, row.code))


def write_text(outcome: Outcome, out: TextIO, style: Style) -> None:
    """Write a line per count, and a summary unless the style is brief."""
    rows = counts(outcome)
    width = len(f"{max((row.findings for row in rows), default=0):,}")
    out.writelines(
        f"{row.findings:>{width},}  {style(row.severity, f'{row.severity:<7}')}  {row.code}  {row.name}\n"
        for row in rows
    )
    if not style.brief:
        out.write("\n" if rows else "")
        summary(outcome, out, style)


def write_json(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write a list of objects, one per count."""
    out.write(json.dumps([row._asdict() for row in counts(outcome)], indent=2) + "\n")
