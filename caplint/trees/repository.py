"""Git's object store of a directory: what a revision or the index names, and the bytes of blobs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO

from caplint.util.errors import CaplintError

# gitglossary(7): what a hook's environment says of the repository that it runs in, which need not be this one.
_LOCAL = (
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_GRAFT_FILE", "GIT_REPLACE_REF_BASE",
)  # fmt: skip
# What a repository's own configuration may have git run, turned off: a monitor of its files, and helpers that fetch.
_SAFE = ("-c", "core.fsmonitor=false", "-c", "protocol.allow=never")
# So many object ids are asked for at once: they must fit into the smallest pipe (4096 bytes) before an answer is read.
_CHUNK = 60
_REGULAR = "100"
"""How the modes of regular files begin; links are 120000, submodules 160000."""


class Repository:
    """The repository that holds a directory. Nothing in it is ever written."""

    def __init__(self, directory: Path) -> None:
        """Raises `CaplintError` where git is missing or the directory is in no repository."""
        if not directory.is_dir():
            raise CaplintError(f"{directory}: {'not a directory' if directory.exists() else 'no such directory'}")
        self._directory = directory
        # Not fetched from afar, no lock for a mere look: a check must not change what it checks.
        self._environment = {
            **{name: value for name, value in os.environ.items() if name not in _LOCAL},
            "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C",
        }  # fmt: skip
        self._reader: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        answer = self._git("rev-parse", "--show-prefix", "--absolute-git-dir").decode(errors="surrogateescape")
        self.prefix, self.git_directory = answer.split("\n")[:2]
        """Where the directory lies below the repository's top, with a slash at its end; empty at the top."""

    def tree(self, revision: str) -> tuple[str, str]:
        """The commit (or tree) that a revision names, and the tree object of this directory in it, as object ids."""
        if revision.startswith("-") or not revision:
            raise CaplintError(f"{self._directory}: {revision!r} is no revision")
        found = []
        for name in (f"{revision}^{{commit}}", f"{revision}^{{tree}}"):
            try:
                found.append(self._git("rev-parse", "--verify", "--quiet", name).decode().strip())
            except CaplintError:
                continue
        if not found:
            raise CaplintError(f"{self._directory}: no revision {revision!r} in this repository; `git log` shows them")
        if not self.prefix:
            return found[0], found[-1]
        try:
            return found[0], self._git(
                "rev-parse", "--verify", "--quiet", f"{found[0]}:{self.prefix[:-1]}"
            ).decode().strip()
        except CaplintError:
            raise CaplintError(f"{self._directory}: {revision} has no directory {self.prefix[:-1]}") from None

    def matching(self, pattern: str) -> list[str]:
        """The tags and branches that a pattern of git's matches (`*` stays within slashes), lower versions first."""
        listing = self._git(
            "-c", "versionsort.suffix=-rc", "for-each-ref", "--sort=version:refname", "--format=%(refname)",
            *(f"refs/{kind}/{pattern}" for kind in ("tags", "heads", "remotes")),
        )  # fmt: skip
        names = (line.split("/", 2)[2] for line in listing.decode(errors="surrogateescape").splitlines())
        return list(dict.fromkeys(names))

    def has_head(self) -> bool:
        """Whether anything has been committed yet."""
        try:
            return bool(self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
        except CaplintError:
            return False

    def holds(self, tree: str, paths: list[str]) -> set[str]:
        """Those of some paths that a tree object has."""
        return set(_names(self._git("ls-tree", "-z", "--full-tree", "--name-only", tree, "--", *paths)))

    def entries(self, tree: str, roots: list[str]) -> dict[str, str]:
        """Path → object id of the regular files that a tree object has below some directories."""
        below = [root for root in roots if root]
        listing = self._git(
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
        own = os.path.abspath(os.environ.get("GIT_INDEX_FILE", ""))  # noqa: PTH100 - without following links
        inside = os.environ.get("GIT_INDEX_FILE") and Path(own).parent == Path(self.git_directory)
        listing = self._git("ls-files", "-s", "-z", extra={"GIT_INDEX_FILE": own} if inside else {})
        found = {}
        for entry in _names(listing):
            facts, _, path = entry.partition("\t")
            mode, oid, stage = facts.split(" ")
            if stage != "0":
                raise CaplintError(f"{self._directory}: {path} is not merged; resolve it before its index is checked")
            if mode.startswith(_REGULAR):
                found[path] = oid
        return found

    def read(self, oid: str) -> bytes:
        """A blob's content."""
        return next(self.read_all([oid]))

    def read_all(self, oids: list[str]) -> Iterator[bytes]:
        """The contents of blobs, in their order. To be read to its end."""
        asked, answers = self._pipes
        for start in range(0, len(oids), _CHUNK):
            chunk = oids[start : start + _CHUNK]
            asked.write("".join(f"{oid}\n" for oid in chunk).encode())
            asked.flush()
            for oid in chunk:
                yield self._answer(answers, oid)

    def _answer(self, answers: IO[bytes], oid: str) -> bytes:
        head = answers.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            raise CaplintError(f"{self._directory}: object {oid} cannot be read from the repository; run `git fsck`")
        content = answers.read(int(head[2]) + 1)[:-1]
        if len(content) != int(head[2]):
            raise CaplintError(f"{self._directory}: object {oid} ends early; run `git fsck`")
        return content

    @cached_property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        self._reader = subprocess.Popen(
            ["git", *_SAFE, "-C", str(self._directory), "cat-file", "--batch"],  # noqa: S607 - git is found as the user finds it
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=self._environment,
        )  # fmt: skip
        self._owner = os.getpid()
        assert self._reader.stdin is not None
        assert self._reader.stdout is not None
        return self._reader.stdin, self._reader.stdout

    def close(self) -> None:
        """End the process that reads blobs; it is started anew where one is read again."""
        if self._reader is not None:
            # It would go on for as long as a process that was forked meanwhile holds the pipe that it reads from.
            self._reader.kill()
            self._reader.communicate()
            self._reader = None
            del self._pipes

    def __del__(self) -> None:
        # A forked process that drops its copy must not end the reader of the other.
        if getattr(self, "_reader", None) is not None and self._owner == os.getpid():
            self.close()

    def _git(self, *words: str, extra: dict[str, str] | None = None) -> bytes:
        try:
            done = subprocess.run(
                ["git", *_SAFE, "-C", str(self._directory), *words],  # noqa: S607
                capture_output=True, check=False, env={**self._environment, **(extra or {})}, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        except FileNotFoundError:
            raise CaplintError("git is not installed; it is needed to read revisions, the index and patches") from None
        except ValueError as error:  # a NUL in a name
            raise CaplintError(f"{self._directory}: {error}") from None
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip().partition("\n")[0].removeprefix("fatal: ")
            raise CaplintError(f"{self._directory}: git {words[0]}: {reason or 'failed'}")
        return done.stdout


def _names(listing: bytes) -> Iterator[str]:
    """The entries of a listing that `-z` ends with NUL; bytes that are no UTF-8 are escaped, as for directories."""
    return (entry.decode("utf-8", "backslashreplace") for entry in listing.split(b"\0") if entry)
