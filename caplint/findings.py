"""Findings: what a rule says of a place, and the identity by which it is known again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

SEVERITIES = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a tree's file; line and column count from 1."""

    tree: str
    path: str
    line: int
    column: int = 1


@dataclass(frozen=True, slots=True)
class Related:
    """Evidence from another place."""

    place: Place
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
    place: Place
    related: tuple[Related, ...] = ()
    fingerprint: str = ""


def sort_key(finding: Finding) -> tuple[object, ...]:
    """Worst first, then by rule and place; no two different findings are equal under it."""
    place = finding.place
    return (
        SEVERITIES.index(finding.severity), finding.code, place.tree, place.path, place.line, place.column,
        finding.subject, finding.arch or "", finding.message,
    )  # fmt: skip


def tree_words(roles: dict[str, str]) -> dict[str, str]:
    """What stands for each tree in an identity: its role, or its name where trees share a role."""
    counts = Counter(roles.values())
    return {name: name if counts[role] > 1 else role for name, role in roles.items()}


def identify(findings: Iterable[Finding], roles: dict[str, str]) -> list[Finding]:
    """Sorted findings with their fingerprints.

    A fingerprint is made of code, role (the tree's name only where trees share a role), subject,
    architecture, function or else path, and the ordinal among equals in file order: moved lines do
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
    """Findings added and resolved, by fingerprint: those only of `after`, and those only of `before`."""
    after, before = list(after), list(before)
    old = {finding.fingerprint for finding in before}
    new = {finding.fingerprint for finding in after}
    return (
        [finding for finding in after if finding.fingerprint not in old],
        [finding for finding in before if finding.fingerprint not in new],
    )


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
    """Drop what a more telling finding for the same subject already says.

    `superseding` maps a code to those that it makes superfluous. Within one file both must stand on
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
        if (places := better.get((finding.code, finding.subject))) is None or not places.speak_of(finding.place)
    ]


@dataclass
class _Places:
    """Where the more telling findings for one subject stand."""

    lines: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    def add(self, place: Place) -> None:
        """One more of them."""
        self.lines.setdefault((place.tree, place.path), set()).add(place.line)

    def speak_of(self, place: Place) -> bool:
        """Whether one stands in another file, or on the very line."""
        own = self.lines.get((place.tree, place.path), set())
        return place.line in own or len(self.lines) > bool(own)
