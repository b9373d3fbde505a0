"""Phrases that several formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from caplint.coverage import Coverage
from caplint.findings import SEVERITIES, Finding, Place
from caplint.outcome import IGNORED, Outcome
from caplint.quoting import visible

MAX_RELATED = 8
"""A list of evidence longer than this says no more than its beginning."""


def plural(count: int, word: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def size(count: int) -> str:
    """Bytes for people."""
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1e3:,.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"


def place_text(place: Place) -> str:
    """`kernel:virt/kvm/kvm_main.c:12`."""
    return f"{visible(place.tree)}:{visible(place.path)}:{place.line}"


def sentence(finding: Finding) -> str:
    """`KVM_CAP_X on x86: what is wrong`."""
    where = f" on {visible(finding.arch)}" if finding.arch and finding.arch != "generic" else ""
    return f"{visible(finding.subject)}{where}: {visible(finding.message)}"


def evidence(finding: Finding) -> Iterator[str]:
    """A line for each other place that the finding compares."""
    for related in finding.related[:MAX_RELATED]:
        yield f"{place_text(related.place)}: {visible(related.message)}"
    if (more := len(finding.related) - MAX_RELATED) > 0:
        yield f"… and {more} more places"


def tally(outcome: Outcome) -> str:
    """Findings by severity, and how many are left out; of a comparison those that are added, and those resolved."""
    text = _counts(outcome.findings)
    if outcome.resolved is not None:
        text += f" added; {_counts(outcome.resolved)} resolved"
    if outcome.suppressed:
        text += f"; {outcome.suppressed:,} suppressed"
    if outcome.baselined is not None:
        text += f"; {outcome.baselined:,} left out by the baseline"
    return text


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
    text += f"; {names}{'all accounted for' if not lost else f'{lost} unaccounted for'}"
    bare = coverage.total("unnumbered")
    return f"{text}; {plural(bare, 'place')} of MSRs or capabilities whose number is not known" if bare else text


def _hidden(outcome: Outcome) -> str:
    """What the configuration keeps from being shown; empty where it hides nothing."""
    ignored = sum(entry.reason == IGNORED for entry in outcome.skipped)
    counts = ((outcome.suppressed, "suppresses", "finding"), (ignored, "ignores", "rule"))
    return ", ".join(f"{verb} {plural(count, word)}" for count, verb, word in counts if count)


def remarks(outcome: Outcome) -> Iterator[str]:
    """What a run has to say besides its findings: what was skipped, what is of no use any more."""
    if outcome.configuration is not None and (hidden := _hidden(outcome)):
        yield f"{visible(str(outcome.configuration))}: {hidden}"
    reasons: dict[str, list[str]] = {}
    for skipped in outcome.skipped:
        reasons.setdefault(skipped.reason, []).append(skipped.code)
    for reason, codes in reasons.items():
        yield f"skipped: {', '.join(codes)} ({reason})"
    for entry in outcome.unused_suppressions:
        yield f"unused suppression: {visible(entry.code)} {visible(entry.subject)} ({visible(entry.reason)})"
    for known in outcome.unmatched:
        yield f"baseline entry that matches nothing any more: {visible(str(known))}"
