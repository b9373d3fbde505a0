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
    if len(row) not in {10, 11}:
        raise ValueError(f"expected 10 or 11 columns, not {len(row)}")
    tree, path, line, column, subject, arch, function, severity, message, related, *parts = row
    severity, in_patch = _severities(rule, severity)
    return Finding(
        code=rule.code,
        name=rule.name,
        severity=severity,
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
        in_patch=in_patch,
        parts=_parts(parts[0]) if parts else (),
    )


def _severities(rule: Rule, value: object) -> tuple[str, str | None]:
    """Return a row's severity, and its severity where a patch brings the finding: of the row, or else of the page."""
    if value is None:
        return rule.severity, rule.in_patch
    severity, slash, in_patch = value.partition("/") if isinstance(value, str) else ("", "", "")
    if severity not in SEVERITIES or (slash and in_patch not in SEVERITIES):
        raise ValueError(f"severity must be one of {', '.join(SEVERITIES)}, or two such as note/warning")
    return severity, in_patch or rule.in_patch


def _parts(value: object) -> tuple[str, ...]:
    """Parse the names of a finding's parts, a JSON array of texts: sorted, without duplicates."""
    entries = _array(value, "parts", "texts")
    return tuple(sorted({_cut(_text(entry, "an entry of parts")) for entry in entries}))


def _related(value: object) -> list[Related]:
    """Parse the related locations: without duplicates, sorted."""
    entries = _array(value, "related", "objects")
    every = {_evidence(entry) for entry in entries if entry is not None}
    found = sorted(every, key=lambda item: (item.place.tree, item.place.path, item.place.line, item.message))
    if len(found) > _MOST_RELATED:
        rest = found[_MOST_RELATED - 1 :]
        found[_MOST_RELATED - 1 :] = [
            Related(rest[0].place, f"and {len(rest):,} places more, of which this is the first")
        ]
    return found


def _array(value: object, column: str, content: str) -> list[object]:
    """Parse a column's JSON array, empty for NULL and the empty text."""
    if value is None or value == "":
        return []
    if not isinstance(value, str) or len(value) > _LONGEST_RELATED:
        raise ValueError(f"{column} is not JSON, or is too long")
    try:
        entries = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{column} is no JSON") from error
    if not isinstance(entries, list):
        raise ValueError(f"{column} is no array of {content}")
    return entries


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
    if value is None:
        raise ValueError(f"{column} is NULL")
    if value == "":
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
