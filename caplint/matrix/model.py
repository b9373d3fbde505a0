"""Data model of a fleet: members, jobs, cells, and the matrix of all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from caplint.trees.detect import split_revision


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
    """Inputs of the check of one pair or one tree alone, local or on a worker; passed as JSON."""

    kernel: FleetMember | None
    """None for a VMM alone."""
    vmm: FleetMember | None
    """None for a kernel alone."""
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
    reference: FleetMember | None = None
    """Upstream kernel that trees are compared with."""

    @property
    def members(self) -> list[FleetMember]:
        """Trees to check."""
        return [member for member in (self.kernel, self.vmm, self.reference) if member is not None]

    @property
    def paths(self) -> list[str]:
        """Paths that a worker must see, as far as they are there."""
        trees = [split_revision(member.text)[0] for member in self.members]
        return [*trees, *self.rules, *filter(None, (self.config, self.baseline))]


@dataclass(frozen=True)
class Cell:
    """Result of the check of one pair, or of one tree alone."""

    error: str | None = None
    """Reason in one line why it could not be checked; then all other attributes are defaults."""
    agrees: bool = False
    """Whether no finding is at least as severe as the limit."""
    covered: bool = True
    """Whether the coverage reaches the configured floor."""
    counts: dict[str, int] = field(default_factory=dict)
    """Findings by severity."""
    findings: tuple[dict[str, Any], ...] = ()
    """Findings at or above the limit, worst first: severity, code, subject, arch, message, fingerprint."""
    marks: tuple[tuple[str, str], ...] = ()
    """Fingerprint and severity of every counted finding."""
    known: int = 0
    """Number of findings that are known upstream, which are left out."""
    left_out: int | None = None
    """Number of findings that the baseline leaves out; None without a baseline."""
    skipped: tuple[dict[str, str], ...] = ()
    """Rules that did not run: code, reason."""
    coverage: dict[str, int] = field(default_factory=dict)
    revisions: tuple[str | None, str | None] = (None, None)
    """Commits of kernel and VMM; None for a directory without a revision, and a tree that was not checked."""

    def without(self, alone: Sequence[Cell]) -> Cell:
        """Return the cell of a pair with the findings alone that neither of its trees has on its own."""
        failed = next((cell.error for cell in alone if cell.error is not None), None)
        if self.error is not None or failed is not None:
            return self if self.error is not None else Cell(error=failed)
        own = {mark for cell in alone for mark in cell.marks}
        marks = tuple(mark for mark in self.marks if mark not in own)
        severities = [severity for _, severity in marks]
        findings = tuple(entry for entry in self.findings if (entry["fingerprint"], entry["severity"]) not in own)
        counts = {severity: severities.count(severity) for severity in self.counts}
        return replace(self, agrees=not findings, counts=counts, findings=findings, marks=marks)


@dataclass(frozen=True)
class Matrix:
    """Cells of a fleet in row order: one row per kernel, one column per VMM, and a cell per tree alone."""

    kernels: list[FleetMember]
    vmms: list[FleetMember]
    cells: list[Cell]
    """Cells of pairs, with the findings that need both trees."""
    alone: list[Cell]
    """Cells of kernels, then of VMMs, each with its own findings."""
    fail_on: str
    reference: FleetMember | None = None
    """Upstream kernel that every tree was compared with."""

    @property
    def members(self) -> list[FleetMember]:
        """Kernels, then VMMs: the trees of `alone`."""
        return [*self.kernels, *self.vmms]

    def cell(self, kernel: int, vmm: int) -> Cell:
        """Return the cell for (kernel index, VMM index)."""
        return self.cells[kernel * len(self.vmms) + vmm]
