"""SARIF 2.1.0, the OASIS standard's format for code scanning.

Rules carry their pages as help; a result's partial fingerprint is the finding's. Each tree has its own base URI, and
paths are relative to it, so that alerts match the files of a checkout of the tree. Code that was not understood,
skipped rules, and unused suppressions and baseline entries are notifications: a gap is never reported as "clean".
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from caplint import __version__
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding, Location
from caplint.findings.fix import Fix
from caplint.findings.known import UpstreamEntry
from caplint.report.source import Source
from caplint.report.style import Style
from caplint.report.wording import plural, sentence
from caplint.rules.page import Rule
from caplint.trees.names import on_disk
from caplint.trees.tree import Tree
from caplint.util.escape import json_text, visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Limit, because services reject files as large as an entirely unparsed tree would give.
_MAX_BLIND = 1000
_MAX_LINE = 500
_NOTIFICATIONS = {
    "blind-spot": "Bytes that were not understood",
    "unaccounted-name": "An unexplained name",
    "skipped-rule": "A rule that did not run",
    "unused-suppression": "A suppression that matches nothing",
    "unmatched-baseline-entry": "A baseline entry that no longer matches",
}


def report(outcome: Outcome, out: TextIO, _: Style) -> None:
    """Write a log with one run, independent of time, and of the machine except for the trees' locations."""
    source = Source(outcome.trees)
    indices = {rule.code: index for index, rule in enumerate(outcome.rules)}
    run = {
        "tool": {
            "driver": {
                "name": "caplint",
                "semanticVersion": __version__,
                "rules": [_rule(rule) for rule in outcome.rules],
                "notifications": [
                    {"id": name, "shortDescription": {"text": text}} for name, text in _NOTIFICATIONS.items()
                ],
            }
        },
        "originalUriBaseIds": {tree.name: _base(tree) for tree in outcome.trees},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(_not_seen(outcome)),
                "toolConfigurationNotifications": list(_not_done(outcome, indices)),
            }
        ],
        "results": [
            *(_result(finding, indices, source) for finding in outcome.findings),
            *({**_result(entry.finding, indices, source), **_suppressed(entry.entry)} for entry in outcome.known),
        ],
    }
    out.write(json_text({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n")


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.summary},
        "help": {"text": rule.explanation, "markdown": rule.explanation},
        "defaultConfiguration": {"level": rule.severity},
        "properties": {"needs": list(rule.needs), "since": rule.since},
    }


def _base(tree: Tree) -> dict[str, Any]:
    """Return the base URI object of a tree; a revision has no URI, because its files are not on disk."""
    base: dict[str, Any] = {"description": {"text": f"{tree.role}: {visible(tree.location)}"}}
    # The location as given, with links unresolved: a service knows the checkout by that path.
    if tree.revision is None and (root := Path(os.path.abspath(on_disk(tree.location)))).is_dir():  # noqa: PTH100
        base["uri"] = root.as_uri().rstrip("/") + "/"
    return base


def _result(finding: Finding, indices: dict[str, int], source: Source) -> dict[str, Any]:
    location = _location(finding.place, source)
    location["physicalLocation"]["region"]["startColumn"] = source.column(finding.place)
    if finding.function:
        location["logicalLocations"] = [{"name": visible(finding.function), "kind": "function"}]
    related = [
        {"id": number, **_location(entry.place, source), "message": _message(entry.message)}
        for number, entry in enumerate(finding.related, 1)
    ]
    return {
        "ruleId": finding.code,
        "ruleIndex": indices[finding.code],
        "level": finding.severity,
        "message": _message(sentence(finding)),
        "locations": [location],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"caplint/v1": finding.fingerprint},
        **({"fixes": [_fix(finding.fix)]} if finding.fix else {}),
        "properties": {"subject": finding.subject, "arch": finding.arch},
    }


def _fix(fix: Fix) -> dict[str, Any]:
    """Return a fix (section 3.55): whole lines are deleted, and others inserted."""
    changes: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for edit in fix.edits:
        region = {"startLine": edit.line, "startColumn": 1, "endLine": edit.stop, "endColumn": 1}
        text = "".join(f"{line}\n" for line in edit.new)
        replacement = {"deletedRegion": region, **({"insertedContent": {"text": text}} if text else {})}
        changes.setdefault((edit.tree, edit.path), []).append(replacement)
    return {
        "description": _message(fix.title),
        "artifactChanges": [
            {"artifactLocation": _artifact(*place), "replacements": replacements}
            for place, replacements in changes.items()
        ],
    }


def _suppressed(entry: UpstreamEntry) -> dict[str, Any]:
    """Return the suppression (section 3.35) of a finding that is known upstream; external: not in the tree's code."""
    suppression = {"kind": "external", "status": "accepted", "justification": visible(entry.remark)}
    return {"suppressions": [suppression]}


def _location(place: Location, source: Source | None = None) -> dict[str, Any]:
    """Return a location, with the text of its line for readers without the tree."""
    text = visible(source.line(place).rstrip("\r"))[:_MAX_LINE] if source else ""
    return {
        "physicalLocation": {
            "artifactLocation": _artifact(place.tree, place.path),
            "region": {"startLine": place.line, **({"snippet": {"text": text}} if text else {})},
        }
    }


def _artifact(tree: str, path: str) -> dict[str, str]:
    return {"uri": quote(path, errors="backslashreplace"), "uriBaseId": tree}


def _message(text: str) -> dict[str, str]:
    """Return a message with placeholders (section 3.11.5) and embedded links (section 3.11.6) escaped."""
    return {"text": visible(text).replace("{", "{{").replace("}", "}}").replace("](", "\\](")}


def _not_seen(outcome: Outcome) -> Iterator[dict[str, Any]]:
    blind = outcome.coverage.blind
    for spot in blind[:_MAX_BLIND]:
        amount = plural(spot.bytes, "byte") + " not understood" if spot.bytes else "not known"
        text = f"{amount}: {spot.reason}"
        yield _notification("blind-spot", text, Location(spot.tree, spot.path, spot.line))
    if (more := len(blind) - _MAX_BLIND) > 0:
        yield _notification("blind-spot", f"{plural(more, 'more blind spot')}; `caplint coverage` lists all")
    for name in outcome.coverage.unaccounted:
        yield _notification(
            "unaccounted-name", f"unexplained name {name.name}", Location(name.tree, name.path, name.line)
        )


def _not_done(outcome: Outcome, indices: dict[str, int]) -> Iterator[dict[str, Any]]:
    for skipped in outcome.skipped:
        rule = {"id": skipped.code, "index": indices[skipped.code]}
        text = f"{skipped.code} was skipped: {skipped.reason}"
        yield {**_notification("skipped-rule", text), "associatedRule": rule}
    for entry in outcome.unused_suppressions:
        yield _notification("unused-suppression", f"{entry.code} {entry.what} ({entry.reason})")
    for baseline_entry in outcome.unmatched:
        yield _notification("unmatched-baseline-entry", str(baseline_entry))


def _notification(name: str, text: str, place: Location | None = None) -> dict[str, Any]:
    return {
        "descriptor": {"id": name, "index": list(_NOTIFICATIONS).index(name)},
        "level": "note" if name == "skipped-rule" else "warning",
        "message": _message(text),
        **({"locations": [_location(place)]} if place else {}),
    }
