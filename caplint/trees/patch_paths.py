"""Validation of paths in patches: refuses paths out of the tree, and paths that no project can contain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from caplint.util.errors import CaplintError

_LONGEST, _LONGEST_NAME = 4095, 255
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
_GIT = re.compile(r"\.git|git~[0-9]+")
# Git takes a directory with these three for a bare repository, whatever else it contains (gitrepository-layout(5)).
_REPOSITORY = ("head", "objects", "refs")


def refusal(path: bytes) -> str | None:
    """Return the reason to refuse a path relative to a tree's root; None for a valid path."""
    names = path.split(b"/")
    if not path or path.startswith(b"/") or {b"..", b".", b""} & set(names):
        return "lies outside the tree"
    if _CONTROL.search(path):
        return "contains control characters"
    if b"\\" in path:
        return "contains a backslash, a directory separator on other systems"
    if len(path) > _LONGEST or max(map(len, names)) > _LONGEST_NAME:
        return "is longer than a path can be"
    if any(_GIT.fullmatch(folded(name.decode("utf-8", "surrogateescape"))) for name in names):
        return "lies inside a git repository"
    return None


def folded(name: str) -> str:
    """Return one spelling for all names that some file system considers equal.

    HFS+ ignores invisible characters and case. NTFS ignores case, everything after a colon, and dots and blanks at the
    end.
    """
    if name.isascii():
        plain = name
    else:
        shown = "".join(char for char in name if unicodedata.category(char) != "Cf")
        plain = unicodedata.normalize("NFKC", shown)
    return plain.partition(":")[0].rstrip(". ").casefold()


def refuse_repositories(paths: Iterable[str], label: str, has: Callable[[str], bool] | None = None) -> None:
    """Raise `CaplintError` if files of a patch make a directory look like a git repository.

    `has` tells whether a path exists beside the patch's own files.
    """
    found: dict[str, set[str]] = {}
    for path in paths:
        parent, rest = "", path
        while rest:
            name, _, rest = rest.partition("/")
            if (word := folded(name)) in _REPOSITORY:
                found.setdefault(parent, set()).add(word)
            parent = f"{parent}{name}/"
    for parent, words in found.items():
        if all(word in words or (has is not None and has(parent + _spelt(word))) for word in _REPOSITORY):
            raise CaplintError(
                f"{label}: {parent or './'} would contain HEAD, objects and refs, as a git repository does; refused"
            )


def _spelt(word: str) -> str:
    return "HEAD" if word == "head" else word
