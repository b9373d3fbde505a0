"""A baseline: findings that are known, and what a run looks like without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from caplint.engine.outcome import Outcome
from caplint.findings.finding import SEVERITIES, Finding, tree_words
from caplint.findings.known import Baseline, BaselineEntry


def of_outcome(outcome: Outcome, old: Baseline) -> Baseline:
    """A baseline of everything that a run found, with the reasons that an older one gives."""
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
    )


def without(outcome: Outcome, baseline: Baseline) -> Outcome:
    """The outcome without what the baseline lists, and with the entries that match nothing.

    A finding that is worse than its entry stays. An entry is only said to match nothing if its rule ran, and on all
    trees with which the baseline was made.
    """
    worst = {entry.fingerprint: SEVERITIES.index(entry.severity) for entry in baseline.entries}
    kept = [
        finding
        for finding in outcome.findings
        if SEVERITIES.index(finding.severity) < worst.get(finding.fingerprint, len(SEVERITIES))
    ]
    # A comparison shows what came and went, and nothing of what stayed.
    whole = outcome.resolved is None and not missing_trees(outcome, baseline)
    gone = unmatched(outcome, baseline) if whole else []
    return replace(outcome, findings=kept, baselined=len(outcome.findings) - len(kept), unmatched=gone)


def unmatched(outcome: Outcome, baseline: Baseline) -> list[BaselineEntry]:
    """The entries, of rules that ran, that no finding of the whole outcome matches."""
    ran = {rule.code for rule in outcome.rules} - {entry.code for entry in outcome.skipped}
    left = Counter(finding.fingerprint for finding in outcome.findings)
    gone = []
    for entry in baseline.entries:
        if left[entry.fingerprint]:
            left[entry.fingerprint] -= 1
        elif entry.code in ran:
            gone.append(entry)
    return gone


def missing_trees(outcome: Outcome, baseline: Baseline) -> list[str]:
    """The trees with which the baseline was made and that the run lacks."""
    return sorted(set(baseline.trees) - set(_words(outcome).values()))


def _words(outcome: Outcome) -> dict[str, str]:
    return tree_words({tree.name: tree.role for tree in outcome.trees})


def pruned(baseline: Baseline, gone: Iterable[BaselineEntry]) -> Baseline:
    """The baseline without some of its entries."""
    excess = Counter(gone)
    entries = []
    for entry in baseline.entries:
        if excess[entry]:
            excess[entry] -= 1
        else:
            entries.append(entry)
    return replace(baseline, entries=tuple(entries))
