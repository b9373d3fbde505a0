"""Files of stores in the cache directory: recognition, removal and renaming."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from caplint.facts.store.seal import SUFFIX, locked
from caplint.util.cache_directory import beginning, opened, opened_file, regular

APPLICATION = 0x43504C54
"""SQLite's `application_id` of a store ("CPLT"): caplint's mark in its header."""
_NAME = re.compile(r"facts-([0-9a-f]{1,8})\.db\Z")
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_BESIDE = ("-wal", "-shm", "-journal")
_ASIDE = ".put-aside"


def prepare(path: Path) -> bool:
    """Create the cache directory and an empty file for the store, unless they exist.

    Returns whether a file of this name without the mark was moved aside. Raises `OSError`, with a
    reason, for a directory or file that is refused.
    """
    with opened(path.parent, create=True) as directory:
        for suffix in (*_BESIDE, SUFFIX):
            regular(path.name + suffix, directory)
        strange = regular(path.name, directory) is not None and not _is_marked(path.name, directory)
        if strange:
            _put_aside(path.name, directory)
        os.close(opened_file(path.name, directory, os.O_RDWR | os.O_CREAT))
        return strange


def remove(path: Path) -> None:
    """Remove a damaged store, whose lock is held; a file without the mark is moved aside instead."""
    with opened(path.parent) as directory:
        if regular(path.name, directory) is None or _is_marked(path.name, directory):
            _unlink(path.name, directory)
        else:
            _put_aside(path.name, directory)


def forget_others(path: Path, most: int, oldest: float) -> None:
    """Remove the stores of other versions that were last used before `oldest`, and all but the latest `most`."""
    with opened(path.parent) as directory:
        others = sorted((-status.st_mtime, name) for status, name in _marked(directory) if name != path.name)
        for rank, (negated, name) in enumerate(others):
            if rank >= most or -negated < oldest:
                with suppress(OSError), locked(path.with_name(name), patience=0):
                    _unlink(name, directory, SUFFIX)


def _marked(directory: int) -> Iterator[tuple[os.stat_result, str]]:
    for name in os.listdir(directory):
        if _NAME.match(name):
            with suppress(OSError):
                status = regular(name, directory)
                if status is not None and status.st_size and _is_marked(name, directory):
                    yield status, name


def _is_marked(name: str, directory: int) -> bool:
    """Tell whether a file is a store or empty (a store that is being created).

    Earlier versions set no `application_id`; their `user_version` equals the one in their name (SQLite's header, 1.3).
    """
    header = beginning(name, directory, _HEADER)
    if not header:
        return True
    version, application = int.from_bytes(header[60:64]), int.from_bytes(header[68:72])
    match = _NAME.match(name)
    return header.startswith(_MAGIC) and (
        application == APPLICATION or (match is not None and version != 0 and version == int(match.group(1), 16))
    )


def _unlink(name: str, directory: int, *more: str) -> None:
    """Remove a store and SQLite's files beside it; `more` may add its seal, which is also the lock of all processes."""
    for file in (*(name + suffix for suffix in (*_BESIDE, *more)), name):
        with suppress(OSError):
            if regular(file, directory) is not None:
                os.unlink(file, dir_fd=directory)


def _put_aside(name: str, directory: int) -> None:
    """Rename a file with the suffix for files moved aside; an existing one is replaced only if it is regular."""
    regular(name + _ASIDE, directory)
    os.replace(name, name + _ASIDE, src_dir_fd=directory, dst_dir_fd=directory)
    for suffix in _BESIDE:
        with suppress(OSError):
            os.replace(name + suffix, name + suffix + _ASIDE, src_dir_fd=directory, dst_dir_fd=directory)
