"""Applies a unified diff exactly: every context line must stand where the diff says."""

from __future__ import annotations

from io import StringIO

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk, PatchedFile, PatchSet

from caplint.errors import CaplintError
from caplint.trees.tree import Tree


def changes(tree: Tree, diff: bytes, label: str) -> dict[str, bytes | None]:
    """What the tree's files become: path → new content, None for a removed file.

    `label` names the diff in errors. Raises `CaplintError` for a diff that is malformed, climbs out
    of the tree, or does not apply, naming the hunk.
    """
    try:
        # latin-1 keeps every byte, whatever encoding the files are in.
        patch = PatchSet(diff.decode("latin-1"))
    except (UnidiffParseError, ValueError) as error:
        raise CaplintError(f"{label}: not a unified diff: {error}") from error
    if not patch:
        raise CaplintError(f"{label}: holds no diff")
    result: dict[str, bytes | None] = {}
    for file in patch:
        path = _safe(file.path, label)
        before = result[path] if path in result else _read(tree, path)
        if file.is_added_file and before is not None:
            raise CaplintError(f"{label}: {tree.name} already has the {path} that it adds")
        if before is None and not file.is_added_file:
            raise CaplintError(f"{label}: {tree.name} has no {path} to apply it to")
        after = _apply(before or b"", file, label)
        if file.is_removed_file and after:
            raise CaplintError(f"{label}: {path} holds more than what it removes; make it against this very tree")
        result[path] = None if file.is_removed_file else after
    return result


def _safe(path: str, label: str) -> str:
    if path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise CaplintError(f"{label}: {path!r} lies outside the tree; refused")
    return path


def _read(tree: Tree, path: str) -> bytes | None:
    try:
        return tree.read(path)
    except (OSError, CaplintError):
        return None


def _apply(before: bytes, file: PatchedFile, label: str) -> bytes:
    lines = StringIO(before.decode("latin-1")).readlines()  # only \n ends a line
    done: list[str] = []
    position = 0
    for number, hunk in enumerate(file, 1):
        start = hunk.source_start - 1 if hunk.source_length else hunk.source_start
        old, new = _sides(hunk)
        if start < position or lines[start : start + len(old)] != old:
            raise CaplintError(
                f"{label}: hunk {number} of {file.path} (line {hunk.source_start}) does not apply; "
                "make it against this very tree"
            )
        done += lines[position:start] + new
        position = start + len(old)
    return "".join([*done, *lines[position:]]).encode("latin-1")


def _sides(hunk: Hunk) -> tuple[list[str], list[str]]:
    """The hunk's lines before and after."""
    old: list[str] = []
    new: list[str] = []
    last = " "
    for line in hunk:
        if line.line_type == "\\":  # "\ No newline at end of file" belongs to the line before it
            for side, others in ((old, "-"), (new, "+")):
                if side and last in {" ", others}:
                    side[-1] = side[-1].removesuffix("\n")
            continue
        last = line.line_type
        if line.is_context or line.is_removed:
            old.append(line.value)
        if line.is_context or line.is_added:
            new.append(line.value)
    return old, new
