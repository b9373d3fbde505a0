"""Projects: programs that caplint can recognise, and the files that it reads of each."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from caplint.knowledge.globs import Globs, compile_globs, directories


@dataclass(frozen=True)
class HeaderSync:
    """Headers of a project that only a script writes, from a kernel, and the mail that stands for it."""

    files: Globs
    subject: str
    message: str


@dataclass(frozen=True)
class Project:
    """Program that caplint can recognise and read."""

    name: str
    title: str
    role: str
    markers: list[list[str]]
    files: Globs
    search: Globs
    exclude: Globs
    roots: list[str]
    """Directories that contain all wanted files; `""` for the whole tree."""
    holders: tuple[Globs, Globs]
    """Matchers of directories that may contain, at any depth, files of `files` and of `search`."""
    headers: dict[str, Globs]
    """Kind of a copy of KVM's UAPI → its paths: `uapi`, `copy` (the kernel's copy in tools/) or `vmm`."""
    documentation: Globs
    msrs: Globs
    """Headers that define MSR numbers."""
    selftests: list[str] = field(default_factory=list)
    """Directories of tests."""
    home: Globs = field(default_factory=lambda: compile_globs([]))
    """Paths that no other project has."""
    release: str = ""
    """Name of the file that states the version, in any directory; empty if there is none."""
    architectures: list[re.Pattern[str]] = field(default_factory=list)
    """Patterns of paths; the group `any` is always an architecture, the group `arch` only if its name is known."""
    built_for: dict[str, Globs] = field(default_factory=dict)
    """Architecture → files that only it builds although no directory names it."""
    sync: HeaderSync | None = None

    def header_kind(self, path: str) -> str | None:
        """Return the kind of UAPI copy at the path, None for any other file."""
        return next((kind for kind, paths in self.headers.items() if paths.fullmatch(path)), None)

    def wants(self, path: str) -> bool | None:
        """Return True for a file that is always read, None if only with a token of interest, False if never."""
        if self.files.fullmatch(path):
            return True
        if self.search.fullmatch(path) and not self.exclude.fullmatch(path):
            return None
        return False

    def may_hold(self, directory: str) -> bool:
        """Tell whether some file below the directory may be read, by its path or its content."""
        files, search = self.holders
        if files.fullmatch(directory) or any(_below(f"{directory}/", tests) for tests in self.selftests):
            return True
        # Only a glob that ends in `**` matches both a name and a name below it.
        everything_excluded = self.exclude.fullmatch(f"{directory}/-") and self.exclude.fullmatch(f"{directory}/-/-")
        return bool(search.fullmatch(directory)) and not everything_excluded


def project_of(name: str, entry: dict[str, Any]) -> Project:
    """Build a project from its table in projects.toml."""
    globs = [*entry["files"], *entry["search"]]
    return Project(
        name=name,
        title=entry["title"],
        role=entry["role"],
        markers=entry["markers"],
        files=compile_globs(entry["files"]),
        search=compile_globs(entry["search"]),
        exclude=compile_globs(entry["exclude"]),
        roots=_roots(globs),
        holders=(directories(entry["files"]), directories(entry["search"])),
        headers={kind: compile_globs(paths) for kind, paths in entry.get("headers", {}).items()},
        documentation=compile_globs(entry.get("documentation", {}).get("api", [])),
        msrs=compile_globs(entry.get("msrs", [])),
        selftests=entry.get("selftests", []),
        home=compile_globs(entry.get("home", [])),
        release=entry.get("release", ""),
        architectures=[_architecture(text) for text in entry["architecture"]],
        sync=_sync(entry["sync"]) if "sync" in entry else None,
        built_for={arch: compile_globs(globs) for arch, globs in entry.get("built_for", {}).items()},
    )


def _sync(entry: dict[str, Any]) -> HeaderSync:
    return HeaderSync(compile_globs(entry["files"]), entry["subject"], entry["message"].strip())


def _architecture(text: str) -> re.Pattern[str]:
    """Compile a prefix with `{arch}` or `{any}`, which name the pattern's group; `**/` matches at any directory."""
    rest = re.sub(r"\\\{(arch|any)\\\}", r"(?P<\1>[A-Za-z0-9_]+)", re.escape(text.removeprefix("**/")))
    return re.compile((r"(?:\A|(?<=/))" if text.startswith("**/") else r"\A") + rest)


def _roots(globs: list[str]) -> list[str]:
    """Return the fixed directory prefixes of globs, without prefixes below another one."""
    heads = sorted({re.split(r"[^/]*[*?{]", glob)[0].rpartition("/")[0] for glob in globs})
    return [head for head in heads if not any(head != other and _below(head, other) for other in heads)]


def _below(path: str, directory: str) -> bool:
    return not directory or path.startswith(directory + "/")
