"""Tree of a directory on disk."""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from caplint.knowledge.languages import CODE, language_of
from caplint.knowledge.load import knowledge
from caplint.knowledge.project import Project
from caplint.trees.names import on_disk, shown
from caplint.trees.tree import LARGEST, File, Stamp, StampCache, States, Tree, object_id, oversize, oversize_id
from caplint.trees.walk import Found, covers, outside, state_of, walk
from caplint.util.errors import CaplintError

# As in git's index: a younger file may change again with the same stamp.
_RACY_NS = 2_000_000_000


class DirectoryTree(Tree):
    """Tree of a working directory. Symbolic links out of it are not followed."""

    def __init__(self, name: str, role: str, project: Project, root: Path) -> None:
        self.name = name
        self.role = role
        self.project = project
        self.root = root.resolve()
        self.given = str(root)
        """Directory as it was given, for `Path` to open; `location` is for messages."""
        self.location = shown(root)
        self._listing: list[tuple[File, bool]] | None = None
        self._walked: Found | None = None
        self._watched = [*project.roots, *outside(project.roots, project.selftests)]
        self._strayed = False

    def files(self, cache: StampCache) -> list[File]:
        found = self._listing if self._listing is not None else self._named(cache, every=False)
        return [file for file, matters in found if matters]

    def code_files(self, cache: StampCache) -> list[File]:
        if self._listing is None:
            self._listing = self._named(cache, every=True)
        return [file for file, _ in self._listing if language_of(file.path) in CODE]

    def _named(self, cache: StampCache, *, every: bool) -> list[tuple[File, bool]]:
        """Return the files by path, and whether they matter; with `every`, also the files that do not."""
        directory = shown(self.root)
        known = cache.stamps(directory)
        fresh: dict[str, tuple[Stamp, str, bool]] = {}
        found: list[tuple[File, bool]] = []
        present: set[str] = set()
        young = time.time_ns() - _RACY_NS
        for entry, path, wanted in self._candidates():
            present.add(path)
            stamp = _stamp(entry)
            remembered = known.get(path)
            if stamp.size > LARGEST:
                oid, interesting = oversize_id(), True
            elif remembered and remembered[0] == stamp and (remembered[1] or not (wanted or every)):
                _, oid, interesting = remembered
            else:
                content = self.read(path)
                interesting = knowledge().is_interesting(content)
                # Most files neither matter nor mention KVM, and need an object id only in a call graph.
                oid = object_id(content) if wanted or interesting or every else ""
                if stamp.mtime < young:
                    fresh[path] = (stamp, oid, interesting)
            matters = bool(wanted or interesting)
            if matters or every:
                found.append((File(path, oid, stamp.size, interesting), matters))
        cache.remember(directory, fresh, known.keys() - present)
        return sorted(found, key=lambda entry: entry[0].path)

    def candidates(self) -> list[str]:
        return sorted(path for _, path, _ in self._candidates())

    def state_id(self, known: States) -> str | None:
        if self._strayed:
            return None
        if self not in known:
            young = time.time_ns() - _RACY_NS
            readable, links = walk(self.name, self.root, self._watched, self.project.may_hold)
            self._walked = readable
            known[self] = state_of(readable, links, self._apart(), young)
        self.taken_state = known[self]
        return self.taken_state

    def _apart(self) -> list[Path]:
        """Return the watched files outside the walked directories."""
        return [self.root / self.project.release] if self.project.release else []

    def read(self, path: str) -> bytes:
        try:
            # Plain open(): creating a Path for each of thousands of files takes longer than reading them.
            with open(f"{self.root}/{on_disk(path)}", "rb", opener=_opener) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise OSError(errno.EINVAL, "not a regular file")
                content = file.read(LARGEST + 1) if status.st_size <= LARGEST else b""
        except (OSError, ValueError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or "no file can have this name"
            raise CaplintError(
                f"{self.name}: cannot read {path}: {reason}; make it readable or exclude the tree"
            ) from error
        return oversize() if max(len(content), status.st_size) > LARGEST else content

    def exists(self, path: str) -> bool:
        return self._inside(path) is not None

    def is_file(self, path: str) -> bool:
        place = self._inside(path)
        return place is not None and place.is_file()

    def read_or_none(self, path: str) -> bytes | None:
        place = self._inside(path)
        real = path if place is None else shown(place.relative_to(self.root))
        if path != self.project.release and not (self._is_watched(path) and self._is_watched(real)):
            self._strayed = True  # the state id does not cover this file
        return self.read(path) if place is not None and place.is_file() else None

    def _is_watched(self, path: str) -> bool:
        return covers(self._watched, path, self.project.may_hold)

    def c_files_under(self, directory: str) -> list[str]:
        place = self._inside(directory)
        found = place.rglob("*.[ch]") if place is not None else ()
        return sorted(shown(file.relative_to(self.root)) for file in found if file.is_file() and not file.is_symlink())

    def _inside(self, path: str) -> Path | None:
        """Resolve a path; None if it leads out of the tree or to nothing."""
        try:
            place = (self.root / on_disk(path)).resolve(strict=True)
        except (OSError, RuntimeError, ValueError):
            return None
        return place if place.is_relative_to(self.root) else None

    def _candidates(self) -> Iterator[tuple[os.DirEntry[str], str, bool | None]]:
        # The walk of `state_id` is used once; later walks see later changes.
        walked, self._walked = self._walked, None
        found = walk(self.name, self.root, self.project.roots, self.project.may_hold)[0] if walked is None else walked
        for entry, path in sorted(found, key=itemgetter(1)):
            wanted = self.project.wants(path)
            if wanted is not False and self._is_file(entry):
                yield entry, shown(path), wanted

    def _is_file(self, entry: os.DirEntry[str]) -> bool:
        """Return whether the entry is a regular file of this tree, or a link to one."""
        if not entry.is_symlink():
            return entry.is_file(follow_symlinks=False)
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):  # dangling, or a loop
            return False
        return target.is_file() and target.is_relative_to(self.root)


def _opener(path: str, flags: int) -> int:
    """Open without waiting, in case a FIFO has replaced a file."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    status = entry.stat()
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
