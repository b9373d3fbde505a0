"""What every tree offers: which files matter, under which content, and their bytes."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from caplint.knowledge import Project

LARGEST = 16 << 20
"""Bytes of the largest file that is read; a larger one is a blind spot."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that matters: its path relative to the tree's root, git's object id, its size in bytes."""

    path: str
    oid: str
    size: int
    speaks: bool = True
    """Whether it holds a token of interest, and does not matter for its place alone."""


class PatchFile(NamedTuple):
    """What one patch of a series does to one file."""

    series: str
    """The file that the series was read from."""
    ordinal: int
    """Which patch of its series, from 1."""
    patch: str
    """Its subject, or the file that it was read from."""
    path: str
    """After the patch; of a removed file before it."""
    kind: str
    """modified, added, removed, renamed, copied."""


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

    def objects(self, oids: Iterable[str]) -> dict[str, tuple[int, bool]]:
        """Of those git objects that are known: object id → size in bytes, and whether it holds a token of interest."""

    def remember_objects(self, entries: dict[str, tuple[int, bool]]) -> None:
        """Add what objects were found to hold; that never changes."""


States = dict["Tree", "str | None"]
"""The states of trees, at one time."""


class Tree(ABC):
    """A named source of files."""

    name: str
    role: str
    project: Project
    location: str
    """What a person would call the place: a directory, a revision."""
    revision: str | None = None
    complete: bool = True
    """False where only the hunks of diffs are in view."""
    base: Tree | None = None
    """The same tree before the patch that lies over it, or what else it is compared with."""
    patch_files: Sequence[PatchFile] = ()
    """What the patches between base and tree do to files; empty where that is not known patch by patch."""

    @abstractmethod
    def files(self, cache: StampCache) -> list[File]:
        """The files that matter, sorted by path."""

    def with_base(self, cache: StampCache) -> tuple[list[File], list[File]]:
        """The same, and those of the base; none where there is no base."""
        return self.files(cache), self.base.files(cache) if self.base is not None else []

    @abstractmethod
    def code(self, cache: StampCache) -> list[File]:
        """Every C file that could matter, sorted by path: what a call graph is made of."""

    @abstractmethod
    def sources(self) -> list[str]:
        """Every file that could matter, sorted by path: those of `files`, and those that hold nothing of interest."""

    @abstractmethod
    def state(self, known: States) -> str | None:
        """Names everything of the tree that a run may come to see, whatever it holds; None where that cannot be told.

        It is taken as cheaply as can be: of a directory by what the inodes say, and not by contents. `known` has what
        other trees over the same directory have found of it.
        """

    @abstractmethod
    def read(self, path: str) -> bytes:
        """A file's bytes. Raises `OSError` where it cannot be read."""

    @abstractmethod
    def has(self, path: str) -> bool:
        """Whether there is a file or a directory of this name, wherever it is and whatever it holds."""

    @abstractmethod
    def below(self, directory: str) -> list[str]:
        """The C files below a directory, whether they matter or not."""

    def content(self, path: str) -> bytes | None:
        """A file's bytes, None where the tree has no such file of its own."""
        return self.read(path) if self.has(path) else None


def object_id(content: bytes) -> str:
    """The name that git gives to the content (SHA-1, gitformat-pack(5))."""
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


@lru_cache(maxsize=1)
def oversize() -> bytes:
    """The content that stands for that of any file above `LARGEST`: too large as well, so that its facts say so."""
    return bytes(LARGEST + 1)


@lru_cache(maxsize=1)
def oversize_id() -> str:
    """The object id of what stands for a file that is too large."""
    return object_id(oversize())
