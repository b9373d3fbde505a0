"""History of a repository: where two commits diverged, and the commits of a range with their changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from caplint.trees.git_process import Git, GitFailedError
from caplint.trees.names import path_text

_REGULAR = b"100"
"""Prefix of the modes of regular files."""
_LONGEST_SUBJECT = 200


class FileChange(NamedTuple):
    """Change of one file by a commit."""

    path: str
    kind: str
    """added, removed or modified, as in `PatchFile.kind`."""
    oid: str | None
    """Object id of the file's content after the commit; None if it is then no regular file."""


class Commit(NamedTuple):
    """Commit of a range, compared with its first parent."""

    oid: str
    parents: tuple[str, ...]
    subject: str
    changes: tuple[FileChange, ...]

    @property
    def name(self) -> str:
        """Short name to show, as kernel developers write it: id and subject."""
        return f"{self.oid[:12]} {self.subject}".rstrip()


def merge_base(git: Git, one: str, other: str) -> str | None:
    """Return the best common ancestor of two commits, None if they have none. Raises `GitFailedError`."""
    try:
        return git.run("merge-base", one, other).decode().strip() or None
    except GitFailedError as error:
        if str(error) == "exit code 1":
            return None
        raise


def first_parents(git: Git, first: str, last: str, prefix: str, most: int) -> list[Commit]:
    """Return the last `most` commits on the way from `last` to `first` over first parents, oldest first.

    `first` itself is left out. Only files below `prefix` are named, relative to it. Raises `GitFailedError`.
    """
    listing = git.run(
        "log", "-z", "--first-parent", "-m", "--raw", "-r", "--no-renames", "--no-abbrev", f"--max-count={most}",
        "--format=%H%x00%P%x00%s%x00", last, f"^{first}",
    )  # fmt: skip
    return [*_commits(iter(listing.split(b"\0")), prefix.encode("utf-8", "surrogateescape"))][::-1]


def _commits(fields: Iterator[bytes], prefix: bytes) -> Iterator[Commit]:
    """Parse a log: per commit three fields, then two for each file, the first of which begins with a colon."""
    commit: Commit | None = None
    changes: list[FileChange] = []
    for field in fields:
        word = field.strip(b"\n")
        if word.startswith(b":"):
            changes += _change(word, next(fields), prefix)
        elif word:
            if commit is not None:
                yield commit._replace(changes=tuple(changes))
            parents, subject = next(fields).decode().split(), next(fields).decode("utf-8", "replace")
            commit = Commit(word.decode(), tuple(parents), " ".join(subject.split())[:_LONGEST_SUBJECT], ())
            changes = []
    if commit is not None:
        yield commit._replace(changes=tuple(changes))


def _change(facts: bytes, name: bytes, prefix: bytes) -> Iterator[FileChange]:
    """Yield the change of a line of `git diff-tree`: `:MODE MODE ID ID STATUS`, if it is of a file below the prefix."""
    before, after, _, oid, _ = facts.lstrip(b":").split(b" ")
    modes = [mode.startswith(_REGULAR) for mode in (before, after)]
    if name.startswith(prefix) and any(modes):
        kind = "modified" if all(modes) else "added" if modes[1] else "removed"
        yield FileChange(path_text(name[len(prefix) :]), kind, oid.decode() if modes[1] else None)
