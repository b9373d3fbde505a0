"""Short names of directories and revisions, which say nothing of where on the machine they lie."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from caplint.trees.detect import split_revision


def split(text: str) -> tuple[str, str]:
    """Split `DIR[@REV]` as trees of all commands are; the revision is empty without one."""
    path, revision = split_revision(text)
    return path, revision or ""


def from_root(text: str) -> str:
    """Return `DIR[@REV]` with an absolute path."""
    path, revision = split(text)
    return os.path.abspath(path) + (f"@{revision}" if revision else "")  # noqa: PTH100 - without following links


def short_labels(texts: Iterable[str]) -> list[str]:
    """Return as many trailing components of each path as tell it from the others, with the revision."""
    split_paths = [(Path(path).parts, revision) for path, revision in map(split, map(from_root, texts))]
    others = set(split_paths)
    return [_label(split_path, others) for split_path in split_paths]


def _label(split_path: tuple[tuple[str, ...], str], split_paths: set[tuple[tuple[str, ...], str]]) -> str:
    parts, revision = split_path
    for length in range(1, max(2, len(parts))):
        alike = [other for other in split_paths if other[1] == revision and other[0][-length:] == parts[-length:]]
        if len(alike) == 1:
            break
    return "/".join(parts[-length:]) + (f"@{revision}" if revision else "")
