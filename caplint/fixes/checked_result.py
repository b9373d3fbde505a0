"""Warns where a VMM drops the result of enabling a capability, by QEMU's idiom."""

from __future__ import annotations

import re

from caplint.findings.finding import Finding
from caplint.findings.fix import Fix
from caplint.fixes.workbench import Proposals, Workbench

_DROPPED = """
    SELECT count(*) FROM vmm_loss l
    WHERE l.tree = ? AND l.path = ? AND l.line = ? AND l.kind = 'dropped' AND l.relied_path IS NULL
      AND EXISTS (SELECT 1 FROM checked_before b
                  WHERE b.tree = l.tree AND b.path = l.use_path AND b.line = l.use_line AND b.column = l.use_column
                    AND b.cap = l.cap)
      AND NOT EXISTS (SELECT 1 FROM ioctl_unasked u WHERE u.tree = l.tree AND u.cap = l.cap)
"""
_STATEMENT = re.compile(r"( +)(kvm_(?:vm|vcpu)_enable_cap\([^;{}#\"'\\/]*\));")
_INCLUDE = '#include "qemu/error-report.h"'
_LONGEST = 80
"""Characters of a line in QEMU's style (docs/devel/style.rst)."""


def propose(findings: list[Finding], bench: Workbench) -> Proposals:
    """Propose a warning for a call that is a statement of its own, on one line, in a file that reports errors already.

    The kernel has been asked before, so a refusal is a surprise; without a check it may only be an old kernel, of which
    nobody wants to be told. The VMM goes on as before. Where it relies on the feature behind the call, a warning is not
    enough, and there is none; nor for other programs than QEMU, whose ways to report an error are their own.
    """
    for finding in findings:
        place = finding.place
        tree = bench.trees[place.tree]
        statement = _STATEMENT.fullmatch(bench.line(place.tree, place.path, place.line) or "")
        above = (bench.line(place.tree, place.path, place.line - 1) or "").rstrip()
        if (
            tree.project.name != "qemu"
            or statement is None
            or (above and not above.endswith(("{", "}", ";")))
            or _INCLUDE not in bench.lines(place.tree, place.path)
            or bench.rows(_DROPPED, place.tree, place.path, place.line) != [(1,)]
        ):
            continue
        space, call = statement.groups()
        warning = f'warn_report("{finding.subject} cannot be enabled");'
        new = [f"{space}if ({call} < 0) {{", f"{space}    {warning}", f"{space}}}"]
        edit = bench.replaced(place.tree, place.path, place.line, new)
        if edit is not None and all(len(line) <= _LONGEST for line in new):
            yield finding, Fix("warn if the kernel refuses", (edit,))
