"""The files of stores in the cache directory: which are caplint's, and what may be done to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from caplint.cache_directory import beginning, opened, opened_file, regular
from caplint.facts.seal import SUFFIX

APPLICATION = 0x43504C54
"""SQLite's `application_id` of a store ("CPLT"): the mark in its header."""
_NAME = re.compile(r"facts-([0-9a-f]{1,8})\.db\Z")
_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_BESIDE = ("-wal", "-shm", "-journal")
_ASIDE = ".put-aside"


def prepare(path: Path) -> bool:
    """Make the cache directory and an empty file for the store, unless they are there.

    Returns whether a file under its name, which does not bear the mark, was put aside. Raises `OSError`, with a
    reason, for a directory or file that is not used.
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
    """Remove a store that is damaged; one whose damage has cost it the mark is put aside."""
    with opened(path.parent) as directory:
        if regular(path.name, directory) is None or _is_marked(path.name, directory):
            _unlink(path.name, directory)
        else:
            _put_aside(path.name, directory)


def forget_others(path: Path, most: int, oldest: float) -> None:
    """Remove the stores of other versions that were last used before `oldest`, and all but the latest `most`."""
    with opened(path.parent) as directory:
        others = sorted((-status.st_mtime, name) for status, name in _marked(directory) if name != path.name)
        for place, (negated, name) in enumerate(others):
            if place >= most or -negated < oldest:
                _unlink(name, directory, SUFFIX)


def _marked(directory: int) -> Iterator[tuple[os.stat_result, str]]:
    for name in os.listdir(directory):
        if _NAME.match(name):
            with suppress(OSError):
                status = regular(name, directory)
                if status is not None and status.st_size and _is_marked(name, directory):
                    yield status, name


def _is_marked(name: str, directory: int) -> bool:
    """Whether a file is a store, or will be: an empty one is about to be made.

    Earlier versions have set no `application_id`, but the version that their name gives (SQLite's header, 1.3).
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
    """Remove a store and SQLite's files beside it; `more` may add its seal, which is the lock of every process."""
    for each in (*(name + suffix for suffix in (*_BESIDE, *more)), name):
        with suppress(OSError):
            if regular(each, directory) is not None:
                os.unlink(each, dir_fd=directory)


def _put_aside(name: str, directory: int) -> None:
    """Give a file another name, over one that was put aside before only if that is a regular file, too."""
    regular(name + _ASIDE, directory)
    os.replace(name, name + _ASIDE, src_dir_fd=directory, dst_dir_fd=directory)
    for suffix in _BESIDE:
        with suppress(OSError):
            os.replace(name + suffix, name + suffix + _ASIDE, src_dir_fd=directory, dst_dir_fd=directory)
