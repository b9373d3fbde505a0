"""Code Quality report of GitLab.

Source of the format: docs.gitlab.com, "Code Quality report format"; gitlabhq,
app/validators/json_schemas/codeclimate.json. Paths are relative to their tree's root, so that findings match the
files of a checkout of the tree.
"""

from __future__ import annotations

from typing import Any, TextIO

from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.report.style import Style
from caplint.report.wording import sentence
from caplint.util.escape import json_text, visible

_SEVERITIES = {"error": "critical", "warning": "major", "note": "info"}


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write an array of findings."""
    several = len(outcome.trees) > 1
    out.write(json_text([_entry(finding, several) for finding in outcome.findings], indent=2) + "\n")


def _entry(finding: Finding, several: bool) -> dict[str, Any]:
    tree = f" (in {visible(finding.place.tree)})" if several else ""
    return {
        "description": f"{finding.code} {sentence(finding)}{tree}",
        "check_name": finding.code,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": finding.place.path, "lines": {"begin": finding.place.line}},
    }
