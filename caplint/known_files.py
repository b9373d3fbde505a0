"""The files that a run knows of a tree: a finding stands in one of them, and no other is shown."""

from __future__ import annotations

import posixpath
from functools import cached_property

from caplint.link.changes import Loaded


class KnownFiles:
    """The files of one tree of a run, and of what it is compared with."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._read = {file.path for files in (loaded.files, loaded.base_files) for file in files}

    @cached_property
    def _all(self) -> frozenset[str]:
        """Every file of the tree, also those without a name of interest; listed only where one of these is named."""
        tree = self._loaded.tree
        bases = [tree.base] if tree.base is not None else []
        return frozenset(path for one in (tree, *bases) for path in one.sources())

    def has(self, path: str) -> bool:
        """Whether a path is one of the tree's files, as the tree itself lists them."""
        if path in self._read or path in {file.path for file in self._loaded.tree.patch_files}:
            return True
        return path in self._all or self._is_code(path)

    def _is_code(self, path: str) -> bool:
        """Whether it is C that only a call graph reads, as the tree lists it; a path that is not plain is none."""
        plain = path == posixpath.normpath(path) and not path.startswith(("/", "..")) and "\0" not in path
        return plain and path in self._loaded.tree.below(posixpath.dirname(path))
