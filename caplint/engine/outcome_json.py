"""Serialisation of an outcome as JSON text. Trees and rules are not stored; they come from the current run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

from caplint.config.settings import Suppression
from caplint.coverage.crates import CrateVersion
from caplint.coverage.pasted_names import Pasted
from caplint.coverage.summary import AbsentArchitecture, Blind, Coverage, TreeCoverage, Unaccounted
from caplint.engine.outcome import Outcome, Skipped
from caplint.findings.finding import Finding, Location, Related
from caplint.findings.fix import Fix, LineEdit
from caplint.rules.page import Rule
from caplint.trees.tree import Tree


def render(outcome: Outcome) -> str:
    """Return the outcome as JSON, without its baseline part."""
    coverage = outcome.coverage
    return json.dumps(
        {
            "sizes": outcome.sizes,
            "findings": [_finding(finding) for finding in outcome.findings],
            "resolved": None if outcome.resolved is None else [_finding(finding) for finding in outcome.resolved],
            "suppressed": outcome.suppressed,
            "commented": outcome.commented,
            "unused_suppressions": [asdict(entry) for entry in outcome.unused_suppressions],
            "skipped": [asdict(entry) for entry in outcome.skipped],
            "coverage": {field.name: getattr(coverage, field.name) for field in fields(coverage)},
        },
        separators=(",", ":"),
    )


def render_findings(findings: Iterable[Finding]) -> str:
    """Return findings alone as JSON."""
    return json.dumps([_finding(finding) for finding in findings], separators=(",", ":"))


def parse_findings(text: str) -> list[Finding]:
    """Parse the text of `render_findings`. Raises `ValueError`, `KeyError` or `TypeError` for any other text."""
    return [_finding_of(row) for row in json.loads(text)]


def _finding(finding: Finding) -> list[Any]:
    plain = [getattr(finding, name) for name in _PLAIN]
    related = [[*_place(entry.place), entry.message] for entry in finding.related]
    return [*plain, finding.parts, _place(finding.place), related, _fix(finding.fix)]


def _fix(fix: Fix | None) -> list[Any] | None:
    if fix is None:
        return None
    return [fix.title, [[edit.tree, edit.path, edit.line, edit.old, edit.new] for edit in fix.edits], fix.brings]


_PLAIN = ("code", "name", "severity", "subject", "arch", "function", "message", "fingerprint", "in_patch")


def _place(place: Location) -> list[Any]:
    return [place.tree, place.path, place.line, place.column]


def parse(text: str, trees: list[Tree], rules: list[Rule]) -> Outcome:
    """Parse the text of `render`. Raises `ValueError`, `KeyError` or `TypeError` for any other text."""
    data = json.loads(text)
    resolved = data["resolved"]
    return Outcome(
        trees=trees,
        sizes={name: (files, size) for name, (files, size) in dict(data["sizes"]).items()},
        findings=[_finding_of(row) for row in data["findings"]],
        suppressed=data["suppressed"],
        commented=[str(text) for text in data["commented"]],
        unused_suppressions=[Suppression(**entry) for entry in data["unused_suppressions"]],
        skipped=[Skipped(**entry) for entry in data["skipped"]],
        coverage=_coverage_of(data["coverage"]),
        rules=rules,
        resolved=None if resolved is None else [_finding_of(row) for row in resolved],
    )


def _finding_of(row: list[Any]) -> Finding:
    *plain, parts, place, related, fix = row
    evidence = tuple(Related(Location(*where), message) for *where, message in related)
    values = dict(zip(_PLAIN, plain, strict=True))
    return Finding(**values, parts=tuple(parts), place=Location(*place), related=evidence, fix=_fix_of(fix))


def _fix_of(row: list[Any] | None) -> Fix | None:
    if row is None:
        return None
    title, edits, brings = row
    made = tuple(LineEdit(tree, path, line, tuple(old), tuple(new)) for tree, path, line, old, new in edits)
    return Fix(title, made, tuple(brings))


def _coverage_of(data: dict[str, Any]) -> Coverage:
    return Coverage(
        trees=[TreeCoverage(*row) for row in data["trees"]],
        blind=[Blind(*row) for row in data["blind"]],
        unaccounted=[Unaccounted(*row) for row in data["unaccounted"]],
        kinds=data["kinds"],
        families=data["families"],
        pasted=[_pasted_of(row) for row in data["pasted"]],
        absent=[AbsentArchitecture(*row) for row in data["absent"]],
        crates=[CrateVersion(*row) for row in data["crates"]],
    )


def _pasted_of(row: list[Any]) -> Pasted:
    *plain, defined = row
    return Pasted._make([*plain, None if defined is None else tuple(defined)])
