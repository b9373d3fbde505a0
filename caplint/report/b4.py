"""Check result for b4 review: an array of tool, status, summary, details.

The protocol is described in b4 ≥ 0.15, docs/maintainer/review.rst, "Writing an external check script"; its reader is
src/b4/review/checks.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TextIO

from caplint.engine.outcome import Outcome
from caplint.report.style import Style
from caplint.report.wording import coverage_line, evidence, place_text, remarks, sentence, tally
from caplint.util.escape import json_text

_STATUS = {"error": "fail", "warning": "warn", "note": "pass"}


def report(outcome: Outcome, out: TextIO, _: Style, first: Sequence[str] = ()) -> None:
    """Write the check result. Notes alone pass, and appear in the details, after the lines of `first`."""
    result = {
        "tool": "caplint",
        "status": _STATUS[outcome.findings[0].severity] if outcome.findings else "pass",
        "summary": tally(outcome),
        "details": "\n".join([*first, *([""] if first else []), *_details(outcome)]),
    }
    out.write(json_text([result], indent=2) + "\n")


def _details(outcome: Outcome) -> Iterator[str]:
    for finding in outcome.findings:
        yield f"{finding.severity} {finding.code} {sentence(finding)}"
        for text in (place_text(finding.place), *evidence(finding)):
            yield f"  {text}"
    yield from remarks(outcome)
    yield f"coverage: {coverage_line(outcome.coverage)}"
