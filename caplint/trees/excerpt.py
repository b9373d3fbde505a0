"""Trees of what diffs alone show: their hunks at their lines, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.errors import CaplintError
from caplint.knowledge import Project, knowledge
from caplint.trees.detect import name_of
from caplint.trees.overlay import OverlayTree
from caplint.trees.routing import decide
from caplint.trees.series import Laid, Series
from caplint.trees.tree import File, PatchFile, StampCache, States, Tree
from caplint.trees.unified import FileDiff

_Lines = dict[int, bytes]
_Files = dict[str, _Lines]
_MOST_LINES = 2_000_000
"""Lines of all excerpts together, most of them empty; those of all files that a release of KVM touches are a fifth."""


class EmptyTree(Tree):
    """A tree of which nothing is in view."""

    complete = False

    def __init__(self, name: str, role: str, project: Project) -> None:
        self.name, self.role, self.project = name, role, project
        self.location = f"{name} (diff only)"

    def files(self, cache: StampCache) -> list[File]:  # noqa: ARG002 - nothing to remember
        return []

    def code(self, cache: StampCache) -> list[File]:  # noqa: ARG002 - nothing to remember
        return []

    def sources(self) -> list[str]:
        return []

    def state(self, known: States) -> str | None:  # noqa: ARG002 - there is but one
        return ""

    def read(self, path: str) -> bytes:
        raise FileNotFoundError(path)

    def has(self, path: str) -> bool:  # noqa: ARG002 - whatever is asked for
        return False

    def below(self, directory: str) -> list[str]:  # noqa: ARG002 - wherever
        return []


def lay_alone(series: list[Series], trees: list[Tree], preferred: str | None) -> list[Laid]:
    """The trees, with excerpts in place of those that the series touch."""
    empty = [EmptyTree(tree.name, tree.role, tree.project) for tree in trees if tree.role != "reference"]
    taken = {tree.name for tree in empty}
    for project in (known for known in knowledge().projects if known.markers):
        if name_of(project) not in taken and project.role not in {tree.role for tree in empty}:
            empty.append(EmptyTree(name_of(project), project.role, project))
    before: dict[str, _Files] = {}
    after: dict[str, _Files] = {}
    rows: dict[str, list[PatchFile]] = {}
    for entry in series:
        for ordinal, patch in enumerate(entry.patches, 1):
            for name, file in _routed(patch.files, empty, preferred, entry.label):
                _show(file, before.setdefault(name, {}), after.setdefault(name, {}))
                row = PatchFile(entry.label, ordinal, patch.label, file.path, file.kind)
                rows.setdefault(name, []).append(row)
    for label, files in ((series[0].label, files) for side in (before, after) for files in side.values()):
        if sum(max(lines, default=0) for lines in files.values()) > _MOST_LINES:
            raise CaplintError(f"{label}: its hunks stand at more than {_MOST_LINES:,} lines of files; split it")
    if not rows:
        raise CaplintError(f"{series[0].label}: touches no file that caplint reads")
    found = [
        OverlayTree(OverlayTree(tree, _laid(before[tree.name])).alone(), _laid(after[tree.name]), rows[tree.name])
        for tree in empty
        if tree.name in rows
    ]
    return [Laid([*found, *(tree for tree in trees if tree.name not in rows)], series)]


def _routed(
    files: Iterable[FileDiff], trees: list[EmptyTree], preferred: str | None, label: str
) -> list[tuple[str, FileDiff]]:
    """Files with the trees whose projects read such paths; files that none reads are left out."""
    fits = []
    for file in files:
        for wanted in (True, None):
            names = [tree.name for tree in trees if tree.project.wants(file.path) is wanted]
            if names:
                fits.append((file, names))
                break
    return decide(fits, [tree for tree in trees if preferred in {tree.name, tree.role}], label)


def _show(file: FileDiff, before: _Files, after: _Files) -> None:
    if file.old is not None:
        before.setdefault(file.old, {}).update(line for hunk in file.hunks for line in hunk.side(b"-"))
    if file.new is not None:
        after.setdefault(file.new, {}).update(line for hunk in file.hunks for line in hunk.side(b"+"))
    if file.old is not None and file.old != file.new and file.kind != "copied":
        after.pop(file.old, None)


def _laid(files: _Files) -> dict[str, bytes | None]:
    """The files, with empty lines where nothing was seen."""
    return {path: _text(lines) for path, lines in files.items()}


def _text(lines: _Lines) -> bytes:
    last = max(lines, default=0)
    return b"".join(lines.get(number, b"") + b"\n" for number in range(1, last + 1))
