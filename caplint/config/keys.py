"""Keys of the configuration, and the validation of their values."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caplint.findings.finding import SEVERITIES
from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion

LONGEST_PATH = 4096
"""Maximum length of a configured path; the kernel's own limit."""
HIGHEST_NUMBER = 2**63 - 1
"""Highest number of a `vendor-range`, because the store's integers have 64 bits."""
_MOST_ATTRIBUTES, _MOST_PATTERNS, _LONGEST_PATTERN = 1000, 100, 200
_JOBS_PER_PROCESSOR = 16
_SHOWN = 60
_NUMBER = r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})"
_RANGE = re.compile(rf"\s*{_NUMBER}\s*(?:-\s*{_NUMBER}\s*)?\Z")
_FIRST_RELEASE = (4, 19)  # the first one whose new capabilities capabilities.toml lists
_RELEASE = re.compile(r"v?([0-9]{1,3})\.([0-9]{1,3})\Z", re.ASCII)
_ATTRIBUTE = re.compile(r"[A-Za-z_]\w{0,99}\*?(?:\(\))?\Z", re.ASCII)


def default_jobs() -> int:
    """Return the number of usable processors."""
    return max(1, len(os.sched_getaffinity(0)))


def bounded_jobs(jobs: int) -> int:
    """Return the number of processes, limited to a small multiple of the processors."""
    return min(jobs, _JOBS_PER_PROCESSOR * default_jobs())


def short(text: str) -> str:
    """Shorten a text for an error message."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


@dataclass(frozen=True)
class Key:
    """Key of the configuration: its TOML type, that type in words, the function that reads its value, its purpose."""

    kind: type | tuple[type, ...]
    words: str
    read: Any
    purpose: str = ""
    """One sentence for the reference and for editors."""
    limits: Mapping[str, Any] = field(default_factory=dict)
    """Limits that JSON Schema can state of the values that `read` accepts, beside the type."""


def _severity(value: str) -> str:
    if value not in (*SEVERITIES, "never"):
        raise ValueError(f"must be one of {', '.join(SEVERITIES)}, never")
    return value


def _ranges(value: str | list[Any]) -> tuple[tuple[int, int], ...]:
    """Return the ranges of a text or list of texts; a text may hold several, separated by commas."""
    ranges = []
    for text in (part for item in ([value] if isinstance(value, str) else strings(value)) for part in item.split(",")):
        match = _RANGE.match(text)
        if match is None:
            raise ValueError(f'{short(text)!r} is not a range such as "500-599" or "0x1000-0x1fff"')
        low, high = (_number(match.group(end) or match.group(1)) for end in (1, 2))
        if high < low:
            raise ValueError(f"{text!r} ends before it begins")
        if high > HIGHEST_NUMBER:
            raise ValueError(f"{text!r} ends above {HIGHEST_NUMBER}, the highest number")
        ranges.append((low, high))
    return tuple(ranges)


def _abis(value: list[Any]) -> tuple[str, ...]:
    from caplint.abi.abis import abi_names  # noqa: PLC0415 - most configurations name none

    known = abi_names()
    for text in strings(value):
        if text not in known:
            hint = suggestion(text, known, otherwise=f"known are {', '.join(known)}")
            raise ValueError(f"{short(text)!r} is not an ABI{hint}")
    return tuple(value)


def _release(value: str) -> str:
    match = _RELEASE.match(value)
    if value and match is None:
        raise ValueError(f'{short(value)!r} is not a release of Linux such as "5.10"')
    if match and (int(match.group(1)), int(match.group(2))) < _FIRST_RELEASE:
        raise ValueError(f"{value} is older than 4.19; caplint knows the capabilities of later releases only")
    return value


def _number(digits: str) -> int:
    return int(digits, 16 if digits[:2] in {"0x", "0X"} else 10)


def strings(value: list[Any]) -> tuple[str, ...]:
    """Return a list's texts. Raises `ValueError` for any other value in it."""
    if not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _directory(value: str) -> str:
    if len(value) > LONGEST_PATH:
        raise ValueError(f"{short(value)!r} has more than {LONGEST_PATH} characters")
    return value


def _directories(value: list[Any]) -> tuple[str, ...]:
    return tuple(map(_directory, strings(value)))


def _attributes(value: list[Any]) -> tuple[str, ...]:
    if len(value) > _MOST_ATTRIBUTES:
        raise ValueError(f"has {len(value)} words; the limit is {_MOST_ATTRIBUTES}")
    for text in strings(value):
        if not _ATTRIBUTE.match(text):
            raise ValueError(f"{short(text)!r} is not a word such as __our_attribute, __our_* or __our_size()")
    return tuple(value)


def _patterns(value: list[Any]) -> tuple[str, ...]:
    texts = strings(value)
    if len(texts) > _MOST_PATTERNS:
        raise ValueError(f"has {len(texts)} regular expressions; the limit is {_MOST_PATTERNS}")
    for text in texts:
        if len(text) > _LONGEST_PATTERN:
            raise ValueError(f"{short(text)!r} has more than {_LONGEST_PATTERN} characters")
        _compile(text, short(text))
    _compile("|".join(texts), ", ".join(map(short, texts[:2])))
    return texts


def _compile(pattern: str, label: str) -> None:
    """Compile a pattern as the C front end does, after other alternatives. Raises `ValueError`, also for warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(pattern.encode())
            re.compile(f"x|{pattern}".encode())
        except (re.error, RecursionError, OverflowError, Warning) as error:
            raise ValueError(f"{label!r} is not a regular expression: {error}") from error


def _positive(value: int) -> int:
    if value < 1:
        raise ValueError("must be at least 1")
    return bounded_jobs(value)


def _share(value: float) -> float:
    if not 0 <= value <= 100:
        raise ValueError("must be a percentage from 0 to 100")
    return float(value)


_TEXTS = {"items": {"type": "string"}}
_RANGES = {"type": "string", "pattern": r"^\s*(0[xX][0-9a-fA-F]+|[0-9]+)\s*(-|,|$)"}
_CODES = "a list of rule codes"
_ATTRIBUTE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]{0,99}\*?(\(\))?$"
_SAYS = {"pattern": r"\S"}
_WORD = "by code, prefix of codes (CAP4) or name"

TOP = {
    "fail-on": Key(
        str,
        "a string",
        _severity,
        "Least severity of findings that make the exit code 1; never: none.",
        {"enum": [*SEVERITIES, "never"], "default": "warning"},
    ),
    "select": Key(list, _CODES, strings, f"Rules to run, {_WORD}; default: all.", _TEXTS),
    "extend-select": Key(
        list, _CODES, strings, "Rules to run besides; a longer word prevails over a shorter one of `ignore`.", _TEXTS
    ),
    "ignore": Key(list, _CODES, strings, f"Rules to leave out, {_WORD}.", _TEXTS),
    "rules": Key(list, "a list of directories", _directories, "Directories with rule pages of your own.", _TEXTS),
    "known": Key(
        list, "a list of files", _directories, "Files of findings that are known, beside those known upstream.", _TEXTS
    ),
    "vendor-range": Key(
        (str, list),
        'a range such as "500-599", or a list of them',
        _ranges,
        "Capability numbers of your own, which collide with no upstream number.",
        {"pattern": _RANGES["pattern"], "items": _RANGES},
    ),
    "abis": Key(list, "a list of ABIs", _abis, "ABIs for which layouts are compared; default: all.", _TEXTS),
    "oldest-kernel": Key(
        str,
        'a release of Linux such as "5.10"',
        _release,
        "Oldest Linux that your VMM supports: what it has needs no check.",
        {"pattern": r"^(v?[0-9]{1,3}\.[0-9]{1,3})?$"},
    ),
    "jobs": Key(int, "a number", _positive, "Processes; default: one per processor.", {"minimum": 1}),
    "cache": Key(
        str,
        'a directory, or "none"',
        _directory,
        'Directory of the caches; "none" disables them; default: the user\'s cache directory.',
        {"maxLength": LONGEST_PATH},
    ),
    "trees": Key(dict, "tables [trees.NAME]", dict, "Trees for runs that name none of their role."),
    "c": Key(dict, "a table", dict, "Words of your tree's C that caplint cannot know."),
    "coverage": Key(dict, "a table", dict, "What must be understood of the code."),
    "suppress": Key(
        list, "tables [[suppress]]", list, "Findings that are wrong or intended; one that matches nothing is reported."
    ),
    "matrix": Key(dict, "a table", dict, "Trees of `caplint matrix`: directories, `DIR@REV`, or patterns of them."),
}
C = {
    "attributes": Key(
        list,
        "a list of words",
        _attributes,
        "Attribute macros; with (): they take arguments.",
        {
            "items": {"type": "string", "pattern": _ATTRIBUTE_PATTERN},
            "maxItems": _MOST_ATTRIBUTES,
        },
    ),
    "iterators": Key(
        list,
        "a list of regular expressions",
        _patterns,
        "Macros that begin a loop.",
        {"items": {"type": "string", "maxLength": _LONGEST_PATTERN}, "maxItems": _MOST_PATTERNS},
    ),
}
COVERAGE = {
    "floor": Key(
        (int, float),
        "a percentage",
        _share,
        "Percent of bytes understood, below which `check` exits with 3.",
        {"minimum": 0, "maximum": 100, "default": 0},
    )
}
MATRIX = {
    "kernels": Key(list, "a list of directories", _directories, "Linux trees.", _TEXTS),
    "vmms": Key(list, "a list of directories", _directories, "VMM trees.", _TEXTS),
}
TREE = {
    "path": Key(str, "a directory", _directory, "Directory, or `DIR@REV`.", {"maxLength": LONGEST_PATH}),
    "role": Key(str, "a role", str, "kernel, vmm, manager or reference; default: that of the detected project."),
}
SUPPRESS = {
    "code": Key(str, "a rule code", str, "Rule whose findings are suppressed.", _SAYS),
    "subject": Key(str, "a name", str, "Subject of the findings; `*` stands for any characters."),
    "reason": Key(str, "a sentence", str, "Why nobody should mend it.", _SAYS),
    "arch": Key(str, "an architecture", str, "Architecture of the findings."),
    "path": Key(
        str,
        "a pattern of files",
        _directory,
        "Files of the findings: `*` stays within a name, `**` is any number of directories.",
        {"maxLength": LONGEST_PATH},
    ),
}


def section(path: Path, prefix: str, data: Any, keys: dict[str, Key]) -> dict[str, Any]:
    """Return the values of a table. Raises `CaplintError`, naming file and key, for a key or value that is invalid."""
    if not isinstance(data, dict):
        raise CaplintError(f"{path}: {prefix.rstrip('.') or 'tool.caplint'} must be a table")
    values = {}
    for key, value in data.items():
        if key not in keys:
            hint = suggestion(key, keys, prefix, otherwise=f"known are {', '.join(keys)}")
            raise CaplintError(f"{path}: unknown key {prefix}{short(key)}{hint}")
        if not isinstance(value, keys[key].kind) or isinstance(value, bool):
            raise CaplintError(f"{path}: {prefix}{key} must be {keys[key].words}")
        try:
            values[key] = keys[key].read(value)
        except ValueError as error:
            raise CaplintError(f"{path}: {prefix}{key}: {error}") from error
    return values


def without_nul(path: Path, data: Any) -> None:
    """Raise `CaplintError` if any text of the configuration contains a NUL byte."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and "\0" in value:
            raise CaplintError(f"{path}: {short(value)!r} contains a NUL byte; remove it")
