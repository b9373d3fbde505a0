"""Git object store of a directory: resolves revisions, lists the index, and reads blobs.

Git never runs in the repository itself: see `git_private`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from caplint.trees import git_log
from caplint.trees.git_blobs import Blobs
from caplint.trees.git_history import Commit, first_parents, merge_base
from caplint.trees.git_log import LoggedCommit
from caplint.trees.git_place import locate
from caplint.trees.git_process import Git, GitFailedError
from caplint.trees.git_references import References
from caplint.trees.names import path_text, shown
from caplint.util.errors import CaplintError

_Answer = TypeVar("_Answer")
_REGULAR = "100"
"""Prefix of the modes of regular files; links have 120000, submodules 160000."""
_LONGEST_REVISION = 1000
# gitrevisions(7): a name, and the steps from it, which git resolves.
_REVISION = re.compile(r"([^~^]+)((?:[~^][0-9]*|\^\{[^{}]*\})*)")
_WHOLE_ID = re.compile(r"[0-9a-f]{40}")
_PART_OF_ID = re.compile(r"(?:.*-g)?([0-9a-f]{4,40})")


class NoDirectoryError(CaplintError):
    """Revision that lacks the directory whose tree is asked for."""


class Repository:
    """Repository of a directory, which is never written to."""

    def __init__(self, directory: Path) -> None:
        """Locate the repository. Raises `CaplintError` if git or the repository is missing."""
        self._label = shown(directory)
        if not directory.is_dir():
            raise CaplintError(f"{self._label}: {'not a directory' if directory.exists() else 'no such directory'}")
        self._place = locate(directory)
        self._git = Git(self._place)
        self._references = References(self._place)
        self._blobs = Blobs(self._git, self._label)

    def tree(self, revision: str) -> tuple[str, str]:
        """Return the object ids of a revision's commit (or tree) and of this directory's tree object in it."""
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
            raise NoDirectoryError(f"{self._label}: {shown(revision)} has no directory {shown(below)}") from None

    def commit(self, revision: str) -> str | None:
        """Return the object id of a revision's commit; None for a tree, or if HEAD is not born yet."""
        if revision == "HEAD" and not self.has_head():
            return None
        start, steps = self._start(revision)
        try:
            return self._git.run("rev-parse", "--verify", "--quiet", f"{start}{steps}^{{commit}}").decode().strip()
        except GitFailedError:
            return None

    def merge_base(self, one: str, other: str) -> str:
        """Return the commit at which two commits diverged. Raises `CaplintError` if there is none."""
        try:
            found = merge_base(self._git, one, other)
        except GitFailedError as error:
            raise self._lacking(f"git merge-base: {shown(str(error))}") from None
        if found is None:
            raise self._lacking(f"{one[:12]} and {other[:12]} have no commit in common")
        return found

    def first_parents(self, first: str, last: str, most: int) -> list[Commit]:
        """Return the commits of a range, as `git_history.first_parents`."""
        try:
            return first_parents(self._git, first, last, self._place.prefix, most)
        except GitFailedError as error:
            raise self._lacking(f"git log: {shown(str(error))}") from None

    def whole_line(self, last: str) -> list[str]:
        """Return the ids of a commit's first-parent line, oldest first. Raises `CaplintError` for a shallow clone."""
        if self._place.is_shallow:
            raise self._lacking("its history is incomplete")
        return self._logged(lambda: git_log.first_parent_ids(self._git, last))

    def along_first_parents(self, last: str, paths: list[str]) -> list[LoggedCommit]:
        """Return the commits that change a file of this directory, as `git_log.along_first_parents`."""
        return self._here(self._logged(lambda: git_log.along_first_parents(self._git, last, self._from_top(paths))))

    def origins(self, last: str, first: str | None, paths: list[str], pattern: str = "") -> list[LoggedCommit]:
        """Return the commits that bring a content of a file of this directory, as `git_log.origins`."""
        listed = self._logged(lambda: git_log.origins(self._git, last, first, self._from_top(paths), pattern))
        return self._here(listed)

    def tags(self) -> list[tuple[str, str]]:
        """Return the name and the object id of every tag."""
        self._git.private.write("packed-refs", self._references.packed_form())
        return self._logged(lambda: git_log.tags(self._git))

    def tag_names(self) -> list[str]:
        """Return the name of every tag, whatever it is of; no object is read."""
        self._git.private.write("packed-refs", self._references.packed_form())
        listing = os.fsdecode(self._checked("for-each-ref", "--format=%(refname)", "refs/tags"))
        return [line.removeprefix("refs/tags/") for line in listing.split("\n") if line]

    @property
    def prefix(self) -> str:
        """Path of this directory in the repository, with a slash at its end; empty at the top."""
        return self._place.prefix

    def _from_top(self, paths: list[str]) -> list[str]:
        return [f"{self._place.prefix}{path}" for path in paths]

    def _here(self, commits: list[LoggedCommit]) -> list[LoggedCommit]:
        """Return the commits with paths below this directory."""
        start = len(self._place.prefix)
        return [
            commit._replace(changes=tuple(change._replace(path=change.path[start:]) for change in commit.changes))
            for commit in commits
        ]

    def _logged(self, work: Callable[[], _Answer]) -> _Answer:
        try:
            return work()
        except GitFailedError as error:
            raise self._lacking(f"git log: {shown(str(error))}") from None

    def _lacking(self, fault: str) -> CaplintError:
        """Return the error for history that is missing, with the way to get it if the clone is shallow."""
        return CaplintError(f"{self._label}: {fault}{self._advice}")

    @property
    def _advice(self) -> str:
        """Way to get the history or objects that the clone was made without; empty for a complete clone."""
        if self._place.is_shallow:
            return f"; the clone is shallow: get its history with git -C {self._label} fetch --unshallow, or --deepen=N"
        return f"; the clone is partial: get its objects with {self.remedy}" if self._place.is_partial else ""

    def _start(self, revision: str) -> tuple[str, str]:
        """Return the object id (or its prefix) that a revision begins at, and the steps from there."""
        if revision.startswith("-") or not revision or len(revision) > _LONGEST_REVISION or "\0" in revision:
            raise CaplintError(
                f"{self._label}: {shown(revision)[:100]!r} is not a revision; name a branch, tag or commit"
            )
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
        advice = self._advice if self._place.is_shallow else "; `git log` shows them"
        return CaplintError(f"{self._label}: no revision {shown(revision)!r} in this repository{advice}")

    def matching(self, pattern: str) -> list[str]:
        """Return the tags and branches that match a git pattern (`*` does not match a slash), lower versions first."""
        self._git.private.write("packed-refs", self._references.packed_form())
        listing = self._checked(
            "-c", "versionsort.suffix=-rc", "for-each-ref", "--sort=version:refname", "--format=%(refname)",
            *(f"refs/{kind}/{pattern}" for kind in ("tags", "heads", "remotes")),
        )  # fmt: skip
        names = (line.split("/", 2)[2] for line in os.fsdecode(listing).split("\n") if line)
        return list(dict.fromkeys(names))

    def has_head(self) -> bool:
        """Return whether the repository has a commit."""
        return self._references.find("HEAD") is not None

    def head(self) -> str | None:
        """Return the object id of this directory's tree object in HEAD; None if HEAD is not born or has none."""
        commit = self.commit("HEAD")
        below = self._place.prefix[:-1]
        if commit is None or (below and not self.holds(commit, [below])):
            return None
        return self.tree("HEAD")[1]

    def holds(self, tree: str, paths: list[str]) -> set[str]:
        """Return those of the paths that exist in a tree object."""
        return set(_names(self._checked("ls-tree", "-z", "--full-tree", "--name-only", tree, "--", *paths)))

    def entries(self, tree: str, roots: list[str]) -> dict[str, str]:
        """Return path → object id of the regular files below some directories of a tree object."""
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
        """Return path → object id of the regular files below this directory in the index.

        A hook of this repository may have an index of its own (`git commit FILE`).
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
                raise CaplintError(f"{self._label}: {path} has a merge conflict; resolve it before checking the index")
            if mode.startswith(_REGULAR):
                found[path[start:]] = oid
        return found

    def _index(self) -> Path:
        given = os.environ.get("GIT_INDEX_FILE", "")
        own = Path(os.path.abspath(given))  # noqa: PTH100 - without following links
        inside = given and Path(os.path.realpath(own.parent)) == self._place.own
        return own if inside else self._place.own / "index"

    def read(self, oid: str) -> bytes:
        """Return a blob's content."""
        return next(self.read_all([oid]))

    def read_all(self, oids: list[str]) -> Iterator[bytes]:
        """Yield the contents of blobs in order. The caller must read to the end."""
        for oid, content in zip(oids, self._blobs.read_all(oids), strict=True):
            if content is None:
                raise self._no_object(oid)
            yield content

    def read_present(self, oids: list[str]) -> Iterator[bytes | None]:
        """Yield as `read_all`, but None for a blob that a partial clone has left where it was cloned from."""
        for oid, content in zip(oids, self._blobs.read_all(oids), strict=True):
            if content is None and not self._place.is_partial:
                raise self._no_object(oid)
            yield content

    def _no_object(self, oid: str) -> CaplintError:
        remedy = f"get it with {self.remedy}" if self._place.is_partial else "run `git fsck`"
        return CaplintError(f"{self._label}: cannot read object {oid} from the repository; {remedy}")

    @property
    def remedy(self) -> str:
        """Command that gets the objects which a partial clone lacks."""
        return f"git -C {self._label} fetch --refetch --no-filter"

    def close(self) -> None:
        """End the process that reads blobs; reading another blob starts a new one."""
        self._blobs.close()

    def _checked(self, *words: str) -> bytes:
        try:
            return self._git.run(*words)
        except GitFailedError as error:
            command = next(word for word in words if "-" in word[1:] and not word.startswith("-"))
            raise self._lacking(f"git {command}: {shown(str(error))}") from None


def _names(listing: bytes) -> Iterator[str]:
    """Split a listing of `-z` into its entries."""
    return (path_text(entry) for entry in listing.split(b"\0") if entry)
