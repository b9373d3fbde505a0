"""Caches of one server, removed when it ends."""

from __future__ import annotations

import shutil
from pathlib import Path

LIMIT = 192 << 20
"""Bytes that checks of buffers may add: a version of a large file takes a megabyte and more."""


class Scratch:
    """A copy of the user's cache as it was after the first check, and the cache that checks of buffers add to."""

    def __init__(self, root: Path) -> None:
        self._pristine = root / "first"
        self._working = root / "work"
        self._generation = 0

    @property
    def pristine(self) -> Path:
        """Directory to which the user's cache is to be copied."""
        return self._pristine

    def cache(self) -> Path:
        """Return the directory that the next check uses; it begins anew from the copy when it has become too large."""
        current = self._directory()
        if current.is_dir() and _grown(current) - _grown(self._pristine) > LIMIT:
            shutil.rmtree(current, ignore_errors=True)
            self._generation += 1
            current = self._directory()
        if not current.is_dir():
            if self._pristine.is_dir():
                shutil.copytree(self._pristine, current)
            else:
                current.mkdir(mode=0o700, parents=True)
        return current

    def _directory(self) -> Path:
        return self._working.with_name(f"{self._working.name}{self._generation}")


def _grown(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.iterdir()) if directory.is_dir() else 0
