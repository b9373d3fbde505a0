"""A run over a small kernel with one finding of a rule that does not exist, for the tests of the formats for people."""

from __future__ import annotations

import io
from pathlib import Path

from conftest import X86, bare_kernel, made_up_rule

from caplint.config.settings import Suppression
from caplint.coverage.summary import Coverage, TreeCoverage
from caplint.engine.outcome import Outcome, Skipped
from caplint.findings.finding import Finding, Location, Related
from caplint.report import writer
from caplint.report.style import Style

LONG = "x" * 300


def outcome(root: Path, *findings: Finding) -> Outcome:
    """The run: three of its four rules were skipped."""
    tree = bare_kernel(root, {X86: f"first\n\tsecond\t\x1b[2J\n{LONG}\n"})
    coverage = Coverage([TreeCoverage("kernel", 2, 12_345, 1, 0, 1, 20, 3, 1)], [], [], {})
    suppressions = [Suppression("CAP101", "KVM_CAP_\x1b", "gone\x1b")]
    skipped = [Skipped("CAP102", "why"), Skipped("CAP103", "why"), Skipped("CAP104", "else")]
    rules = [made_up_rule(code) for code in ("CAP102", "CAP103", "CAP104", "CAP999")]
    return Outcome([tree], {"kernel": (2, 12_345)}, list(findings), 2, suppressions, skipped, coverage, rules, 1.234)


def finding(line: int = 2, related: int = 0, arch: str | None = "x86", severity: str = "warning") -> Finding:
    """A finding of CAP999 in the kernel's file."""
    more = tuple(Related(Location("kernel", X86, number + 1), f"place {number}") for number in range(related))
    return Finding(
        "CAP999", "made-up", severity, "KVM_CAP_X", arch, "f", "is é\x07", Location("kernel", X86, line, 5), more, "f00"
    )


def text(run: Outcome, output_format: str = "text", *, colour: bool = False) -> str:
    """The report as `caplint check` writes it."""
    out = io.StringIO()
    writer("check", output_format)(run, out, Style(colour))
    return out.getvalue()
