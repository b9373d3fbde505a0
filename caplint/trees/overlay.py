"""Whole files laid over a tree: the tree as it would be with a patch."""

from __future__ import annotations

from collections.abc import Mapping

from caplint.facts.languages import language_of
from caplint.knowledge import knowledge
from caplint.trees.tree import File, StampCache, Tree, object_id


class OverlayTree(Tree):
    """A tree with some files replaced, added, or (where the content is None) removed."""

    def __init__(self, base: Tree, changes: Mapping[str, bytes | None]) -> None:
        self.base = base
        self.name = base.name
        self.role = base.role
        self.project = base.project
        self.location = base.location
        self.revision = base.revision
        self._changes = dict(changes)

    def files(self, cache: StampCache) -> list[File]:
        assert self.base is not None
        kept = [file for file in self.base.files(cache) if file.path not in self._changes]
        laid = [
            File(path, object_id(content), len(content))
            for path, content in self._changes.items()
            if content is not None and self._matters(path, content)
        ]
        return sorted([*kept, *laid], key=lambda file: file.path)

    def sources(self) -> list[str]:
        assert self.base is not None
        laid = {path for path, content in self._changes.items() if content is not None}
        return sorted((set(self.base.sources()) - self._changes.keys()) | laid)

    def read(self, path: str) -> bytes:
        assert self.base is not None
        if path not in self._changes:
            return self.base.read(path)
        content = self._changes[path]
        if content is None:
            raise FileNotFoundError(path)
        return content

    def header(self, path: str) -> bytes | None:
        assert self.base is not None
        return self._changes[path] if path in self._changes else self.base.header(path)

    @property
    def changes(self) -> Mapping[str, bytes | None]:
        """What lies over the base: path → content, None for a removed file."""
        return self._changes

    def _matters(self, path: str, content: bytes) -> bool:
        if language_of(path) is None:
            return False
        wanted = self.project.wants(path)
        return bool(wanted) or (wanted is None and knowledge().is_interesting(content))
