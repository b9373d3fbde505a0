"""Commits between two revisions of a tree, each checked like a patch of a series: the trees after each of them."""

from __future__ import annotations

from functools import cached_property

from caplint.knowledge.languages import language_of
from caplint.trees.git_history import Commit, FileChange
from caplint.trees.overlay import OverlayTree
from caplint.trees.repository import Repository
from caplint.trees.tree import PatchFile, SeriesStep, Tree
from caplint.util.errors import CaplintError

MOST_COMMITS = 100
"""Maximum commits of a range to check one by one; each costs about as much as a patch."""
_MOST_CHANGES = 200_000
"""Limit on the changes of files in a range; a release of Linux has a tenth of it."""
_LARGEST = 256_000_000
"""Limit on the bytes of all versions of files in a range, which are kept in memory."""


class CommitRange:
    """Commits after the commit of a base, up to the one that a tree is at or stands on."""

    def __init__(self, repository: Repository, ends: tuple[str | None, str | None], label: str, rest: str = "") -> None:
        """Keep the ends of the range: the commits of the base and of its last step.

        `rest` names a further step, of changes that are not committed.
        """
        self._repository = repository
        self._ends = ends
        self._label = label
        self._rest = rest
        self.identity = f"{ends[0]}..{ends[1]} {rest}"

    @cached_property
    def _commits(self) -> list[Commit] | str:
        """Commits of the range, or the reason why they do not lead from the base to the tree."""
        first, last = self._ends
        if first is None or last is None:
            return f"{self._label}: not a range of commits"
        if first == last:
            return []
        try:
            commits = self._repository.first_parents(first, last, MOST_COMMITS + 1)
        except CaplintError as error:
            return str(error)
        if sum(len(commit.changes) for commit in commits) > _MOST_CHANGES:
            return f"{self._label}: its commits change more than {_MOST_CHANGES:,} files, too many to check one by one"
        if len(commits) > MOST_COMMITS:
            return f"{self._label} has more than {MOST_COMMITS} commits, and only so many are checked one by one"
        if not commits or commits[0].parents[:1] != (first,):
            return f"{self._label}: the commits do not lead from one end to the other; A...B begins where B diverged"
        return commits

    @property
    def missing(self) -> str:
        """Reason why the trees after each commit are not known; empty if they are."""
        return self._commits if isinstance(self._commits, str) else ""

    def patch_files(self) -> list[PatchFile]:
        """Return the changes of files by each commit; those of a merge are of many, and left out."""
        return [
            PatchFile(self._label, number, commit.name, change.path, change.kind)
            for number, commit in enumerate(self._commits if isinstance(self._commits, list) else (), 1)
            if len(commit.parents) < 2
            for change in commit.changes
        ]

    def read(self, tree: Tree) -> list[SeriesStep]:
        """Return the trees after each commit that changes a file which matters; the last one is the given tree."""
        base = tree.base
        commits = self._commits
        if base is None or isinstance(commits, str):
            return []
        steps: list[SeriesStep] = []
        laid: dict[str, bytes | None] = {}
        count = len(commits) + bool(self._rest)
        left = _LARGEST
        for number, commit in enumerate(commits, 1):
            changes = [change for change in commit.changes if _may_matter(tree, change)]
            if changes:
                contents = self._contents(changes, left)
                left -= sum(len(content) for content in contents.values() if content is not None)
                laid = {**laid, **contents}
                after: dict[str, Tree] = {tree.name: OverlayTree(base, laid)}
                steps.append(SeriesStep(self._label, number, commit.name, after, count, "commit"))
        if self._rest:
            steps.append(SeriesStep(self._label, count, self._rest, {tree.name: tree}, count, "commit"))
        return steps

    def _contents(self, changes: list[FileChange], allowed: int) -> dict[str, bytes | None]:
        """Return the files that a commit changes. Raises `CaplintError` for more bytes than are allowed."""
        found: dict[str, bytes | None] = {change.path: None for change in changes}
        for change in changes:
            if change.oid is not None:
                content = self._repository.read(change.oid)
                found[change.path] = content
                allowed -= len(content)
                if allowed < 0:
                    raise CaplintError(
                        f"{self._label}: its commits change files of more than {_LARGEST:,} bytes, too large to check "
                        "one by one"
                    )
        return found


def _may_matter(tree: Tree, change: FileChange) -> bool:
    if change.path.startswith(tuple(f"{directory}/" for directory in tree.project.selftests)):
        return True
    return language_of(change.path) is not None and tree.project.wants(change.path) is not False
