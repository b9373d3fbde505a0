"""Gathering of all headers that an evaluation of `linux/kvm.h` may read, before it begins."""

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
"""Header that is evaluated."""
ASM = "asm/kvm.h"
"""Header of the architecture, without which hardly a structure is known."""
RUST = ".rs"
"""End of the path of bindings in Rust, which are the header of one architecture."""
STAND_IN = "<caplint>/"
"""Path prefix of headers that caplint ships."""
# Limits for the number of headers of one evaluation and the bytes of one; KVM has about ten of at most 60 kB.
_MAX_FILES = 200
_MAX_BYTES = 1 << 20
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)

Reader = Callable[[str], bytes | None]
"""Function that returns a tree's file by its path, None if the tree does not have it."""


@dataclass(frozen=True)
class HeaderSet:
    """Location of one copy of the headers of one architecture."""

    root: str
    """Path of `linux/kvm.h`."""
    asm: str
    """Path of the architecture's `asm/kvm.h`, empty if there is none."""

    def path_of(self, name: str) -> str | None:
        """Return the path that `<name>` would have in the tree; None if it leads out of the tree."""
        head, _, rest = name.partition("/")
        if head == "asm" and not self.asm:
            return None
        base = (dirname(self.asm), rest) if head == "asm" else (dirname(dirname(self.root)), name)
        return _inside(join(*base))


@dataclass
class Sources:
    """Headers by path, and the target of each include."""

    files: dict[str, str]
    """Path (of a shipped header `STAND_IN` and name) → text."""
    targets: dict[tuple[str, str], str]
    """Directory of the including file (empty for `<…>`) and name → path."""

    _lines: dict[str, list[str]] = field(default_factory=dict)

    def lines(self, path: str) -> list[str]:
        """Return a header's lines."""
        if path not in self._lines:
            self._lines[path] = self.files.get(path, "").split("\n")
        return self._lines[path]

    @property
    def identity(self) -> str:
        """Digest of all inputs of an evaluation."""
        digest = hashlib.sha256()
        for table in (self.files, self.targets):
            for key, value in sorted(table.items()):
                digest.update(f"{key}\0{value}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()


def is_kvm_header(path: str) -> bool:
    """Tell whether a header is KVM's own, so that its structures and constants are compared."""
    return path.endswith(("/kvm.h", RUST))


def gather(headers: HeaderSet, read: Reader) -> Sources:
    """Return all headers that `linux/kvm.h` may include under any conditions."""
    files: dict[str, str] = {}
    targets: dict[tuple[str, str], str] = {}
    pending = [("", ROOT)]
    while pending:
        key = pending.pop()
        header = _found(headers, read, *key) if key not in targets and len(files) < _MAX_FILES else None
        if header is None:
            continue
        path, content = header
        targets[key] = path
        if path in files:
            continue
        files[path], includes = _read(content)
        pending += [(dirname(path) if quoted else "", name) for quoted, name in includes]
    return Sources(files, targets)


@lru_cache(maxsize=256)
def _read(content: bytes) -> tuple[str, list[tuple[bool, str]]]:
    """Return the text and its includes: whether in quotes, and the name; cached, as headers are shared."""
    content = content.removeprefix(BOM_UTF8)
    includes = _INCLUDE.findall(content)
    names = [(quote == b'"', name.decode("utf-8", "replace").strip()) for quote, name in includes]
    return content.decode("utf-8", "replace"), names


def _found(headers: HeaderSet, read: Reader, directory: str, name: str) -> tuple[str, bytes] | None:
    """Return path and content: a quoted file, a shipped header, the tree's own, else a shipped fallback."""
    if directory and (path := _inside(join(directory, name))) and (content := read(path)) is not None:
        return _bounded(path, content)
    if name in (stand_ins := _shipped("headers")):
        return STAND_IN + name, stand_ins[name]
    path = headers.root if name == ROOT else headers.asm if name == ASM else headers.path_of(name)
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
    """Return shipped headers: name as in an `#include` → content."""
    root = resources.files(__package__).joinpath(directory)
    return {
        f"{folder.name}/{file.name}": file.read_bytes()
        for folder in root.iterdir() if folder.is_dir()
        for file in folder.iterdir() if file.name.endswith(".h")
    }  # fmt: skip
