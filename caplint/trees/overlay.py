"""Overlay of changed files over a tree: the tree with a patch applied."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

from caplint.knowledge.languages import CODE, language_of
from caplint.knowledge.load import knowledge
from caplint.trees.tree import File, PatchFile, StampCache, States, Tree, object_id


class OverlayTree(Tree):
    """Tree with some files replaced, added, or (content None) removed."""

    def __init__(self, base: Tree, changes: Mapping[str, bytes | None], patch_files: Sequence[PatchFile] = ()) -> None:
        self.base: Tree | None = base
        self._below = base
        self.name = base.name
        self.role = base.role
        self.project = base.project
        self.location = base.location
        self.revision = base.revision
        self.complete = base.complete
        self.patch_files = (*base.patch_files, *patch_files)
        self._changes = dict(changes)

    def without_base(self) -> OverlayTree:
        """Return the same files without a base."""
        tree = OverlayTree(self._below, self._changes)
        tree.base, tree.patch_files = None, ()
        return tree

    @property
    def layers(self) -> tuple[Tree, Mapping[str, bytes | None]]:
        """The tree below, and the changes that lie over it, by path; None for a removed file."""
        return self._below, self._changes

    def files(self, cache: StampCache) -> list[File]:
        below = self._below.files(cache)
        self._take_absent()
        return self._laid_over(below, self._matters)

    def _take_absent(self) -> None:
        self.absent, self.remedy = self._below.absent - self._changes.keys(), self._below.remedy

    def with_base(self, cache: StampCache) -> tuple[list[File], list[File]]:
        if self.base is not self._below:
            return super().with_base(cache)
        below = self._below.files(cache)  # once, because it walks a directory
        self._take_absent()
        return self._laid_over(below, self._matters), below

    def code_files(self, cache: StampCache) -> list[File]:
        return self._laid_over(self._below.code_files(cache), self._is_code)

    def _laid_over(self, base: list[File], takes: Callable[[str, bytes], bool]) -> list[File]:
        kept = [file for file in base if file.path not in self._changes]
        laid = [
            File(path, object_id(content), len(content))
            for path, content in self._changes.items()
            if content is not None and takes(path, content)
        ]
        return sorted([*kept, *laid], key=lambda file: file.path)

    def candidates(self) -> list[str]:
        laid = {path for path, content in self._changes.items() if content is not None}
        return sorted((set(self._below.candidates()) - self._changes.keys()) | laid)

    def state_id(self, known: States) -> str | None:
        below = self._below.state_id(known)
        if below is None:
            return None
        digest = hashlib.sha256(f"{below}\0{self.patch_files!r}".encode("utf-8", "surrogateescape"))
        for path, content in sorted(self._changes.items()):
            laid = "" if content is None else object_id(content)
            digest.update(f"\0{path}\0{laid}".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def read(self, path: str) -> bytes:
        if path not in self._changes:
            return self._below.read(path)
        content = self._changes[path]
        if content is None:
            raise FileNotFoundError(path)
        return content

    def exists(self, path: str) -> bool:
        if path in self._directories:
            return True
        return self._changes[path] is not None if path in self._changes else self._below.exists(path)

    @cached_property
    def _directories(self) -> set[str]:
        """All directories above a file of the overlay."""
        found: set[str] = set()
        for path, content in self._changes.items():
            parent = path.rpartition("/")[0] if content is not None else ""
            while parent and parent not in found:
                found.add(parent)
                parent = parent.rpartition("/")[0]
        return found

    def is_file(self, path: str) -> bool:
        return self._changes[path] is not None if path in self._changes else self._below.is_file(path)

    def read_or_none(self, path: str) -> bytes | None:
        return self._changes[path] if path in self._changes else self._below.read_or_none(path)

    def c_files_under(self, directory: str) -> list[str]:
        laid = {path for path in self._changes if path.startswith(f"{directory}/") and path.endswith((".c", ".h"))}
        gone = {path for path, content in self._changes.items() if content is None}
        return sorted((set(self._below.c_files_under(directory)) | laid) - gone)

    @property
    def changes(self) -> Mapping[str, bytes | None]:
        """Content of the overlay: path → content, None for a removed file."""
        return self._changes

    def _matters(self, path: str, content: bytes) -> bool:
        if language_of(path) is None:
            return False
        wanted = self.project.wants(path)
        return bool(wanted) or (wanted is None and knowledge().is_interesting(content))

    def _is_code(self, path: str, _content: bytes) -> bool:
        return language_of(path) in CODE and self.project.wants(path) is not False
