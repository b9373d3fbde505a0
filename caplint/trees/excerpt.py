"""Trees built from diffs alone: only the hunks, at their lines."""

from __future__ import annotations

from caplint.knowledge.load import knowledge
from caplint.knowledge.project import Project
from caplint.trees.apply import Warn
from caplint.trees.detect import name_of
from caplint.trees.excerpt_places import Places
from caplint.trees.hunks import Effort
from caplint.trees.overlay import OverlayTree
from caplint.trees.series import PatchedTrees, Series
from caplint.trees.sparse import Lines, SparseFile
from caplint.trees.tree import File, PatchFile, StampCache, States, Tree
from caplint.trees.unified import FileDiff
from caplint.util.errors import CaplintError

_Files = dict[str, Lines]
_MOST_LINES = 2_000_000
"""Limit on the lines of all excerpts, most of them empty; a whole release of KVM needs a fifth of it."""


class EmptyTree(Tree):
    """Tree without files."""

    complete = False

    def __init__(self, name: str, role: str, project: Project) -> None:
        self.name, self.role, self.project = name, role, project
        self.location = f"{name} (diff only)"

    def files(self, cache: StampCache) -> list[File]:  # noqa: ARG002 - nothing to cache
        return []

    def code_files(self, cache: StampCache) -> list[File]:  # noqa: ARG002 - nothing to cache
        return []

    def candidates(self) -> list[str]:
        return []

    def state_id(self, known: States) -> str | None:  # noqa: ARG002 - all are equal
        return ""

    def read(self, path: str) -> bytes:
        raise FileNotFoundError(path)

    def exists(self, path: str) -> bool:  # noqa: ARG002 - always empty
        return False

    def c_files_under(self, directory: str) -> list[str]:  # noqa: ARG002 - always empty
        return []


def apply_excerpts(
    series: list[Series], trees: list[Tree], preferred: str | None, warn: Warn = print
) -> list[PatchedTrees]:
    """Return the trees, with excerpts in place of those that the series touch.

    Series that touch one tree are each shown of their own, as neither was made against the other. If they touch no file
    that caplint reads, that is reported by `warn`, and there is nothing to return.
    """
    empty = _empty(trees)
    places = Places(empty, [tree for tree in trees if tree.role != "reference"], preferred)
    laid: list[_Excerpts] = []
    for entry in series:
        shown = _Excerpts([entry])
        for ordinal, patch in enumerate(entry.patches, 1):
            for name, file in places.route(patch.files, entry.label):
                row = PatchFile(entry.label, ordinal, patch.label, file.path, file.kind)
                shown.add(name, file, row)
        free = next((each for each in laid if not each.rows.keys() & shown.rows.keys()), None)
        if free is None:
            laid.append(shown)
        else:
            free.join(shown)
    if not any(shown.rows for shown in laid):
        warn(f"{series[0].label}: touches no file that caplint reads")
        return []
    return [shown.laid(empty, trees) for shown in laid]


def _empty(trees: list[Tree]) -> list[EmptyTree]:
    """Return an empty tree for each that is given, and for each project of which none is."""
    empty = [EmptyTree(tree.name, tree.role, tree.project) for tree in trees if tree.role != "reference"]
    taken = {tree.name for tree in empty}
    for project in (known for known in knowledge().projects if known.markers):
        if name_of(project) not in taken and project.role not in {tree.role for tree in empty}:
            empty.append(EmptyTree(name_of(project), project.role, project))
    return empty


class _Excerpts:
    """Lines that series show of trees, by tree name."""

    def __init__(self, series: list[Series]) -> None:
        self.series = series
        self.rows: dict[str, list[PatchFile]] = {}
        self._before: dict[str, _Files] = {}
        self._after: dict[str, dict[str, SparseFile]] = {}
        self._effort = Effort()

    def add(self, name: str, file: FileDiff, row: PatchFile) -> None:
        """Take the lines that a diff shows of a file."""
        label = self.series[0].label
        self.rows.setdefault(name, []).append(row)
        before, after = self._before.setdefault(name, {}), self._after.setdefault(name, {})
        shown = after.pop(file.old, None) if file.old is not None and file.kind != "copied" else None
        if file.old is None and file.new in after:
            raise CaplintError(f"{label}: {file.path} is added twice; give each diff alone")
        if shown is None:
            shown = SparseFile(self._effort)
            if file.old is not None and file.kind != "copied":
                before[file.old] = shown.before
        shown.apply(file.hunks, f"{label}: {file.path}")
        if file.new is not None:
            after[file.new] = shown
        if any(max(lines, default=0) > _MOST_LINES for lines in (shown.before, shown.after)):
            raise self._too_far()

    def join(self, other: _Excerpts) -> None:
        """Add the lines that another series shows of other trees."""
        self.series += other.series
        self.rows |= other.rows
        self._before |= other._before
        self._after |= other._after

    def _too_far(self) -> CaplintError:
        return CaplintError(
            f"{self.series[0].label}: its hunks stand at more than {_MOST_LINES:,} lines of files; split it"
        )

    def laid(self, empty: list[EmptyTree], trees: list[Tree]) -> PatchedTrees:
        """Return the trees with the excerpts in place of those that they are of."""
        after = {name: {path: shown.after for path, shown in files.items()} for name, files in self._after.items()}
        for side in (self._before, after):
            if any(sum(max(lines, default=0) for lines in files.values()) > _MOST_LINES for files in side.values()):
                raise self._too_far()
        found = [
            OverlayTree(
                OverlayTree(tree, _laid(self._before[tree.name])).without_base(),
                _laid(after[tree.name]),
                self.rows[tree.name],
            )
            for tree in empty
            if tree.name in self.rows
        ]
        return PatchedTrees([*found, *(tree for tree in trees if tree.name not in self.rows)], self.series)


def _laid(files: _Files) -> dict[str, bytes | None]:
    """Return the files, with empty lines outside the hunks."""
    return {path: _text(lines) for path, lines in files.items()}


def _text(lines: Lines) -> bytes:
    last = max(lines, default=0)
    return b"".join(lines.get(number, b"") + b"\n" for number in range(1, last + 1))
