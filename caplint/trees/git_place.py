"""Finds the repository that holds a directory, without git: nothing of it is obeyed, its few files are only read."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caplint.errors import CaplintError
from caplint.regular_file import read_regular
from caplint.trees.names import shown

_LARGEST_NAME = 8192
_LARGEST_CONFIG = 4_000_000
# gitformat's extensions that change nothing of what is read here.
_HARMLESS = {
    "noop", "noop-v1", "preciousobjects", "partialclone", "worktreeconfig", "relativeworktrees", "compatobjectformat",
    "submodulepathconfig",
}  # fmt: skip
_SECTION = re.compile(r"\s*\[\s*([^\]\s\"]+)\s*(\"(?:[^\"\\]|\\.)*\")?\s*\]")
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*\"?([^\"#;\s]*))?")


@dataclass(frozen=True)
class GitPlace:
    """The directories of a repository, without links."""

    top: Path
    """The working tree's root; of a bare repository, the repository itself."""
    own: Path
    """What is of this working tree alone: HEAD and the index."""
    common: Path
    """What all working trees of the repository share: objects and references."""
    prefix: str
    """Where the directory lies below the top, with a slash at its end; empty at the top."""

    @property
    def objects(self) -> Path:
        """The directory of objects."""
        return self.common / "objects"


def locate(directory: Path) -> GitPlace:
    """The repository of a directory, found as git finds it: here or in a directory above.

    Raises `CaplintError` where there is none, or a damaged one.
    """
    real = Path(os.path.realpath(directory))
    for place in _upward(real):
        own = _repository_of(place)
        if own is not None:
            return _place(place, own, real)
        if _is_repository(place):
            return _place(place, place, place)
    raise CaplintError(f"{shown(directory)}: not in a git repository; name a directory of one")


def _upward(real: Path) -> Iterator[Path]:
    """The directory and those above it, up to where git would stop."""
    ceilings = {os.path.realpath(entry) for entry in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(":") if entry}
    device = os.stat(real).st_dev  # noqa: PTH116
    for place in (real, *real.parents):
        if place != real and (str(place) in ceilings or os.stat(place).st_dev != device):  # noqa: PTH116
            return
        yield place


def _repository_of(top: Path) -> Path | None:
    """The repository that a directory's `.git` is or names."""
    dot = top / ".git"
    try:
        mode = dot.stat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        found = any(os.path.lexists(dot / name) for name in ("HEAD", "commondir"))
        return Path(os.path.realpath(dot)) if found else None
    text = read_line(dot)
    if not text.startswith("gitdir:"):
        raise CaplintError(f"{shown(dot)}: is no repository and names none (`gitdir: PATH`)")
    named = Path(os.path.realpath(top / text.removeprefix("gitdir:").strip()))
    if not named.is_dir():
        raise CaplintError(f"{shown(dot)}: names {shown(named)}, which is no directory")
    return named


def _is_repository(place: Path) -> bool:
    return (place / "HEAD").exists() and all((place / name).is_dir() for name in ("objects", "refs"))


def _place(top: Path, own: Path, real: Path) -> GitPlace:
    common = own
    if os.path.lexists(own / "commondir"):
        common = Path(os.path.realpath(own / read_line(own / "commondir")))
    if not (common / "objects").is_dir():
        raise CaplintError(f"{shown(common)}: is no repository: it has no directory of objects")
    _check_format(common / "config")
    prefix = "" if real == top else f"{real.relative_to(top)}/"
    return GitPlace(top, own, common, prefix)


def read_line(file: Path) -> str:
    """The one line of a small file, as a path. Raises `CaplintError` for what holds none."""
    text = os.fsdecode(read_regular(file, _LARGEST_NAME).rstrip(b"\r\n"))
    if not text or "\0" in text or "\n" in text:
        raise CaplintError(f"{shown(file)}: does not hold one path")
    return text


def _check_format(config: Path) -> None:
    """Refuse what the configuration says of the repository's format and caplint does not read."""
    if not os.path.lexists(config):
        return
    for key, value in _extensions(read_regular(config, _LARGEST_CONFIG).decode("utf-8", "replace")):
        if key == "refstorage" and value == "files":
            continue
        if key == "objectformat":
            if value == "sha1":
                continue
            raise CaplintError(
                f"{shown(config.parent)}: names its objects by {shown(value).upper()}, which caplint does not read; "
                "check the directory, not a revision"
            )
        if key not in _HARMLESS:
            raise CaplintError(
                f"{shown(config.parent)}: has the extension {key}{f' = {shown(value)}' if value else ''}, which "
                "caplint does not read; check the directory, not a revision, or convert the repository"
            )


def _extensions(text: str) -> Iterator[tuple[str, str]]:
    """The keys of `[extensions]`, as git-config(1) has them, in lower case, with their values."""
    inside = False
    for line in text.split("\n"):
        if section := _SECTION.match(line):
            inside = section[1].lower() == "extensions" and section[2] is None
        rest = line[section.end() :] if section else line
        if inside and (key := _KEY.match(rest)):
            yield key[1].lower(), (key[2] or "").lower()
