"""Diagnostics for reviewdog, which makes review comments of them, and suggestions of fixes.

Source of the format: reviewdog/reviewdog, proto/rdf/reviewdog.proto (DiagnosticResult). Paths are relative to their
tree's root, so that comments match the files of a checkout of the tree. Columns count bytes, as those of the facts do.
"""

from __future__ import annotations

from typing import Any, TextIO

from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.findings.fix import LineEdit
from caplint.report.style import Style
from caplint.report.wording import evidence, place_text, sentence
from caplint.util.escape import json_text, visible

_SEVERITIES = {"error": "ERROR", "warning": "WARNING", "note": "INFO"}


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write one object with all findings."""
    several = len(outcome.trees) > 1
    diagnostics = [_diagnostic(finding, several) for finding in outcome.findings]
    out.write(json_text({"source": {"name": "caplint"}, "diagnostics": diagnostics}, indent=2) + "\n")


def _diagnostic(finding: Finding, several: bool) -> dict[str, Any]:
    place = finding.place
    edit = _suggested(finding)
    # Services take a suggestion only for the very lines that are commented on.
    lines = _lines(edit) if edit and edit.line <= place.line < edit.stop else None
    start = {"start": {"line": place.line, "column": place.column}}
    return {
        "message": "\n".join(_message(finding, several, edit)),
        "location": {"path": place.path, "range": lines or start},
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code},
        **({"suggestions": [{"range": _lines(edit), "text": "\n".join(edit.new)}]} if edit else {}),
    }


def _message(finding: Finding, several: bool, edit: LineEdit | None) -> list[str]:
    lines = [sentence(finding), *([place_text(finding.place)] if several else []), *evidence(finding)]
    if finding.fix and edit is None:
        lines.append(f"`--diff` shows how to {visible(finding.fix.title)}")
    return lines


def _suggested(finding: Finding) -> LineEdit | None:
    """Return the edit of a fix that is one edit of the finding's own file; parts of a fix would mend nothing."""
    if finding.fix is None or len(finding.fix.edits) != 1:
        return None
    (edit,) = finding.fix.edits
    return edit if (edit.tree, edit.path) == (finding.place.tree, finding.place.path) else None


def _lines(edit: LineEdit) -> dict[str, Any]:
    """Return the range of an edit: without columns it means whole lines, and its end is the last of them."""
    return {"start": {"line": edit.line}, "end": {"line": edit.stop - 1}}
