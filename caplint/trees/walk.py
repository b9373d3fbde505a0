"""Walk over the directories of a working tree, and the state id of their files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from caplint.knowledge.languages import language_of
from caplint.util.errors import CaplintError

Found = list[tuple[os.DirEntry[str], str]]
"""Entries, with their paths relative to the root."""


def walk(name: str, root: Path, directories: Iterable[str], enters: Callable[[str], bool]) -> tuple[Found, Found]:
    """Return every file that caplint can read, by directory, and every symbolic link to something else.

    `enters` decides which subdirectories to enter: a working copy of QEMU has more firmware files than files of its
    own. Links to directories are not followed. Raises `CaplintError` for a directory that
    cannot be listed; `name` is the tree's.
    """
    readable: Found = []
    links: Found = []
    pending = list(directories)
    while pending:
        directory = pending.pop()
        below = []
        for entry in _entries(name, root, directory):
            path = f"{directory}/{entry.name}" if directory else entry.name
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git" and enters(path):
                    below.append(path)
            elif language_of(path) is not None:
                readable.append((entry, path))
            elif entry.is_symlink():
                links.append((entry, path))
        pending += sorted(below)
    return readable, links


def _entries(name: str, root: Path, directory: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(f"{root}/{directory}") as found:
            return list(found)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise CaplintError(
            f"{name}: cannot list {directory}: {error.strerror}; make it readable or exclude the tree"
        ) from error


def state_of(readable: Found, links: Found, apart: Iterable[Path], before: int) -> str | None:
    """Return a digest of path, size, mtime and inode of every file, and of link targets; `apart` may be missing.

    Returns None if a file is not older than `before` (ns since 1970): it may change again with the same stamp.
    """
    lines = []
    for file in apart:
        try:
            status = file.stat()
        except OSError:
            lines.append(f"{file}\0-")
            continue
        if status.st_mtime_ns >= before:
            return None
        lines.append(f"{os.path.realpath(file)}\0{status.st_size} {status.st_mtime_ns} {status.st_ino}")
    further: Found = []
    for entry, path in readable:
        try:
            status = entry.stat()
        except OSError:  # a dangling link
            further.append((entry, path))
            continue
        modified = status.st_mtime_ns
        if modified >= before:
            return None
        lines.append(f"{path}\0{status.st_size} {modified} {status.st_ino}")
        if entry.is_symlink():
            further.append((entry, path))
    links = [*links, *further]
    lines += (f"{path}\0-> {os.path.realpath(entry.path)}" for entry, path in links)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def covers(directories: Collection[str], path: str, enters: Callable[[str], bool]) -> bool:
    """Return whether a walk of the directories would find a file at this path."""
    if language_of(path) is None or ".git" in path.split("/"):
        return False
    above = path.rpartition("/")[0]
    while above not in directories:
        if not above or not enters(above):
            return False
        above = above.rpartition("/")[0]
    return True


def outside(directories: Iterable[str], others: Iterable[str]) -> Iterator[str]:
    """Yield those of the other directories that a walk of the first does not reach."""
    roots = list(directories)
    for other in others:
        if not any(not root or other == root or other.startswith(f"{root}/") for root in roots):
            yield other
