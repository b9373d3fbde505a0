"""Cache directory: it is used only if it belongs to the user, bears caplint's mark and contains no links.

Files are created, replaced and removed relative to the open directory, so that a link put in place of a path component
has no effect. A link, a file of another user, or a file that others can write to is never opened.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MARK_NAME = "CACHEDIR.TAG"
"""Name of the file that marks a cache directory; backup programs recognise it (https://bford.info/cachedir/)."""
MARK = b"""\
Signature: 8a477f597d28d172789f06886806bc55
# This directory is a cache of caplint, which removes old files from it.
"""
OUTCOMES = "outcomes"
"""Name of its subdirectory for outcomes."""
_STORE = re.compile(r"facts(?:-[0-9a-f]{1,8})?\.db(?:-wal|-shm|-journal|-seal)?\Z")
_OTHERS_WRITE = 0o022
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


class RefusedError(OSError):
    """Error for a directory or file that is refused; `strerror` gives the reason and the remedy."""

    def __init__(self, reason: str) -> None:
        super().__init__(0, reason)


@contextmanager
def opened(directory: Path, below: str = "", *, create: bool = False) -> Iterator[int]:
    """Yield the descriptor of the cache directory, or of a directory below it.

    Raises `OSError` if it does not exist or cannot be created, and `RefusedError` if it is not trusted.
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
    """Return the status of a file in an open directory; None if it does not exist.

    Raises `RefusedError` if it is not a regular file, has several hard links, or is not writable by the user alone.
    """
    try:
        status = os.stat(name, dir_fd=within, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise RefusedError(f"{name} is {'a link' if stat.S_ISLNK(status.st_mode) else 'not a regular file'}; remove it")
    if status.st_nlink > 1:
        raise RefusedError(f"{name} has more than one hard link; remove it")
    _own(status, name)
    return status


def opened_file(name: str, within: int, flags: int = os.O_RDONLY) -> int:
    """Open a file in an open directory without following links; return the descriptor. Raises as `regular` does."""
    descriptor = os.open(name, flags | _FLAGS, 0o600, dir_fd=within)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise RefusedError(f"{name} is not a regular file; remove it")
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
    with suppress(FileExistsError):  # an existing one is checked when it is opened
        os.mkdir(path, 0o700, dir_fd=within)


@contextmanager
def _directory(shown: Path, name: str | None = None, within: int | None = None) -> Iterator[int]:
    """Open a directory that is not a link and belongs to the user; yield the descriptor."""
    path = shown if name is None else Path(name)
    status = os.stat(path, dir_fd=within, follow_symlinks=False)
    if stat.S_ISLNK(status.st_mode):
        raise RefusedError(f"{shown.name} is a link; name its target instead, or remove the link")
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
        raise RefusedError(f"others can write to {shown}; remove it, or run chmod go-w on it if you trust its content")


def _safe_above(directory: Path) -> None:
    """Raise `RefusedError` if anybody can rename the directory: a parent is world-writable without sticky bit."""
    for above in Path(os.path.realpath(directory.parent), "x").parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise RefusedError(f"everybody can write to {above}, which is above it; choose another cache directory")


def _marked(directory: Path, within: int, *, create: bool) -> None:
    """Check that the directory is caplint's; mark a new one, and one of an earlier version."""
    if regular(MARK_NAME, within) is not None:
        if beginning(MARK_NAME, within, len(MARK) + 1) != MARK:
            raise RefusedError(f"{directory} is another program's cache; choose an empty directory")
        return
    for name in os.listdir(within):
        _earlier(directory, name, within)
    if create:
        _write_mark(within)


def _earlier(directory: Path, name: str, within: int) -> None:
    """Raise `RefusedError` for a name that no version of caplint creates in the directory."""
    if name == OUTCOMES:
        status = os.stat(name, dir_fd=within, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            return
        if stat.S_ISLNK(status.st_mode):
            raise RefusedError(f"{directory / name} is a link; remove it")
    elif name == MARK_NAME or name.startswith(f".{MARK_NAME}"):  # created by a concurrent process
        return
    elif _STORE.match(name):
        regular(name, within)
        return
    raise RefusedError(f"{directory} holds {name}, which is not caplint's; choose an empty directory")


def _write_mark(within: int) -> None:
    """Write the mark atomically, so that no reader sees a part of it."""
    temporary = f".{MARK_NAME}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _FLAGS, 0o600, dir_fd=within)
    try:
        os.write(descriptor, MARK)
    finally:
        os.close(descriptor)
    os.replace(temporary, MARK_NAME, src_dir_fd=within, dst_dir_fd=within)
