"""Makes the UAPI header's comment and api.rst name the same capability for a new ioctl."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.workbench import Proposals, Workbench

# Capabilities that header and documentation name for an ioctl that a patch adds, and whether the patch adds them too.
_SAID = """
    SELECT DISTINCT i.source, i.path, i.line, i.cap,
           NOT EXISTS (SELECT 1 FROM base_cap b WHERE b.tree = i.tree AND b.name = i.cap)
           AND EXISTS (SELECT 1 FROM cap c WHERE c.tree = i.tree AND c.name = i.cap AND c.header = 'uapi')
    FROM ioctl_capability i JOIN tree t ON t.name = i.tree AND t.patched
    WHERE i.tree = ? AND i.ioctl = ?
      AND NOT EXISTS (SELECT 1 FROM base_uapi_name b WHERE b.tree = i.tree AND b.name = i.ioctl)
"""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose the new capability where a new ioctl is said to come with an old one.

    An old capability cannot tell of a new ioctl: kernels have it that lack the ioctl. Of ioctls and capabilities that
    are both old, or both new, only people know which place is wrong.
    """
    for finding in findings:
        tree = finding.place.tree
        rows = bench.rows(_SAID, tree, finding.subject)
        right = {cap for _, _, _, cap, new in rows if new}
        wrong = [row for row in rows if not row[4]]
        sources = {row[0] for row in wrong}
        if len(right) != 1 or len(wrong) != 1 or len(rows) != 2 or len({row[0] for row in rows}) != 2:
            continue
        _, path, line, old, _ = wrong[0]
        text = bench.line(tree, path, line) or ""
        word = re.compile(rf"\b{re.escape(old)}\b")
        meant = next(iter(right))
        edit = bench.replaced(tree, path, line, [word.sub(meant, text)]) if len(word.findall(text)) == 1 else None
        if edit is not None and sources:
            yield finding, Fix(f"name {meant}, which the patch adds with the ioctl", (edit,))
