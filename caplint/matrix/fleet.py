"""What the fleet is: directories and revisions as they are written, patterns among them, and what to call each."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from caplint.matrix.model import FleetMember
from caplint.trees.repository import Repository
from caplint.util.errors import CaplintError

_PATTERN = re.compile(r"[*?\[]")
_DIGITS = re.compile(r"([0-9]+)")
# git-check-ref-format(1): no branch or tag has these, but ways to ask for a commit have (`HEAD^{/a.*}`, `:/a.*`).
_NO_NAME = re.compile(r"[{:]")


def members(texts: Iterable[str], role: str, name: str) -> list[FleetMember]:
    """The trees of one role, patterns expanded, each once.

    Raises `CaplintError` where a pattern matches nothing. Whether there is anything where a name leads is not asked.
    """
    found = list(dict.fromkeys(_from_root(found) for text in texts for found in _expanded(text)))
    return [FleetMember(label, text, role, name) for text, label in zip(found, _labels(found), strict=True)]


def named(option: str) -> FleetMember:
    """The tree of `--tree NAME=ROLE:PATH[@REV]`; the role is kernel or vmm."""
    name, _, rest = option.partition("=")
    role, _, text = rest.partition(":")
    if not (name and text) or role not in {"kernel", "vmm"}:
        raise CaplintError(f"--tree {option}: write NAME=kernel:PATH or NAME=vmm:PATH; a matrix has no other roles")
    return FleetMember(name, _from_root(text), role, name)


def split(text: str) -> tuple[str, str]:
    """Directory and revision of `DIR[@REV]`: at the last `@` that a directory stands before, unless all is a path."""
    if "@" not in text or Path(text).exists():
        return text, ""
    path, _, revision = text.rpartition("@")
    while not Path(path).is_dir() and "@" in path:
        path, _, rest = path.rpartition("@")
        revision = f"{rest}@{revision}"
    return (path, revision) if Path(path).is_dir() else (text, "")


def _expanded(text: str) -> Iterator[str]:
    path, revision = split(text)
    if not _PATTERN.search(text) or Path(text).exists():
        yield text
    elif not revision and not (found := _directories(text)):
        path, _, revision = text.rpartition("@")
        directories = _directories(path) if path else []
        if not directories:
            raise CaplintError(f"{text}: no directory matches; write a pattern in quotes, such as 'trees/linux-*'")
        for directory in directories:
            yield from _revisions(directory, revision)
    elif revision:
        yield from _revisions(path, revision)
    else:
        yield from found


def _directories(pattern: str) -> list[str]:
    return sorted((found for found in glob.glob(pattern) if Path(found).is_dir()), key=_by_numbers)  # noqa: PTH207


def _revisions(directory: str, revision: str) -> list[str]:
    """The revision itself, or the tags and branches that a pattern matches, older versions first."""
    if not _PATTERN.search(revision) or _NO_NAME.search(revision):
        return [f"{directory}@{revision}"]
    names = Repository(Path(directory)).matching(revision)
    if not names:
        raise CaplintError(f"{directory}: no tag or branch matches {revision}; `git for-each-ref` shows them")
    return [f"{directory}@{name}" for name in names]


def _by_numbers(text: str) -> list[str | int]:
    """6.2 before 6.12: text and numbers take turns."""
    return [int(part) if place % 2 else part for place, part in enumerate(_DIGITS.split(text))]


def _from_root(text: str) -> str:
    path, revision = split(text)
    return os.path.abspath(path) + (f"@{revision}" if revision else "")  # noqa: PTH100 - without following links


def _labels(texts: list[str]) -> list[str]:
    """As many of the last words of each path as tell it from the others, with the revision."""
    places = [(Path(path).parts, revision) for path, revision in map(split, texts)]
    return [_label(place, places) for place in places]


def _label(place: tuple[tuple[str, ...], str], places: list[tuple[tuple[str, ...], str]]) -> str:
    parts, revision = place
    for length in range(1, max(2, len(parts))):
        alike = [other for other in places if other[1] == revision and other[0][-length:] == parts[-length:]]
        if len(alike) == 1:
            break
    return "/".join(parts[-length:]) + (f"@{revision}" if revision else "")
