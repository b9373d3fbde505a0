"""Data model of a fleet: members, jobs, cells, and the matrix of all pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FleetMember:
    """Kernel or VMM of the fleet."""

    label: str
    """Shortest unique label of its row or column."""
    text: str
    """`DIR` or `DIR@REV`, as an absolute path."""
    role: str
    name: str
    """Name of the tree within a check."""


@dataclass(frozen=True)
class Job:
    """Inputs of the check of one pair, local or on a worker; passed as JSON."""

    kernel: FleetMember
    vmm: FleetMember
    config: str | None
    """Configuration file, None without one."""
    rules: tuple[str, ...]
    """Directories of rule pages in addition to the shipped ones and those of the configuration."""
    codes: tuple[str, ...]
    """Codes of the rules to run."""
    fail_on: str
    cache: str
    baseline: str | None = None
    """Baseline file: its findings are left out."""
    jobs: int = 1
    restricted: str = ""
    """Digest of the configuration's restricted settings, which the user gave or trusts."""


@dataclass(frozen=True)
class Cell:
    """Result of the check of one pair."""

    error: str | None = None
    """Reason in one line why the pair could not be checked; then all other attributes are defaults."""
    agrees: bool = False
    """Whether no finding is at least as severe as the limit."""
    covered: bool = True
    """Whether the coverage reaches the configured floor."""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by severity."""
    findings: tuple[dict[str, Any], ...] = ()
    """Findings at or above the limit, worst first: severity, code, subject, arch, message, fingerprint."""
    known: int = 0
    """Number of findings that are known upstream, which are left out."""
    left_out: int | None = None
    """Number of findings that the baseline leaves out; None without a baseline."""
    skipped: tuple[dict[str, str], ...] = ()
    """Rules that did not run: code, reason."""
    coverage: dict[str, int] = field(default_factory=dict)
    revisions: tuple[str | None, str | None] = (None, None)
    """Commits of kernel and VMM; None for a directory without a revision."""


@dataclass(frozen=True)
class Matrix:
    """Cells of a fleet in row order: one row per kernel, one column per VMM."""

    kernels: list[FleetMember]
    vmms: list[FleetMember]
    cells: list[Cell]
    fail_on: str

    def cell(self, kernel: int, vmm: int) -> Cell:
        """Return the cell for (kernel index, VMM index)."""
        return self.cells[kernel * len(self.vmms) + vmm]
