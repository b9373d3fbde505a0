"""What the trees of a run are, and which of their lines a patch adds or changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

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
        for line in _new_lines(old.splitlines(), tree.read(file.path).splitlines()):
            yield tree.name, file.path, line


def _new_lines(before: list[bytes], after: list[bytes]) -> Iterator[int]:
    """Lines of `after`, from 1, that `before` does not have. What both begin and end with is not compared."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    matcher = difflib.SequenceMatcher(None, before[head : len(before) - tail], after[head : len(after) - tail])
    for tag, _, _, start, stop in matcher.get_opcodes():
        if tag in {"insert", "replace"}:
            yield from range(head + start + 1, head + stop + 1)
