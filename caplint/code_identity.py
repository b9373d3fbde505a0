"""One name for code, which every cache has in its keys: whatever of caplint decides what a computation gives.

It covers the modules that the computation imports, at whatever depth and also within functions, the data files beside
them, the versions of the libraries that they import, Python's and SQLite's. It is made from contents: reading and
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

FACTS = ("caplint.facts.harvest", "caplint.facts.workers", "caplint.facts.store")
"""What makes facts of a file's bytes and keeps them, those of expanded code included."""
LINKS = ("caplint.link.project",)
"""What makes views of facts; plans of expansions and accounts of members are part of it."""
LAYOUTS = ("caplint.link.layouts", "caplint.abi.work", "caplint.abi.moved")
"""What makes layouts of headers."""
STAMPS = ("caplint.trees.directory", "caplint.trees.revision", "caplint.trees.overlay")
"""What says whether a file matters, and names its content."""

CHANGING = "changing"
"""What the name of code begins with that is younger than the process that runs it; it is never met again."""

_PACKAGE = Path(__file__).resolve().parent
# What is left out: rule pages in a wheel, which have keys of their own, and what Python makes of the sources.
_OTHERS = {"share", "__pycache__"}
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(?:\(([^)]*)\)|([^\n(]*))|import[ \t]+"
    rb"([\w.]+(?:[ \t]+as[ \t]+\w+)?(?:[ \t]*,[ \t]*[\w.]+(?:[ \t]+as[ \t]+\w+)?)*)[ \t]*(?:#.*)?$)",
    re.MULTILINE,
)
_COMMENT = re.compile(rb"#[^\n]*")
_TYPES_ONLY = re.compile(rb"^if TYPE_CHECKING:[^\n]*\n(?:[ \t]+[^\n]*\n|\n)+", re.MULTILINE)
# Distributions that are called otherwise than what is imported of them.
_DISTRIBUTIONS = {"pysat": "python_sat", "markdown_it": "markdown_it_py"}
# As with files of trees: one that is so young may change again under the same stamp.
_RACY_NS = 2_000_000_000
_STARTED_NS = time.time_ns()


class _File(NamedTuple):
    content: bytes
    stamp: tuple[int, int, int, int]
    """Size, mtime and ctime in ns, inode."""


@cache
def code_identity(*entries: str) -> str:
    """Name what the modules of these names depend on; without any, the whole package and all installed libraries.

    Code that has changed since the process started, or just before, may be other code than the one that runs: then
    the name is one that no other process has. Raises `LookupError` for a module that is not there.
    """
    files = _package()
    chosen = closure(*entries) if entries else frozenset(files)
    if any(max(files[path].stamp[1:3]) >= _STARTED_NS - _RACY_NS for path in chosen):
        return f"{CHANGING} {os.getpid()} {_STARTED_NS}"
    return hashlib.sha256("\n".join(_lines(chosen, imported(chosen) if entries else None)).encode()).hexdigest()


def contents_identity() -> str:
    """Name the package's files alone, as another machine would that has the same."""
    return hashlib.sha256("\n".join(_hashes(_package())).encode()).hexdigest()


def is_unchanged() -> bool:
    """Whether the package's files are those whose names were given."""
    try:
        return all(_stamp(os.stat(f"{_PACKAGE}/{path}")) == file.stamp for path, file in _package().items())  # noqa: PTH116
    except OSError:
        return False


def closure(*entries: str) -> frozenset[str]:
    """Paths within the package of what the modules import, at any depth, and of the data beside it."""
    files = _package()
    found: set[str] = set()
    pending = [_path_of(name) for name in entries]
    while pending:
        path = pending.pop()
        if path is None:
            raise LookupError(f"no module of caplint is one of {', '.join(entries)}")
        if path not in found:
            found.add(path)
            pending += [inner for name in _imports(path) for inner in _modules(name)]
            pending += [inner for inner in _parents(path) if inner in files]
    places = {os.path.dirname(path) for path in found if not path.endswith("__init__.py")}  # noqa: PTH120
    return frozenset(found | {path for path in files if not path.endswith(".py") and _home(path) in places})


def imported(paths: Iterable[str]) -> list[str]:
    """The libraries that these modules import: top-level names, sorted."""
    names = {name.partition(".")[0] for path in paths if path.endswith(".py") for name in _imports(path)}
    return sorted(names - sys.stdlib_module_names - {"caplint"})


def library(name: str) -> str:
    """Name the version of a library by the directories that pip leaves; where there is none, by the file's stamp."""
    wanted = _DISTRIBUTIONS.get(name, name).lower()
    found = [entry for entry in _installed() if re.split("-", entry)[0].lower().replace(".", "_") == wanted]
    if found:
        return " ".join(found)
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
    """Names and versions as directories say them; importlib.metadata takes longer than all the rest of a short run."""
    found: list[str] = []
    for place in sys.path:
        try:
            found += [name for name in os.listdir(place or ".") if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208
        except OSError:
            continue
    return tuple(sorted(found))


@cache
def _package() -> dict[str, _File]:
    """Every file of the package by its path within it."""
    found = {}
    for directory, below, names in os.walk(_PACKAGE):
        below[:] = sorted(set(below) - _OTHERS)
        for name in names:
            path = f"{directory}/{name}"
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - some hundred files
                found[path[len(str(_PACKAGE)) + 1 :]] = _File(file.readall(), _stamp(os.fstat(file.fileno())))
    return found


def _stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


@cache
def _imports(path: str) -> frozenset[str]:
    """The names that a module imports, those from a module also with that module before them."""
    if not path.endswith(".py"):
        return frozenset()
    found: set[str] = set()
    source = _TYPES_ONLY.sub(b"", _package()[path].content)
    for module, several, one, plain in _IMPORT.findall(source):
        listed = _COMMENT.sub(b"", several or one or plain).split(b",")
        names = [entry.split()[0].decode() for entry in listed if entry.split()]
        found.update([module.decode(), *(f"{module.decode()}.{name}" for name in names)] if module else names)
    return frozenset(found)


def _modules(name: str) -> Iterator[str]:
    if name.partition(".")[0] == "caplint" and (path := _path_of(name)) is not None:
        yield path


def _path_of(name: str) -> str | None:
    inner = name.removeprefix("caplint").removeprefix(".").replace(".", "/")
    choices = (f"{inner}.py", f"{inner}/__init__.py".removeprefix("/"))
    return next((path for path in choices if path in _package()), None)


def _parents(path: str) -> Iterator[str]:
    """What Python runs before a module: that of each package it is in."""
    while path:
        path = os.path.dirname(path)  # noqa: PTH120
        yield f"{path}/__init__.py".removeprefix("/")


def _home(path: str) -> str:
    """The directory of the modules that a data file lies beside, or below."""
    while path:
        path = os.path.dirname(path)  # noqa: PTH120
        if f"{path}/__init__.py".removeprefix("/") in _package():
            break
    return path
