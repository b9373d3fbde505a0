"""Commits that change a few files: on the first-parent line of a commit, or in its whole history."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from caplint.trees.git_process import Git
from caplint.trees.names import path_text

_REGULAR = b"100"
"""Prefix of the modes of regular files."""
_LONGEST_SUBJECT = 200
# A log of all of Linux reads the trees of more than a million commits.
_SECONDS = 900.0
_FORMAT = "--format=%H%x00%P%x00%cs%x00%s%x00"
_RAW = ("-z", "--raw", "-r", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-textconv", _FORMAT)


class PathChange(NamedTuple):
    """File that a commit changes."""

    path: str
    before: tuple[str | None, ...]
    """Object id of the content in each parent that it is compared with; None if it is no regular file there."""
    after: str | None


class LoggedCommit(NamedTuple):
    """Commit that changes some of the files that were asked for."""

    oid: str
    parents: tuple[str, ...]
    date: str
    """Day on which it was committed, `YYYY-MM-DD`."""
    subject: str
    changes: tuple[PathChange, ...]


def first_parent_ids(git: Git, last: str) -> list[str]:
    """Return the ids of the commits on the first-parent line of a commit, oldest first. Raises `GitFailedError`."""
    return git.run("rev-list", "--first-parent", last, seconds=_SECONDS).decode().split()[::-1]


def along_first_parents(git: Git, last: str, paths: Iterable[str]) -> list[LoggedCommit]:
    """Return the commits of the first-parent line that change a file, compared with their first parent, oldest first.

    Raises `GitFailedError`.
    """
    listing = git.run("log", "--first-parent", "-m", *_RAW, last, "--", *paths, seconds=_SECONDS)
    return [*_commits(iter(listing.split(b"\0")))][::-1]


def origins(git: Git, last: str, first: str | None, paths: Iterable[str], pattern: str = "") -> list[LoggedCommit]:
    """Return the commits of a history in which a file differs from its content in every parent, oldest first.

    `first` leaves out its own history; `pattern` (POSIX extended) keeps the commits that change a line which matches.
    Raises `GitFailedError`.
    """
    left_out = [f"^{first}"] if first else []
    matching = [f"-G{pattern}"] if pattern else []
    words = ("log", "--full-history", "--topo-order", "-c", *_RAW, *matching, last, *left_out, "--", *paths)
    return [*_commits(iter(git.run(*words, seconds=_SECONDS).split(b"\0")))][::-1]


def tags(git: Git) -> list[tuple[str, str]]:
    """Return name and commit of every tag of a commit; the private directory has the references. Raises as `run`."""
    listing = git.run("for-each-ref", "--format=%(refname)%00%(objectname)%00%(*objectname)%00", "refs/tags")
    fields = iter(os.fsdecode(listing).split("\0"))
    found = []
    for name, own, peeled in zip(fields, fields, fields, strict=False):
        found.append((name.strip("\n").removeprefix("refs/tags/"), peeled or own))
    return found


def _commits(fields: Iterator[bytes]) -> Iterator[LoggedCommit]:
    """Parse a log: per commit four fields, then two for each file, the first of which begins with colons."""
    commit: LoggedCommit | None = None
    changes: list[PathChange] = []
    for field in fields:
        word = field.strip(b"\n")
        if word.startswith(b":"):
            changes.append(_change(word, next(fields)))
        elif word:
            if commit is not None:
                yield commit._replace(changes=tuple(changes))
            parents, date, subject = (next(fields).decode("utf-8", "replace") for _ in range(3))
            title = " ".join(subject.split())[:_LONGEST_SUBJECT]
            commit = LoggedCommit(word.decode(), tuple(parents.split()), date, title, ())
            changes = []
    if commit is not None:
        yield commit._replace(changes=tuple(changes))


def _change(facts: bytes, name: bytes) -> PathChange:
    """Parse git-diff-tree(1): N colons, the modes and ids of N parents, those of the commit, and a status."""
    parents = len(facts) - len(facts.lstrip(b":"))
    words = facts.lstrip(b":").split(b" ")
    modes, ids = words[: parents + 1], words[parents + 1 : 2 * parents + 2]
    *before, after = (oid.decode() if mode.startswith(_REGULAR) else None for mode, oid in zip(modes, ids, strict=True))
    return PathChange(path_text(name), tuple(before), after)
