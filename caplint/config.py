"""The configuration: `caplint.toml`, or `[tool.caplint]` of a pyproject.toml, found upward from here."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from caplint.c.tables import Repairs
from caplint.config_keys import COVERAGE, MATRIX, SUPPRESS, TOP, TREE, C, default_jobs, section, short, without_nul
from caplint.errors import CaplintError
from caplint.regular_file import read_regular
from caplint.toml_file import parse_toml

VARIABLES = {
    "CAPLINT_KERNEL": ("kernel", "kernel"),
    "CAPLINT_QEMU": ("qemu", "vmm"),
    "CAPLINT_LIBVIRT": ("libvirt", "manager"),
}
"""Environment variable → name and role of the tree whose `DIR` or `DIR@REV` it holds."""
MAX_BYTES = 256 << 10
"""Bytes of a configuration; a thousand suppressions take less."""


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
    restricted: dict[str, Any] = field(default_factory=dict, compare=False)
    """The settings that a file may only have if the user trusts it, with their values as the file writes them."""

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


def load(explicit: Path | None = None, start: Path | None = None, *, trusting: bool = False) -> Config:
    """The configuration in force: the file given, or the nearest one upward from `start`, or the defaults.

    Trees that the environment names come first. Raises `CaplintError`, naming file and key, for what
    cannot be read or is not known, and for a file that is only found and sets what the user must trust it with,
    unless it is to be shown and not used (`trusting`).
    """
    path = explicit or nearest(start or Path.cwd())
    if path is None:
        return Config(trees=_environment())
    config = read(path)
    if explicit is None and config.restricted and not trusting:
        from caplint import trust  # noqa: PLC0415 - most configurations set nothing of the kind

        trust.demand(path, config.restricted)
    return config


def read(path: Path) -> Config:
    """The configuration of a file, trusted or not. Raises `CaplintError` as `load` does."""
    data = _parsed(path, read_regular(path))
    if path.name == "pyproject.toml":
        data = _tools(data).get("caplint", {})
    return _config(path, data)


def nearest(start: Path) -> Path | None:
    """The configuration of a directory or of the next one above it that has one."""
    for directory in (start, *start.parents):
        own = directory / "caplint.toml"
        if own.is_file():
            return own
        project = directory / "pyproject.toml"
        if project.is_file():
            # Most are other tools' alone, and then caplint has nothing to say of their size and syntax.
            content = read_regular(project)
            if b"caplint" in content and "caplint" in _tools(_parsed(project, content)):
                return project
    return None


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise CaplintError(f"{path}: {len(content):,} bytes; more than {MAX_BYTES:,} are not read")
    return parse_toml(content, str(path))


def _tools(data: dict[str, Any]) -> dict[str, Any]:
    tools = data.get("tool")
    return tools if isinstance(tools, dict) else {}


def _config(path: Path, data: Any) -> Config:
    without_nul(path, data)
    top = section(path, "", data, TOP)
    c = section(path, "c.", top.get("c", {}), C)
    coverage = section(path, "coverage.", top.get("coverage", {}), COVERAGE)
    fleet = section(path, "matrix.", top.get("matrix", {}), MATRIX)
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
        restricted=_restricted(top, c),
        **values,
    )


def _restricted(top: dict[str, Any], c: dict[str, Any]) -> dict[str, Any]:
    """What decides where caplint writes, what it runs, and what else it reads, as the file says it."""
    found = {key: top[key] for key in ("cache", "rules", "trees", "matrix") if top.get(key)}
    if found.get("cache") == "none":  # nothing is written then
        del found["cache"]
    if c.get("iterators"):  # a regular expression can take for ever
        found["c.iterators"] = c["iterators"]
    return found


def _tree(path: Path, name: str, entry: Any) -> ConfiguredTree:
    values = section(path, f"trees.{short(name)}.", entry, TREE)
    if "path" not in values:
        raise CaplintError(f"{path}: trees.{short(name)}.path is missing")
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
    values = section(path, "suppress.", entry, SUPPRESS)
    for key in ("code", "subject", "reason"):
        if not values.get(key, "").strip():
            raise CaplintError(f"{path}: a suppression needs a code, a subject and a reason; {key} is missing")
    return Suppression(**values)
