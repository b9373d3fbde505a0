"""Attaches fixes to findings, while the linked tables of the run are available."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.fixers import fixer, fixer_name
from caplint.fixes.workbench import Workbench
from caplint.rules.page import Rule
from caplint.trees.tree import Tree

MOST = 1_000
"""Most findings of one fixer that get fixes; nobody reviews more at once, and a hostile tree may have any number."""
_MOST_EDITS = 200


def with_fixes(
    findings: list[Finding],
    rules: Iterable[Rule],
    connection: sqlite3.Connection,
    trees: Iterable[Tree],
    is_file: Callable[[str, str], bool],
) -> list[Finding]:
    """Return the findings, with a fix where the fixer of the finding's page has a safe one.

    `is_file` tells whether a path is a file of a tree; a fix that would edit any other file is dropped.
    """
    bench = Workbench(connection, {tree.name: tree for tree in trees})
    by_fixer: dict[str, set[str]] = {}
    for rule in rules:
        if rule.fix is not None:
            by_fixer.setdefault(fixer_name(rule), set()).add(rule.code)
    fixes: dict[Finding, Fix] = {}
    for name, codes in by_fixer.items():
        own = [finding for finding in findings if finding.code in codes][:MOST]
        if own:
            fixes.update((finding, fix) for finding, fix in fixer(name)(own, bench) if _is_whole(fix, is_file))
    return [replace(finding, fix=fixes[finding]) if finding in fixes else finding for finding in findings]


def _is_whole(fix: Fix, is_file: Callable[[str, str], bool]) -> bool:
    """Return whether a fix has edits, all of files of the trees, of which no two overlap."""
    edits = fix.edits
    ordered = sorted(edits, key=lambda edit: (edit.tree, edit.path, edit.line))
    apart = not any(one.overlaps(other) for one, other in pairwise(ordered))
    return 0 < len(edits) <= _MOST_EDITS and apart and all(is_file(edit.tree, edit.path) for edit in edits)
