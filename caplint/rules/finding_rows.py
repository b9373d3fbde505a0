"""Findings from the rows of a rule's query, with every column validated."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from caplint.findings.finding import SEVERITIES, Finding, Location, Related

if TYPE_CHECKING:
    from caplint.rules.page import Rule

_HIGHEST = 2**31 - 1
"""Highest line and column: larger than in any file that is read, and within the range of every report reader."""
_LONGEST = 10_000
"""Characters of a text. What trees say may be longer, and no tree is to end a run: such a text is cut, and says so."""
_LONGEST_RELATED = 10_000_000
_MOST_RELATED = 10_000
_HALF = re.compile("[\ud800-\udfff]")


def finding_of(rule: Rule, row: tuple[Any, ...]) -> Finding:
    """Return the finding of a row. Raises `ValueError` that names the invalid column."""
    if len(row) != 10:
        raise ValueError(f"expected 10 columns, not {len(row)}")
    tree, path, line, column, subject, arch, function, severity, message, related = row
    if severity is not None and severity not in SEVERITIES:
        raise ValueError(f"severity must be one of {', '.join(SEVERITIES)}")
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity or rule.severity,
        subject=_cut(_text(subject, "subject")),
        arch=None if arch is None else _cut(_text(arch, "arch")),
        function=None if function is None else _cut(_text(function, "function")),
        message=_cut(" ".join(_text(message, "message").split())),
        place=Location(
            _text(tree, "tree"),
            _text(path, "path"),
            _number(line, "line"),
            1 if column is None else _number(column, "column"),
        ),
        related=tuple(_related(related)),
    )


def _related(value: object) -> list[Related]:
    """Parse the related locations: without duplicates, sorted."""
    if value is None or value == "":
        return []
    if not isinstance(value, str) or len(value) > _LONGEST_RELATED:
        raise ValueError("related is not JSON, or is too long")
    try:
        entries = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError("related is no JSON") from error
    if not isinstance(entries, list):
        raise ValueError("related is no array of objects")
    every = {_evidence(entry) for entry in entries if entry is not None}
    found = sorted(every, key=lambda item: (item.place.tree, item.place.path, item.place.line, item.message))
    if len(found) > _MOST_RELATED:
        rest = found[_MOST_RELATED - 1 :]
        found[_MOST_RELATED - 1 :] = [
            Related(rest[0].place, f"and {len(rest):,} places more, of which this is the first")
        ]
    return found


def _evidence(entry: object) -> Related:
    if not isinstance(entry, dict):
        raise ValueError("related must be an array of objects")
    place = Location(
        _text(entry.get("tree"), "tree of related"),
        _text(entry.get("path"), "path of related"),
        _number(entry.get("line"), "line of related"),
    )
    return Related(place, _cut(_text(entry.get("message"), "message of related")))


def _text(value: object, column: str) -> str:
    """Return a text that is not empty; numbers become texts, because a subject may be a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        value = str(value)
    if value is None or value == "":
        raise ValueError(f"{column} is missing")
    if not isinstance(value, str) or _HALF.search(value) or "\0" in value:
        raise ValueError(f"{column} is no text")
    if not value.strip():
        raise ValueError(f"{column} is empty")
    return value


def _cut(text: str) -> str:
    """Return the text, or its beginning with a mark that no other text has: two that are cut stay two."""
    if len(text) <= _LONGEST:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{text[: _LONGEST - 100]}… ({len(text):,} characters, {digest})"


def _number(value: object, column: str) -> int:
    """Return a line or column from 1; integers may also be given as floats or texts."""
    try:
        number = int(value) if isinstance(value, (int, float, str)) and not _is_long(value) else 0
    except (ValueError, OverflowError):
        number = 0
    if not 1 <= number <= _HIGHEST:
        raise ValueError(f"{column} must be a number from 1 to {_HIGHEST:,}")
    return number


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > 20
