"""Histories read back from the JSON that `caplint history` writes, with the schema schemas/history.json.

The file may come from anybody: what the program would not write is refused, and texts are shown escaped.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from caplint.history.model import KINDS, CapabilityHistory, Event, EventCause, Point, Track
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular, standard_input

# The history of all capabilities over 40 releases of Linux and of QEMU takes some 2 MB.
_MAX_BYTES = 64_000_000


_Entry = TypeVar("_Entry")


class _MalformedError(Exception):
    """Violation of the schema."""


def read(file: str) -> CapabilityHistory:
    """Return the histories of a file, `-` for standard input. Raises `CaplintError` in one line if it is no record."""
    content = standard_input(_MAX_BYTES) if file == "-" else read_regular(Path(file), _MAX_BYTES)
    label = "standard input" if file == "-" else file
    try:
        if len(content) > _MAX_BYTES:
            raise _MalformedError(f"is larger than {_MAX_BYTES:,} bytes")
        data = _loaded(content)
        if _of(data, "it", dict).get("version") != 1 or "trees" not in data:
            raise _MalformedError("is no history of version 1")
        return CapabilityHistory(tuple(_each(data, "it", "trees", _track)))
    except _MalformedError as error:
        advice = "`caplint history --output-format json` writes such a file"
        raise CaplintError(f"history {label}: {error}; {advice}") from error


def _loaded(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:  # invalid UTF-8 or syntax, too long a number, too deep nesting
        raise _MalformedError(f"is not valid JSON: {error}") from error


def _track(data: Any, where: str) -> Track:
    return Track(
        name=_text(data, where, "name"),
        role=_text(data, where, "role"),
        location=_text(data, where, "path"),
        points=tuple(_each(data, where, "states", _point)),
        events=tuple(_each(data, where, "events", _event)),
    )


def _point(data: Any, where: str) -> Point:
    return Point(_text(data, where, "label"), _word(data, where, "commit"), "")


def _event(data: Any, where: str) -> Event:
    kind = _text(data, where, "kind")
    if kind not in KINDS:
        raise _MalformedError(f"{where}.kind must be one of {', '.join(KINDS)}")
    return Event(
        cap=_text(data, where, "cap"),
        place=_text(data, where, "place"),
        arch=_word(data, where, "arch"),
        kind=kind,
        before=_word(data, where, "before"),
        after=_word(data, where, "after"),
        release=_word(data, where, "release"),
        causes=tuple(_each(data, where, "commits", _cause)),
        sync=_word(data, where, "copied_from"),
    )


def _cause(data: Any, where: str) -> EventCause:
    merge: bool = _of(_of(data, where, dict).get("merge"), f"{where}.merge", bool)
    oid, date, subject = (_text(data, where, key) for key in ("id", "date", "subject"))
    return EventCause(oid, date, subject, merge)


def _each(data: Any, where: str, key: str, make: Callable[[Any, str], _Entry]) -> list[_Entry]:
    entries = _of(_of(data, where, dict).get(key), f"{where}.{key}", list)
    return [make(entry, f"{key}[{number}]") for number, entry in enumerate(entries)]


def _text(data: Any, where: str, key: str) -> str:
    text: str = _of(_of(data, where, dict).get(key), f"{where}.{key}", str)
    return text


def _word(data: Any, where: str, key: str) -> str | None:
    return None if _of(data, where, dict).get(key) is None else _text(data, where, key)


def _of(value: Any, where: str, kind: type) -> Any:
    if not isinstance(value, kind):
        words = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
        raise _MalformedError(f"{where} must be {words[kind]}")
    return value
