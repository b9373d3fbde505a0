"""Cache key over the code that decides a result; it is part of every cache's keys.

It covers the modules that a computation imports, transitively and also within functions, the data files beside
them, and the versions of the imported libraries, of Python and of SQLite. It hashes file contents: reading and
hashing the whole package takes 4 ms.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

FACTS = ("caplint.facts.harvest", "caplint.facts.workers", "caplint.facts.store.store")
"""Entry modules of extraction and the store, including facts of expanded code."""
LINKS = ("caplint.link.linker",)
"""Entry module of the links, including expansion plans and member uses."""
LAYOUTS = ("caplint.link.uapi.layouts", "caplint.abi.evaluation_pool", "caplint.abi.layout_reuse")
"""Entry modules of the evaluation of header layouts."""
STAMPS = ("caplint.trees.directory", "caplint.trees.revision", "caplint.trees.overlay")
"""Entry modules that select relevant files and compute their object ids."""

CHANGING = "changing"
"""Prefix of the key if code is newer than the running process; such a key is unique to the process."""

_PACKAGE = Path(__file__).resolve().parents[1]
# Excluded: rule pages in a wheel, which have separate keys, and Python's bytecode.
_OTHERS = {"share", "__pycache__"}
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n(]*))|import[ \t]+"
    rb"([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)[ \t]*(?:#.*)?$)",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"#[^\n]*")
_TYPES_ONLY = re.compile(rb"^if TYPE_CHECKING:[^\n]*\n(?:[ \t]+[^\n]*\n|\n)+", re.MULTILINE)
# Import name → distribution name, where they differ.
_DISTRIBUTIONS = {"pysat": "python_sat", "markdown_it": "markdown_it_py"}
# As with files of trees: a file this new may change again under the same stamp.
_RACY_NS = 2_000_000_000
_STARTED_NS = time.time_ns()


class _File(NamedTuple):
    content: bytes
    stamp: tuple[int, int, int, int]
    """Size, mtime and ctime in ns, inode."""


@cache
def code_identity(*entries: str) -> str:
    """Return the key over all dependencies of the modules; without any, the whole package and all libraries.

    If a file has changed since the process started, or just before, the running code may differ from it: then the key
    is unique to the process. Raises `LookupError` for an unknown module.
    """
    files = _package()
    chosen = closure(*entries) if entries else frozenset(files)
    if any(max(files[path].stamp[1:3]) >= _STARTED_NS - _RACY_NS for path in chosen):
        return f"{CHANGING} {os.getpid()} {_STARTED_NS}"
    return hashlib.sha256("\n".join(_lines(chosen, imported(chosen) if entries else None)).encode()).hexdigest()


def contents_identity() -> str:
    """Return a key over the package's files alone, equal on every machine with the same files."""
    return hashlib.sha256("\n".join(_hashes(_package())).encode()).hexdigest()


def is_unchanged() -> bool:
    """Tell whether the package's files are unchanged since they were hashed."""
    try:
        return all(_stamp(os.stat(f"{_PACKAGE}/{path}")) == file.stamp for path, file in _package().items())  # noqa: PTH116
    except OSError:
        return False


def closure(*entries: str) -> frozenset[str]:
    """Return the package paths of all modules imported transitively, and of the data files beside them."""
    files = _package()
    reached: set[str] = set()
    pending = [_path_of(name) for name in entries]
    while pending:
        path = pending.pop()
        if path is None:
            raise LookupError(f"unknown module among {', '.join(entries)}")
        if path not in reached:
            reached.add(path)
            pending += [inner for name in _imports(path) for inner in _modules(name)]
            pending += [inner for inner in _parents(path) if inner in files]
    directories = {os.path.dirname(path) for path in reached if not path.endswith("__init__.py")}  # noqa: PTH120
    return frozenset(reached | {path for path in files if not path.endswith(".py") and _home(path) in directories})


def imported(paths: Iterable[str]) -> list[str]:
    """Return the libraries that these modules import: top-level names, sorted."""
    names = {name.partition(".")[0] for path in paths if path.endswith(".py") for name in _imports(path)}
    return sorted(names - sys.stdlib_module_names - {"caplint"})


def library(name: str) -> str:
    """Return a library's version from pip's metadata directories, or else from its file's stamp."""
    wanted = _DISTRIBUTIONS.get(name, name).lower()
    entries = [entry for entry in _installed() if re.split("-", entry)[0].lower().replace(".", "_") == wanted]
    if entries:
        return " ".join(entries)
    from importlib.util import find_spec  # noqa: PLC0415 - pip and distributions leave such directories

    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return f"{name}: none"
    return f"{name}: {_stamp(os.stat(spec.origin))}"  # noqa: PTH116


def _lines(chosen: Iterable[str], libraries: list[str] | None) -> Iterator[str]:
    from _sqlite3 import sqlite_version  # noqa: PLC0415 - the whole module is not needed to recall an outcome

    yield sys.version
    yield sqlite_version
    yield from _installed() if libraries is None else map(library, libraries)
    files = _package()
    yield from _hashes({path: files[path] for path in chosen})


def _hashes(files: dict[str, _File]) -> Iterator[str]:
    for path in sorted(files):
        yield f"{path} {hashlib.sha256(files[path].content).hexdigest()}"


@cache
def _installed() -> tuple[str, ...]:
    """Return the names of the metadata directories; importlib.metadata takes longer than a whole short run."""
    metadata_names: list[str] = []
    for place in sys.path:
        try:
            metadata_names += [name for name in os.listdir(place or ".") if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208
        except OSError:
            continue
    return tuple(sorted(metadata_names))


@cache
def _package() -> dict[str, _File]:
    """Return every file of the package by its path within the package."""
    contents = {}
    for directory, below, names in os.walk(_PACKAGE):
        below[:] = sorted(set(below) - _OTHERS)
        for name in names:
            path = f"{directory}/{name}"
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - some hundred files
                contents[path[len(str(_PACKAGE)) + 1 :]] = _File(file.readall(), _stamp(os.fstat(file.fileno())))
    return contents


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


@cache
def _imports(path: str) -> frozenset[str]:
    """Return the names that a module imports; `from m import n` gives both `m` and `m.n`."""
    if not path.endswith(".py"):
        return frozenset()
    imported_names: set[str] = set()
    source = _TYPES_ONLY.sub(b"", _package()[path].content)
    for module, several, one, plain in _IMPORT.findall(source):
        listed = _COMMENT.sub(b"", several or one or plain).split(b",")
        names = [entry.split()[0].decode() for entry in listed if entry.split()]
        imported_names.update([module.decode(), *(f"{module.decode()}.{name}" for name in names)] if module else names)
    return frozenset(imported_names)


def _modules(name: str) -> Iterator[str]:
    if name.partition(".")[0] == "caplint" and (path := _path_of(name)) is not None:
        yield path


def _path_of(name: str) -> str | None:
    inner = name.removeprefix("caplint").removeprefix(".").replace(".", "/")
    choices = (f"{inner}.py", f"{inner}/__init__.py".removeprefix("/"))
    return next((path for path in choices if path in _package()), None)


def _parents(path: str) -> Iterator[str]:
    """Yield the `__init__.py` of each enclosing package, which Python runs before the module."""
    while path:
        path = os.path.dirname(path)  # noqa: PTH120
        yield f"{path}/__init__.py".removeprefix("/")


def _home(path: str) -> str:
    """Return the directory of the nearest package that contains a data file."""
    while path:
        path = os.path.dirname(path)  # noqa: PTH120
        if f"{path}/__init__.py".removeprefix("/") in _package():
            break
    return path
