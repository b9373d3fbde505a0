"""Refuses working trees with uncommitted changes: a series is written for a commit."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.trees.directory import DirectoryTree
from caplint.trees.git_place import NoRepositoryError
from caplint.trees.repository import Repository
from caplint.trees.tree import File, Tree, object_id
from caplint.util.errors import CaplintError
from caplint.util.escape import visible

_MOST_NAMED = 2_000
"""Paths that git is asked for one by one; of more, it lists the whole tree."""


def want_committed(tree: Tree, files: Iterable[File], paths: Iterable[str]) -> None:
    """Raise `CaplintError` if a file that was read, or one of the paths, differs from HEAD.

    Files that HEAD lacks do not count, nor do trees in no repository.
    """
    if not isinstance(tree, DirectoryTree):
        return
    try:
        repository = Repository(tree.root)
    except NoRepositoryError:
        return
    try:
        head = repository.head()
        if head is None:
            return
        now = {file.path: file.oid for file in files}
        # Of a file that is gone from the directory, git has another state.
        now |= {path: object_id(tree.read(path)) if tree.exists(path) else "" for path in paths if path not in now}
        known = repository.entries(head, sorted(now) if len(now) <= _MOST_NAMED else [])
    finally:
        repository.close()
    changed = sorted(path for path, oid in known.items() if now.get(path, oid) != oid)
    if changed:
        more = f" and {len(changed) - 1} more have" if len(changed) > 1 else " has"
        raise CaplintError(
            f"{tree.name}: {visible(changed[0])}{more} changes that are not committed;"
            " commit or stash them, or give a revision: DIR@HEAD"
        )
