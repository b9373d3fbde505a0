"""Search of a tree's text for names, which reads a tree whose state is known only once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Protocol

from caplint.knowledge.languages import language_of
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree
from caplint.util.code_identity import code_identity


class Memory(Protocol):
    """Store of results by name."""

    def recall(self, name: str) -> str | None:
        """Return the value retained under a name, or None."""

    def retain(self, name: str, value: str) -> None:
        """Retain a value under a name."""


def mentioning(tree: Tree, names: Iterable[str], memory: Memory) -> list[str]:
    """Return the C files with one of these names as a word, sorted; of files that could matter, see `candidates`."""
    wanted = sorted({name.encode() for name in names})
    if not wanted:
        return []
    if isinstance(tree, OverlayTree):
        below, changes = tree.layers
        kept = [path for path in mentioning(below, names, memory) if path not in changes]
        laid = [path for path, content in changes.items() if content is not None]
        return sorted([*kept, *_found(tree, laid, wanted)])
    if tree.taken_state is None:
        return _found(tree, tree.candidates(), wanted)
    key = f"mentions {code_identity(__name__)} {tree.taken_state} {b' '.join(wanted).decode()}"
    known = memory.recall(key)
    found = _found(tree, tree.candidates(), wanted) if known is None else json.loads(known)
    if known is None:
        memory.retain(key, json.dumps(found))
    return found


def _found(tree: Tree, paths: Iterable[str], names: Sequence[bytes]) -> list[str]:
    word = re.compile(rb"\b(?:" + b"|".join(map(re.escape, names)) + rb")\b")
    found = []
    for path in paths:
        if language_of(path) == "c":
            content = tree.read(path)
            # The plain search is ten times as fast, and nearly always enough.
            if any(name in content for name in names) and word.search(content):
                found.append(path)
    return found
