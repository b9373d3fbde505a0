"""Members of the fleet: expansion of patterns for directories and revisions, and the label of each member."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from caplint.matrix.model import FleetMember
from caplint.trees.git_place import is_top
from caplint.trees.labels import from_root, short_labels, split
from caplint.trees.repository import Repository
from caplint.util.errors import CaplintError

_PATTERN = re.compile(r"[*?\[]")
_DIGITS = re.compile(r"([0-9]+)")
# git-check-ref-format(1) forbids these in branches and tags; commit expressions use them (`HEAD^{/a.*}`, `:/a.*`).
_NO_NAME = re.compile(r"[{:]")


def members(texts: Iterable[str], role: str, name: str, tags: Sequence[str] = ()) -> list[FleetMember]:
    """Return the trees of one role, with patterns expanded and duplicates removed.

    `tags` are globs: a repository without a revision stands for its tags that match one. Raises `CaplintError` if a
    pattern matches nothing. Names without a pattern are not checked for existence.
    """
    # A shell leaves the `~` of a quoted pattern; an unknown user's name stays as it is.
    at_home = map(os.path.expanduser, texts)
    expanded = (tagged for text in at_home for one in _expanded(text) for tagged in _tagged(one, tags))
    absolute = list(dict.fromkeys(map(from_root, expanded)))
    return [FleetMember(label, text, role, name) for text, label in zip(absolute, short_labels(absolute), strict=True)]


def named(option: str) -> FleetMember:
    """Return the tree of `--tree NAME=ROLE:PATH[@REV]`. Raises `CaplintError` for a role but kernel and vmm."""
    name, _, rest = option.partition("=")
    role, _, text = rest.partition(":")
    if not (name and text) or role not in {"kernel", "vmm"}:
        raise CaplintError(f"--tree {option}: write NAME=kernel:PATH or NAME=vmm:PATH, the only roles in a matrix")
    return FleetMember(name, from_root(text), role, name)


def _expanded(text: str) -> Iterator[str]:
    if _PATTERN.search(text) and text.startswith("~/"):  # the quotes of a pattern keep the shell from it
        text = os.path.expanduser(text)  # noqa: PTH111 - without a home it stays as it is
    path, revision = split(text)
    if not _PATTERN.search(text) or Path(text).exists():
        yield text
    elif not revision and not (matches := _directories(text)):
        path, _, revision = text.rpartition("@")
        directories = _directories(path) if path else []
        if not directories:
            raise CaplintError(f"{text}: no directory matches; write a pattern in quotes, such as 'trees/linux-*'")
        for directory in directories:
            yield from _revisions(directory, revision)
    elif revision:
        yield from _revisions(path, revision)
    else:
        yield from matches


def _tagged(text: str, globs: Sequence[str]) -> list[str]:
    """Return the tags of a repository that match a glob, older versions first; any other tree as it is."""
    path, revision = split(text)
    if not globs or revision or not is_top(path):
        return [text]
    names = [name for name in Repository(Path(path)).tag_names() if any(fnmatchcase(name, glob) for glob in globs)]
    if not names:
        raise CaplintError(f"{path}: no tag matches {' or '.join(globs)}; `git tag` shows them")
    return [f"{path}@{name}" for name in sorted(names, key=_by_numbers)]


def _directories(pattern: str) -> list[str]:
    return sorted((path for path in glob.glob(pattern) if Path(path).is_dir()), key=_by_numbers)  # noqa: PTH207


def _revisions(directory: str, revision: str) -> list[str]:
    """Return the revision itself, or the tags and branches that a pattern matches, older versions first."""
    if not _PATTERN.search(revision) or _NO_NAME.search(revision):
        return [f"{directory}@{revision}"]
    names = Repository(Path(directory)).matching(revision)
    if not names:
        raise CaplintError(f"{directory}: no tag or branch matches {revision}; `git for-each-ref` shows them")
    return [f"{directory}@{name}" for name in names]


def _by_numbers(text: str) -> list[str | int]:
    """Return a sort key that orders 6.2 before 6.12; text and numbers alternate in it."""
    return [int(part) if index % 2 else part for index, part in enumerate(_DIGITS.split(text))]
