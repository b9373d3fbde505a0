"""Annotations of GitHub Actions: one workflow command per finding.

Source of the syntax and its escapes: docs.github.com, "Workflow commands for GitHub Actions"; actions/runner,
src/Runner.Common/ActionCommand.cs. Paths are relative to their tree's root, so that annotations match the files of a
checkout of the tree.
"""

from __future__ import annotations

from typing import TextIO

from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.report.style import Style
from caplint.report.wording import evidence, place_text, sentence, tally
from caplint.util.escape import visible

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = {**_DATA, **str.maketrans({":": "%3A", ",": "%2C"})}


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write the commands, most severe first (GitHub shows ten of a kind per step), and a summary line for the log."""
    for finding in outcome.findings:
        print(_command(finding, len(outcome.trees) > 1), file=out)
    print(tally(outcome), file=out)


def _command(finding: Finding, several: bool) -> str:
    place = finding.place
    properties = {
        "file": visible(place.path),
        "line": str(place.line),
        "col": str(place.column),
        "title": f"{finding.code} {finding.name}",
    }
    # With several trees, the path alone does not identify the tree.
    lines = [sentence(finding), *([place_text(place)] if several else []), *evidence(finding)]
    written = ",".join(f"{key}={value.translate(_PROPERTY)}" for key, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {written}::{chr(10).join(lines).translate(_DATA)}"
