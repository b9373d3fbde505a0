"""Comparison of a tree with a revision of its repository: the base, and the commits between both."""

from __future__ import annotations

from pathlib import Path

from caplint.trees.commit_range import CommitRange
from caplint.trees.detect import revision_tree
from caplint.trees.repository import Repository
from caplint.trees.tree import Tree


def compared(tree: Tree, directory: str, revisions: tuple[str, str | None], *, fork: bool, rest: str = "") -> Tree:
    """Return the tree with a base of the same repository, and the commits between both.

    `revisions`: that of the base, and the one that the tree is at; None for a tree that stands on HEAD, with changes
    that are called `rest`. `fork`: the base is the commit at which the later revision diverged from the earlier one,
    so that what others have done since counts on neither side. Raises `CaplintError` for an unknown revision, and if no
    such commit is known.
    """
    repository = Repository(Path(directory))
    earlier, later = revisions
    first, last = repository.commit(earlier), repository.commit(later or "HEAD")
    start = earlier
    if fork and first is not None and last is not None:
        start = first = repository.merge_base(first, last)
    tree.base = revision_tree(directory, start, tree.role, tree.name)
    steps = CommitRange(repository, (first, last), f"{earlier}{'...' if fork else '..'}{later or ''}", rest)
    tree.steps = steps
    if not tree.patch_files:
        tree.patch_files = steps.patch_files()
    return tree
