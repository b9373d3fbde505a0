"""Applies diffs with `git apply`, in a private directory that holds the touched files and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from caplint.errors import CaplintError
from caplint.trees.names import on_disk
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff, parse

_FAILED = re.compile(r"^error: patch failed: (.*):(-?\d+)$", re.MULTILINE)
_REDUCED = re.compile(r"^Context reduced to \(\d+/\d+\) to apply fragment at (\d+)$", re.MULTILINE)
_MOVED = re.compile(r"^Hunk #(\d+) succeeded at (\d+)", re.MULTILINE)

Warn = Callable[[str], object]
Changes = dict[str, bytes | None]


def changes(tree: Tree, diff: bytes, label: str) -> Changes:
    """What a diff that fits exactly, to the line, makes of the tree's files: path → new content, None for none.

    `label` names the diff in errors. Raises `CaplintError` for a diff that is malformed, climbs out
    of the tree, or does not apply, naming the hunk.
    """
    files = parse(diff, label)
    if not files:
        raise CaplintError(f"{label}: holds no diff")
    return apply(tree, files, label, None)


def apply(tree: Tree, files: list[FileDiff], label: str, warn: Warn | None) -> Changes:
    """What diffs make of the tree's files.

    Without `warn`, a hunk has to stand exactly where it says; with it, it may have moved, or lack all but one line
    of its context, of which `warn` is told. Raises `CaplintError` for a hunk that does not apply.
    """
    result: Changes = {}
    while files:
        # git apply looks at each file once as it was; a second diff of one file sees what the first has done.
        now, files = _once_each(files)
        result.update(_apply(tree, result, now, label, warn))
    return result


def _once_each(files: list[FileDiff]) -> tuple[list[FileDiff], list[FileDiff]]:
    seen: set[str | None] = set()
    for index, file in enumerate(files):
        # A copy is of the file as it was, whatever else the diff does to it.
        if file.kind not in {"copied", "renamed"} and {file.old, file.new} & (seen - {None}):
            return files[:index], files[index:]
        seen |= {file.old, file.new}
    return files, []


def _apply(tree: Tree, earlier: Changes, files: list[FileDiff], label: str, warn: Warn | None) -> Changes:
    with tempfile.TemporaryDirectory(prefix="caplint-") as name:
        root = Path(name).resolve()
        for file in files:
            _lay(root, tree, earlier, file, label)
        # A diff of modes alone changes nothing that is read.
        text = b"".join(file.text for file in files if file.hunks or file.kind != "modified")
        bare = any(hunk.bare for file in files for hunk in file.hunks if file.kind not in {"added", "removed"})
        options = ["--unidiff-zero"] if bare else []
        status, told = _git_apply(root, text, options) if text else (0, "")
        if status and warn is not None:
            exact, (status, again) = told, _git_apply(root, text, ["-C1", *options])
            if status == 0:
                for path in _reduced(again):
                    warn(f"{label}: {path} was applied with less context than the diff has; look at what it gives")
            told = again if status == 0 else exact
        if status:
            raise CaplintError(f"{label}: {_reason(told, files)}")
        if warn is None:
            _stay(told, files, label)
        return _collect(root, files)


def _stay(told: str, files: list[FileDiff], label: str) -> None:
    """Raise `CaplintError` for a hunk that was applied elsewhere than it says."""
    hunks = {file.path: file.hunks for file in files}
    parts = re.split(r"^Checking patch (.*)\.\.\.$", told, flags=re.MULTILINE)
    for path, said in zip(parts[1::2], parts[2::2], strict=True):
        for number, line in _MOVED.findall(said):
            hunk = hunks[path.rpartition(" => ")[2]][int(number) - 1]
            # What only removes stands behind the line that its head names.
            if int(line) != hunk.new + (not any(True for _ in hunk.side(b"+"))):
                raise CaplintError(
                    f"{label}: hunk {number} of {path} (line {hunk.old}) applies only at line {line}; "
                    "make it against this very tree"
                )


def _lay(root: Path, tree: Tree, earlier: Changes, file: FileDiff, label: str) -> None:
    """Put the file that a diff is made against where git looks for it."""
    path = file.old or file.path
    before = earlier[path] if path in earlier else tree.content(path)
    if before is None:
        if file.kind == "added":
            return
        raise CaplintError(f"{label}: {tree.name} has no {path} to apply it to")
    if file.kind == "added":
        raise CaplintError(f"{label}: {tree.name} already has the {path} that it adds")
    place = root / on_disk(path)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(before)
    except OSError as error:
        raise CaplintError(f"{label}: {path}: {error.strerror}") from error


def _git_apply(root: Path, text: bytes, options: list[str]) -> tuple[int, str]:
    """Exit code, and what git said."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name == "GIT_EXEC_PATH"
    }
    environment |= {
        # Neither a repository above the directory nor anybody's configuration or attributes change what is applied.
        "GIT_CEILING_DIRECTORIES": str(root.parent), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1", "HOME": str(root), "XDG_CONFIG_HOME": str(root), "LC_ALL": "C",
    }  # fmt: skip
    try:
        done = subprocess.run(
            ["git", "apply", "--verbose", "--whitespace=nowarn", *options, "-"],  # noqa: S607
            cwd=root, input=text, capture_output=True, check=False, env=environment,
        )  # fmt: skip
    except FileNotFoundError:
        raise CaplintError("git is not installed; it is needed to read revisions, the index and patches") from None
    return done.returncode, done.stderr.decode("utf-8", "backslashreplace")


def _reason(told: str, files: Iterable[FileDiff]) -> str:
    """Which hunk git could not apply."""
    if failed := _FAILED.search(told):
        path, line = failed.group(1), int(failed.group(2))
        hunks = next((file.hunks for file in files if path in {file.old, file.new}), ())
        number = next((number for number, hunk in enumerate(hunks, 1) if hunk.old == line), 1)
        return f"hunk {number} of {path} (line {line}) does not apply; make it against this very tree"
    first = next(
        (line for line in told.splitlines() if line.startswith(("error: ", "fatal: ")) and "searching for" not in line),
        "git apply failed",
    )
    return f"{first.partition(': ')[2]}; make it against this very tree"


def _reduced(told: str) -> list[str]:
    """Files of which hunks were applied with less context."""
    parts = re.split(r"^Checking patch (.*)\.\.\.$", told, flags=re.MULTILINE)
    return [path for path, said in zip(parts[1::2], parts[2::2], strict=True) if _REDUCED.search(said)]


def _collect(root: Path, files: list[FileDiff]) -> Changes:
    found: Changes = {}
    for file in files:
        if file.kind == "renamed" and file.old is not None:
            found[file.old] = None
        if file.new is not None:
            found[file.new] = (root / on_disk(file.new)).read_bytes()
        elif file.old is not None:
            found[file.old] = None
    return found
