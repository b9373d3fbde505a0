"""Configuration from the nearest `caplint.toml`, or `[tool.caplint]` of a pyproject.toml, here or above."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs

from caplint.c.tables import Repairs
from caplint.config.keys import COVERAGE, MATRIX, SUPPRESS, TOP, TREE, C, default_jobs, section, short, without_nul
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular
from caplint.util.toml_file import parse_toml

VARIABLES = {
    "CAPLINT_KERNEL": ("kernel", "kernel"),
    "CAPLINT_QEMU": ("qemu", "vmm"),
    "CAPLINT_LIBVIRT": ("libvirt", "manager"),
}
"""Environment variable with `DIR` or `DIR@REV` → name and role of its tree."""
_ITERATORS = "c.iterators"
RESTRICTED = ("cache", "rules", "known", "trees", "matrix", _ITERATORS)
"""Settings that decide which files caplint writes, runs and reads: they need trust in the file."""
MAX_BYTES = 256 << 10
"""Maximum size of a configuration in bytes; a thousand suppressions take less."""


@dataclass(frozen=True)
class Suppression:
    """Suppression of known findings; reported as unused when no finding matches it."""

    code: str
    subject: str
    """Subject of the findings, in which `*` stands for any characters; empty: any."""
    reason: str
    arch: str | None = None
    path: str = ""
    """Pattern of the findings' files, relative to their tree, with `*` and `**`; empty: any."""

    @property
    def what(self) -> str:
        """Subject and path, for messages."""
        return " in ".join(filter(None, (self.subject, self.path)))


@dataclass(frozen=True)
class ConfiguredTree:
    """Tree to use if the command line names none of its role."""

    name: str
    path: str
    role: str | None = None
    variable: str | None = None
    """Environment variable of the tree, which overrides the configured trees of its role."""


@dataclass(frozen=True)
class Fleet:
    """Default trees of `caplint matrix`: `DIR[@REV]`, or patterns of them."""

    kernels: tuple[str, ...] = ()
    vmms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """All settings, with their defaults."""

    source: Path | None = None
    trees: tuple[ConfiguredTree, ...] = ()
    fail_on: str = "warning"
    select: tuple[str, ...] = ()
    """Codes, prefixes of codes or names of the rules to run; empty: all."""
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    vendor_range: tuple[tuple[int, int], ...] = ()
    abis: tuple[str, ...] = ()
    """ABIs for which layouts are compared; empty: all."""
    oldest_kernel: str = ""
    """Oldest release of Linux that the VMMs support; empty: unknown, so that no capability is taken for granted."""
    jobs: int = field(default_factory=default_jobs)
    cache: str = ""
    coverage_floor: float = 0.0
    repairs: Repairs = field(default_factory=Repairs)
    suppress: tuple[Suppression, ...] = ()
    known: tuple[str, ...] = ()
    """Further files of findings that are known upstream."""
    matrix: Fleet = field(default_factory=Fleet)
    restricted: dict[str, Any] = field(default_factory=dict, compare=False)
    """Settings that require trust in the file, with their values as written."""

    @property
    def store_path(self) -> Path | None:
        """Path of the fact store; None to keep no facts."""
        from caplint.facts.store.schema import file_name  # noqa: PLC0415 - a run whose outcome is known needs no store

        directory = self.cache_directory
        return directory / file_name() if directory else None

    @property
    def cache_directory(self) -> Path | None:
        """Directory of all caches; None to cache nothing."""
        chosen = os.environ.get("CAPLINT_CACHE") or self.cache
        if chosen == "none":
            return None
        return Path(chosen) if chosen else platformdirs.user_cache_path("caplint")


def load(explicit: Path | None = None, start: Path | None = None, *, trusting: bool = False) -> Config:
    """Return the effective configuration: the given file, or the nearest one from `start` upward, or the defaults.

    Trees of environment variables come first. Raises `CaplintError`, naming file and key, for a file that cannot be
    read, for an unknown or invalid key, and for an untrusted file that sets restricted keys, unless `trusting`
    (only to show the configuration).
    """
    path = explicit or nearest(start or Path.cwd())
    if path is None:
        return Config(trees=_environment())
    config = read(path)
    if explicit is None and config.restricted and not trusting:
        from caplint.config import trust  # noqa: PLC0415 - most configurations set nothing of the kind

        trust.demand(path, config.restricted)
    return config


def read(path: Path) -> Config:
    """Read the configuration of a file, trusted or not. Raises `CaplintError` as `load` does."""
    data = _parsed(path, read_regular(path))
    if path.name == "pyproject.toml":
        data = _tools(data).get("caplint", {})
    return _config(path, data)


def nearest(start: Path) -> Path | None:
    """Return the configuration file of a directory or of the nearest directory above that has one."""
    for directory in (start, *start.parents):
        candidate = directory / "caplint.toml"
        if candidate.is_file():
            return candidate
        project = directory / "pyproject.toml"
        if project.is_file():
            # Most pyproject.toml files have no caplint table; then their size and syntax do not matter.
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


_AS_READ = ("fail-on", "select", "extend-select", "ignore", "vendor-range", "abis", "oldest-kernel", "jobs")


def _config(path: Path, data: Any) -> Config:
    without_nul(path, data)
    top = section(path, "", data, TOP)
    c = section(path, "c.", top.get("c", {}), C)
    coverage = section(path, "coverage.", top.get("coverage", {}), COVERAGE)
    fleet = section(path, "matrix.", top.get("matrix", {}), MATRIX)
    values = {key.replace("-", "_"): top[key] for key in _AS_READ if key in top}
    cache = top.get("cache", "")
    if cache not in {"", "none"}:
        cache = _place(path, cache)
    return Config(
        source=path,
        trees=(*_environment(), *(_tree(path, name, entry) for name, entry in top.get("trees", {}).items())),
        rules=tuple(_place(path, directory) for directory in top.get("rules", ())),
        known=tuple(_place(path, file) for file in top.get("known", ())),
        cache=cache,
        coverage_floor=coverage.get("floor", 0.0),
        repairs=Repairs(c.get("attributes", ()), c.get("iterators", ())),
        suppress=tuple(_suppression(path, entry) for entry in top.get("suppress", ())),
        matrix=Fleet(**{side: tuple(_place(path, text) for text in texts) for side, texts in fleet.items()}),
        restricted=_restricted(top, c),
        **values,
    )


def _restricted(top: dict[str, Any], c: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that need trust in the file, as the file writes them."""
    restricted = {key: top[key] for key in RESTRICTED if top.get(key)}
    if restricted.get("cache") == "none":  # nothing is written then
        del restricted["cache"]
    if c.get("iterators"):  # a regular expression may take exponential time
        restricted[_ITERATORS] = c["iterators"]
    return restricted


def _tree(path: Path, name: str, entry: Any) -> ConfiguredTree:
    values = section(path, f"trees.{short(name)}.", entry, TREE)
    if "path" not in values:
        raise CaplintError(f"{path}: trees.{short(name)}.path is missing")
    return ConfiguredTree(name, _place(path, values["path"]), values.get("role"))


def _environment() -> tuple[ConfiguredTree, ...]:
    """Return the trees of environment variables; relative paths start at the working directory."""
    return tuple(
        ConfiguredTree(name, text, role, variable)
        for variable, (name, role) in VARIABLES.items()
        if (text := os.environ.get(variable))
    )


def _place(path: Path, text: str) -> str:
    """Return a configured path: `~` and `$VAR` expanded, relative to the file's directory."""
    # Path.expanduser() raises for an unknown user; os.path.expanduser() leaves such a name as it is.
    return str(path.parent / os.path.expanduser(os.path.expandvars(text)))  # noqa: PTH111


def _suppression(path: Path, entry: Any) -> Suppression:
    values = section(path, "suppress.", entry, SUPPRESS)
    needed = ("code", "reason") if values.get("path", "").strip() else ("code", "subject", "reason")
    for key in needed:
        if not values.get(key, "").strip():
            raise CaplintError(f"{path}: a suppression needs a code, a subject or path, and a reason; {key} is missing")
    return Suppression(**{"subject": "", **values})
