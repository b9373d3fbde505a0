"""A revision or the index of a git repository as a tree, read from its object store: nothing is checked out."""

from __future__ import annotations

from functools import cached_property
from pathlib import PurePosixPath

from caplint.errors import CaplintError
from caplint.facts.languages import language_of
from caplint.knowledge import Project, knowledge
from caplint.trees.repository import Repository
from caplint.trees.tree import File, StampCache, Tree


class RevisionTree(Tree):
    """The files that a tree object or an index names. Symbolic links and submodules are not followed."""

    def __init__(
        self, identity: tuple[str, str], project: Project, repository: Repository, blobs: dict[str, str]
    ) -> None:
        """`identity` is name and role; `blobs` are path → object id."""
        self.name, self.role = identity
        self.project = project
        self._repository = repository
        self._blobs = blobs

    def files(self, cache: StampCache) -> list[File]:
        candidates = {path: self.project.wants(path) for path in self.sources()}
        oids = sorted({self._blobs[path] for path, wanted in candidates.items() if wanted is not False})
        known = cache.objects(oids)
        fresh = {}
        unknown = [oid for oid in oids if oid not in known]
        for oid, content in zip(unknown, self._repository.read_all(unknown), strict=True):
            fresh[oid] = (len(content), knowledge().is_interesting(content))
        cache.remember_objects(fresh)
        known = {**known, **fresh}
        found = []
        for path, wanted in candidates.items():
            oid = self._blobs[path]
            if wanted or (wanted is None and known[oid][1]):
                found.append(File(path, oid, known[oid][0]))
        return found

    def sources(self) -> list[str]:
        return sorted(
            path for path in self._blobs if language_of(path) is not None and self.project.wants(path) is not False
        )

    def has(self, path: str) -> bool:
        return path in self._blobs or path in self._directories

    def content(self, path: str) -> bytes | None:
        return self.read(path) if path in self._blobs else None

    @cached_property
    def _directories(self) -> set[str]:
        return {str(parent) for path in self._blobs for parent in PurePosixPath(path).parents}

    def read(self, path: str) -> bytes:
        try:
            return self._repository.read(self._blobs[path])
        except KeyError:
            raise CaplintError(f"{self.name}: {self.location} has no {path}") from None
