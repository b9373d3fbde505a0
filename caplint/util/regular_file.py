"""Reading of regular files only: a FIFO, a device or a socket under a file's name would block for ever."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from caplint.util.errors import CaplintError

DEFAULT_LIMIT = 64_000_000
_PIECE = 1 << 20
_KINDS: dict[Callable[[int], bool], str] = {
    stat.S_ISDIR: "a directory",
    stat.S_ISFIFO: "a FIFO",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading in binary; links are followed.

    Raises `CaplintError`, one line that begins with the path, for any other kind of file and if it cannot be opened.
    """
    try:
        # A device is not even opened, because opening can have an effect. Another process may replace the file before
        # it is opened; therefore opening does not block, and the open file is checked again.
        _want_regular(path, path.stat().st_mode)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            _want_regular(path, os.fstat(descriptor).st_mode)
        except CaplintError:
            os.close(descriptor)
            raise
        return os.fdopen(descriptor, "rb")
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error


def read_regular(path: Path, most: int = DEFAULT_LIMIT) -> bytes:
    """Read a whole regular file of at most `most` bytes; its size is checked before it is read.

    Raises `CaplintError`, one line that begins with the path, for a larger file and if `open_regular` does.
    """
    with open_regular(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            if size > most:
                raise _too_large(path, size, most)
            content = bytearray()
            # In pieces: the file may grow meanwhile, and files in /proc are larger than their stated size.
            while piece := os.read(file.fileno(), _PIECE):
                content += piece
                if len(content) > most:
                    raise _too_large(path, len(content), most)
            return bytes(content)
        except (OSError, MemoryError) as error:
            raise _unreadable(path, error) from error


def _want_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in _KINDS.items() if test(mode)), "a special file")
        raise CaplintError(f"{path}: cannot be read: it is {kind}, not a regular file")


def _unreadable(path: Path, error: Exception) -> CaplintError:
    reason = (isinstance(error, OSError) and error.strerror) or (
        "not enough memory" if isinstance(error, MemoryError) else "no file can have this name"
    )
    return CaplintError(f"{path}: cannot be read: {reason}")


def _too_large(path: Path, size: int, most: int) -> CaplintError:
    return CaplintError(f"{path}: {size:,} bytes; more than {most:,} are not read")


def standard_input(most: int = DEFAULT_LIMIT) -> bytes:
    """Return at most `most` + 1 bytes of standard input. Raises `CaplintError` where it is closed or cannot be read."""
    if sys.stdin is None or sys.stdin.closed:
        raise CaplintError("-: standard input is closed; pipe the input into it, or name a file")
    try:
        return sys.stdin.buffer.read(most + 1)
    except OSError as error:
        raise CaplintError(
            f"-: standard input cannot be read: {error.strerror}; pipe the input into it, or name a file"
        ) from error
