"""Public faults as patches: what was found is found again, and innocent changes of the same places add nothing."""

from __future__ import annotations

import difflib
import re
import sys
from collections import Counter
from collections.abc import Callable

import public_faults
import public_innocent
import pytest
import real_trees
from editing import Edit, Transform, of_vmm
from public_fault import Fault
from real_trees import Corpus, root, shipped_rules, source

from caplint.engine.compare import compare_series
from caplint.findings.finding import Finding
from caplint.trees.series import apply_series, read_series

pytestmark = [pytest.mark.corpus, pytest.mark.edits]
corpus = real_trees.corpus

MAIL = "From: a@example.org\nSubject: [PATCH] change\n\n"
TOLD: Counter[tuple[str, bool]] = Counter()
"""How many faults of a kind were found, and how many were not."""


def _patch(tree: str, changes: dict[str, Transform | None], mine: Callable[[str], bool]) -> str:
    """What an edit does to a tree, as a diff; nothing where it leaves the tree alone."""
    parts: list[str] = []
    for path, change in changes.items():
        if mine(path):
            before = source(tree, path) if (root(tree) / path).exists() else ""
            after = change(before) if change else ""
            lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
            parts += difflib.unified_diff(*lines, f"a/{path}", f"b/{path}")
    return "".join(parts)


def _added(corpus: Corpus, pair: tuple[str, str], changes: dict[str, Transform | None]) -> list[Finding]:
    """What `caplint patch` says of an edit."""
    kernel, vmm = pair
    diffs = [_patch(kernel, changes, lambda path: not of_vmm(path)), _patch(vmm, changes, of_vmm)]
    told: list[str] = []
    files = [(f"{number}.patch", (MAIL + diff).encode()) for number, diff in enumerate(diffs) if diff]
    (laid,) = apply_series(read_series(files, told.append), [corpus.tree(name) for name in pair], None, told.append)
    assert told == []
    return compare_series([laid], shipped_rules(), corpus.config)[0].findings


def _tell(line: str) -> None:
    """Add a line to the account; pytest shows it with -s or -rP."""
    sys.stdout.write(f"{line}\n")


def _is_named(fault: Fault, finding: Finding) -> bool:
    """Whether a finding has an expected code and speaks of what the fault concerns."""
    text = " ".join((finding.subject, finding.message, *finding.parts))
    words = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, fault.names.split()))})(?!\w)")
    return finding.code in fault.expects.split() and words.search(text) is not None


@pytest.mark.parametrize("fault", public_faults.FAULTS, ids=lambda fault: fault.name)
def test_a_fault_that_was_found_is_found(corpus: Corpus, fault: Fault) -> None:
    added = _added(corpus, fault.pair, fault.changes)
    found = any(_is_named(fault, finding) for finding in added)
    TOLD[fault.kind, found] += 1
    seen = sorted({f"{finding.severity} {finding.code} {finding.subject}" for finding in added})
    _tell(f"{'found' if found else 'not found'}: {fault.name} [{fault.expects or 'no rule claims it'}]: {seen}")
    assert found or fault.name not in public_faults.FOUND


def test_recall_by_kind() -> None:
    """Show what the tests above have counted."""
    for kind in sorted({kind for kind, _ in TOLD}):
        _tell(f"{TOLD[kind, True]:3} of {TOLD[kind, True] + TOLD[kind, False]:3} {kind}")
    names = [fault.name for fault in public_faults.FAULTS]
    assert len(set(names)) == len(names)
    assert set(names) >= public_faults.FOUND


@pytest.mark.parametrize("edit", public_innocent.EDITS, ids=lambda edit: edit.name)
def test_an_innocent_change_adds_nothing(corpus: Corpus, edit: Edit) -> None:
    assert [(f.severity, f.code, f.subject, f.message) for f in _added(corpus, edit.pair, edit.changes)] == []
