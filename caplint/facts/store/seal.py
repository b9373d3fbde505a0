"""Checksums of the store's file, in a file beside it (the seal), which detect damage by the disk.

SQLite detects damage to the structure of its file, but not a flipped bit in a value. Therefore the whole file is
verified when it is opened, at some 2 GB/s. It changes only within `sealed`, because connections never copy from the
journal by themselves: neither while they are open (`wal_autocheckpoint`) nor when the last one closes (`pinned`). The
journal has its own checksums. After a change only the parts named by the journal are summed again: a part that was
damaged meanwhile keeps its old sum, which reveals the damage.

One lock is held for opening, for each write to the journal, for copying it, and for removing the file. Without it, a
write could reach the journal after its parts were listed and be copied with them.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import struct
import time
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ETIMEDOUT
from pathlib import Path

SUFFIX = "-seal"
_PART = 16384
"""Bytes covered by one checksum."""
_PARTS_READ = 64
_HEADER, _FRAME = 32, 24  # bytes in the journal: sqlite.org/fileformat2.html, "WAL File Format"
_MAGIC = b"caplint1"
_OPEN = b"changing"
# Seconds to wait for the lock, which other processes hold for some hundredths of a second.
_PATIENCE = 20
# Bytes of the file that each connection locks: sqlite.org/fileformat2.html, "The Lock-Byte Page".
_SHARED_FIRST, _SHARED_SIZE = 0x40000002, 510


class Unsealed(Exception):  # noqa: N818 - not an error: a process was killed while it changed the file
    """Signal that a change of the file was not completed."""


@contextmanager
def locked(path: Path, patience: float | None = None) -> Iterator[int]:
    """Hold the lock of a store and yield the descriptor of its seal. Raises `OSError` if the wait times out."""
    handle = _acquired(path.with_name(path.name + SUFFIX), _PATIENCE if patience is None else patience)
    try:
        yield handle
    finally:
        os.close(handle)


def _acquired(seal: Path, patience: float) -> int:
    end = time.monotonic() + patience
    while True:
        handle = os.open(seal, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if is_same(seal, handle):  # else it was removed by the process that held the lock
                return handle
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(handle)
                raise OSError(ETIMEDOUT, "another process holds its lock") from None
            time.sleep(0.005)
        os.close(handle)


def pinned(path: Path) -> int:
    """Open a store's file and share SQLite's lock on it; return the descriptor, to be closed after the connection.

    A connection that is closed as the last one copies the journal and removes it, under no lock of ours and with no
    seal. It does so only if nobody else shares the lock. The lock belongs to the descriptor and not, as SQLite's own,
    to the process: it remains when any other descriptor of the file is closed in this process.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        lock = struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, _SHARED_FIRST, _SHARED_SIZE, 0)
        fcntl.fcntl(handle, fcntl.F_OFD_SETLK, lock)
    except BaseException:
        os.close(handle)
        raise
    return handle


def is_same(path: Path, handle: int) -> bool:
    """Tell whether an open file is still the one at the path."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def verify(path: Path, seal: int) -> None:
    """Compare a store's file with its seal; both may be missing.

    Raises `sqlite3.DatabaseError` with the code SQLITE_CORRUPT for damage, and `Unsealed` for an incomplete change.
    """
    text = os.pread(seal, os.fstat(seal).st_size, 0)
    if not path.exists() or (not path.stat().st_size and not has_journal(path)):
        return
    if text == _OPEN:
        raise Unsealed
    if _parse(text) != _sums(path):
        error = sqlite3.DatabaseError("its content does not match its checksums")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


@contextmanager
def sealed(path: Path, seal: int, *, whole: bool = False) -> Iterator[None]:
    """Seal the file after it was changed from its journal; the lock is held. `whole`: it may change in other ways.

    A seal that is damaged, or was left by a process that was killed, stays as it is, and the next opening reports it.
    """
    old = _parse(os.pread(seal, os.fstat(seal).st_size, 0))
    if old is None and not whole:
        yield
        return
    dirty = _in_journal(path)
    _write(seal, _OPEN)
    yield
    sums = _sums(path) if old is None or whole else _renewed(path, old, dirty)
    content = sums.tobytes()
    _write(seal, _MAGIC + zlib.crc32(content).to_bytes(4, "big") + content)


def has_journal(path: Path) -> bool:
    """Tell whether the journal contains writes that are not in the file yet."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _write(seal: int, content: bytes) -> None:
    os.pwrite(seal, content, 0)
    os.ftruncate(seal, len(content))


def _parse(text: bytes) -> array[int] | None:
    """Return the checksums, None if the text is not a valid seal."""
    content = text[len(_MAGIC) + 4 :]
    if text[: len(_MAGIC) + 4] != _MAGIC + zlib.crc32(content).to_bytes(4, "big") or len(content) % 4:
        return None
    return array("I", content)


def _sums(path: Path) -> array[int]:
    sums = array("I")
    buffer = memoryview(bytearray(_PARTS_READ * _PART))
    with path.open("rb", buffering=0) as file:
        while size := file.readinto(buffer):
            while size % _PART and (more := file.readinto(buffer[size:])):
                size += more
            sums.extend(zlib.crc32(buffer[begin : min(begin + _PART, size)]) for begin in range(0, size, _PART))
    return sums


def _renewed(path: Path, old: array[int], dirty: set[int]) -> array[int]:
    """Return the checksums, computed again for changed parts and for parts at or behind the old end."""
    sums = array("I")
    with path.open("rb", buffering=0) as file:
        parts = -(-os.fstat(file.fileno()).st_size // _PART)
        for part in range(parts):
            if part in dirty or part >= len(old) - 1:
                sums.append(zlib.crc32(os.pread(file.fileno(), _PART, part * _PART)))
            else:
                sums.append(old[part])
    return sums


def _in_journal(path: Path) -> set[int]:
    """Return the indices of the parts that the journal changes."""
    changed: set[int] = set()
    try:
        with path.with_name(f"{path.name}-wal").open("rb", buffering=0) as file:
            size = int.from_bytes(os.pread(file.fileno(), _HEADER, 0)[8:12], "big")
            for offset in range(_HEADER, os.fstat(file.fileno()).st_size, _FRAME + size):
                page = int.from_bytes(os.pread(file.fileno(), 4, offset), "big")
                changed.update(range((page - 1) * size // _PART, (page * size - 1) // _PART + 1))
    except FileNotFoundError:
        pass
    return changed
