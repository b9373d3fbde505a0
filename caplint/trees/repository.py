"""Git's object store of a directory: what a revision or the index names, and the bytes of blobs.

Git never runs in the repository that is read: see `git_private`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from caplint.errors import CaplintError
from caplint.trees.git_blobs import Blobs
from caplint.trees.git_place import locate
from caplint.trees.git_process import Git, GitFailedError
from caplint.trees.git_references import References
from caplint.trees.names import path_text, shown

_REGULAR = "100"
"""How the modes of regular files begin; links are 120000, submodules 160000."""
_LONGEST_REVISION = 1000
# gitrevisions(7): a name, and the steps from it, which git takes.
_REVISION = re.compile(r"([^~^]+)((?:[~^][0-9]*|\^\{[^{}]*\})*)")
_WHOLE_ID = re.compile(r"[0-9a-f]{40}")
_PART_OF_ID = re.compile(r"(?:.*-g)?([0-9a-f]{4,40})")


class Repository:
    """The repository that holds a directory. Nothing in it is ever written."""

    def __init__(self, directory: Path) -> None:
        """Raises `CaplintError` where git is missing or the directory is in no repository."""
        self._label = shown(directory)
        if not directory.is_dir():
            raise CaplintError(f"{self._label}: {'not a directory' if directory.exists() else 'no such directory'}")
        self._place = locate(directory)
        self._git = Git(self._place)
        self._references = References(self._place)
        self._blobs = Blobs(self._git, self._label)

    def tree(self, revision: str) -> tuple[str, str]:
        """The commit (or tree) that a revision names, and the tree object of this directory in it, as object ids."""
        start, steps = self._start(revision)
        found = []
        for kind in ("commit", "tree"):
            try:
                found.append(self._git.run("rev-parse", "--verify", "--quiet", f"{start}{steps}^{{{kind}}}"))
            except GitFailedError:
                continue
        if not found:
            raise self._no_revision(revision)
        ids = [answer.decode().strip() for answer in found]
        if not self._place.prefix:
            return ids[0], ids[-1]
        below = self._place.prefix[:-1]
        try:
            return ids[0], self._git.run("rev-parse", "--verify", "--quiet", f"{ids[0]}:{below}").decode().strip()
        except GitFailedError:
            raise CaplintError(f"{self._label}: {shown(revision)} has no directory {shown(below)}") from None

    def _start(self, revision: str) -> tuple[str, str]:
        """The object id, or a part of one, that a revision begins at, and the steps from there."""
        if revision.startswith("-") or not revision or len(revision) > _LONGEST_REVISION or "\0" in revision:
            raise CaplintError(f"{self._label}: {shown(revision)[:100]!r} is no revision")
        if "@{" in revision:
            raise CaplintError(
                f"{self._label}: {shown(revision)!r}: reflogs and upstreams are not read; name a branch, tag or commit"
            )
        parts = _REVISION.fullmatch(revision)
        if parts is None:
            raise self._no_revision(revision)
        name = "HEAD" if parts[1] == "@" else parts[1]
        if _WHOLE_ID.fullmatch(name):
            return name, parts[2]
        found = self._references.find(name)
        if found is None and (short := _PART_OF_ID.fullmatch(name)):
            found = short[1]
        if found is None:
            raise self._no_revision(revision)
        return found, parts[2]

    def _no_revision(self, revision: str) -> CaplintError:
        return CaplintError(f"{self._label}: no revision {shown(revision)!r} in this repository; `git log` shows them")

    def matching(self, pattern: str) -> list[str]:
        """The tags and branches that a pattern of git's matches (`*` stays within slashes), lower versions first."""
        self._git.private.write("packed-refs", self._references.packed_form())
        listing = self._checked(
            "-c", "versionsort.suffix=-rc", "for-each-ref", "--sort=version:refname", "--format=%(refname)",
            *(f"refs/{kind}/{pattern}" for kind in ("tags", "heads", "remotes")),
        )  # fmt: skip
        names = (line.split("/", 2)[2] for line in os.fsdecode(listing).split("\n") if line)
        return list(dict.fromkeys(names))

    def has_head(self) -> bool:
        """Whether anything has been committed yet."""
        return self._references.find("HEAD") is not None

    def holds(self, tree: str, paths: list[str]) -> set[str]:
        """Those of some paths that a tree object has."""
        return set(_names(self._checked("ls-tree", "-z", "--full-tree", "--name-only", tree, "--", *paths)))

    def entries(self, tree: str, roots: list[str]) -> dict[str, str]:
        """Path → object id of the regular files that a tree object has below some directories."""
        below = [root for root in roots if root]
        listing = self._checked(
            "ls-tree", "-r", "-z", "--full-tree", tree, *(["--", *below] if len(below) == len(roots) else [])
        )
        found = {}
        for entry in _names(listing):
            facts, _, path = entry.partition("\t")
            mode, _, oid = facts.split(" ")
            if mode.startswith(_REGULAR):
                found[path] = oid
        return found

    def staged(self) -> dict[str, str]:
        """Path → object id of the regular files that the index has below this directory.

        A hook of this very repository may be given an index of its own (`git commit FILE`).
        """
        self._git.private.take_index(self._index())
        prefix = self._place.prefix
        listing = self._checked("ls-files", "-s", "-z", "--full-name", *(["--", prefix] if prefix else []))
        start = len(shown(prefix))
        found = {}
        for entry in _names(listing):
            facts, _, path = entry.partition("\t")
            mode, oid, stage = facts.split(" ")
            if stage != "0":
                raise CaplintError(f"{self._label}: {path} is not merged; resolve it before its index is checked")
            if mode.startswith(_REGULAR):
                found[path[start:]] = oid
        return found

    def _index(self) -> Path:
        given = os.environ.get("GIT_INDEX_FILE", "")
        own = Path(os.path.abspath(given))  # noqa: PTH100 - without following links
        inside = given and Path(os.path.realpath(own.parent)) == self._place.own
        return own if inside else self._place.own / "index"

    def read(self, oid: str) -> bytes:
        """A blob's content."""
        return next(self.read_all([oid]))

    def read_all(self, oids: list[str]) -> Iterator[bytes]:
        """The contents of blobs, in their order. To be read to its end."""
        return self._blobs.read_all(oids)

    def close(self) -> None:
        """End the process that reads blobs; it is started anew where one is read again."""
        self._blobs.close()

    def _checked(self, *words: str) -> bytes:
        try:
            return self._git.run(*words)
        except GitFailedError as error:
            command = next(word for word in words if "-" in word[1:] and not word.startswith("-"))
            raise CaplintError(f"{self._label}: git {command}: {shown(str(error))}") from None


def _names(listing: bytes) -> Iterator[str]:
    """The entries of a listing that `-z` ends with NUL."""
    return (path_text(entry) for entry in listing.split(b"\0") if entry)
