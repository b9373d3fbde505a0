"""Paths that a patch may not name: those that lead out of a tree, and those that no project can hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from caplint.errors import CaplintError

_LONGEST, _LONGEST_NAME = 4095, 255
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_GIT = re.compile(r"\.git|git~[0-9]+")
# A directory with these three is a bare repository to git, whatever else is in it (gitrepository-layout(5)).
_REPOSITORY = ("head", "objects", "refs")


def refusal(path: bytes) -> str | None:
    """Why a path relative to a tree's root is refused; None where nothing is wrong with it."""
    names = path.split(b"/")
    if not path or path.startswith(b"/") or {b"..", b".", b""} & set(names):
        return "lies outside the tree"
    if _CONTROL.search(path):
        return "holds control characters"
    if b"\\" in path:
        return "holds a backslash, which separates directories elsewhere"
    if len(path) > _LONGEST or max(map(len, names)) > _LONGEST_NAME:
        return "is longer than a path can be"
    if any(_GIT.fullmatch(folded(name.decode("utf-8", "surrogateescape"))) for name in names):
        return "lies inside a repository of git"
    return None


def folded(name: str) -> str:
    """One spelling for all that some file system takes for the same name.

    HFS+ ignores characters without a shape and case, NTFS ignores case, what stands behind a colon, and dots and
    blanks at the end.
    """
    if name.isascii():
        plain = name
    else:
        shown = "".join(char for char in name if unicodedata.category(char) != "Cf")
        plain = unicodedata.normalize("NFKC", shown)
    return plain.partition(":")[0].rstrip(". ").casefold()


def refuse_repositories(paths: Iterable[str], label: str, has: Callable[[str], bool] | None = None) -> None:
    """Raise `CaplintError` where files of a patch make a directory look like a repository of git.

    `has` tells what lies there beside the patch's own files.
    """
    found: dict[str, set[str]] = {}
    for path in paths:
        parent, rest = "", path
        while rest:
            name, _, rest = rest.partition("/")
            if len(name) < 32 and (word := folded(name)) in _REPOSITORY:
                found.setdefault(parent, set()).add(word)
            parent = f"{parent}{name}/"
    for parent, words in found.items():
        if all(word in words or (has is not None and has(parent + _spelt(word))) for word in _REPOSITORY):
            raise CaplintError(
                f"{label}: {parent or './'} would hold HEAD, objects and refs, as a repository of git does; refused"
            )


def _spelt(word: str) -> str:
    return "HEAD" if word == "head" else word
