"""The file of a baseline: TOML with a line per finding, so that a review sees what came and went."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from caplint.baseline import Baseline, Entry
from caplint.config_keys import short
from caplint.errors import CaplintError
from caplint.findings import SEVERITIES
from caplint.quoting import toml_string
from caplint.regular_file import read_regular
from caplint.toml_file import parse_toml
from caplint.util.suggest import suggestion

VERSION = 1
# Ten thousand findings are some three megabytes.
_MAX_BYTES = 32 << 20
_FINGERPRINT = re.compile(r"[0-9a-f]{16}\Z")
_HEAD = """\
# Findings that are known: `caplint check --baseline FILE` leaves them out, but not where they have become worse.
# A line each, by identity and not by line number. `caplint baseline write` keeps `reason = "…"` where you add one.
"""


_KEYS = frozenset(field.name for field in fields(Entry))
_OPTIONAL = {"arch", "function", "reason"}
_ORDER = ("code", "severity", "subject", "arch", "tree", "path", "function", "fingerprint", "reason")


def read(path: Path) -> Baseline:
    """The baseline of a file. Raises `CaplintError`, naming file and entry, for one that is not as written."""
    data = _tables(path)
    version, trees, found = (data.pop(key, None) for key in ("version", "trees", "findings"))
    if type(version) is not int:
        raise CaplintError(f"{path}: not a baseline: no version; `caplint baseline write` makes one elsewhere")
    if version != VERSION:
        raise CaplintError(f"{path}: is version {version}, and this caplint reads version {VERSION}; write it anew")
    if data:
        raise CaplintError(f"{path}: unknown key {short(min(data))!r}; known are version, trees, findings")
    if not _are_strings(trees):
        raise CaplintError(f"{path}: trees must be a list of roles or names; write the baseline anew")
    if not isinstance(found, list):
        raise CaplintError(f"{path}: findings must be a list of tables; write the baseline anew")
    return Baseline(tuple(trees), tuple(_entry(path, number, item) for number, item in enumerate(found, 1)))


def _tables(path: Path) -> dict[str, Any]:
    try:
        content = read_regular(path, _MAX_BYTES)
    except CaplintError as error:
        hint = "; `caplint baseline write` makes one" if isinstance(error.__cause__, FileNotFoundError) else ""
        raise CaplintError(f"{error}{hint}") from error
    return parse_toml(content, f"{path}: not a baseline")


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _entry(path: Path, number: int, item: Any) -> Entry:
    label = f"{path}: finding {number}"
    if not isinstance(item, dict):
        raise CaplintError(f"{label}: must be a table")
    for key, value in item.items():
        if key not in _KEYS:
            hint = suggestion(key, sorted(_KEYS), otherwise=f"known are {', '.join(sorted(_KEYS))}")
            raise CaplintError(f"{label}: unknown key {short(key)!r}{hint}")
        if not isinstance(value, str):
            raise CaplintError(f"{label}: {key} must be a string")
    if missing := sorted(_KEYS - _OPTIONAL - item.keys()):
        raise CaplintError(f"{label}: {missing[0]} is missing")
    if item["severity"] not in SEVERITIES:
        raise CaplintError(f"{label}: severity must be one of {', '.join(SEVERITIES)}")
    if not _FINGERPRINT.match(item["fingerprint"]):
        raise CaplintError(f"{label}: fingerprint {short(item['fingerprint'])!r} is not 16 hexadecimal digits")
    return Entry(**item)


def render(baseline: Baseline) -> str:
    """The file's text: a line per finding, in an order that keeps differences small."""
    order = sorted(baseline.entries, key=_sort_key)
    lines = ["    { " + ", ".join(_pairs(entry)) + " }," for entry in order]
    trees = ", ".join(toml_string(tree) for tree in baseline.trees)
    return "\n".join([f"{_HEAD}version = {VERSION}", f"trees = [{trees}]", "findings = [", *lines, "]", ""])


def _pairs(entry: Entry) -> list[str]:
    values = asdict(entry)
    return [f"{key} = {toml_string(values[key])}" for key in _ORDER if values[key] is not None]


def _sort_key(entry: Entry) -> tuple[str, ...]:
    place = (entry.tree, entry.path, entry.function or "")
    return (entry.code, entry.subject, entry.arch or "", *place, entry.fingerprint)
