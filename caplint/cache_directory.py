"""The cache directory: the user's own, marked as caplint's, and without links, or else it is not used.

Everything in it is made, replaced and removed relative to the open directory, so that no link that takes the place of
a name on the way leads elsewhere. A link, a file of another user, or one that others can write to is never opened.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MARK_NAME = "CACHEDIR.TAG"
"""The file that marks a cache directory; backup programs know it (https://bford.info/cachedir/)."""
MARK = b"""\
Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache of caplint, which removes old files from it.
"""
OUTCOMES = "outcomes"
"""The directory below it that holds outcomes."""
_STORE = re.compile(r"facts(?:-[0-9a-f]{1,8})?\.db(?:-wal|-shm|-journal)?\Z")
_OTHERS_WRITE = 0o022
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class RefusedError(OSError):
    """A directory or file that is not used; `strerror` says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(0, reason)


@contextmanager
def opened(directory: Path, below: str = "", *, create: bool = False) -> Iterator[int]:
    """Give the descriptor of the cache directory, or of one below it.

    Raises `OSError`, `RefusedError` with a reason, where it is not there, cannot be made, or is not used.
    """
    if create:
        for above in reversed(directory.parents):
            if not above.exists():
                _make(above)
    _safe_above(directory)
    if create:
        _make(directory)
    with _directory(directory) as top:
        _marked(directory, top, create=create)
        if not below:
            yield top
            return
        if create:
            _make(Path(below), top)
        with _directory(directory / below, below, top) as inner:
            yield inner


def regular(name: str, within: int) -> os.stat_result | None:
    """Return the status of a file in an open directory; None where there is none.

    Raises `RefusedError` for what is no regular file, has another name too, or is not the user's alone.
    """
    try:
        status = os.stat(name, dir_fd=within, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError(f"{name} is {'a link' if stat.S_ISLNK(status.st_mode) else 'no regular file'}; remove it")
    if status.st_nlink > 1:
        raise RefusedError(f"{name} is a file with another name, too; remove it")
    _own(status, name)
    return status


def opened_file(name: str, within: int, flags: int = os.O_RDONLY) -> int:
    """Open a file in an open directory without following a link; the descriptor. Raises as `regular` does."""
    descriptor = os.open(name, flags | _FLAGS, 0o600, dir_fd=within)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError(f"{name} is no regular file; remove it")
        _own(status, name)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def beginning(name: str, within: int, size: int) -> bytes:
    """Return the first bytes of a file in an open directory. Raises as `opened_file` does."""
    descriptor = opened_file(name, within)
    try:
        return os.read(descriptor, size)
    finally:
        os.close(descriptor)


def _make(path: Path, within: int | None = None) -> None:
    with suppress(FileExistsError):  # what stands there is looked at when it is opened
        os.mkdir(path, 0o700, dir_fd=within)


@contextmanager
def _directory(shown: Path, name: str | None = None, within: int | None = None) -> Iterator[int]:
    """Open a directory that is no link and the user's own."""
    path = shown if name is None else Path(name)
    status = os.stat(path, dir_fd=within, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        raise RefusedError(f"{shown.name} is a link; name the directory that is meant, or remove the link")
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=within)
    try:
        _own(os.fstat(descriptor), str(shown))
        yield descriptor
    finally:
        os.close(descriptor)


def _own(status: os.stat_result, shown: str) -> None:
    if status.st_uid != os.geteuid():
        raise RefusedError(f"{shown} belongs to user {status.st_uid}; choose another cache directory")
    if status.st_mode & _OTHERS_WRITE:
        raise RefusedError(f"others can write to {shown}; remove it, or run chmod go-w on it if you know what it holds")


def _safe_above(directory: Path) -> None:
    """Refuse a directory that anybody can rename: one below a world-writable one without the sticky bit."""
    for above in Path(os.path.realpath(directory.parent), "x").parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise RefusedError(f"everybody can write to {above}, which is above it; choose another cache directory")


def _marked(directory: Path, within: int, *, create: bool) -> None:
    """See that the directory is caplint's; mark a new one, and one of an earlier version."""
    if regular(MARK_NAME, within) is not None:
        if beginning(MARK_NAME, within, len(MARK) + 1) != MARK:
            raise RefusedError(f"{directory} is another program's cache; choose an empty directory")
        return
    for name in os.listdir(within):
        _earlier(directory, name, within)
    if create:
        _write_mark(within)


def _earlier(directory: Path, name: str, within: int) -> None:
    """Refuse what no version of caplint has made."""
    if name == OUTCOMES:
        status = os.stat(name, dir_fd=within, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return
        if stat.S_ISLNK(status.st_mode):
            raise RefusedError(f"{directory / name} is a link; remove it")
    elif name == MARK_NAME or name.startswith(f".{MARK_NAME}"):  # of a process that begins at the same time
        return
    elif _STORE.match(name):
        regular(name, within)
        return
    raise RefusedError(f"{directory} holds {name}, which is not caplint's; choose an empty directory")


def _write_mark(within: int) -> None:
    """Write the mark as a whole, so that nobody reads half of it."""
    temporary = f".{MARK_NAME}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600, dir_fd=within)
    try:
        os.write(descriptor, MARK)
    finally:
        os.close(descriptor)
    os.replace(temporary, MARK_NAME, src_dir_fd=within, dst_dir_fd=within)
