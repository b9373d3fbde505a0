"""Comparisons: what trees show that those which they are compared with do not, and the reverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from caplint.check import Progress, Session, check, find, in_sessions, is_passing, judge, silent, suppress
from caplint.config import Config
from caplint.findings import Finding, Place, difference, identify
from caplint.link.project import unpatched
from caplint.outcome import Outcome
from caplint.rules import Rule
from caplint.trees.overlay import OverlayTree
from caplint.trees.series import Laid, Step
from caplint.trees.tree import Tree

# Where a new capability or section stands that other series must not take as well.
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


def compare(trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = silent) -> Outcome:
    """Run the rules over the trees and over what they are compared with: findings added and resolved."""
    return compare_series([Laid(trees, [])], rules, config, progress)[0]


def compare_series(laid: list[Laid], rules: list[Rule], config: Config, progress: Progress = silent) -> list[Outcome]:
    """The same for each of several states of the trees, which are also compared with one another."""

    def run(sessions: list[Session]) -> list[Outcome]:
        _tell_one_another(sessions, [", ".join(series.label for series in entry.series) for entry in laid])
        return [_compare(session, entry.steps, rules, config) for session, entry in zip(sessions, laid, strict=True)]

    return in_sessions([entry.trees for entry in laid], config, progress, run)


def _tell_one_another(sessions: list[Session], labels: list[str]) -> None:
    """Fill `pending_cap` and `pending_section` of each session with what the others add."""
    if len(sessions) < 2:
        return
    for table, query in (("pending_cap", _NEW_CAPS), ("pending_section", _NEW_SECTIONS)):
        new = [session.connection.execute(query).fetchall() for session in sessions]
        for session in sessions:
            rows = [
                (label, *row)
                for other, label, found in zip(sessions, labels, new, strict=True)
                for row in found
                if other is not session
            ]
            session.connection.executemany(f"INSERT INTO temp.{table} VALUES (?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def _compare(session: Session, series: list[list[Step]], rules: list[Rule], config: Config) -> Outcome:
    outcome = judge(session, rules, config)
    unpatched(session.connection, session.configurations)
    before = identify(suppress(find(session, rules, config, valid=True)[0], config.suppress)[0], session.roles)
    late = [rule for rule in rules if "step_finding" in rule.query]
    if late and series:
        for steps in series:
            rows = _broken(steps, session, [before, outcome.findings], rules, config)
            session.connection.executemany(
                "INSERT INTO temp.step_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
        found = suppress(find(session, late, config)[0], config.suppress)[0]
        outcome = replace(outcome, findings=identify([*outcome.findings, *found], session.roles))
    added, resolved = difference(outcome.findings, before)
    return replace(outcome, findings=added, resolved=resolved, passing=is_passing(session))


def _broken(
    steps: list[Step], session: Session, ends: list[list[Finding]], rules: list[Rule], config: Config
) -> Iterator[tuple[object, ...]]:
    """Rows of `step_finding`: errors that neither the trees before a series show nor those after it."""
    final = session.trees
    known = {finding.fingerprint for findings in ends for finding in findings}
    open_since: dict[str, tuple[Step, Finding]] = {}
    for step in steps[:-1]:
        outcome = check(_at(step, final), rules, config)
        session.store.late |= outcome.passing
        found = {
            finding.fingerprint: finding
            for finding in outcome.findings
            if finding.severity == "error" and finding.fingerprint not in known
        }
        yield from _rows({key: open_since.pop(key) for key in open_since.keys() - found.keys()}, step, final)
        open_since = {key: (step, finding) for key, finding in found.items()} | open_since
    yield from _rows(open_since, steps[-1], final)


def _rows(resolved: dict[str, tuple[Step, Finding]], fix: Step, final: list[Tree]) -> Iterator[tuple[object, ...]]:
    for _, (step, finding) in sorted(resolved.items()):
        place = finding.place
        yield (
            step.series, step.ordinal, step.patch, fix.ordinal, fix.patch, place.tree, place.path,
            _line_in(final, step, place),
            finding.code, finding.subject, finding.arch, finding.function, finding.message,
        )  # fmt: skip


def _line_in(final: list[Tree], step: Step, place: Place) -> int:
    """The line of the tree behind the series that is most likely the one of a finding at a step."""
    before = (step.trees[place.tree].content(place.path) or b"").splitlines()
    after = (next(tree for tree in final if tree.name == place.tree).content(place.path) or b"").splitlines()
    text = before[place.line - 1] if place.line <= len(before) else b""
    same = [number for number, line in enumerate(after, 1) if line == text]
    return min(same, key=lambda number: abs(number - place.line), default=max(1, min(place.line, len(after))))


def _at(step: Step, final: Iterable[Tree]) -> list[Tree]:
    """The trees after a step; what only other series change is as it is in the end."""
    trees = []
    for tree in final:
        own = any(row.series == step.series for row in tree.patch_files)
        there = step.trees[tree.name] if own else tree
        trees.append(there.alone() if isinstance(there, OverlayTree) else there)
    return trees
