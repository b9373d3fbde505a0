"""Files of a tree that its call graph reads, kept by the tree's state so that a further question lists nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from caplint.facts.store.store import FactStore
from caplint.knowledge.languages import language_of
from caplint.knowledge.load import knowledge
from caplint.trees.tree import File, Tree
from caplint.util.code_identity import code_identity


@dataclass(frozen=True, slots=True)
class TreeFiles:
    """Files of one state of a tree."""

    content: str
    """Cache key over the paths and contents of all files that matter, and of all C files."""
    code: list[File]
    """C files of the call graph, by path."""


def content_of(tree: Tree, store: FactStore) -> str:
    """Return the cache key over the content of a tree, without listing its files if its state is known."""
    key = _key(tree)
    known = store.recall(f"graph content {key}") if key is not None else None
    return known if known is not None else _listed(tree, store, key).content


def code_of(tree: Tree, store: FactStore) -> list[File]:
    """Return the C files of a tree's call graph: a kernel's files that concern KVM, else all live files."""
    return _files(tree, store).code


def _files(tree: Tree, store: FactStore) -> TreeFiles:
    key = _key(tree)
    known = store.recall(f"graph files {key}") if key is not None else None
    if known is not None:
        try:
            content, code = json.loads(known)
            return TreeFiles(content, [File(path, oid, size) for path, oid, size in code])
        except (ValueError, TypeError):  # damaged: listed again
            pass
    return _listed(tree, store, key)


def _key(tree: Tree) -> str | None:
    """Return the cache key over a tree's state; None if it has no stable one."""
    state = tree.taken_state or tree.state_id({})
    if state is None:
        return None
    return hashlib.sha256(repr((code_identity(), tree.role, tree.project.name, state)).encode()).hexdigest()


def _listed(tree: Tree, store: FactStore, key: str | None) -> TreeFiles:
    is_kernel = tree.role in {"kernel", "reference"}
    # A kernel's call graph has only the files of `files`; `code_files` comes first, so that both share one listing.
    every = [] if is_kernel else tree.code_files(store)
    files = tree.files(store)
    digest = hashlib.sha256()
    for file in (*every, *files):
        digest.update(f"{file.path}\0{file.oid}\0".encode())
    of_c = [file for file in (files if is_kernel else every) if language_of(file.path) == "c"]
    code = of_c if is_kernel else [file for file in of_c if not knowledge().dead_files.fullmatch(file.path)]
    listed = TreeFiles(digest.hexdigest(), code)
    if key is not None:
        rows = [(file.path, file.oid, file.size) for file in code]
        text = json.dumps([listed.content, rows], separators=(",", ":"))
        store.retain_all({f"graph content {key}": listed.content, f"graph files {key}": text})
    return listed
