"""Baseline file: TOML with one line per finding, so that a diff shows the findings added and removed."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from caplint.config.keys import short
from caplint.findings.finding import SEVERITIES
from caplint.findings.known import Baseline, BaselineEntry, is_fingerprint
from caplint.util.errors import CaplintError
from caplint.util.escape import toml_string
from caplint.util.regular_file import read_regular
from caplint.util.suggest import suggestion
from caplint.util.toml_file import parse_toml

VERSION = 1
# Ten thousand findings take about three megabytes.
_MAX_BYTES = 32 << 20
_HEAD = """\
# Known findings: `caplint check --baseline FILE` hides them unless their severity has risen.
# One line per finding, matched by fingerprint, not by line number. `caplint baseline write` keeps `reason = "…"`.
"""


_KEYS = frozenset(field.name for field in fields(BaselineEntry))
_OPTIONAL = {"arch", "function", "reason", "parts"}
_ORDER = ("code", "severity", "subject", "arch", "tree", "path", "function", "fingerprint", "parts", "reason")


def read(path: Path) -> Baseline:
    """Read a baseline file. Raises `CaplintError`, naming file and entry, for a malformed one."""
    data = _tables(path)
    version, trees, found = (data.pop(key, None) for key in ("version", "trees", "findings"))
    if type(version) is not int:
        raise CaplintError(
            f"{path}: not a baseline: version is missing; `caplint baseline write` creates one under another name"
        )
    if version != VERSION:
        raise CaplintError(f"{path}: has version {version}, but this caplint reads version {VERSION}; write it again")
    if data:
        raise CaplintError(f"{path}: unknown key {short(min(data))!r}; known are version, trees, findings")
    if not _are_strings(trees):
        raise CaplintError(f"{path}: trees must be a list of roles or names; write the baseline again")
    if not isinstance(found, list):
        raise CaplintError(f"{path}: findings must be a list of tables; write the baseline again")
    return Baseline(tuple(trees), tuple(_entry(path, number, item) for number, item in enumerate(found, 1)))


def _tables(path: Path) -> dict[str, Any]:
    try:
        content = read_regular(path, _MAX_BYTES)
    except CaplintError as error:
        hint = "; `caplint baseline write` creates one" if isinstance(error.__cause__, FileNotFoundError) else ""
        raise CaplintError(f"{error}{hint}") from error
    return parse_toml(content, f"{path}: not a baseline")


def _are_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _entry(path: Path, number: int, item: Any) -> BaselineEntry:
    label = f"{path}: finding {number}"
    if not isinstance(item, dict):
        raise CaplintError(f"{label}: must be a table; write the baseline again")
    for key, value in item.items():
        if key not in _KEYS:
            hint = suggestion(key, sorted(_KEYS), otherwise=f"known are {', '.join(sorted(_KEYS))}")
            raise CaplintError(f"{label}: unknown key {short(key)!r}{hint}")
        if key == "parts":
            if not _are_strings(value):
                raise CaplintError(f"{label}: parts must be a list of strings; write the baseline again")
        elif not isinstance(value, str):
            raise CaplintError(f"{label}: {key} must be a string; write the baseline again")
    if missing := sorted(_KEYS - _OPTIONAL - item.keys()):
        raise CaplintError(f"{label}: {missing[0]} is missing; write the baseline again")
    if item["severity"] not in SEVERITIES:
        raise CaplintError(f"{label}: severity must be one of {', '.join(SEVERITIES)}")
    if not is_fingerprint(item["fingerprint"]):
        raise CaplintError(
            f"{label}: fingerprint {short(item['fingerprint'])!r} is not 16 hexadecimal digits; "
            "write the baseline again"
        )
    return BaselineEntry(**{**item, "parts": tuple(item.get("parts", ()))})


def render(baseline: Baseline) -> str:
    """Return the file's text: one line per finding, in a stable order that keeps diffs small."""
    order = sorted(baseline.entries, key=_sort_key)
    lines = ["    { " + ", ".join(_pairs(entry)) + " }," for entry in order]
    trees = ", ".join(toml_string(tree) for tree in baseline.trees)
    return "\n".join([f"{_HEAD}version = {VERSION}", f"trees = [{trees}]", "findings = [", *lines, "]", ""])


def _pairs(entry: BaselineEntry) -> list[str]:
    values = asdict(entry)
    return [f"{key} = {_toml(values[key])}" for key in _ORDER if values[key] not in {None, ()}]


def _toml(value: str | tuple[str, ...]) -> str:
    return toml_string(value) if isinstance(value, str) else f"[{', '.join(map(toml_string, value))}]"


def _sort_key(entry: BaselineEntry) -> tuple[str, ...]:
    place = (entry.tree, entry.path, entry.function or "")
    return (entry.code, entry.subject, entry.arch or "", *place, entry.fingerprint)
