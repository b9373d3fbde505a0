"""Known findings: baselines, and findings that are known upstream."""

from __future__ import annotations

import re
from dataclasses import dataclass

from caplint.findings.finding import Finding

STATES = ("kept ABI", "deliberate", "reported", "mended", "confirmed")
"""States of a finding that is known upstream.

kept ABI: cannot change any more; deliberate: upstream wants it so; reported: upstream was told; mended: later releases
do not have it; confirmed: verified in the source, and none of the others.
"""
_FINGERPRINT = re.compile(r"[0-9a-f]{16}\Z")


def is_fingerprint(text: str) -> bool:
    """Tell whether a text has the form of a finding's fingerprint."""
    return _FINGERPRINT.match(text) is not None


@dataclass(frozen=True)
class BaselineEntry:
    """Known finding. The fingerprint identifies it; the other fields, except severity and reason, inform readers."""

    code: str
    severity: str
    """Worst severity at which the finding is suppressed."""
    subject: str
    tree: str
    """Role of the tree, or its name if trees share a role."""
    path: str
    fingerprint: str
    arch: str | None = None
    function: str | None = None
    reason: str | None = None
    parts: tuple[str, ...] = ()
    """Faults that the finding combined; a finding with a further one is not suppressed."""

    def __str__(self) -> str:
        where = f" on {self.arch}" if self.arch else ""
        place = f"{self.tree}:{self.path}" + (f" {self.function}()" if self.function else "")
        return f"{self.code} {self.subject}{where} ({place})"


@dataclass(frozen=True)
class Baseline:
    """Baseline file: the trees of the run that wrote it, by role (or name), and the findings."""

    trees: tuple[str, ...] = ()
    entries: tuple[BaselineEntry, ...] = ()


@dataclass(frozen=True)
class UpstreamEntry:
    """Finding on upstream's own sources, with the reason why it is no news."""

    code: str
    severity: str
    """Worst severity at which the finding is known."""
    subject: str
    tree: str
    """Role of the tree."""
    path: str
    state: str
    """One of `STATES`."""
    reason: str
    arch: str | None = None
    mended: str | None = None
    """Release that does not have it any more."""
    parts: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    """Identities in the releases that have it: they differ where the function has another name."""

    def __str__(self) -> str:
        return f"{self.code} {self.subject}" + (f" on {self.arch}" if self.arch else "") + f" ({self.tree}:{self.path})"

    @property
    def remark(self) -> str:
        """State and reason in one sentence."""
        state = f"mended in {self.mended}" if self.mended else self.state
        return f"{state}: {self.reason}"


@dataclass(frozen=True)
class KnownFinding:
    """Finding of a run that is known upstream."""

    finding: Finding
    entry: UpstreamEntry
