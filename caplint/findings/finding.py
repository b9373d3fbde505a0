"""Findings: a rule's result at a location, and the identity that recognises it in later runs."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from caplint.findings.fix import Fix

SEVERITIES = ("error", "warning", "note")
_NEWS = 8


@dataclass(frozen=True, slots=True)
class Location:
    """Line of a file in a tree; line and column count from 1."""

    tree: str
    path: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Related:
    """Evidence at another location."""

    place: Location
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation of one rule."""

    code: str
    name: str
    severity: str
    subject: str
    arch: str | None
    function: str | None
    message: str
    place: Location
    related: tuple[Related, ...] = ()
    fingerprint: str = ""
    in_patch: str | None = None
    """Severity, if higher, where a comparison adds the finding."""
    parts: tuple[str, ...] = ()
    """Names of the faults that the finding combines, sorted; empty if it is one fault."""
    fix: Fix | None = None
    """Edits that make the finding go away, where that is mechanical and safe."""

    def is_worse_than(self, severity: str, parts: Iterable[str]) -> bool:
        """Return whether the finding is more severe than it was, or has a part that it did not have.

        A finding that was recorded without parts is not worse because of its parts.
        """
        known = set(parts)
        risen = SEVERITIES.index(self.severity) < SEVERITIES.index(severity)
        return risen or bool(known and set(self.parts) - known)


def sort_key(finding: Finding) -> tuple[object, ...]:
    """Return a key that sorts the worst findings first, then by rule and location; it is unique per finding."""
    place = finding.place
    return (
        SEVERITIES.index(finding.severity), finding.code, place.tree, place.path, place.line, place.column,
        finding.subject, finding.arch or "", finding.message,
    )  # fmt: skip


def tree_words(roles: dict[str, str]) -> dict[str, str]:
    """Return the word for each tree in an identity: its role, or its name if trees share a role."""
    counts = Counter(roles.values())
    return {name: name if counts[role] > 1 else role for name, role in roles.items()}


def identify(findings: Iterable[Finding], roles: dict[str, str]) -> list[Finding]:
    """Return the findings sorted and with their fingerprints.

    A fingerprint hashes code, role (the tree's name if trees share a role), subject,
    architecture, function or else path, and the ordinal among equals in file order. Moved lines do
    not change it. `roles` maps each tree's name to its role.
    """
    words = tree_words(roles)
    seen: Counter[tuple[str, ...]] = Counter()
    result = []
    for finding in sorted(findings, key=_file_order):
        identity = (
            finding.code,
            words[finding.place.tree],
            finding.subject,
            finding.arch or "",
            finding.function or finding.place.path,
        )
        text = "\0".join((*identity, str(seen[identity])))
        seen[identity] += 1
        result.append(replace(finding, fingerprint=hashlib.sha256(text.encode()).hexdigest()[:16]))
    return sorted(result, key=sort_key)


def difference(after: Iterable[Finding], before: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """Return findings added (only in `after`, or worse there) and resolved (only in `before`), by fingerprint.

    An added finding has the severity of a finding that a patch brings, and tells which of its parts are new.
    """
    after, before = list(after), list(before)
    old = {finding.fingerprint: finding for finding in before}
    new = {finding.fingerprint for finding in after}
    added = [
        _raised(finding if was is None else _with_news(finding, was))
        for finding in after
        if (was := old.get(finding.fingerprint)) is None or finding.is_worse_than(was.severity, was.parts)
    ]
    return added, [finding for finding in before if finding.fingerprint not in new]


def _raised(finding: Finding) -> Finding:
    """Return the finding with the severity that it has in a patch."""
    severity = min(finding.severity, finding.in_patch or finding.severity, key=SEVERITIES.index)
    return replace(finding, severity=severity)


def _with_news(finding: Finding, was: Finding) -> Finding:
    """Return the finding with its parts that are new in the message, if others are old."""
    new = [part.removeprefix(f"{finding.subject} ") for part in finding.parts if part not in was.parts]
    if not new or len(new) == len(finding.parts):
        return finding
    more = f" and {len(new) - _NEWS} more" if len(new) > _NEWS else ""
    return replace(finding, message=f"{finding.message}; new: {', '.join(new[:_NEWS])}{more}")


def _file_order(finding: Finding) -> tuple[object, ...]:
    place = finding.place
    return (
        place.tree,
        place.path,
        place.line,
        place.column,
        finding.code,
        finding.subject,
        finding.message,
    )


def supersede(findings: Iterable[Finding], superseding: dict[str, list[str]]) -> list[Finding]:
    """Drop findings that a more specific finding for the same subject makes redundant.

    `superseding` maps a code to the codes that it makes redundant. Within one file both must be on
    the same line; in different files the same subject is enough.
    """
    kept = list(findings)
    better: dict[tuple[str, str], _Places] = {}
    for finding in kept:
        for code in superseding.get(finding.code, ()):
            better.setdefault((code, finding.subject), _Places()).add(finding.place)
    return [
        finding
        for finding in kept
        if (places := better.get((finding.code, finding.subject))) is None or not places.cover(finding.place)
    ]


@dataclass
class _Places:
    """Locations of the more specific findings for one subject."""

    lines: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def add(self, place: Location) -> None:
        """Add a location."""
        self.lines.setdefault((place.tree, place.path), set()).add(place.line)

    def cover(self, place: Location) -> bool:
        """Tell whether a location is in another file, or on the same line."""
        same_file = self.lines.get((place.tree, place.path), set())
        return place.line in same_file or len(self.lines) > bool(same_file)
