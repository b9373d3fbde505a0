"""The configuration: `caplint.toml`, or `[tool.caplint]` of a pyproject.toml, found upward from here."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from caplint.c.tables import Repairs
from caplint.errors import CaplintError
from caplint.findings import SEVERITIES
from caplint.util.suggest import suggestion

VARIABLES = {
    "CAPLINT_KERNEL": ("kernel", "kernel"),
    "CAPLINT_QEMU": ("qemu", "vmm"),
    "CAPLINT_LIBVIRT": ("libvirt", "manager"),
}
"""Environment variable → name and role of the tree whose `DIR` or `DIR@REV` it holds."""
_RANGE = re.compile(r"(\d+)(?:-(\d+))?\Z")


def default_jobs() -> int:
    """As many processes as there are processors to use."""
    return max(1, len(os.sched_getaffinity(0)))


@dataclass(frozen=True)
class Suppression:
    """A finding that the user knows of: never reported, but reported as unused once it is gone."""

    code: str
    subject: str
    reason: str
    arch: str | None = None


@dataclass(frozen=True)
class ConfiguredTree:
    """A tree that is used where the command line names none of its role."""

    name: str
    path: str
    role: str | None = None
    variable: str | None = None
    """The environment variable that names it, in place of the configuration's trees of its role."""


@dataclass(frozen=True)
class Fleet:
    """What `caplint matrix` checks where its command line names nothing: `DIR[@REV]`, or patterns of them."""

    kernels: tuple[str, ...] = ()
    vmms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """All settings, with their defaults."""

    source: Path | None = None
    trees: tuple[ConfiguredTree, ...] = ()
    fail_on: str = "warning"
    ignore: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    vendor_range: tuple[tuple[int, int], ...] = ()
    jobs: int = field(default_factory=default_jobs)
    cache: str = ""
    coverage_floor: float = 0.0
    repairs: Repairs = field(default_factory=Repairs)
    suppress: tuple[Suppression, ...] = ()
    matrix: Fleet = field(default_factory=Fleet)

    @property
    def store_path(self) -> Path | None:
        """Where facts are kept; None for nowhere."""
        from caplint.facts.schema import file_name  # noqa: PLC0415 - a run whose outcome is known needs no store

        directory = self.cache_directory
        return directory / file_name() if directory else None

    @property
    def cache_directory(self) -> Path | None:
        """Where everything is kept that need not be worked out again; None for nowhere."""
        chosen = os.environ.get("CAPLINT_CACHE") or self.cache
        if chosen == "none":
            return None
        return Path(chosen) if chosen else platformdirs.user_cache_path("caplint")


@dataclass(frozen=True)
class _Key:
    """A key that the configuration may have: its TOML type and how its value is read."""

    kind: type | tuple[type, ...]
    words: str
    read: Any


def _severity(value: str) -> str:
    if value not in (*SEVERITIES, "never"):
        raise ValueError(f"must be one of {', '.join(SEVERITIES)}, never")
    return value


def _ranges(value: str | list[Any]) -> tuple[tuple[int, int], ...]:
    found = []
    for text in [value] if isinstance(value, str) else _strings(value):
        match = _RANGE.match(text)
        if match is None:
            raise ValueError(f'{text!r} is not a range such as "500-599"')
        low, high = int(match.group(1)), int(match.group(2) or match.group(1))
        if high < low:
            raise ValueError(f"{text!r} ends before it begins")
        found.append((low, high))
    return tuple(found)


def _strings(value: list[Any]) -> tuple[str, ...]:
    if not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _patterns(value: list[Any]) -> tuple[str, ...]:
    for text in _strings(value):
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"{text!r} is no regular expression: {error}") from error
    return tuple(value)


def _positive(value: int) -> int:
    if value < 1:
        raise ValueError("must be at least 1")
    return value


def _share(value: float) -> float:
    if not 0 <= value <= 100:
        raise ValueError("is a percentage from 0 to 100")
    return float(value)


_TOP = {
    "fail-on": _Key(str, "a string", _severity),
    "ignore": _Key(list, "a list of rule codes", _strings),
    "rules": _Key(list, "a list of directories", _strings),
    "vendor-range": _Key((str, list), 'a range such as "500-599", or a list of them', _ranges),
    "jobs": _Key(int, "a number", _positive),
    "cache": _Key(str, 'a directory, or "none"', str),
    "trees": _Key(dict, "tables [trees.NAME]", dict),
    "c": _Key(dict, "a table", dict),
    "coverage": _Key(dict, "a table", dict),
    "suppress": _Key(list, "tables [[suppress]]", list),
    "matrix": _Key(dict, "a table", dict),
}
_C = {
    "attributes": _Key(list, "a list of words", _strings),
    "iterators": _Key(list, "a list of regular expressions", _patterns),
}
_COVERAGE = {"floor": _Key((int, float), "a percentage", _share)}
_MATRIX = {
    "kernels": _Key(list, "a list of directories", _strings),
    "vmms": _Key(list, "a list of directories", _strings),
}
_TREE = {"path": _Key(str, "a directory", str), "role": _Key(str, "a role", str)}
_SUPPRESS = {
    "code": _Key(str, "a rule code", str),
    "subject": _Key(str, "a name", str),
    "reason": _Key(str, "a sentence", str),
    "arch": _Key(str, "an architecture", str),
}


def load(explicit: Path | None = None, start: Path | None = None) -> Config:
    """The configuration in force: the file given, or the nearest one upward from `start`, or the defaults.

    Trees that the environment names come first. Raises `CaplintError`, naming file and key, for what
    cannot be read or is not known.
    """
    path = explicit or _nearest(start or Path.cwd())
    if path is None:
        return Config(trees=_environment())
    data = _read(path)
    if path.name == "pyproject.toml":
        data = _tools(data).get("caplint", {})
    return _config(path, data)


def _nearest(start: Path) -> Path | None:
    for directory in (start, *start.parents):
        own = directory / "caplint.toml"
        if own.is_file():
            return own
        project = directory / "pyproject.toml"
        if project.is_file() and "caplint" in _tools(_read(project)):
            return project
    return None


def _tools(data: dict[str, Any]) -> dict[str, Any]:
    tools = data.get("tool")
    return tools if isinstance(tools, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise CaplintError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # bytes, syntax, numbers and nesting that are none
        raise CaplintError(f"{path}: not valid TOML: {error}") from error


def _config(path: Path, data: dict[str, Any]) -> Config:
    top = _section(path, "", data, _TOP)
    c = _section(path, "c.", top.get("c", {}), _C)
    coverage = _section(path, "coverage.", top.get("coverage", {}), _COVERAGE)
    fleet = _section(path, "matrix.", top.get("matrix", {}), _MATRIX)
    values = {key.replace("-", "_"): top[key] for key in ("fail-on", "ignore", "vendor-range", "jobs") if key in top}
    cache = top.get("cache", "")
    if cache not in {"", "none"}:
        cache = _place(path, cache)
    return Config(
        source=path,
        trees=(*_environment(), *(_tree(path, name, entry) for name, entry in top.get("trees", {}).items())),
        rules=tuple(_place(path, directory) for directory in top.get("rules", ())),
        cache=cache,
        coverage_floor=coverage.get("floor", 0.0),
        repairs=Repairs(c.get("attributes", ()), c.get("iterators", ())),
        suppress=tuple(_suppression(path, entry) for entry in top.get("suppress", ())),
        matrix=Fleet(**{side: tuple(_place(path, text) for text in texts) for side, texts in fleet.items()}),
        **values,
    )


def _section(path: Path, prefix: str, data: Any, keys: dict[str, _Key]) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise CaplintError(f"{path}: {prefix.rstrip('.') or 'tool.caplint'} must be a table")
    values = {}
    for key, value in data.items():
        if key not in keys:
            hint = suggestion(key, keys, prefix, otherwise=f"known are {', '.join(keys)}")
            raise CaplintError(f"{path}: unknown key {prefix}{key}{hint}")
        if not isinstance(value, keys[key].kind) or isinstance(value, bool):
            raise CaplintError(f"{path}: {prefix}{key} must be {keys[key].words}")
        try:
            values[key] = keys[key].read(value)
        except ValueError as error:
            raise CaplintError(f"{path}: {prefix}{key}: {error}") from error
    return values


def _tree(path: Path, name: str, entry: Any) -> ConfiguredTree:
    values = _section(path, f"trees.{name}.", entry, _TREE)
    if "path" not in values:
        raise CaplintError(f"{path}: trees.{name}.path is missing")
    return ConfiguredTree(name, _place(path, values["path"]), values.get("role"))


def _environment() -> tuple[ConfiguredTree, ...]:
    """What a hook knows of the other trees; a relative path is one from the working directory."""
    return tuple(
        ConfiguredTree(name, text, role, variable)
        for variable, (name, role) in VARIABLES.items()
        if (text := os.environ.get(variable))
    )


def _place(path: Path, text: str) -> str:
    """A directory that the configuration names: `~` and `$VAR` expanded, relative to the file itself."""
    # Path.expanduser() fails for a user that is not known; to others such a name is one of a directory.
    return str(path.parent / os.path.expanduser(os.path.expandvars(text)))  # noqa: PTH111


def _suppression(path: Path, entry: Any) -> Suppression:
    values = _section(path, "suppress.", entry, _SUPPRESS)
    for key in ("code", "subject", "reason"):
        if not values.get(key, "").strip():
            raise CaplintError(f"{path}: a suppression needs a code, a subject and a reason; {key} is missing")
    return Suppression(**values)
