"""Checksums of the store's file, in a file beside it: what a disk has changed is not taken for facts.

SQLite notices damage that breaks the structure of its file, and not a bit that has turned over in a value. So the file
is verified as a whole when it is opened, at some 2 GB/s. It changes only while `sealed` holds the lock, since a
connection copies nothing from its journal by itself (`wal_autocheckpoint`); the journal has checksums of its own. Then
only the parts that the journal names are summed anew: a part that was damaged meanwhile keeps the sum that gives it
away.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ETIMEDOUT
from pathlib import Path

SUFFIX = "-seal"
_PART = 16384
"""Bytes that have one sum."""
_PARTS_READ = 64
_HEADER, _FRAME = 32, 24  # bytes in the journal: sqlite.org/fileformat2.html, "WAL File Format"
_MAGIC = b"caplint1"
_OPEN = b"changing"
# Seconds that another process may hold the lock, which takes it some hundredths of one.
_PATIENCE = 20


class Unsealed(Exception):  # noqa: N818 - no error: a process was ended while it changed the file
    """The file is in the middle of a change."""


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold the lock of a store; the descriptor of its seal. Raises `OSError` where that cannot be had in time."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    handle = os.open(path.with_name(path.name + SUFFIX), flags, 0o600)
    try:
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise OSError(ETIMEDOUT, "another process holds its lock") from None
                time.sleep(0.005)
        yield handle
    finally:
        os.close(handle)


def verify(path: Path, seal: int) -> None:
    """Hold a store's file against its seal, both of which may be missing.

    Raises `sqlite3.DatabaseError` with the code of damage, and `Unsealed`.
    """
    text = os.pread(seal, os.fstat(seal).st_size, 0)
    if not path.exists() or (not path.stat().st_size and not has_journal(path)):
        return
    if text == _OPEN:
        raise Unsealed
    if _parse(text) != _sums(path):
        error = sqlite3.DatabaseError("its content is not what was written")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


@contextmanager
def sealed(path: Path, *, whole: bool = False) -> Iterator[None]:
    """Let the file change, with all that its journal holds, and seal it. `whole`: it may change otherwise as well."""
    with locked(path) as seal:
        old = _parse(os.pread(seal, os.fstat(seal).st_size, 0))
        dirty = None if whole or old is None else _in_journal(path)
        _write(seal, _OPEN)
        yield
        if path.exists():
            sums = _sums(path) if old is None or dirty is None else _renewed(path, old, dirty)
            content = sums.tobytes()
            _write(seal, _MAGIC + zlib.crc32(content).to_bytes(4, "big") + content)


def has_journal(path: Path) -> bool:
    """Whether something was written that the file does not hold yet."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _write(seal: int, content: bytes) -> None:
    os.pwrite(seal, content, 0)
    os.ftruncate(seal, len(content))


def _parse(text: bytes) -> array[int] | None:
    """The sums, None where the text holds none."""
    content = text[len(_MAGIC) + 4 :]
    if text[: len(_MAGIC) + 4] != _MAGIC + zlib.crc32(content).to_bytes(4, "big") or len(content) % 4:
        return None
    return array("I", content)


def _sums(path: Path) -> array[int]:
    found = array("I")
    buffer = memoryview(bytearray(_PARTS_READ * _PART))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            while size % _PART and (more := file.readinto(buffer[size:])):
                size += more
            found.extend(zlib.crc32(buffer[begin : min(begin + _PART, size)]) for begin in range(0, size, _PART))
    return found


def _renewed(path: Path, old: array[int], dirty: set[int]) -> array[int]:
    """The sums with those of parts that have changed, and of all behind what was there before."""
    found = array("I")
    with path.open("rb", buffering=0) as file:
        parts = -(-os.fstat(file.fileno()).st_size // _PART)
        for part in range(parts):
            if part in dirty or part >= len(old) - 1:
                found.append(zlib.crc32(os.pread(file.fileno(), _PART, part * _PART)))
            else:
                found.append(old[part])
    return found


def _in_journal(path: Path) -> set[int]:
    """The parts of the file that the journal changes."""
    found: set[int] = set()
    try:
        with path.with_name(f"{path.name}-wal").open("rb", buffering=0) as file:
            size = int.from_bytes(os.pread(file.fileno(), _HEADER, 0)[8:12], "big")
            for place in range(_HEADER, os.fstat(file.fileno()).st_size, _FRAME + size):
                page = int.from_bytes(os.pread(file.fileno(), 4, place), "big")
                found.update(range((page - 1) * size // _PART, (page * size - 1) // _PART + 1))
    except FileNotFoundError:
        pass
    return found
