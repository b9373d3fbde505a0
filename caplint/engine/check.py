"""One run: trees → facts → links → rules → findings."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from caplint.config.run import machines_of
from caplint.config.settings import Config, Suppression
from caplint.coverage.summary import measure
from caplint.engine.kernel_parts import PARTS, parts
from caplint.engine.known_files import KnownFiles
from caplint.engine.left_out import reason_to_leave_out
from caplint.engine.outcome import Outcome, Skipped
from caplint.engine.suppression import suppress, without_commented
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore, is_damage
from caplint.findings.finding import Finding, identify, supersede
from caplint.fixes.attach import with_fixes
from caplint.rules import query
from caplint.rules.page import Rule
from caplint.session import Progress, Session, no_progress, open_session
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

_ARCHITECTURES = "function_arch"


def check(
    trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = no_progress, *, deep: bool = False
) -> Outcome:
    """Run the rules over the trees, including rules that need the call graph if `deep` is set."""

    def run(sessions: list[Session]) -> list[Outcome]:
        if deep:
            deepen(sessions[0], config)
        return [run_rules(sessions[0], rules, config)]

    return with_sessions([trees], config, progress, run)[0]


def deepen(session: Session, config: Config) -> None:
    """Fill the views that need the call graph."""
    from caplint.graph.deep_views import link_deep  # noqa: PLC0415 - most runs need no call graph

    link_deep(session, ExtractionSettings(config.repairs, config.jobs))
    session.deep = True


def with_sessions(
    groups: list[list[Tree]], config: Config, progress: Progress, run: Callable[[list[Session]], list[Outcome]]
) -> list[Outcome]:
    """Open a session per group of trees and return the outcomes of `run`; retry once if the store is damaged."""
    start = time.monotonic()
    sessions: list[Session] = []
    try:
        sessions += [open_session(trees, config, progress) for trees in groups]
        outcomes = run(sessions)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        _close(sessions)
        if config.store_path is None or not is_damage(error):
            raise
        FactStore.discard(config.store_path, error)
        sessions += [open_session(trees, config, progress) for trees in groups]
        outcomes = run(sessions)
    finally:
        _close(sessions)
    return [replace(outcome, seconds=time.monotonic() - start) for outcome in outcomes]


def _close(sessions: list[Session]) -> None:
    while sessions:
        sessions.pop().store.close()


def run_rules(session: Session, rules: list[Rule], config: Config) -> Outcome:
    """Run the rules over linked trees."""
    coverage = measure(session.connection)  # first, because rules replace SQLite functions by slower ones
    findings, skipped = collect_findings(session, rules, config)
    uncommented, commented = without_commented(findings, session.trees)
    kept, unused = suppress(uncommented, config.suppress)
    places = {entry.tree.name: KnownFiles(entry) for entry in session.loaded}
    found = with_fixes(
        identify(kept, session.roles), rules, session.connection, session.trees,
        lambda tree, path: tree in places and places[tree].has(path),
    )  # fmt: skip
    return Outcome(
        trees=session.trees,
        sizes={entry.tree.name: (len(entry.files), sum(file.size for file in entry.files)) for entry in session.loaded},
        findings=found,
        suppressed=len(findings) - len(kept),
        commented=commented,
        unused_suppressions=_of_rules_that_ran(unused, rules, skipped),
        skipped=skipped,
        coverage=coverage,
        rules=rules,
        passing=is_passing(session),
    )


def is_passing(session: Session) -> bool:
    """Return whether the result depends on killed processes, time limits or absent objects, and so may change."""
    return session.store.incomplete or session.store.late or any(tree.absent for tree in session.trees)


def collect_findings(
    session: Session, rules: list[Rule], config: Config, *, valid: bool = False
) -> tuple[list[Finding], list[Skipped]]:
    """Return the findings of the rules, before suppression, and the rules that did not run.

    `valid`: the queries have already been validated against these views.
    """
    roles = roles_of(session, config)
    ask_call_graph(session, rules, config)
    places = {entry.tree.name: KnownFiles(entry) for entry in session.loaded}
    skipped: list[Skipped] = []
    findings: list[Finding] = []
    part = partial(session.trees)
    for rule in rules:
        if reason := _reason_to_skip(rule, roles, config, session.lacks) or (not rule.excerpts and part):
            if not valid:
                query.validate(session.connection, rule)  # the others are validated by their run
            skipped.append(Skipped(rule.code, reason))
        else:
            findings.extend(_known_places(rule, query.run(session.connection, rule), places))
    return supersede(findings, {rule.code: list(rule.supersedes) for rule in rules}), skipped


def ask_call_graph(session: Session, rules: list[Rule], config: Config) -> None:
    """Fill `function_arch` if a rule of this run uses it."""
    if any(_ARCHITECTURES in rule.query for rule in rules) and "vmm" in session.roles.values():
        from caplint.graph.function_archs import link_function_archs  # noqa: PLC0415 - most runs need no call graph

        link_function_archs(session, ExtractionSettings(config.repairs, config.jobs))


def _known_places(rule: Rule, findings: Iterable[Finding], places: dict[str, KnownFiles]) -> Iterator[Finding]:
    """Yield the findings. Raises `CaplintError` for a page whose query names a file or tree outside the run."""
    for finding in findings:
        for place in (finding.place, *(entry.place for entry in finding.related)):
            if place.tree not in places:
                raise CaplintError(
                    f"{rule.path}: query: a row names {place.tree!r:.100}, which is not a tree of this run"
                )
            if not places[place.tree].has(place.path):
                where = f"{place.path!r:.100}, which is not a file of {place.tree}"
                raise CaplintError(f"{rule.path}: query: a row names {where}")
        yield finding


def roles_of(session: Session, config: Config) -> set[str]:
    """Return the roles and other inputs of a run that rules may need (`needs` of their pages)."""
    roles = {tree.role for tree in session.trees} | parts(session.loaded)
    if any(tree.base for tree in session.trees):
        roles |= {"patch", "series", "rival"} - session.lacks.keys()
    if session.deep:
        roles.add("deep")
    if machines_of(config):
        roles.add("machine")
    return roles


_NEEDS = {
    "kernel": "a kernel tree (--kernel or CAPLINT_KERNEL)",
    "code": "the kernel's code (virt/kvm and arch/*/kvm), which the tree lacks",
    "documentation": "KVM's api.rst, which the tree lacks",
    "vmm": "a VMM tree (--qemu or CAPLINT_QEMU)",
    "manager": "a libvirt tree (--libvirt or CAPLINT_LIBVIRT)",
    "reference": "a reference kernel (--tree NAME=reference:DIR)",
    "patch": "a patch",
    "series": "a series of patches or commits",
    "rival": "another series that is checked with it (caplint patch ONE OTHER)",
    "machine": "a machine's answers (--probe)",
    "deep": "the call graph, which --deep builds",
}


def _reason_to_skip(rule: Rule, roles: set[str], config: Config, lacks: dict[str, str]) -> str | None:
    if left_out := reason_to_leave_out(rule, config):
        return left_out
    wanted = [role for role in rule.needs if role not in PARTS or "kernel" in roles or "kernel" not in rule.needs]
    missing = [role for role in wanted if role not in roles]
    if "patch" in missing:
        missing = [role for role in missing if role not in {"series", "rival"}]
    if len(missing) == 1 and (reason := lacks.get(missing[0])):
        return reason
    return f"needs {' and '.join(_NEEDS[role] for role in missing)}" if missing else None


def partial(trees: Iterable[Tree]) -> str:
    """Return the reason why rules that need whole files cannot run over some trees; empty if they can."""
    excerpts = [tree.name for tree in trees if not tree.complete]
    if excerpts:
        return f"needs whole files; only the hunks of a diff are known of {' and '.join(excerpts)}"
    return next((reason for tree in trees if (reason := _lacks_content(tree))), "")


def _lacks_content(tree: Tree) -> str:
    """Return the reason why a tree of a partial clone is not whole; empty if it has every file that is always read."""
    absent = sorted(path for path in tree.absent if tree.project.wants(path))
    if not absent:
        return ""
    return f"needs whole files; {tree.name} is of a partial clone, which lacks {listed(absent)}: {tree.remedy}"


def listed(paths: list[str]) -> str:
    """Return some paths as text: the first one, and the number of others."""
    more = len(paths) - 1
    return paths[0] + (f" and {more:,} other file{'s' * (more > 1)}" if more else "")


def _of_rules_that_ran(entries: list[Suppression], rules: list[Rule], skipped: list[Skipped]) -> list[Suppression]:
    idle = {entry.code for entry in skipped}
    ran = [rule for rule in rules if rule.code not in idle]
    return [entry for entry in entries if any(rule.is_called(entry.code) for rule in ran)]
