"""Looks at a repository's directory of objects before git does: a FIFO there would have git wait for ever."""

from __future__ import annotations

import os
import re
import stat
import time
from pathlib import Path

from caplint.errors import CaplintError
from caplint.regular_file import read_regular
from caplint.trees.names import shown

_LOOSE = re.compile(r"[0-9a-f]{2}")
_OTHERS = ("pack", "info")
# As deep as git follows repositories that borrow objects from each other (clone --reference).
_DEEPEST = 5
_LARGEST = 1_000_000
_MOST = 1000
_PATIENCE = 20.0


def check_objects(objects: Path, *, loose: bool) -> None:
    """Raise `CaplintError` for anything that git would open there, or where objects are borrowed, and wait for.

    `loose` says whether objects that have a file each are looked at as well, of which there may be hundreds of
    thousands.
    """
    end = time.monotonic() + _PATIENCE
    seen: set[str] = set()
    pending = [(objects, 0)]
    while pending:
        store, depth = pending.pop()
        real = os.path.realpath(store)
        if real in seen or not os.path.isdir(real):  # noqa: PTH112 - git passes over one that is gone, too
            continue
        seen.add(real)
        _check_store(real, end, loose=loose)
        borrowed = _borrowed(Path(real))
        if borrowed and depth > _DEEPEST:
            raise CaplintError(f"{shown(objects)}: borrows objects from repositories that borrow them, and so on")
        if len(borrowed) > _MOST:
            raise CaplintError(f"{shown(real)}/info/alternates: names more than {_MOST} directories of objects")
        pending += [(other, depth + 1) for other in borrowed]


def _check_store(store: str, end: float, *, loose: bool) -> None:
    with os.scandir(store) as entries:
        names = [entry.name for entry in entries]
    for name in names:
        if name in _OTHERS or (loose and _LOOSE.fullmatch(name)):
            _check_directory(f"{store}/{name}")
            if time.monotonic() > end:
                raise CaplintError(f"{shown(store)}: to list it takes longer than {_PATIENCE:g} s; run `git gc`")


def _check_directory(directory: str) -> None:
    try:
        with os.scandir(directory) as entries:
            odd = [entry.path for entry in entries if not entry.is_file(follow_symlinks=False)]
    except OSError:  # no directory, or nobody's to read: git finds nothing there either
        return
    for path in odd:
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 - of whatever a link leads to
        except OSError:
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise CaplintError(f"{shown(path)}: neither a file nor a directory; remove it, then run `git fsck`")


def _borrowed(store: Path) -> list[Path]:
    """The directories of objects that this one names: gitrepository-layout(5), objects/info/alternates."""
    file = store / "info/alternates"
    if not os.path.lexists(file):
        return []
    lines = (os.fsdecode(line) for line in read_regular(file, _LARGEST).split(b"\n"))
    return [store / _unquoted(line) for line in lines if line and not line.startswith("#") and "\0" not in line]


def _unquoted(line: str) -> str:
    """A path that git may have written as a string of C."""
    if not (len(line) > 1 and line.startswith('"') and line.endswith('"')):
        return line
    raw = os.fsencode(line[1:-1])
    return os.fsdecode(re.sub(rb"\\([0-7]{3}|.)", _unescaped, raw).replace(b"\0", b""))


def _unescaped(match: re.Match[bytes]) -> bytes:
    letter = match[1]
    if len(letter) == 3:
        return bytes([int(letter, 8) & 0xFF])
    return {b"n": b"\n", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"r": b"\r", b"v": b"\v"}.get(
        letter, letter
    )
