"""Fix of patches that update header copies together with code: `patch --fix` alone can make it, as no file changes."""

from __future__ import annotations

from caplint.findings.finding import Finding
from caplint.fixes.workbench import Proposals, Workbench


def propose(_: list[Finding], __: Workbench) -> Proposals:
    """Propose no edits: the files stay as they are. engine/split_syncs.py splits the mails."""
    yield from ()
