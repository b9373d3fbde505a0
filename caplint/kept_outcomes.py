"""Files of outcomes in the cache directory: each begins with a mark and a digest of the rest."""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from caplint.cache_directory import OUTCOMES, beginning, opened, opened_file, regular

_MARK = b"caplint-outcome "
_NAME = re.compile(r"[0-9a-f]{64}\Z")
_TEMPORARY = re.compile(r"\.[0-9a-f]{64}\.[0-9]+\Z")
_EARLIER = re.compile(rb"[0-9a-f]{64}\n\Z")
_HEAD = len(_MARK) + 65
# Seconds after which nobody writes an outcome any more.
_LONGEST_WRITE = 3600


def read(file: Path, oldest: float) -> str | None:
    """Return the text of `CACHE/outcomes/NAME`; None for one that is damaged or was written before `oldest`.

    Raises `OSError` where it is not there, or the cache directory is not used.
    """
    with opened(file.parent.parent, OUTCOMES) as directory:
        descriptor = opened_file(file.name, directory)
        with os.fdopen(descriptor, "rb") as opened_one:
            if os.fstat(descriptor).st_mtime < oldest:
                return None
            head, content = opened_one.readline(_HEAD), opened_one.read()
    return content.decode("utf-8") if head == _head(content) else None


def keep(file: Path, text: str, most: int, oldest: float) -> None:
    """Write the file as a whole or not at all; forget those before `oldest`, and the oldest above `most` bytes."""
    content = text.encode()
    with opened(file.parent.parent, OUTCOMES, create=True) as directory:
        temporary = f".{file.name}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=directory)  # of a process that was killed, and had this number
        try:
            with os.fdopen(opened_file(temporary, directory, flags), "wb") as out:
                out.write(_head(content) + content)
            os.replace(temporary, file.name, src_dir_fd=directory, dst_dir_fd=directory)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=directory)
            raise
        _forget(directory, most, oldest)


def _head(content: bytes) -> bytes:
    return _MARK + hashlib.sha256(content).hexdigest().encode() + b"\n"


def _forget(directory: int, most: int, oldest: float) -> None:
    size = 0
    for status, name in sorted(_named(directory), key=lambda entry: (-entry[0].st_mtime_ns, entry[1])):
        size += status.st_size
        if size > most or status.st_mtime < oldest:
            with suppress(OSError):
                if _is_ours(name, directory):
                    os.unlink(name, dir_fd=directory)


def _named(directory: int) -> Iterator[tuple[os.stat_result, str]]:
    """The regular files whose names are those of outcomes, and what killed processes have left of some."""
    begun = time.time() - _LONGEST_WRITE
    for name in os.listdir(directory):
        with suppress(OSError):
            left_over = _TEMPORARY.match(name)
            status = regular(name, directory) if left_over or _NAME.match(name) else None
            if status is not None and (not left_over or status.st_mtime < begun):
                yield status, name


def _is_ours(name: str, directory: int) -> bool:
    """Whether a file bears the mark, or is one of an earlier version: its first line is the digest of the rest."""
    head = beginning(name, directory, _HEAD)
    if head.startswith(_MARK) or (not head and _TEMPORARY.match(name)):
        return True
    if not _EARLIER.match(head[:65]):
        return False
    with os.fdopen(opened_file(name, directory), "rb") as file:
        return file.readline(65).rstrip() == hashlib.sha256(file.read()).hexdigest().encode()
