"""Trees, rules and settings of a server, and the state of its trees with the buffers of an editor laid over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from caplint.config.settings import Config
from caplint.rules.page import Rule
from caplint.server.messages import ServedTree
from caplint.trees.directory import DirectoryTree
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import LARGEST, Tree, oversize


@dataclass(frozen=True)
class ServerPlan:
    """Trees, rules and settings of a server."""

    trees: list[Tree]
    rules: list[Rule]
    config: Config

    @property
    def served(self) -> tuple[ServedTree, ...]:
        """The trees, for the server's own process."""
        return tuple(_served(tree) for tree in self.trees)

    @property
    def known(self) -> tuple[Path, ...]:
        """Further files of findings that are known upstream."""
        return tuple(map(Path, self.config.known))


def _served(tree: Tree) -> ServedTree:
    root = str(tree.root) if isinstance(tree, DirectoryTree) else None
    return ServedTree(tree.name, tree.role, tree.location, root)


def laid_over(trees: list[Tree], overlays: Mapping[str, Mapping[str, bytes]]) -> list[Tree]:
    """Return the trees with contents in place of those of their files, as they would be if these were saved."""
    return [_with(tree, overlays[tree.name]) if overlays.get(tree.name) else tree for tree in trees]


def _with(tree: Tree, contents: Mapping[str, bytes]) -> Tree:
    # A content that no file may have is a blind spot, as it would be on the disk.
    bounded = {path: content if len(content) <= LARGEST else oversize() for path, content in contents.items()}
    return OverlayTree(tree, bounded).without_base()
