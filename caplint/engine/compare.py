"""Comparisons: findings that trees add or resolve against their bases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from caplint.config.settings import Config
from caplint.engine.check import check, collect_findings, is_passing, run_rules, suppress, with_sessions
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding, Location, difference, identify, sort_key
from caplint.link.linker import unpatched
from caplint.rules.page import Rule
from caplint.session import Progress, Session, no_progress
from caplint.trees.overlay import OverlayTree
from caplint.trees.series import PatchedTrees, SeriesStep
from caplint.trees.tree import Tree

# Locations of new capabilities and API sections, whose numbers other series must not take as well.
_NEW_CAPS = """
    SELECT c.tree, c.path, min(c.line), c.name, c.number FROM cap c
    WHERE c.role = 'kernel' AND c.header = 'uapi' AND c.number IS NOT NULL AND c.alias IS NULL
      AND NOT EXISTS (SELECT 1 FROM base_cap b WHERE b.tree = c.tree AND b.name = c.name)
      AND EXISTS (SELECT 1 FROM tree WHERE tree.name = c.tree AND tree.patched)
    GROUP BY c.tree, c.name ORDER BY 1, 2, 3
"""
_NEW_SECTIONS = """
    SELECT s.tree, s.path, min(s.line), s.number, s.title FROM api_section s
    WHERE NOT EXISTS (SELECT 1 FROM base_api_section b
                      WHERE b.tree = s.tree AND b.number = s.number AND b.title = s.title)
      AND EXISTS (SELECT 1 FROM tree WHERE tree.name = s.tree AND tree.patched)
    GROUP BY s.tree, s.number, s.title ORDER BY 1, 2, 3
"""


def compare(trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = no_progress) -> Outcome:
    """Run the rules over the trees and their bases; return the findings added and resolved."""
    return compare_series([PatchedTrees(trees, [])], rules, config, progress)[0]


def compare_series(
    laid: list[PatchedTrees], rules: list[Rule], config: Config, progress: Progress = no_progress
) -> list[Outcome]:
    """Compare several patched states of the trees with their bases, and with each other for conflicts."""

    def run(sessions: list[Session]) -> list[Outcome]:
        _exchange_pending(sessions, [", ".join(series.label for series in entry.series) for entry in laid])
        return [_compare(session, entry.steps, rules, config) for session, entry in zip(sessions, laid, strict=True)]

    return with_sessions([entry.trees for entry in laid], config, progress, run)


def _exchange_pending(sessions: list[Session], labels: list[str]) -> None:
    """Fill `pending_cap` and `pending_section` of each session with the additions of the other sessions."""
    if len(sessions) < 2:
        return
    for table, query in (("pending_cap", _NEW_CAPS), ("pending_section", _NEW_SECTIONS)):
        new = [session.connection.execute(query).fetchall() for session in sessions]
        for session in sessions:
            rows = [
                (label, *row)
                for other, label, new_rows in zip(sessions, labels, new, strict=True)
                for row in new_rows
                if other is not session
            ]
            session.connection.executemany(f"INSERT INTO temp.{table} VALUES (?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def _compare(session: Session, series: list[list[SeriesStep]], rules: list[Rule], config: Config) -> Outcome:
    outcome = run_rules(session, rules, config)
    unpatched(session.connection, session.configurations)
    before = identify(
        suppress(collect_findings(session, rules, config, valid=True)[0], config.suppress)[0], session.roles
    )
    step_rules = [rule for rule in rules if "step_finding" in rule.query]
    if step_rules and series:
        for steps in series:
            rows = _bisect_breaks(steps, session, [before, outcome.findings], rules, config)
            session.connection.executemany(
                "INSERT INTO temp.step_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
        step_findings = suppress(collect_findings(session, step_rules, config)[0], config.suppress)[0]
        outcome = replace(outcome, findings=identify([*outcome.findings, *step_findings], session.roles))
    added, resolved = difference(outcome.findings, before)
    return replace(outcome, findings=sorted(added, key=sort_key), resolved=resolved, passing=is_passing(session))


def _bisect_breaks(
    steps: list[SeriesStep], session: Session, ends: list[list[Finding]], rules: list[Rule], config: Config
) -> Iterator[tuple[object, ...]]:
    """Yield rows of `step_finding`: errors after a patch that are present neither before nor after the series."""
    final = session.trees
    end_fingerprints = {finding.fingerprint for findings in ends for finding in findings}
    open_since: dict[str, tuple[SeriesStep, Finding]] = {}
    for step in steps[:-1]:
        outcome = check(_at(step, final), rules, config)
        session.store.late |= outcome.passing
        errors = {
            finding.fingerprint: finding
            for finding in outcome.findings
            if finding.severity == "error" and finding.fingerprint not in end_fingerprints
        }
        yield from _rows({key: open_since.pop(key) for key in open_since.keys() - errors.keys()}, step, final)
        open_since = {key: (step, finding) for key, finding in errors.items()} | open_since
    yield from _rows(open_since, steps[-1], final)


def _rows(
    resolved: dict[str, tuple[SeriesStep, Finding]], fix: SeriesStep, final: list[Tree]
) -> Iterator[tuple[object, ...]]:
    for _, (step, finding) in sorted(resolved.items()):
        place = finding.place
        yield (
            step.series, step.ordinal, step.patch, fix.ordinal, fix.patch, place.tree, place.path,
            _line_in(final, step, place),
            finding.code, finding.subject, finding.arch, finding.function, finding.message,
        )  # fmt: skip


def _line_in(final: list[Tree], step: SeriesStep, place: Location) -> int:
    """Return the line in the final tree that most likely corresponds to a finding's line after a step."""
    before = (step.trees[place.tree].read_or_none(place.path) or b"").splitlines()
    after = (next(tree for tree in final if tree.name == place.tree).read_or_none(place.path) or b"").splitlines()
    text = before[place.line - 1] if place.line <= len(before) else b""
    same = [number for number, line in enumerate(after, 1) if line == text]
    return min(same, key=lambda number: abs(number - place.line), default=max(1, min(place.line, len(after))))


def _at(step: SeriesStep, final: Iterable[Tree]) -> list[Tree]:
    """Return the trees after a step; trees that only other series change are in their final state."""
    trees = []
    for tree in final:
        changed_by_series = any(row.series == step.series for row in tree.patch_files)
        tree_after = step.trees[tree.name] if changed_by_series else tree
        trees.append(tree_after.without_base() if isinstance(tree_after, OverlayTree) else tree_after)
    return trees
