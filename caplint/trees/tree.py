"""Interface of all trees: the files that matter, their object ids, and their bytes."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol

from caplint.knowledge.project import Project
from caplint.util.errors import CaplintError

LARGEST = 16 << 20
"""Size in bytes of the largest file that is read; a larger one is a blind spot."""


@dataclass(frozen=True, slots=True)
class File:
    """File that matters: path relative to the tree's root, git's object id, size in bytes."""

    path: str
    oid: str
    size: int
    mentions_kvm: bool = True
    """Whether the content mentions KVM; False if the file matters only because of its path."""


class PatchFile(NamedTuple):
    """Change of one file by one patch of a series."""

    series: str
    """File that the series was read from."""
    ordinal: int
    """Number of the patch in its series, from 1."""
    patch: str
    """Subject of the patch, or the file that it was read from."""
    path: str
    """Path after the patch; for a removed file, before it."""
    kind: str
    """modified, added, removed, renamed, copied."""


@dataclass(frozen=True)
class SeriesStep:
    """Trees after one patch of a series, or one commit of a range."""

    series: str
    ordinal: int
    patch: str
    trees: dict[str, Tree]
    """Trees that the series changes, by name."""
    count: int = 0
    """Number of patches or commits of the series."""
    word: str = "patch"
    """Kind of the step, as reports call it: patch or commit."""


class Steps(Protocol):
    """Commits between a tree and its base."""

    @property
    def identity(self) -> str:
        """Cache key over the commits."""

    @property
    def missing(self) -> str:
        """Reason why the trees after each commit are not known; empty if they are."""

    def read(self, tree: Tree) -> list[SeriesStep]:
        """Return the trees after each commit, the last one of which is the given tree."""


class Stamp(NamedTuple):
    """Inode data of a file at its last reading."""

    size: int
    mtime: int
    inode: int


class StampCache(Protocol):
    """Cache of file contents by stamp, so that an unchanged file is not read again."""

    def stamps(self, directory: str) -> dict[str, tuple[Stamp, str, bool]]:
        """Return path → stamp, object id (empty if unused), and whether the content mentions KVM."""

    def remember(self, directory: str, entries: dict[str, tuple[Stamp, str, bool]], gone: set[str]) -> None:
        """Add or replace entries, and delete those of files that are gone."""

    def objects(self, oids: Iterable[str]) -> dict[str, tuple[int, bool]]:
        """Return object id → size in bytes and whether it mentions KVM, for the known objects among `oids`."""

    def remember_objects(self, entries: dict[str, tuple[int, bool]]) -> None:
        """Add the properties of objects; they never change."""


States = dict["Tree", "str | None"]
"""Tree → its state id, all taken at one time."""


class Tree(ABC):
    """Named source of files."""

    name: str
    role: str
    project: Project
    location: str
    """Place to show to users: a directory, or a revision."""
    revision: str | None = None
    complete: bool = True
    """False if the tree contains only the hunks of diffs."""
    base: Tree | None = None
    """Tree to compare with: the tree before its patch, or another revision."""
    steps: Steps | None = None
    """Commits between base and tree, if the base is a revision."""
    patch_files: Sequence[PatchFile] = ()
    """Changes of files by the patches between base and tree; empty if they are not known patch by patch."""

    taken_state: str | None = None
    """State id taken last in this run; None if there is none."""

    absent: frozenset[str] = frozenset()
    """Files that might matter, and whose content a partial clone has not got; known once `files` has been called."""
    remedy: str = ""
    """Command that gets the absent files."""

    @property
    def lack(self) -> str:
        """Sentence about the absent files, with the way to get them; empty if none is absent."""
        if not self.absent:
            return ""
        files = "1 file" if len(self.absent) == 1 else f"{len(self.absent):,} files"
        return (
            f"{files} cannot be read, because the partial clone lacks them, such as {min(self.absent)}; "
            f"get them with {self.remedy}"
        )

    @abstractmethod
    def files(self, cache: StampCache) -> list[File]:
        """Return the files that matter, sorted by path."""

    def with_base(self, cache: StampCache) -> tuple[list[File], list[File]]:
        """Return the files of the tree and of its base; the latter is empty without a base.

        A file that is absent on one side is taken for absent on both: nothing is known of what has changed in it.
        """
        now, base = self.files(cache), self.base.files(cache) if self.base is not None else []
        if self.base is not None and self.base.absent:
            self.absent |= self.base.absent
            self.remedy = self.remedy or self.base.remedy
        return (_without(now, self.absent), _without(base, self.absent)) if self.absent else (now, base)

    @abstractmethod
    def code_files(self, cache: StampCache) -> list[File]:
        """Return every file of C, Rust and Cargo that could matter, sorted by path: the input of a call graph."""

    @abstractmethod
    def candidates(self) -> list[str]:
        """Return the paths of all files that could matter, sorted, including those that do not mention KVM."""

    @abstractmethod
    def state_id(self, known: States) -> str | None:
        """Return a cache key over everything of the tree that a run may read; None without a stable state.

        It must be cheap: for a directory it covers inode data instead of contents. `known` holds the states that other
        trees over the same directory have already computed.
        """

    @abstractmethod
    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises `OSError` if it cannot be read."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Return whether a file or directory exists at this path, whether it matters or not."""

    @abstractmethod
    def c_files_under(self, directory: str) -> list[str]:
        """Return the C files below a directory, whether they matter or not."""

    def c_contents_under(self, directory: str) -> Iterator[tuple[str, bytes]]:
        """Yield path and bytes of the C files below a directory that can be read, whether they matter or not."""
        for path in self.c_files_under(directory):
            try:
                yield path, self.read(path)
            except (OSError, CaplintError):
                continue

    def is_file(self, path: str) -> bool:
        """Return whether a file is at this path, whether it matters or not."""
        return self.read_or_none(path) is not None

    def read_or_none(self, path: str) -> bytes | None:
        """Return a file's bytes, None if the tree has no such file."""
        return self.read(path) if self.exists(path) else None


def _without(files: list[File], absent: frozenset[str]) -> list[File]:
    return [File(file.path, absent_id(), len(ABSENT)) if file.path in absent else file for file in files]


def object_id(content: bytes) -> str:
    """Return git's object id of the content (SHA-1, gitformat-pack(5))."""
    digest = hashlib.sha1(b"blob %d\0" % len(content), usedforsecurity=False)
    digest.update(content)
    return digest.hexdigest()


ABSENT = b"\0caplint: a partial clone lacks the content of this file\0"
"""Content that replaces a file which a partial clone lacks."""


@lru_cache(maxsize=1)
def absent_id() -> str:
    """Return the object id of the content that replaces an absent file."""
    return object_id(ABSENT)


@lru_cache(maxsize=1)
def oversize() -> bytes:
    """Return the content that replaces any file above `LARGEST`: one byte too large, so its facts say "too large"."""
    return bytes(LARGEST + 1)


@lru_cache(maxsize=1)
def oversize_id() -> str:
    """Return the object id of the content that replaces a too large file."""
    return object_id(oversize())
