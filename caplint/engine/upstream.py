"""Findings that are known upstream: shipped with their reasons, so that a run over released trees shows what is new.

The shipped file is JSON, which takes a twentieth of TOML's time to read; `python -m tools.known --write` renews it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from caplint.config.keys import Key, section, short, strings
from caplint.engine.outcome import Outcome
from caplint.findings.finding import SEVERITIES
from caplint.findings.known import STATES, KnownFinding, UpstreamEntry, is_fingerprint
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular
from caplint.util.toml_file import parse_toml

SHIPPED = Path(__file__).with_name("known_upstream.json")
VERSION = 1
_MAX_BYTES = 4 << 20


def _fingerprints(value: list[Any]) -> tuple[str, ...]:
    for text in strings(value):
        if not is_fingerprint(text):
            raise ValueError(f"{short(text)!r} is not 16 hexadecimal digits")
    return tuple(value)


def _one_of(*words: str) -> Any:
    def read(value: str) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return value

    return read


_TEXT = ("code", "subject", "tree", "path", "reason", "arch", "mended")
_KEYS = {
    **{name: Key(str, "a string", str) for name in _TEXT},
    "severity": Key(str, "a severity", _one_of(*SEVERITIES)),
    "state": Key(str, "a state", _one_of(*STATES)),
    "parts": Key(list, "a list of strings", strings),
    "fingerprints": Key(list, "a list of fingerprints", _fingerprints),
}
_TOP = {"version": Key(int, "a number", int), "findings": Key(list, "a list of tables", list)}
_OPTIONAL = {"arch", "mended", "parts"}
_ORDER = (
    "code", "severity", "subject", "arch", "tree", "path", "state", "mended", "parts", "fingerprints", "reason"
)  # fmt: skip


def read(path: Path) -> list[UpstreamEntry]:
    """Read a file of known findings: JSON, or else TOML. Raises `CaplintError`, naming file and key, for a bad one."""
    top = section(path, "", _parsed(path, read_regular(path, _MAX_BYTES)), _TOP)
    if top.get("version") != VERSION:
        raise CaplintError(f"{path}: not a file of known findings: version must be {VERSION}")
    return [_entry(path, number, item) for number, item in enumerate(top.get("findings", []), 1)]


def _parsed(path: Path, content: bytes) -> Any:
    if path.suffix != ".json":
        return parse_toml(content, str(path))
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CaplintError(f"{path}: is not JSON: {error}") from error


def _entry(path: Path, number: int, item: Any) -> UpstreamEntry:
    values = section(path, f"findings[{number}].", item, _KEYS)
    if missing := sorted(_KEYS.keys() - _OPTIONAL - values.keys()):
        raise CaplintError(f"{path}: findings[{number}].{missing[0]} is missing")
    if (values["state"] == "mended") != ("mended" in values):
        raise CaplintError(f'{path}: findings[{number}]: state "mended" and the release in `mended` belong together')
    return UpstreamEntry(**values)


def render(entries: Iterable[UpstreamEntry]) -> str:
    """Return the file's text as JSON: one line per entry, sorted."""
    order = sorted(entries, key=lambda entry: (entry.code, entry.subject, entry.arch or "", entry.tree, entry.path))
    lines = ",\n".join(json.dumps(_pairs(entry), ensure_ascii=False) for entry in order)
    return f'{{"version": {VERSION}, "findings": [\n{lines}\n]}}\n'


def _pairs(entry: UpstreamEntry) -> dict[str, str | tuple[str, ...]]:
    values = {key: getattr(entry, key) for key in _ORDER}
    return {key: value for key, value in values.items() if value or key == "fingerprints"}


def without_known(outcome: Outcome, files: Iterable[Path], *, shown: bool) -> Outcome:
    """Return the outcome as `KnownUpstream.apart`, with the findings of some files."""
    return KnownUpstream(files).apart(outcome, shown=shown)


class KnownUpstream:
    """Findings that are known upstream: of the shipped file and of further ones, which are read if there is a need."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = (SHIPPED, *files)

    def apart(self, outcome: Outcome, *, shown: bool) -> Outcome:
        """Return the outcome with known findings apart; a comparison is unchanged.

        A finding that is worse than its entry is not known. `shown`: reports for people list the known ones too.
        """
        if outcome.resolved is not None or not outcome.findings:
            return outcome
        known = [
            KnownFinding(finding, entry)
            for finding in outcome.findings
            if (entry := self._by_fingerprint.get(finding.fingerprint)) is not None
            and not finding.is_worse_than(entry.severity, entry.parts)
        ]
        listed = {entry.finding.fingerprint for entry in known}
        new = [finding for finding in outcome.findings if finding.fingerprint not in listed]
        return replace(outcome, findings=new, known=known, known_shown=shown)

    @cached_property
    def _by_fingerprint(self) -> dict[str, UpstreamEntry]:
        entries = [entry for file in self._files for entry in read(file)]
        return {text: entry for entry in entries for text in entry.fingerprints}
