"""Words of the command line that name histories: repositories, revisions, and directories with a label."""

from __future__ import annotations

from pathlib import Path

from caplint.trees.detect import split_revision
from caplint.trees.git_place import is_top
from caplint.trees.repository import Repository
from caplint.util.errors import CaplintError


def repository_of(word: str) -> tuple[str, str] | None:
    """Return directory and revision of `REPO` or `REPO@REV`; None for `DIR@LABEL`, where DIR is no repository.

    Raises `CaplintError` for a directory without a repository, or a damaged one.
    """
    path, revision = split_revision(word)
    if revision and not is_top(path):
        return None
    if not revision and not is_top(path):
        _demand(path)
    return path, revision or "HEAD"


def state_of(word: str) -> tuple[str, str]:
    """Return the tree's `DIR` or `DIR@REV`, and its label.

    A label that is no revision of the directory's own repository leaves the directory as it is.
    """
    path, label = split_revision(word)
    if not label:
        return path, Path(path).resolve().name
    if is_top(path):
        try:
            Repository(Path(path)).tree(label)
        except CaplintError:
            return path, label
        return f"{path}@{label}", label
    return path, label


def _demand(path: str) -> None:
    """Raise `CaplintError` unless the directory is tracked by a repository above it."""
    repository = Repository(Path(path))
    if repository.head() is None:
        raise CaplintError(f"{path}: no repository of its own; give states instead, as DIR@LABEL DIR@LABEL")
