"""Drops the changes that a patch of KVM makes to the copies of its headers in tools/."""

from __future__ import annotations

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix, LineEdit
from caplint.fixes.whole_file import edits_to
from caplint.fixes.workbench import Proposals, Workbench

# The copies that a patch changes; `alone` is 1 if no other patch changes them.
_COPIES = """
    SELECT o.path, o.kind, NOT EXISTS (SELECT 1 FROM patch_file x WHERE x.tree = o.tree AND x.path = o.path
                                       AND (x.series, x.ordinal) <> (o.series, o.ordinal)) AS alone
    FROM patch_file p JOIN patch_file o ON o.tree = p.tree AND o.series = p.series AND o.ordinal = p.ordinal
    WHERE p.tree = ? AND p.path = ?
      AND (o.path GLOB 'tools/include/uapi/linux/kvm*.h' OR o.path GLOB 'tools/arch/*/include/uapi/asm/kvm*.h')
"""
_MOST_BLOCKS = 100


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose what the copies were before the patch.

    Only if one patch changes them, as a mail or a commit: a bare diff may have several commits, of which one may
    synchronise the copy. A file that the patch adds stays. Then the copy lacks what the header has, which CAP106 tells
    to those who synchronise it.
    """
    for finding in findings:
        tree = finding.place.tree
        copies = bench.rows(_COPIES, tree, finding.place.path)
        if finding.severity == "note" or not all(kind == "modified" and alone for _, kind, alone in copies):
            continue
        edits = [_restored(bench, tree, path) for path, _, _ in copies]
        if edits and all(edits):
            made = tuple(edit for own in edits for edit in own)
            yield finding, Fix("drop the change of the copy", made, brings=("CAP106",))


def _restored(bench: Workbench, tree: str, path: str) -> list[LineEdit]:
    """Return the edits that give a file its content before the patch; none if it cannot be edited."""
    base = bench.trees[tree].base
    before = base.read_or_none(path) if base is not None else None
    if before is None:
        return []
    try:
        old = before.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        return []
    return edits_to(bench, tree, path, old[:-1], _MOST_BLOCKS) or []
