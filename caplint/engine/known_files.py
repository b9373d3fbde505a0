"""Files that a run knows of a tree; findings may only point at these files."""

from __future__ import annotations

import posixpath
from functools import cached_property

from caplint.link.core.loaded_trees import Loaded


class KnownFiles:
    """Files of one tree of a run, and of its base."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._read = {file.path for files in (loaded.files, loaded.base_files) for file in files}
        self._read.update(file.path for file in loaded.tree.patch_files)
        self._code: dict[str, frozenset[str]] = {}

    @cached_property
    def _all(self) -> frozenset[str]:
        """All files of the tree, also those without KVM names; listed only when a finding names such a file."""
        tree = self._loaded.tree
        bases = [tree.base] if tree.base is not None else []
        return frozenset(path for side in (tree, *bases) for path in side.candidates())

    def has(self, path: str) -> bool:
        """Return whether a path is a file of the tree."""
        return path in self._read or path in self._all or self._is_code(path)

    def _is_code(self, path: str) -> bool:
        """Return whether the path is C code that only the call graph reads; False for a path that is not normalised."""
        plain = path == posixpath.normpath(path) and not path.startswith(("/", "..")) and "\0" not in path
        return plain and path in self._code_under(posixpath.dirname(path))

    def _code_under(self, directory: str) -> frozenset[str]:
        """Return the C files below a directory, which is listed once for all findings in it."""
        if directory not in self._code:
            self._code[directory] = frozenset(self._loaded.tree.c_files_under(directory))
        return self._code[directory]
