"""An outcome with everything that a report could trip over, for the tests of the formats for CI."""

from __future__ import annotations

import io
from pathlib import Path

from conftest import X86, bare_kernel, bare_qemu, made_up_rule

from caplint.baseline import Entry
from caplint.config import Suppression
from caplint.coverage import Blind, Coverage, TreeCoverage, Unaccounted
from caplint.findings import Finding, Place, Related
from caplint.outcome import Outcome, Skipped
from caplint.report import writer
from caplint.report.style import Style

# What a terminal, GitHub's runner, XML, a URI, SARIF's messages or a shell would obey, and what UTF-8 cannot hold.
HOSTILE = "\x1b]0;t\x07\x9b2J\u202e::error::x%0A,:;=<&>\"'`$(x){0}[a](1)##[group]\r\n\t\\xff\ufffe\ud800"
# A path's bytes that are no UTF-8 have become text before.
HOSTILE_PATH = f"arch/x86/kvm/{HOSTILE}.c"


def outcome(root: Path, *findings: Finding) -> Outcome:
    """A run over a kernel and a QEMU, with a rule that ran, one that was skipped and one without findings."""
    trees = [bare_kernel(root / "linux", {X86: "first\nsecond\n"}), bare_qemu(root / "qemu", {})]
    coverage = Coverage(
        [TreeCoverage("kernel", 2, 12_345, 1, 0, 1, 20, 3, 1), TreeCoverage("qemu", 1, 10, 0, 0, 0, 0, 0, 0)],
        [Blind("kernel", HOSTILE_PATH, 7, 20, HOSTILE)],
        [Unaccounted("kernel", X86, 3, 1, "KVM_CAP_LOST")],
        {},
    )
    gone = Entry("CAP999", "note", f"KVM_CAP_GONE{HOSTILE}", "kernel", X86, "0" * 16)
    return Outcome(
        trees=trees,
        sizes={"kernel": (2, 12_345), "qemu": (1, 10)},
        findings=list(findings),
        suppressed=2,
        unused_suppressions=[Suppression("CAP999", f"KVM_CAP_OLD{HOSTILE}", "gone")],
        skipped=[Skipped("CAP103", "needs a VMM tree (--qemu)")],
        coverage=coverage,
        rules=[made_up_rule(code) for code in ("CAP102", "CAP103", "CAP999")],
        baselined=5,
        unmatched=[gone],
    )


def finding(severity: str = "warning", path: str = X86, words: str = "", related: int = 1) -> Finding:
    """One finding of CAP999; the words stand in whatever comes from a tree."""
    evidence = tuple(Related(Place("qemu", f"q{words}.h", number + 1), f"seen {words}") for number in range(related))
    return Finding(
        code="CAP999",
        name="made-up",
        severity=severity,
        subject=f"KVM_CAP_X{words}",
        arch="x86",
        function=f"f{words}",
        message=f"is {words}",
        place=Place("kernel", path, 2, 5),
        related=evidence,
        fingerprint="0123456789abcdef",
    )


def hostile() -> Finding:
    """A finding in which nothing is what it should be."""
    return finding(path=HOSTILE_PATH, words=HOSTILE)


def text(run: Outcome, output_format: str) -> str:
    """The report, as it is written to a pipe."""
    out = io.StringIO()
    writer("check", output_format)(run, out, Style())
    return out.getvalue().encode("utf-8", "backslashreplace").decode()
