"""Location of the repository of a directory, without git: a few of its files are read, and none is obeyed."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from caplint.trees.names import shown
from caplint.util.errors import CaplintError
from caplint.util.regular_file import read_regular

_LARGEST_NAME = 8192
_LARGEST_CONFIG = 4_000_000
# Extensions of the repository format that do not affect the files read here.
_HARMLESS = {
    "noop", "noop-v1", "preciousobjects", "partialclone", "worktreeconfig", "relativeworktrees", "compatobjectformat",
    "submodulepathconfig",
}  # fmt: skip
_SECTION = re.compile(r"\s*\[\s*([^\]\s\"]+)\s*(\"(?:[^\"\\]|\\.)*\")?\s*\]")
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*\"?([^\"#;\s]*))?")


class NoRepositoryError(CaplintError):
    """Directory that is in no git repository."""


@dataclass(frozen=True)
class GitPlace:
    """Directories of a repository, with links resolved."""

    top: Path
    """Root of the working tree; for a bare repository, the repository itself."""
    own: Path
    """Directory of this working tree's HEAD and index."""
    common: Path
    """Directory shared by all working trees: objects and references."""
    prefix: str
    """Path of the directory below the top, with a slash at its end; empty at the top."""

    @property
    def objects(self) -> Path:
        """Directory of objects."""
        return self.common / "objects"

    @property
    def is_shallow(self) -> bool:
        """Whether the history ends at some commits whose parents exist elsewhere."""
        return os.path.lexists(self.common / "shallow")

    @property
    def is_partial(self) -> bool:
        """Whether some objects may be left at the place that the repository was cloned from (git clone --filter)."""
        with os.scandir(self.objects / "pack") if (self.objects / "pack").is_dir() else nullcontext(()) as entries:
            return any(entry.name.endswith(".promisor") for entry in entries)


def locate(directory: Path) -> GitPlace:
    """Find the repository of a directory as git does: here or in a directory above.

    Raises `CaplintError` if there is none, or a damaged one.
    """
    real = Path(os.path.realpath(directory))
    for place in _upward(real):
        own = _repository_of(place)
        if own is not None:
            return _place(place, own, real)
        if _is_repository(place):
            return _place(place, place, place)
    raise NoRepositoryError(f"{shown(directory)}: not in a git repository; give a directory inside one")


def _upward(real: Path) -> Iterator[Path]:
    """Yield the directory and those above it, up to the point where git would stop."""
    ceilings = {os.path.realpath(entry) for entry in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(":") if entry}
    device = os.stat(real).st_dev  # noqa: PTH116
    for place in (real, *real.parents):
        if place != real and (str(place) in ceilings or os.stat(place).st_dev != device):  # noqa: PTH116
            return
        yield place


def _repository_of(top: Path) -> Path | None:
    """Return the repository that a directory's `.git` is or names; None without one."""
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
        raise CaplintError(f"{shown(dot)}: is not a repository and does not name one (`gitdir: PATH`)")
    named = Path(os.path.realpath(top / text.removeprefix("gitdir:").strip()))
    if not named.is_dir():
        raise CaplintError(f"{shown(dot)}: names {shown(named)}, which is not a directory")
    return named


def _is_repository(place: Path) -> bool:
    return (place / "HEAD").exists() and all((place / name).is_dir() for name in ("objects", "refs"))


def _place(top: Path, own: Path, real: Path) -> GitPlace:
    common = own
    if os.path.lexists(own / "commondir"):
        common = Path(os.path.realpath(own / read_line(own / "commondir")))
    if not (common / "objects").is_dir():
        raise CaplintError(f"{shown(common)}: is not a repository: it has no directory of objects")
    _check_format(common / "config")
    prefix = "" if real == top else f"{real.relative_to(top)}/"
    return GitPlace(top, own, common, prefix)


def read_line(file: Path) -> str:
    """Return the one line of a small file, as a path. Raises `CaplintError` for any other content."""
    text = os.fsdecode(read_regular(file, _LARGEST_NAME).rstrip(b"\r\n"))
    if not text or "\0" in text or "\n" in text:
        raise CaplintError(f"{shown(file)}: must contain exactly one path")
    return text


def _check_format(config: Path) -> None:
    """Raise `CaplintError` for a repository format that caplint does not read."""
    if not os.path.lexists(config):
        return
    for key, value in _extensions(read_regular(config, _LARGEST_CONFIG).decode("utf-8", "replace")):
        if key == "refstorage" and value == "files":
            continue
        if key == "objectformat":
            if value == "sha1":
                continue
            raise CaplintError(
                f"{shown(config.parent)}: uses {shown(value).upper()} object ids, which caplint does not read; "
                "check the directory, not a revision"
            )
        if key not in _HARMLESS:
            raise CaplintError(
                f"{shown(config.parent)}: has the extension {key}{f' = {shown(value)}' if value else ''}, which "
                "caplint does not read; check the directory, not a revision, or convert the repository"
            )


def _extensions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the keys of `[extensions]` (git-config(1)) in lower case, with their values."""
    inside = False
    for line in text.split("\n"):
        if section := _SECTION.match(line):
            inside = section[1].lower() == "extensions" and section[2] is None
        rest = line[section.end() :] if section else line
        if inside and (key := _KEY.match(rest)):
            yield key[1].lower(), (key[2] or "").lower()


def is_top(path: str) -> bool:
    """Tell whether a directory is the top of a repository, and not one somewhere in another's working tree."""
    if not Path(path).is_dir():
        return False
    try:
        return locate(Path(path)).prefix == ""
    except NoRepositoryError:
        return False
