"""A directory on disk as a tree."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from caplint.errors import CaplintError
from caplint.facts.languages import language_of
from caplint.knowledge import Project, knowledge
from caplint.trees.tree import File, Stamp, StampCache, Tree, object_id

# As git does with its index: a file as young as this may change again under the same stamp.
_RACY_NS = 2_000_000_000


class DirectoryTree(Tree):
    """Reads a working directory. Symbolic links are not followed out of it."""

    def __init__(self, name: str, role: str, project: Project, root: Path) -> None:
        self.name = name
        self.role = role
        self.project = project
        self.root = root.resolve()
        self.location = _text(str(root))
        self._real: dict[str, str] = {}

    def files(self, cache: StampCache) -> list[File]:
        directory = _text(str(self.root))
        known = cache.stamps(directory)
        fresh: dict[str, tuple[Stamp, str, bool]] = {}
        found: list[File] = []
        present: set[str] = set()
        young = time.time_ns() - _RACY_NS
        for entry, path, wanted in self._candidates():
            present.add(path)
            stamp = _stamp(entry)
            remembered = known.get(path)
            if remembered and remembered[0] == stamp and (remembered[1] or not wanted):
                _, oid, interesting = remembered
            else:
                content = self.read(path)
                interesting = knowledge().is_interesting(content)
                # Most files are neither wanted nor of interest, and need no name.
                oid = object_id(content) if wanted or interesting else ""
                if stamp.mtime < young:
                    fresh[path] = (stamp, oid, interesting)
            if wanted or interesting:
                found.append(File(path, oid, stamp.size))
        cache.remember(directory, fresh, known.keys() - present)
        return sorted(found, key=lambda file: file.path)

    def sources(self) -> list[str]:
        return sorted(path for _, path, _ in self._candidates())

    def read(self, path: str) -> bytes:
        try:
            # A Path for each of thousands of files would take longer than reading it.
            with open(f"{self.root}/{self._real.get(path, path)}", "rb") as file:  # noqa: PTH123
                return file.read()
        except OSError as error:
            raise CaplintError(
                f"{self.name}: cannot read {path}: {error.strerror}; make it readable or exclude the tree"
            ) from error

    def header(self, path: str) -> bytes | None:
        # Headers are looked for by name: a device or a link out of the tree is none.
        place = Path(f"{self.root}/{path}")
        try:
            if not place.is_file() or not place.resolve(strict=True).is_relative_to(self.root):
                return None
        except (OSError, RuntimeError):
            return None
        return super().header(path)

    def _candidates(self) -> Iterator[tuple[os.DirEntry[str], str, bool | None]]:
        pending = [*self.project.roots]
        while pending:
            directory = pending.pop()
            for entry in self._entries(directory):
                path = f"{directory}/{entry.name}" if directory else entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        pending.append(path)
                elif language_of(path) is not None:
                    wanted = self.project.wants(path)
                    if wanted is not False and self._is_file(entry):
                        if (name := _text(path)) != path:
                            self._real[name] = path
                        yield entry, name, wanted

    def _entries(self, directory: str) -> list[os.DirEntry[str]]:
        try:
            return sorted(os.scandir(self.root / directory), key=lambda entry: entry.name)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise CaplintError(f"{self.name}: cannot list {directory}: {error.strerror}") from error

    def _is_file(self, entry: os.DirEntry[str]) -> bool:
        """Whether it is a regular file of this tree; a link counts if what it names is one too."""
        if not entry.is_symlink():
            return entry.is_file(follow_symlinks=False)
        try:
            target = Path(entry.path).resolve(strict=True)
        except (OSError, RuntimeError):  # dangling, or a loop
            return False
        return target.is_file() and target.is_relative_to(self.root)


def _text(path: str) -> str:
    """The path as text, which facts and reports hold; bytes of it that are no UTF-8 are escaped."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def _stamp(entry: os.DirEntry[str]) -> Stamp:
    status = entry.stat()
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino)
