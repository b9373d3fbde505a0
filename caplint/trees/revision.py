"""Tree of a revision or the index of a git repository, read from the object store: nothing is checked out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import PurePosixPath

from caplint.knowledge.languages import CODE, language_of
from caplint.knowledge.load import knowledge
from caplint.knowledge.project import Project
from caplint.trees.repository import Repository
from caplint.trees.tree import (
    ABSENT,
    LARGEST,
    File,
    StampCache,
    States,
    Tree,
    absent_id,
    object_id,
    oversize_id,
)
from caplint.util.errors import CaplintError

_LOST = -1
"""Size that stands for a blob which a partial clone lacks."""


class RevisionTree(Tree):
    """Tree of the files in a tree object or an index. Symbolic links and submodules are not followed."""

    def __init__(
        self,
        identity: tuple[str, str],
        project: Project,
        repository: Repository,
        blobs: dict[str, str] | None,
        tree: str | None = None,
    ) -> None:
        """`identity`: name and role; `blobs`: path → object id of all files; None: listed from the tree if needed."""
        self.name, self.role = identity
        self.project = project
        self.repository = repository
        self._given = blobs
        self._object = tree

    @cached_property
    def _blobs(self) -> dict[str, str]:
        """Object ids by path, of all files or of those that may matter."""
        if self._given is not None or self._object is None:
            return self._given or {}
        return self.repository.entries(self._object, self.project.roots)

    def files(self, cache: StampCache) -> list[File]:
        known = self._known(cache)
        found = []
        for path, wanted in self._candidates.items():
            oid = self._blobs[path]
            if wanted or (wanted is None and known[oid][1]):
                found.append(_file(path, oid, *known[oid]))
        return found

    def code_files(self, cache: StampCache) -> list[File]:
        known = self._known(cache)
        code = [(path, self._blobs[path]) for path in self._candidates if language_of(path) in CODE]
        return [_file(path, oid, *known[oid]) for path, oid in code]

    def _known(self, cache: StampCache) -> dict[str, tuple[int, bool]]:
        """Return size of every object that may matter, and whether it mentions KVM."""
        oids = sorted({self._blobs[path] for path in self._candidates})
        known = cache.objects(oids)
        fresh, large = {}, {}
        lost: dict[str, tuple[int, bool]] = {}
        unknown = [oid for oid in oids if oid not in known]
        for oid, content in zip(unknown, self.repository.read_present(unknown), strict=True):
            if content is None:
                lost[oid] = (_LOST, True)
                continue
            if len(content) > LARGEST:
                large[oid] = (len(content), True)
                continue
            # The cache is shared by all repositories, so the object id must match the content.
            if object_id(content) != oid:
                raise CaplintError(f"{self.name}: object {oid} does not match its id; run `git fsck`")
            fresh[oid] = (len(content), knowledge().is_interesting(content))
        cache.remember_objects(fresh)
        if lost:
            self.absent = frozenset(path for path in self._candidates if self._blobs[path] in lost)
            self.remedy = self.repository.remedy
        return {**known, **fresh, **large, **lost}

    def candidates(self) -> list[str]:
        return list(self._candidates)

    def state_id(self, known: States) -> str | None:  # noqa: ARG002 - computed from the object ids
        if self._object is None:
            lines = "".join(f"{path}\0{oid}\n" for path, oid in sorted(self._blobs.items()))
            self.taken_state = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
        else:
            self.taken_state = self._object
        return self.taken_state

    @cached_property
    def _candidates(self) -> dict[str, bool | None]:
        """Files that may matter, sorted by path; path → whether the project wants them."""
        readable = ((path, self.project.wants(path)) for path in sorted(self._blobs) if language_of(path) is not None)
        return {path: wanted for path, wanted in readable if wanted is not False}

    def exists(self, path: str) -> bool:
        return path in self._blobs or path in self._everything or path in self._directories

    def read_or_none(self, path: str) -> bytes | None:
        return self.read(path) if path in self._blobs or path in self._everything else None

    def c_files_under(self, directory: str) -> list[str]:
        return sorted(
            path for path in self._everything if path.startswith(f"{directory}/") and path.endswith((".c", ".h"))
        )

    def c_contents_under(self, directory: str) -> Iterator[tuple[str, bytes]]:
        # Lists this directory alone: listing everything takes a quarter of a second for Linux.
        blobs = self._blobs if self._object is None else self.repository.entries(self._object, [directory])
        paths = sorted(path for path in blobs if path.startswith(f"{directory}/") and path.endswith((".c", ".h")))
        for path, content in zip(paths, self.repository.read_present([blobs[path] for path in paths]), strict=True):
            if content is not None:
                yield path, content

    @cached_property
    def _everything(self) -> dict[str, str]:
        """All files, including those that cannot matter; only patches need it."""
        return self._blobs if self._object is None else self.repository.entries(self._object, [""])

    @cached_property
    def _directories(self) -> set[str]:
        return {str(parent) for path in self._everything for parent in PurePosixPath(path).parents}

    def differences(self, base: RevisionTree) -> list[tuple[str, str]]:
        """Return the paths that differ from a base, with the kind of change as in `PatchFile.kind`."""
        before, after = base._everything, self._everything
        return [
            (path, "added" if path not in before else "removed" if path not in after else "modified")
            for path in sorted({path for path, _ in before.items() ^ after.items()})
        ]

    def read(self, path: str) -> bytes:
        oid = self._blobs.get(path) or self._everything.get(path)
        if oid is None:
            raise CaplintError(f"{self.name}: {self.location} has no {path}")
        content = next(self.repository.read_present([oid]))
        if content is None:  # another repository has it, so that it was taken for known
            self.absent |= {path}
            self.remedy = self.repository.remedy
            return ABSENT
        return content


def _file(path: str, oid: str, size: int, mentions_kvm: bool) -> File:
    if size == _LOST:
        return File(path, absent_id(), len(ABSENT), mentions_kvm)
    return File(path, oid if size <= LARGEST else oversize_id(), size, mentions_kvm)
