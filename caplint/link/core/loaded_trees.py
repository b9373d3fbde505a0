"""Loaded trees of a run, and the lines that a patch adds or changes in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caplint.link.core.new_lines import new_lines
from caplint.trees.tree import File, Tree


@dataclass(frozen=True)
class Loaded:
    """Tree with the files that a run reads, and those of its base; `base_files` is empty without a base."""

    tree: Tree
    files: list[File]
    base_files: list[File]


def changed_lines(loaded: Loaded) -> Iterator[tuple[str, str, int]]:
    """Yield tree, path and line (from 1) of each line that the tree has and its base lacks."""
    tree, base = loaded.tree, loaded.tree.base
    if base is None:
        return
    base_oids = {file.path: file.oid for file in loaded.base_files}
    for file in loaded.files:
        if base_oids.get(file.path) == file.oid:
            continue
        base_content = base.read(file.path) if file.path in base_oids else b""
        for line in new_lines(base_content.splitlines(), tree.read(file.path).splitlines()):
            yield tree.name, file.path, line
