"""Baselines: create and prune lists of known findings, and remove known findings from an outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding, tree_words
from caplint.findings.known import Baseline, BaselineEntry


def of_outcome(outcome: Outcome, old: Baseline) -> Baseline:
    """Return a baseline of all findings of an outcome, with the reasons of an older baseline."""
    reasons = {entry.fingerprint: entry.reason for entry in old.entries}
    words = _words(outcome)
    entries = (_of_finding(finding, words, reasons.get(finding.fingerprint)) for finding in outcome.findings)
    return Baseline(tuple(sorted(words.values())), tuple(entries))


def _of_finding(finding: Finding, words: dict[str, str], reason: str | None) -> BaselineEntry:
    return BaselineEntry(
        code=finding.code,
        severity=finding.severity,
        subject=finding.subject,
        arch=finding.arch,
        tree=words[finding.place.tree],
        path=finding.place.path,
        function=finding.function,
        fingerprint=finding.fingerprint,
        reason=reason,
        parts=finding.parts,
    )


def without(outcome: Outcome, baseline: Baseline) -> Outcome:
    """Return the outcome without the findings of the baseline, and with the entries that match no finding.

    A finding that is worse than its entry stays. An entry is reported as unmatched only if its rule ran on all trees
    that the baseline was written with.
    """
    known = {entry.fingerprint: entry for entry in baseline.entries}
    kept = [
        finding
        for finding in outcome.findings
        if (entry := known.get(finding.fingerprint)) is None or finding.is_worse_than(entry.severity, entry.parts)
    ]
    # The outcome of a comparison lacks the findings that both sides share, so unmatched entries are unknown.
    whole = outcome.resolved is None and not missing_trees(outcome, baseline)
    gone = unmatched(outcome, baseline) if whole else []
    return replace(outcome, findings=kept, baselined=len(outcome.findings) - len(kept), unmatched=gone)


def unmatched(outcome: Outcome, baseline: Baseline) -> list[BaselineEntry]:
    """Return the entries of rules that ran that match no finding of the outcome; the outcome must be complete."""
    ran = {rule.code for rule in outcome.rules} - {entry.code for entry in outcome.skipped}
    remaining = Counter(finding.fingerprint for finding in outcome.findings)
    gone = []
    for entry in baseline.entries:
        if remaining[entry.fingerprint]:
            remaining[entry.fingerprint] -= 1
        elif entry.code in ran:
            gone.append(entry)
    return gone


def missing_trees(outcome: Outcome, baseline: Baseline) -> list[str]:
    """Return the trees that the baseline was written with and that the run lacks."""
    return sorted(set(baseline.trees) - set(_words(outcome).values()))


def _words(outcome: Outcome) -> dict[str, str]:
    return tree_words({tree.name: tree.role for tree in outcome.trees})


def pruned(baseline: Baseline, gone: Iterable[BaselineEntry]) -> Baseline:
    """Return the baseline without the given entries."""
    excess = Counter(gone)
    entries = []
    for entry in baseline.entries:
        if excess[entry]:
            excess[entry] -= 1
        else:
            entries.append(entry)
    return replace(baseline, entries=tuple(entries))
