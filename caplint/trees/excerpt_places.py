"""Choice of the project that each file of a diff belongs to, where the diff is not applied."""

from __future__ import annotations

from collections.abc import Sequence

from caplint.knowledge.load import knowledge
from caplint.trees.routing import decide
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff
from caplint.util.errors import CaplintError


class Places:
    """Trees that files of diffs may belong to: the given ones, and one for each project of which none is given."""

    def __init__(self, every: Sequence[Tree], given: Sequence[Tree], preferred: str | None) -> None:
        """`preferred`: name, role or project of the tree that all files belong to.

        Raises `CaplintError` if no tree is called so.
        """
        self._every, self._given = every, given
        self._preferred = [tree for tree in every if preferred in {tree.name, tree.role, tree.project.name}]
        if preferred is not None and not self._preferred:
            names = ", ".join(tree.name for tree in every)
            raise CaplintError(f"--for {preferred}: unknown tree; choose from {names}")

    def route(self, files: Sequence[FileDiff], label: str) -> list[tuple[str, FileDiff]]:
        """Return the files that their trees' projects read, with the names of the trees; others are left out.

        Raises `CaplintError` for a file that mentions KVM and may belong to several.
        """
        fits = []
        for file in files:
            names = [tree.name for tree in self._fitting(file)]
            if len(names) == 1 or (names and _mentions_kvm(file)):
                fits.append((file, names))
        # Files that may be of several trees go where the others of the patch go, else to a tree that is given.
        return decide(fits, self._preferred or self._given, label)

    def _fitting(self, file: FileDiff) -> list[Tree]:
        """Return the trees that a file may belong to, if their projects read it."""
        trees = self._preferred if len(self._preferred) == 1 else self._having(file) or self._owning(file.path)
        for wanted in (True, None):
            if found := [tree for tree in trees if tree.project.wants(file.path) is wanted]:
                return found
        return []

    def _having(self, file: FileDiff) -> list[Tree]:
        """Return the given trees that have the file before or after the change, or a new file's directory."""
        names = {path for path in (file.old, file.new) if path is not None}
        found = [tree for tree in self._given if any(map(tree.exists, names))]
        parent = file.path.rpartition("/")[0]
        if not found and file.old is None and parent:
            found = [tree for tree in self._given if tree.exists(parent)]
        preferred = {tree.name for tree in self._preferred}
        return [tree for tree in self._every if tree.name in {own.name for own in found} & (preferred or {tree.name})]

    def _owning(self, path: str) -> Sequence[Tree]:
        """Return the tree of the project that alone has such paths, if it has one; all trees where none is alone."""
        owners = {project.name for project in knowledge().projects if project.home.fullmatch(path)}
        trees = self._preferred or self._every
        return [tree for tree in trees if tree.project.name in owners] if owners else trees


def _mentions_kvm(file: FileDiff) -> bool:
    return any(knowledge().is_interesting(line) for hunk in file.hunks for line in hunk.lines)
