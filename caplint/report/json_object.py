"""One JSON object for the whole run, with the schema schemas/check.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, TextIO

from caplint import __version__
from caplint.coverage.summary import SUMMED
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding, Location, sort_key
from caplint.findings.fix import Fix
from caplint.findings.known import UpstreamEntry
from caplint.report.style import Style
from caplint.util.escape import json_text


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write the object with an indent of two."""
    out.write(json_text(as_object(outcome), indent=2) + "\n")


def as_object(outcome: Outcome) -> dict[str, Any]:
    """Return the run as plain data, independent of time, and of the machine except for the trees' locations."""
    entries = [asdict(entry) for entry in outcome.unmatched]
    baseline = {"left_out": outcome.baselined, "unmatched": entries}
    return {
        "version": 1,
        "caplint": __version__,
        "trees": [
            {
                "name": tree.name,
                "role": tree.role,
                "path": tree.location,
                "revision": tree.revision,
                "files": outcome.sizes[tree.name][0],
                "bytes": outcome.sizes[tree.name][1],
            }
            for tree in outcome.trees
        ],
        "findings": all_findings(outcome),
        **({} if outcome.resolved is None else {"resolved": [finding_object(found) for found in outcome.resolved]}),
        "skipped_rules": [{"code": entry.code, "reason": entry.reason} for entry in outcome.skipped],
        "coverage": {column: outcome.coverage.total(column) for column in SUMMED},
        **(
            {"absent_architectures": [entry._asdict() for entry in absent]}
            if (absent := outcome.coverage.absent)
            else {}
        ),
        **({"crates": [entry._asdict() for entry in crates]} if (crates := outcome.coverage.crates) else {}),
        **({"baseline": baseline} if outcome.baselined is not None else {}),
    }


def all_findings(outcome: Outcome) -> list[dict[str, Any]]:
    """Return all findings in their order; those that are known upstream have a key `known`."""
    known = {entry.finding: {"known": _known(entry.entry)} for entry in outcome.known}
    findings = sorted([*outcome.findings, *known], key=sort_key)
    return [{**finding_object(finding), **known.get(finding, {})} for finding in findings]


def _known(entry: UpstreamEntry) -> dict[str, Any]:
    return {"state": entry.state, "mended": entry.mended, "reason": entry.reason}


def finding_object(finding: Finding) -> dict[str, Any]:
    """Return a finding as plain data."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "subject": finding.subject,
        "arch": finding.arch,
        "message": finding.message,
        "location": {**_place(finding.place), "column": finding.place.column},
        "related": [{**_place(entry.place), "message": entry.message} for entry in finding.related],
        "function": finding.function,
        "fingerprint": finding.fingerprint,
        **({"fix": _fix(finding.fix)} if finding.fix else {}),
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [
        {"tree": edit.tree, "path": edit.path, "line": edit.line, "old": list(edit.old), "new": list(edit.new)}
        for edit in fix.edits
    ]
    return {"title": fix.title, "edits": edits}


def _place(place: Location) -> dict[str, Any]:
    return {"tree": place.tree, "path": place.path, "line": place.line}
