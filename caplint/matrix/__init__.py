"""A fleet: every kernel against every VMM, each pair a check of its own, here or on a cluster."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Member:
    """A kernel or a VMM of the fleet."""

    label: str
    """What its row or column is called: as short as tells it from the others."""
    text: str
    """`DIR` or `DIR@REV`, from the root."""
    role: str
    name: str
    """What the tree is called within a check."""


@dataclass(frozen=True)
class Job:
    """All that a process, here or elsewhere, has to know to check one pair. It goes there as JSON."""

    kernel: Member
    vmm: Member
    config: str | None
    """The configuration's file; None where there is none."""
    rules: tuple[str, ...]
    """Directories of rule pages besides the shipped ones and the configuration's."""
    codes: tuple[str, ...]
    """The rules that run."""
    fail_on: str
    cache: str
    baseline: str | None = None
    """The file of findings that are left out."""
    jobs: int = 1
    restricted: str = ""
    """The digest of the configuration's restricted settings, which the user gave or trusts."""


@dataclass(frozen=True)
class Cell:
    """What the check of one pair came to."""

    error: str | None = None
    """Why it could not be checked, in one line; then nothing else of it is known."""
    agrees: bool = False
    """Whether nothing was found that is at least as severe as the limit."""
    covered: bool = True
    """Whether as much was understood as the configuration wants."""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by severity."""
    findings: tuple[dict[str, Any], ...] = ()
    """Those that keep the pair from agreeing, worst first: severity, code, subject, arch, message, fingerprint."""
    left_out: int | None = None
    """Findings that the baseline leaves out; None without one."""
    skipped: tuple[dict[str, str], ...] = ()
    """Rules that did not run: code, reason."""
    coverage: dict[str, int] = field(default_factory=dict)
    revisions: tuple[str | None, str | None] = (None, None)
    """The commits of kernel and VMM, where these are revisions."""


@dataclass(frozen=True)
class Matrix:
    """The cells of a fleet, kernel by kernel, and for each VMM by VMM."""

    kernels: list[Member]
    vmms: list[Member]
    cells: list[Cell]
    fail_on: str

    def cell(self, kernel: int, vmm: int) -> Cell:
        """That of a pair, by the places of its members."""
        return self.cells[kernel * len(self.vmms) + vmm]
