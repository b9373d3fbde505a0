"""Phrases shared by several formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from caplint.coverage.summary import Coverage
from caplint.engine.outcome import IGNORED, UNSELECTED, Outcome
from caplint.findings.finding import SEVERITIES, Finding, Location
from caplint.util.escape import visible

MAX_RELATED = 8
"""Maximum number of related locations that reports show."""


def plural(count: int, word: str) -> str:
    """Return `1 file` or `2 files`."""
    return f"{count:,} {word}" + ("" if count == 1 else "s")


def size(count: int) -> str:
    """Return a byte count as text with a unit."""
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1e3:,.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"


def place_text(place: Location) -> str:
    """Return a location such as `kernel:virt/kvm/kvm_main.c:12`."""
    return f"{visible(place.tree)}:{visible(place.path)}:{place.line}"


def sentence(finding: Finding) -> str:
    """Return subject, architecture and message, such as `KVM_CAP_X on x86: is not documented`."""
    where = f" on {visible(finding.arch)}" if finding.arch and finding.arch != "generic" else ""
    return f"{visible(finding.subject)}{where}: {visible(finding.message)}"


def evidence(finding: Finding) -> Iterator[str]:
    """Yield a line per related location of the finding."""
    for related in finding.related[:MAX_RELATED]:
        yield f"{place_text(related.place)}: {visible(related.message)}"
    if (more := len(finding.related) - MAX_RELATED) > 0:
        yield f"… and {more} more places"


def tally(outcome: Outcome) -> str:
    """Return the findings by severity and the number left out; for a comparison, those added and those resolved."""
    text = _counts(outcome.findings)
    if outcome.resolved is not None:
        text += f" added; {_counts(outcome.resolved)} resolved"
    if outcome.suppressed:
        text += f"; {outcome.suppressed:,} suppressed"
    if outcome.baselined is not None:
        text += f"; {outcome.baselined:,} hidden by the baseline"
    return text


def _counts(findings: list[Finding]) -> str:
    counts = Counter(finding.severity for finding in findings)
    return ", ".join(plural(counts[severity], severity) for severity in SEVERITIES)


def coverage_line(coverage: Coverage) -> str:
    """Return the coverage ledger in one line."""
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
    if bare:
        text += f"; {plural(bare, 'place')} of MSRs or capabilities with unknown number"
    return text + "".join(f"; {line}" for line in (*_absent(coverage), *crate_lines(coverage)))


def crate_lines(coverage: Coverage) -> Iterator[str]:
    """Yield a line for each crate with KVM's UAPI that a Cargo.lock names."""
    for entry in coverage.crates:
        place = f"{visible(entry.tree)}:{visible(entry.path)}:{entry.line}"
        if not entry.name:
            yield f"{visible(entry.tree)}:{visible(entry.path)} names no packages as Cargo writes them, and is not read"
            continue
        text = f"{place} names {visible(entry.name)} {visible(entry.version)}"
        text += f", made from the headers of Linux {visible(entry.kernel)}" if entry.kernel else ""
        yield text + (f", but the tree beside it is another version: {visible(entry.other)}" if entry.other else "")


def _absent(coverage: Coverage) -> Iterator[str]:
    """Yield a line for each kernel without the code of some architectures."""
    architectures: dict[str, list[str]] = {}
    for entry in coverage.absent:
        architectures.setdefault(entry.tree, []).append(entry.arch)
    for tree, names in architectures.items():
        yield f"{visible(tree)} lacks the code of {', '.join(names)}: what these may answer is not judged"


def _hidden(outcome: Outcome) -> str:
    """Return the findings and rules that the configuration hides, as text; empty if it hides none."""
    ignored, unselected = (sum(entry.reason == reason for entry in outcome.skipped) for reason in (IGNORED, UNSELECTED))
    counts = (
        (outcome.suppressed - len(outcome.commented), "suppresses", "finding"),
        (ignored, "ignores", "rule"),
        (unselected, "does not select", "rule"),
    )
    return ", ".join(f"{verb} {plural(count, word)}" for count, verb, word in counts if count)


def _skipped(outcome: Outcome) -> Iterator[str]:
    """Yield one line for all rules whose needs the run lacks, and one for each other reason."""
    reasons: dict[str, list[str]] = {}
    for skipped in outcome.skipped:
        reasons.setdefault(skipped.reason, []).append(skipped.code)
    lines = {reason: f"{', '.join(codes)} ({reason})" for reason, codes in reasons.items()}
    usual = [line for reason, line in lines.items() if _is_usual(reason)]
    if usual:
        yield f"skipped: {'; '.join(usual)}"
    for reason, line in lines.items():
        if not _is_usual(reason):
            yield f"skipped: {line}"


def _is_usual(reason: str) -> bool:
    """Tell whether a rule was skipped only because the user did not give an input that it needs."""
    return reason.startswith("needs ") and not reason.startswith("needs whole files")


def remarks(outcome: Outcome) -> Iterator[str]:
    """Yield remarks on a run: hidden and known findings, skipped rules, unused suppressions and baseline entries."""
    if outcome.configuration is not None and (hidden := _hidden(outcome)):
        yield f"{visible(str(outcome.configuration))}: {hidden}"
    if fixable := sum(finding.fix is not None for finding in outcome.findings):
        yield f"{plural(fixable, 'finding')} can be fixed: `--diff` shows how"
    if outcome.known:
        yield f"{len(outcome.known):,} known upstream" + ("" if outcome.known_shown else ", `--known` shows them")
    yield from _skipped(outcome)
    yield from _not_read(outcome)
    for text in outcome.commented:
        yield f"suppressed by a comment: {visible(text)}"
    for entry in outcome.unused_suppressions:
        yield f"unused suppression: {visible(entry.code)} {visible(entry.what)} ({visible(entry.reason)})"
    for baseline_entry in outcome.unmatched:
        yield f"baseline entry that no longer matches: {visible(str(baseline_entry))}"


def _not_read(outcome: Outcome) -> Iterator[str]:
    """Yield a line for each tree that lacks files, and for each of which nothing is read."""
    for tree in outcome.trees:
        if tree.absent:
            yield f"{visible(tree.name)}: {visible(tree.lack)}"
    for covered in outcome.coverage.trees:
        if not covered.files:
            yield f"{visible(covered.tree)}: nothing was read: no file of those that are searched names a capability"
