"""A revision or the index of a git repository as a tree, read from its object store: nothing is checked out."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import PurePosixPath

from caplint.errors import CaplintError
from caplint.facts.languages import language_of
from caplint.knowledge import Project, knowledge
from caplint.trees.repository import Repository
from caplint.trees.tree import LARGEST, File, StampCache, States, Tree, object_id, oversize_id


class RevisionTree(Tree):
    """The files that a tree object or an index names. Symbolic links and submodules are not followed."""

    def __init__(
        self,
        identity: tuple[str, str],
        project: Project,
        repository: Repository,
        blobs: dict[str, str],
        tree: str | None = None,
    ) -> None:
        """`identity` is name and role; `blobs` are path → object id, all or those that may matter of a tree object."""
        self.name, self.role = identity
        self.project = project
        self._repository = repository
        self._blobs = blobs
        self._object = tree

    def files(self, cache: StampCache) -> list[File]:
        known = self._known(cache)
        found = []
        for path, wanted in self._candidates.items():
            oid = self._blobs[path]
            if wanted or (wanted is None and known[oid][1]):
                found.append(_file(path, oid, *known[oid]))
        return found

    def code(self, cache: StampCache) -> list[File]:
        known = self._known(cache)
        code = [(path, self._blobs[path]) for path in self._candidates if language_of(path) == "c"]
        return [_file(path, oid, *known[oid]) for path, oid in code]

    def _known(self, cache: StampCache) -> dict[str, tuple[int, bool]]:
        """Size of every object that may matter, and whether it holds a token of interest."""
        oids = sorted({self._blobs[path] for path in self._candidates})
        known = cache.objects(oids)
        fresh, large = {}, {}
        unknown = [oid for oid in oids if oid not in known]
        for oid, content in zip(unknown, self._repository.read_all(unknown), strict=True):
            if len(content) > LARGEST:
                large[oid] = (len(content), True)
                continue
            # What is remembered is believed of every repository that has an object of this name.
            if object_id(content) != oid:
                raise CaplintError(f"{self.name}: object {oid} does not hold what its name says; run `git fsck`")
            fresh[oid] = (len(content), knowledge().is_interesting(content))
        cache.remember_objects(fresh)
        return {**known, **fresh, **large}

    def sources(self) -> list[str]:
        return list(self._candidates)

    def state(self, known: States) -> str | None:  # noqa: ARG002 - it is told from what is at hand
        if self._object is not None:
            return self._object
        lines = "".join(f"{path}\0{oid}\n" for path, oid in sorted(self._blobs.items()))
        return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()

    @cached_property
    def _candidates(self) -> dict[str, bool | None]:
        """The files that may matter, sorted by path, with what the project wants of them."""
        readable = ((path, self.project.wants(path)) for path in sorted(self._blobs) if language_of(path) is not None)
        return {path: wanted for path, wanted in readable if wanted is not False}

    def has(self, path: str) -> bool:
        return path in self._everything or path in self._directories

    def content(self, path: str) -> bytes | None:
        return self._repository.read(self._everything[path]) if path in self._everything else None

    def below(self, directory: str) -> list[str]:
        return sorted(
            path for path in self._everything if path.startswith(f"{directory}/") and path.endswith((".c", ".h"))
        )

    @cached_property
    def _everything(self) -> dict[str, str]:
        """Also what lies where nothing matters; only patches ask for it."""
        return self._blobs if self._object is None else self._repository.entries(self._object, [""])

    @cached_property
    def _directories(self) -> set[str]:
        return {str(parent) for path in self._everything for parent in PurePosixPath(path).parents}

    def differences(self, base: RevisionTree) -> list[tuple[str, str]]:
        """Paths that a base has otherwise or not at all, with what was done to them, as `PatchFile.kind`."""
        before, after = base._everything, self._everything
        return [
            (path, "added" if path not in before else "removed" if path not in after else "modified")
            for path in sorted({path for path, _ in before.items() ^ after.items()})
        ]

    def read(self, path: str) -> bytes:
        try:
            return self._repository.read(self._everything[path])
        except KeyError:
            raise CaplintError(f"{self.name}: {self.location} has no {path}") from None


def _file(path: str, oid: str, size: int, speaks: bool) -> File:
    return File(path, oid if size <= LARGEST else oversize_id(), size, speaks)
