"""Suppression of findings: by the configuration, and by comments in the code.

A comment `caplint: ignore CAP205 -- reason`, on the line of a finding or alone on the line before, hides the findings
of the rule there. It may name several rules, by code or name, separated by commas. Without a reason it hides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from caplint.config.settings import Suppression
from caplint.findings.finding import Finding, Location
from caplint.trees.tree import Tree
from caplint.util.wildcards import matches, path_matches

_COMMENT = re.compile(
    rb"(?P<before>.*?)(?:/\*+|//|(?<![^\s])(?:\*|\#|\.\.))\s*caplint:\s*ignore\s+"
    rb"(?P<rules>[A-Za-z][\w-]*(?:\s*,\s*[A-Za-z][\w-]*)*)\s*(?:--|:)\s*(?P<reason>[^\s*/].*?)\s*(?:\*/.*)?$"
)
_LONGEST_LINE = 1_000


class Comments:
    """Comments of some trees that suppress findings."""

    def __init__(self, trees: Iterable[Tree]) -> None:
        self._trees = {tree.name: tree for tree in trees}
        self._lines: dict[tuple[str, str], list[bytes]] = {}

    def reason(self, finding: Finding) -> str | None:
        """Return the reason of the comment that suppresses a finding; None without one."""
        place = finding.place
        for line, alone in ((place.line, False), (place.line - 1, True)):
            found = _COMMENT.match(self._line(place, line))
            if found and not (alone and found["before"].strip()) and _names(found["rules"], finding):
                return found["reason"].decode("utf-8", "replace")
        return None

    def _line(self, place: Location, number: int) -> bytes:
        key = (place.tree, place.path)
        if key not in self._lines:
            tree = self._trees.get(place.tree)
            content = tree.read_or_none(place.path) if tree is not None else None
            self._lines[key] = content.split(b"\n") if content and b"caplint:" in content else []
        lines = self._lines[key]
        line = lines[number - 1] if 0 < number <= len(lines) else b""
        return line if len(line) <= _LONGEST_LINE else b""


def _names(rules: bytes, finding: Finding) -> bool:
    words = {word.strip().lower() for word in rules.decode("ascii", "replace").split(",")}
    return bool(words & {finding.code.lower(), finding.name})


def suppress(findings: list[Finding], suppressions: Iterable[Suppression]) -> tuple[list[Finding], list[Suppression]]:
    """Return the findings that remain, and the suppressions that match none."""
    kept = list(findings)
    unused = []
    for entry in suppressions:
        remaining = [finding for finding in kept if not _matches(entry, finding)]
        if len(remaining) == len(kept):
            unused.append(entry)
        kept = remaining
    return kept, unused


def without_commented(findings: list[Finding], trees: Iterable[Tree]) -> tuple[list[Finding], list[str]]:
    """Return the findings that no comment suppresses, and a text for each of the others with the comment's reason."""
    comments = Comments(trees)
    kept, hidden = [], []
    for finding in findings:
        reason = comments.reason(finding)
        if reason is None:
            kept.append(finding)
        else:
            place = finding.place
            hidden.append(f"{finding.code} {finding.subject} ({place.tree}:{place.path}:{place.line}): {reason}")
    return kept, hidden


def _matches(entry: Suppression, finding: Finding) -> bool:
    return (
        (not entry.subject or matches(entry.subject, finding.subject))
        and (not entry.path or path_matches(entry.path, finding.place.path))
        and entry.arch in {None, finding.arch}
        and (entry.code.upper() == finding.code or entry.code.lower() == finding.name)
    )
