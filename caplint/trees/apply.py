"""Application of diffs to the files of a tree, in memory: nothing is run or written. See `hunks.py`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

from caplint.trees.hunks import Applier, Effort
from caplint.trees.patch_paths import refuse_repositories
from caplint.trees.tree import Tree
from caplint.trees.unified import FileDiff, Hunk, parse, reversed_diffs
from caplint.util.errors import CaplintError

_MOST_COPIED = 50_000_000
"""Limit on the bytes that a diff's copies and renames create: a few bytes of diff can name a file of any size."""
_LEAST_CONTEXT = 1
_ALL_CONTEXT = 1 << 40
"""More lines of context than any hunk has."""

Warn = Callable[[str], object]
Changes = dict[str, bytes | None]


def changes(tree: Tree, diff: bytes, label: str) -> Changes:
    """Apply a diff exactly, without moved hunks. Returns path → new content, None for a removed file.

    `label` names the diff in errors. Raises `CaplintError` for a diff that is malformed, climbs out
    of the tree, or does not apply, naming the hunk.
    """
    files = parse(diff, label)
    if not files:
        raise CaplintError(f"{label}: contains no diff; name the file of a patch, or the whole mail")
    for file in files:
        if file.binary or file.link:
            reason = "binary" if file.binary else "a symbolic link or submodule"
            raise CaplintError(f"{label}: {file.path} is {reason} in this diff; caplint cannot read it")
    return apply(tree, files, label, None)


class DoesNotApplyError(CaplintError):
    """A hunk does not fit into its file."""


def apply(tree: Tree, files: list[FileDiff], label: str, warn: Warn | None, *, less_context: bool = False) -> Changes:
    """Apply diffs to the tree's files.

    Without `warn`, a hunk must match at the line that it names. With it, a hunk may have moved; with `less_context`, it
    may also match with one line of context, which is reported by `warn`. Raises `CaplintError` for a hunk that does not
    apply, and for diffs whose changes the tree contains already.
    """
    if warn is None:
        return _applied(tree, files, label, exact=True).result()
    try:
        application = _applied(tree, files, label)
    except DoesNotApplyError as error:
        _refuse_applied(tree, files, label, None)
        application = _with_less_context(tree, files, label, error, allowed=less_context)
    except CaplintError:
        _refuse_applied(tree, files, label, None)
        raise
    else:
        _refuse_applied(tree, files, label, application)
    for path in application.reduced:
        warn(f"{label}: {path} was applied with reduced context; check the result")
    return application.result()


def _applied(
    tree: Tree, files: list[FileDiff], label: str, *, exact: bool = False, least: int = _ALL_CONTEXT
) -> _Application:
    application = _Application(tree, label, exact=exact, least=least)
    application.leaving = {file.old for file in files if file.kind in {"renamed", "removed"}}
    for file in files:
        application.add(file)
    return application


def _with_less_context(
    tree: Tree, files: list[FileDiff], label: str, error: CaplintError, *, allowed: bool
) -> _Application:
    """Apply diffs with less context; if that is not allowed, say that it would do, and raise the error."""
    try:
        application = _applied(tree, files, label, least=_LEAST_CONTEXT)
    except CaplintError:
        raise error from None
    if not allowed:
        raise DoesNotApplyError(f"{error}, or accept less context with --less-context")
    return application


def _refuse_applied(tree: Tree, files: list[FileDiff], label: str, application: _Application | None) -> None:
    """Raise `CaplintError` for diffs whose changes the tree contains already.

    They are if they can be taken back. Code that occurs twice can fit both ways; then the nearer place counts. Hunks
    without context fit anywhere; they are taken for applied if their new lines are where they say.
    """
    hunks = [hunk for file in files for hunk in file.hunks]
    bare = all(hunk.bare for hunk in hunks)
    if application is not None and application.moved == (0, 0) and not (bare and hunks):
        return
    if any(file.kind == "copied" and not file.hunks for file in files):
        return  # it cannot be told what the copy was made from
    if any(not hunk.text(b"+") and hunk.bare for file in files if file.kind == "modified" for hunk in file.hunks):
        return
    try:
        back = _applied(tree, reversed_diffs(files), label)
    except CaplintError:
        return
    if application is None or back.moved < application.moved or (bare and back.moved == (0, 0)):
        raise CaplintError(
            f"{label}: is already applied: {tree.name} has all of its changes; leave it out, or name a tree without it"
        )


class _Application:
    """Files of a tree while the diffs of one patch are applied to them."""

    def __init__(self, tree: Tree, label: str, *, exact: bool, least: int) -> None:
        self._tree, self._label, self._exact, self._least = tree, label, exact, least
        self._effort = Effort()
        self._copied = 0
        # As in git, the diffs of a patch apply to the files before the patch. A second diff of the same file applies to
        # the result of the first, and starts a new round.
        self._before: dict[str, list[bytes] | None] = {}
        self._round: dict[str, list[bytes] | None] = {}
        self._seen: set[str | None] = set()
        self._made: set[str] = set()
        """Files made by renames and copies of this round."""
        self._changed: set[str] = set()
        self.leaving: set[str | None] = set()
        """Files that some diff removes or moves away, whether it comes first or not."""
        self.reduced: dict[str, None] = {}
        """Files with hunks that were applied with reduced context, in order."""
        self.moved = (0, 0)
        """Ends of files that hunks were moved away from, and lines by which hunks were moved."""

    def add(self, file: FileDiff) -> None:
        """Apply one diff. Raises `CaplintError` if it does not apply."""
        touched = {file.old, file.new} - {None}
        # A copy starts from the file before the patch, whatever other diffs change.
        if file.kind not in {"copied", "renamed"} and touched & self._seen:
            self._before |= self._round
            self._round, self._seen, self._made = {}, set(), set()
        self._seen |= touched
        lines = self._hunks(file, self._lines(file))
        if file.kind in {"renamed", "copied"} and file.new is not None and file.new not in self.leaving:
            self._refuse_existing(file.new)
        if file.old is not None and file.kind in {"renamed", "removed"} and file.old not in self._made:
            self._keep(file.old, None)  # else another file has already taken its place
        if file.new is not None:
            self._keep(file.new, lines)
            if file.kind in {"renamed", "copied"}:
                self._made.add(file.new)
        elif lines:
            raise CaplintError(
                f"{self._label}: {file.path} would not be empty after its removal; "
                "regenerate the patch against this tree"
            )

    def result(self) -> Changes:
        """Return all changed files. Raises `CaplintError` if they turn a directory into a git repository."""
        lines = self._before | self._round
        new = [path for path in self._changed if lines[path] is not None]
        refuse_repositories(sorted(new), self._label, self._tree.exists)
        self._refuse_two_kinds(sorted(new), {path for path in self._changed if lines[path] is None})
        return {
            path: None if (now := lines[path]) is None else b"".join(now) for path in lines if path in self._changed
        }

    def _refuse_existing(self, path: str) -> None:
        if path in self._before or path in self._round:
            there = self._round.get(path, self._before.get(path)) is not None
        else:
            there = self._tree.is_file(path)
        if there:
            raise CaplintError(
                f"{self._label}: {self._tree.name} already has {path}, which the diff makes; "
                "regenerate the patch against this tree"
            )

    def _refuse_two_kinds(self, new: list[str], gone: set[str]) -> None:
        """No path is a file and a directory. Raises `CaplintError` for one that would be."""
        files = set(new)
        for parent in sorted(_parents(new) - gone):
            if parent in files or self._tree.is_file(parent):
                raise self._two_kinds(parent)
        above = _parents(gone)
        for path in new:
            # A directory all of whose files the diff removes is not looked for: a file then takes its place.
            if path not in above and self._is_directory(path):
                raise self._two_kinds(path)

    def _two_kinds(self, path: str) -> CaplintError:
        return CaplintError(
            f"{self._label}: {path} would be a file and a directory; regenerate the patch against this tree"
        )

    def _is_directory(self, path: str) -> bool:
        return not self._tree.is_file(path) and self._tree.exists(path)

    def _keep(self, path: str, lines: list[bytes] | None) -> None:
        self._round[path] = lines
        self._changed.add(path)

    def _lines(self, file: FileDiff) -> list[bytes]:
        """Return the lines that the diff applies to."""
        path = file.old or file.path
        if path not in self._before:
            content = self._tree.read_or_none(path)
            self._before[path] = None if content is None else io.BytesIO(content).readlines()
        lines = self._before[path]
        if lines is None and file.kind != "added":
            raise CaplintError(
                f"{self._label}: {self._tree.name} has no {path}, which the diff changes; "
                "regenerate the patch against this tree"
            )
        if lines is not None and file.kind == "added":
            raise CaplintError(
                f"{self._label}: {self._tree.name} already has {path}, which the diff adds; "
                "regenerate the patch against this tree"
            )
        if lines is not None and file.kind in {"renamed", "copied"}:
            self._copied += sum(map(len, lines))
            if self._copied > _MOST_COPIED:
                raise CaplintError(f"{self._label}: its copied files exceed {_MOST_COPIED:,} bytes; split the patch")
        return lines or []

    def _hunks(self, file: FileDiff, lines: list[bytes]) -> list[bytes]:
        """Return the lines after the diff's hunks."""
        self._effort.grant(len(lines) + sum(len(hunk.lines) for hunk in file.hunks))
        applier = Applier(lines, self._effort)
        for number, hunk in enumerate(file.hunks, 1):
            where = f"{self._label}: hunk {number} of {file.path} (line {hunk.old})"
            if self._exact and hunk.edited:
                raise CaplintError(f"{where} has line counts that do not match its @@ header; correct the header")
            if not hunk.changes:
                raise CaplintError(f"{where} has no changed line; remove the hunk")
            bare = hunk.bare and file.kind not in {"added", "removed"}
            try:
                found = applier.apply(hunk, bare, None if self._exact else self._least)
                if found is None:
                    raise self._misfit(where, lines, hunk, bare)
            except DoesNotApplyError:
                raise
            except CaplintError as error:
                raise CaplintError(f"{self._label}: {file.path}: {error}") from None
            if self._exact and found.line != line_of(hunk):
                raise CaplintError(f"{where} applies only at line {found.line}; regenerate the patch against this tree")
            distance = abs(found.line - line_of(hunk))
            self.moved = (self.moved[0] + found.loose, self.moved[1] + distance)
            if found.reduced:
                self.reduced[file.path] = None
        return applier.result()

    def _misfit(self, where: str, lines: list[bytes], hunk: Hunk, bare: bool) -> DoesNotApplyError:
        """Return the error for a hunk that does not apply; it says so if the tree has the hunk's changes already."""
        if hunk.text(b"+") and Applier(lines, self._effort).apply(hunk.reversed(), bare, _ALL_CONTEXT) is not None:
            return DoesNotApplyError(
                f"{where} is already in {self._tree.name}, as a part of the patch; regenerate it against this tree"
            )
        return DoesNotApplyError(f"{where} does not apply; regenerate the patch against this tree")


def _parents(paths: Iterable[str]) -> set[str]:
    """Every directory above some paths."""
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def line_of(hunk: Hunk) -> int:
    """Return the result's line at which a hunk begins; with no new lines, the header names the line before."""
    return hunk.new + (not hunk.text(b"+"))
