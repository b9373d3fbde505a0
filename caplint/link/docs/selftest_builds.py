"""Self-tests that a tree builds: the files that their Makefiles name, and the files that these include."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from caplint.c.syntax import UnreadableError
from caplint.facts.syntax.logical_lines import logical_lines

MAKEFILES = ("Makefile", "Makefile.kvm")
_ASSIGNMENT = re.compile(r"\s*([\w.$(){}-]+)\s*(?:\+|\?|:{1,3})?=(.*)")
# A name in this variable stands for two files: NAME.c, and NAME.c in the directory of an architecture.
_SPLIT = "SPLIT_TESTS"
_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include[ \t]*[\"<]([^\">\n]{1,255})[\">]", re.MULTILINE)

Read = Callable[[str], bytes]


def built_files(directory: str, paths: Iterable[str], makefiles: Iterable[bytes], read: Read) -> list[str]:
    """Return the paths of the C files below a directory that its Makefiles build, sorted.

    All of them if the Makefiles do not tell: there is none, it names no file, or it uses wildcards.
    """
    every = sorted(paths)
    named: set[str] = set()
    for makefile in makefiles:
        names = _named(makefile)
        if names is None:
            return every
        named |= names
    inner = {path: path.removeprefix(f"{directory}/") for path in every}
    built = [path for path in every if inner[path] in named or f"*/{inner[path].rpartition('/')[2]}" in named]
    return _with_included(built, every, read) if built else every


def _named(makefile: bytes) -> set[str] | None:
    """Return the C files that a Makefile's assignments name, `*/NAME` for split tests; None for wildcards."""
    names: set[str] = set()
    try:
        for _, line in logical_lines(makefile.decode("utf-8", "replace")):
            match = _ASSIGNMENT.match(re.sub(r"(?<!\\)#.*", "", line))
            if match is None or line.startswith("\t"):
                continue
            if "wildcard" in match.group(2):
                return None
            for word in match.group(2).split():
                stem = re.sub(r"\.[cSo]\Z", "", word)
                names.add(f"{stem}.c")
                if match.group(1) == _SPLIT:
                    names.add(f"*/{stem}.c")
    except UnreadableError:
        return None
    return names


def _with_included(built: list[str], every: list[str], read: Read) -> list[str]:
    """Return the files and all files that they include, directly or not."""
    by_name: dict[str, list[str]] = {}
    for path in every:
        by_name.setdefault(path.rpartition("/")[2], []).append(path)
    found, waiting = set(built), list(built)
    while waiting:
        for match in _INCLUDE.finditer(read(waiting.pop())):
            name = match.group(1).decode("utf-8", "replace")
            for path in by_name.get(name.rpartition("/")[2], ()):
                if path not in found and f"/{path}".endswith(f"/{name.lstrip('./')}"):
                    found.add(path)
                    waiting.append(path)
    return sorted(found)
