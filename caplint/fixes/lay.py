"""Lays fixes over trees in memory."""

from __future__ import annotations

from collections.abc import Iterable

from caplint.findings.finding import Finding
from caplint.findings.fix import LineEdit
from caplint.fixes.draft import Draft
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import Tree

Drafts = dict[tuple[str, str], Draft]
"""Tree and path → the file with its edits."""


def compatible(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings whose fixes can be made together: of fixes that overlap, the first."""
    chosen: list[Finding] = []
    taken: dict[tuple[str, str, int], LineEdit] = {}
    for finding in findings:
        lines = {
            (edit.tree, edit.path, line): edit
            for edit in (finding.fix.edits if finding.fix else ())
            for line in range(edit.line, edit.stop)
        }
        if lines and all(taken.get(line, edit) == edit for line, edit in lines.items()):
            chosen.append(finding)
            taken |= lines
    return chosen


def laid(trees: Iterable[Tree], drafts: Drafts, findings: Iterable[Finding]) -> Drafts:
    """Return drafts with the fixes of findings made too. The given drafts are left alone.

    `trees` are those before the first fix. Raises `EditError` if an edit does not fit.
    """
    by_name = {tree.name: tree for tree in trees}
    edits: dict[tuple[str, str], dict[LineEdit, None]] = {}
    for finding in findings:
        for edit in finding.fix.edits if finding.fix else ():
            edits.setdefault((edit.tree, edit.path), {})[edit] = None
    after = dict(drafts)
    for (name, path), own in edits.items():
        known = drafts.get((name, path))
        draft = known.copy() if known is not None else Draft(by_name[name].read(path))
        draft.edit(own)
        after[name, path] = draft
    return after


def overlaid(trees: Iterable[Tree], drafts: Drafts) -> list[Tree]:
    """Return trees with their drafts laid over them, compared with the same bases as before."""
    changes: dict[str, dict[str, bytes | None]] = {}
    for (name, path), draft in drafts.items():
        changes.setdefault(name, {})[path] = draft.content
    return [_over(tree, changes[tree.name]) if tree.name in changes else tree for tree in trees]


def _over(tree: Tree, changes: dict[str, bytes | None]) -> Tree:
    """Return a tree with changed files that is compared with the same base as before."""
    over = OverlayTree(tree, changes)
    over.base, over.steps = tree.base, tree.steps
    base = tree.base
    same = {path for path, content in changes.items() if base is not None and base.read_or_none(path) == content}
    over.patch_files = [row for row in tree.patch_files if row.path not in same]
    over.location, over.complete = tree.location, tree.complete
    return over
