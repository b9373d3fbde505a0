"""What the trees of a run are, and which of their lines a patch adds or changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caplint.link.new_lines import new_lines
from caplint.trees.tree import File, Tree


@dataclass(frozen=True)
class Loaded:
    """A tree with the files that matter, and those of its base where it is compared with one."""

    tree: Tree
    files: list[File]
    base_files: list[File]


def changed_lines(loaded: Loaded) -> Iterator[tuple[str, str, int]]:
    """Tree, path and line, from 1, of what the tree has and its base has not."""
    tree, base = loaded.tree, loaded.tree.base
    if base is None:
        return
    before = {file.path: file.oid for file in loaded.base_files}
    for file in loaded.files:
        if before.get(file.path) == file.oid:
            continue
        old = base.read(file.path) if file.path in before else b""
        for line in new_lines(old.splitlines(), tree.read(file.path).splitlines()):
            yield tree.name, file.path, line
