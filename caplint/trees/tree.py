"""What every tree offers: which files matter, under which content, and their bytes."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from caplint.errors import CaplintError
from caplint.knowledge import Project


@dataclass(frozen=True, slots=True)
class File:
    """A file that matters: its path relative to the tree's root, git's object id, its size in bytes."""

    path: str
    oid: str
    size: int


class Stamp(NamedTuple):
    """What a file's inode said when it was last read."""

    size: int
    mtime: int
    inode: int


class StampCache(Protocol):
    """Remembers contents by stamp, so that an untouched file need not be read again."""

    def stamps(self, directory: str) -> dict[str, tuple[Stamp, str, bool]]:
        """Path → stamp, object id (empty where nobody needs it), and whether the content holds a token of interest."""

    def remember(self, directory: str, entries: dict[str, tuple[Stamp, str, bool]], gone: set[str]) -> None:
        """Add and replace entries, and forget those that are gone."""


class Tree(ABC):
    """A named source of files."""

    name: str
    role: str
    project: Project
    location: str
    """What a person would call the place: a directory, a revision."""
    revision: str | None = None
    base: Tree | None = None
    """The same tree before the patch that lies over it."""

    @abstractmethod
    def files(self, cache: StampCache) -> list[File]:
        """The files that matter, sorted by path."""

    @abstractmethod
    def sources(self) -> list[str]:
        """Every file that could matter, sorted by path: those of `files`, and those that hold nothing of interest."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """A file's bytes. Raises `OSError` where it cannot be read."""

    def header(self, path: str) -> bytes | None:
        """A file's bytes, None where the tree holds no such file or it cannot be read."""
        try:
            return self.read(path)
        except (OSError, CaplintError):
            return None


def object_id(content: bytes) -> str:
    """The name that git gives to the content (SHA-1, gitformat-pack(5))."""
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()
