"""Comparisons: findings that trees add or resolve against their bases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caplint.config.settings import Config
from caplint.engine.base_findings import findings_before
from caplint.engine.check import collect_findings, is_passing, run_rules, with_sessions
from caplint.engine.history import History, history, named
from caplint.engine.outcome import Outcome
from caplint.engine.suppression import suppress, without_commented
from caplint.findings.finding import Finding, Location, difference, identify, sort_key
from caplint.rules.page import Rule
from caplint.session import Progress, Session, no_progress
from caplint.trees.series import PatchedTrees
from caplint.trees.tree import SeriesStep, Tree
from caplint.util.errors import CaplintError

Line = tuple[str, str, int]
"""Tree, path, and number of a line."""

ONE_CHANGE = "needs a series of patches or commits"
"""Reason to skip rules that look at each patch of a series, where the index is compared with HEAD."""

# Locations of new capabilities and API sections, whose numbers other series must not take as well.
_NEW_CAPS = """
    SELECT c.tree, c.path, min(c.line), c.name, c.number FROM cap c
    WHERE c.role = 'kernel' AND c.header = 'uapi' AND c.number IS NOT NULL AND c.alias IS NULL
      AND NOT EXISTS (SELECT 1 FROM base_cap b WHERE b.tree = c.tree AND b.name = c.name)
      AND EXISTS (SELECT 1 FROM tree WHERE tree.name = c.tree AND tree.patched)
    GROUP BY c.tree, c.name ORDER BY 1, 2, 3
"""
_NEW_CONSTANTS = """
    SELECT c.tree, c.path, min(c.line), c.name, c.number, c.numbering, c.abis FROM numbered_constant c
    WHERE c.role = 'kernel' AND NOT c.alias
      AND NOT EXISTS (SELECT 1 FROM base_numbered_constant b
                      WHERE b.tree = c.tree AND b.name = c.name AND b.number = c.number)
      AND EXISTS (SELECT 1 FROM tree WHERE tree.name = c.tree AND tree.patched)
    GROUP BY c.tree, c.name, c.number, c.abis ORDER BY 1, 2, 3
"""
_NEW_SECTIONS = """
    SELECT s.tree, s.path, min(s.line), s.number, s.title FROM api_section s
    WHERE NOT EXISTS (SELECT 1 FROM base_api_section b
                      WHERE b.tree = s.tree AND b.number = s.number AND b.title = s.title)
      AND EXISTS (SELECT 1 FROM tree WHERE tree.name = s.tree AND tree.patched)
    GROUP BY s.tree, s.number, s.title ORDER BY 1, 2, 3
"""
_PENDING = (("pending_cap", _NEW_CAPS), ("pending_constant", _NEW_CONSTANTS), ("pending_section", _NEW_SECTIONS))


def compare(trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = no_progress) -> Outcome:
    """Run the rules over the trees and their bases; return the findings added and resolved."""
    return compare_series([_by_commits(trees)], rules, config, progress)[0]


def _by_commits(trees: list[Tree]) -> PatchedTrees:
    """Return trees with bases, with the trees after each commit between both, as far as they are known."""
    steps = []
    reasons = []
    for tree in trees:
        if tree.base is None:
            continue
        if tree.steps is None or tree.steps.missing:
            reasons.append(tree.steps.missing if tree.steps is not None else ONE_CHANGE)
            continue
        try:
            steps.append(tree.steps.read(tree))
        except CaplintError as error:  # objects that a partial clone lacks
            reasons.append(str(error))
    reason = "; ".join(dict.fromkeys(reasons))
    return PatchedTrees(trees, [], [known for known in steps if known and known[0].count > 1], reason)


def compare_series(
    laid: list[PatchedTrees], rules: list[Rule], config: Config, progress: Progress = no_progress
) -> list[Outcome]:
    """Compare several patched states of the trees with their bases, and with each other for conflicts."""

    def run(sessions: list[Session]) -> list[Outcome]:
        _exchange_pending(sessions, [", ".join(series.label for series in entry.series) for entry in laid])
        return [_compare(session, entry, rules, config) for session, entry in zip(sessions, laid, strict=True)]

    return with_sessions([entry.trees for entry in laid], config, progress, run)


def _exchange_pending(sessions: list[Session], labels: list[str]) -> None:
    """Fill the tables `pending_…` of each session with the additions of the other sessions."""
    if len(sessions) < 2:
        return
    for table, query in _PENDING:
        new = [session.connection.execute(query).fetchall() for session in sessions]
        for session in sessions:
            rows = [
                (label, *row)
                for other, label, new_rows in zip(sessions, labels, new, strict=True)
                for row in new_rows
                if other is not session
            ]
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                session.connection.executemany(f"INSERT INTO temp.{table} VALUES ({marks})", rows)  # noqa: S608


def _compare(session: Session, entry: PatchedTrees, rules: list[Rule], config: Config) -> Outcome:
    session.lacks = _lacks(entry)
    outcome = run_rules(session, rules, config)
    changed = _changed_lines(session)
    bases = [tree.base or tree for tree in session.trees]
    before = identify(_shown(findings_before(session, rules, config), bases, config), session.roles)
    added, resolved = difference(outcome.findings, before)
    skipped = {found.code for found in outcome.skipped}
    step_rules = [rule for rule in rules if "step_finding" in rule.query and rule.code not in skipped]
    if entry.steps and (step_rules or added):
        histories = [history(steps, session.trees, rules, config) for steps in entry.steps]
        session.store.late |= any(found.passing for found in histories)
        ends = {finding.fingerprint for findings in (before, outcome.findings) for finding in findings}
        for found in histories:
            session.connection.executemany(
                "INSERT INTO temp.step_finding VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _bisect_breaks(found, session.trees, ends),
            )
        breaks = _shown(collect_findings(session, step_rules, config)[0], session.trees, config)
        # Findings of steps are compared with none before, so they are identified together with the others.
        every = identify([*outcome.findings, *breaks], session.roles)
        added, resolved = difference(every, before)
        added = named(added, before, histories, session.trees, {rule.code for rule in step_rules})
    if changed is not None:
        added = [finding for finding in added if changed.intersection(_lines(finding))]
    return replace(outcome, findings=sorted(added, key=sort_key), resolved=resolved, passing=is_passing(session))


def _shown(findings: list[Finding], trees: list[Tree], config: Config) -> list[Finding]:
    """Return the findings that neither a comment of the trees nor the configuration suppresses."""
    return suppress(without_commented(findings, trees)[0], config.suppress)[0]


def _changed_lines(session: Session) -> set[Line] | None:
    """Return the lines that hunks change; None if whole trees are compared.

    Of hunks alone, it cannot be told what holds for their context.
    """
    if all(tree.complete for tree in session.trees):
        return None
    return set(session.connection.execute("SELECT tree, path, line FROM changed_line"))


def _lines(finding: Finding) -> Iterator[Line]:
    """Yield the line of a finding and those of its evidence."""
    for place in (finding.place, *(related.place for related in finding.related)):
        yield place.tree, place.path, place.line


def _lacks(entry: PatchedTrees) -> dict[str, str]:
    """Return the roles that a comparison lacks, with the reasons."""
    lacks = {"series": entry.unstepped} if entry.unstepped else {}
    return lacks if entry.series else {**lacks, "rival": ""}


def _bisect_breaks(found: History, final: list[Tree], ends: set[str]) -> Iterator[tuple[object, ...]]:
    """Yield rows of `step_finding`: errors after a patch that are present neither before nor after the series."""
    open_since: dict[str, tuple[SeriesStep, Finding]] = {}
    for step, findings in zip(found.steps, found.findings, strict=False):
        errors = {
            finding.fingerprint: finding
            for finding in findings
            if finding.severity == "error" and finding.fingerprint not in ends
        }
        yield from _rows({key: open_since.pop(key) for key in open_since.keys() - errors.keys()}, step, final)
        open_since = {key: (step, finding) for key, finding in errors.items()} | open_since
    yield from _rows(open_since, found.steps[-1], final)


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
    last = next(tree for tree in final if tree.name == place.tree)
    before = (step.trees.get(place.tree, last).read_or_none(place.path) or b"").splitlines()
    after = (last.read_or_none(place.path) or b"").splitlines()
    text = before[place.line - 1] if place.line <= len(before) else b""
    same = [number for number, line in enumerate(after, 1) if line == text]
    return min(same, key=lambda number: abs(number - place.line), default=max(1, min(place.line, len(after))))
