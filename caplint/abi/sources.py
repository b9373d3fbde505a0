"""The headers that an evaluation of `linux/kvm.h` may read, gathered before it begins."""

from __future__ import annotations

import hashlib
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from posixpath import dirname, join, normpath

ROOT = "linux/kvm.h"
"""The header that is evaluated."""
STAND_IN = "<caplint>/"
"""What the path of a header of caplint's own begins with."""
# Headers that one evaluation may read, and bytes of one; KVM's are about ten of at most 60 kB.
_MAX_FILES = 200
_MAX_BYTES = 1 << 20
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)

Reader = Callable[[str], bytes | None]
"""A tree's file by its path, None where the tree has no such file."""


@dataclass(frozen=True)
class Place:
    """Where one copy of the headers of one architecture lies."""

    root: str
    """Path of `linux/kvm.h`."""
    asm: str
    """Path of the architecture's `asm/kvm.h`, empty where there is none."""

    def path_of(self, name: str) -> str | None:
        """Where `<name>` would lie in the tree; None for what leads out of it."""
        head, _, rest = name.partition("/")
        if head == "asm" and not self.asm:
            return None
        base = (dirname(self.asm), rest) if head == "asm" else (dirname(dirname(self.root)), name)
        return _inside(join(*base))


@dataclass
class Sources:
    """Headers by path, and what an include means."""

    files: dict[str, str]
    """Path, or `STAND_IN` and name → text."""
    targets: dict[tuple[str, str], str]
    """Directory of the includer (empty for `<…>`) and name → path."""

    _lines: dict[str, list[str]] = field(default_factory=dict)

    def lines(self, path: str) -> list[str]:
        """A header's lines."""
        if path not in self._lines:
            self._lines[path] = self.files.get(path, "").split("\n")
        return self._lines[path]

    @property
    def identity(self) -> str:
        """Names everything that an evaluation reads."""
        digest = hashlib.sha256()
        for table in (self.files, self.targets):
            for key, value in sorted(table.items()):
                digest.update(f"{key}\0{value}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def gather(place: Place, read: Reader) -> Sources:
    """Everything that `linux/kvm.h` may include, whatever its conditions say."""
    files: dict[str, str] = {}
    targets: dict[tuple[str, str], str] = {}
    pending = [("", ROOT)]
    while pending:
        key = pending.pop()
        found = _found(place, read, *key) if key not in targets and len(files) < _MAX_FILES else None
        if found is None:
            continue
        path, content = found
        targets[key] = path
        if path in files:
            continue
        files[path], includes = _read(content)
        pending += [(dirname(path) if quoted else "", name) for quoted, name in includes]
    return Sources(files, targets)


@lru_cache(maxsize=256)
def _read(content: bytes) -> tuple[str, list[tuple[bool, str]]]:
    """The text, and what it includes: whether in quotes, and the name. All architectures share most headers."""
    content = content.removeprefix(BOM_UTF8)
    found = _INCLUDE.findall(content)
    names = [(quote == b'"', name.decode("utf-8", "replace").strip()) for quote, name in found]
    return content.decode("utf-8", "replace"), names


def _found(place: Place, read: Reader, directory: str, name: str) -> tuple[str, bytes] | None:
    """A stand-in first, then the tree's own, then what stands in where the tree has none."""
    if directory and (path := _inside(join(directory, name))) and (content := read(path)) is not None:
        return _bounded(path, content)
    if name in (stand_ins := _shipped("headers")):
        return STAND_IN + name, stand_ins[name]
    path = place.root if name == ROOT else place.asm if name == "asm/kvm.h" else place.path_of(name)
    if path and (content := read(path)) is not None:
        return _bounded(path, content)
    if name in (fallbacks := _shipped("fallback")):
        return STAND_IN + name, fallbacks[name]
    return None


def _bounded(path: str, content: bytes) -> tuple[str, bytes] | None:
    return (path, content) if len(content) <= _MAX_BYTES else None


def _inside(path: str) -> str | None:
    normal = normpath(path)
    return None if normal.startswith(("/", "..")) else normal


@cache
def _shipped(directory: str) -> dict[str, bytes]:
    """Name as in an `#include` → content."""
    root = resources.files(__package__).joinpath(directory)
    return {
        f"{folder.name}/{file.name}": file.read_bytes()
        for folder in root.iterdir() if folder.is_dir()
        for file in folder.iterdir() if file.name.endswith(".h")
    }  # fmt: skip
