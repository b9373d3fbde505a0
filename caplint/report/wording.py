"""Phrases that several formats share."""

from __future__ import annotations

from collections import Counter

from caplint.check import Outcome
from caplint.coverage import Coverage
from caplint.findings import SEVERITIES, Finding


def plural(count: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def size(count: int) -> str:
    """Bytes for people."""
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1e3:,.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"


def tally(outcome: Outcome) -> str:
    """Findings by severity; of a comparison those that are added, and those that are resolved."""
    text = _counts(outcome.findings)
    if outcome.resolved is not None:
        text += f" added; {_counts(outcome.resolved)} resolved"
    return text + (f"; {outcome.suppressed} suppressed" if outcome.suppressed else "")


def _counts(findings: list[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(plural(counts[severity], severity) for severity in SEVERITIES)


def coverage_line(coverage: Coverage) -> str:
    """The ledger in one line."""
    text = (
        f"{plural(coverage.total('files'), 'file')}, {size(coverage.total('bytes'))}, "
        f"{plural(coverage.total('functions'), 'function')} read"
    )
    blind = coverage.total("blind_bytes")
    if blind:
        text += f"; {size(blind)} in {plural(coverage.total('blind_files'), 'file')} not understood"
    lost = coverage.total("unaccounted")
    names = f"{coverage.total('tokens'):,} capability, ioctl and MSR names, "
    return f"{text}; {names}{'all accounted for' if not lost else f'{lost} unaccounted for'}"
