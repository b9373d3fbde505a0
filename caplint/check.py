"""One run: trees to facts to links to rules to findings."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from caplint import rules as rule_pages
from caplint.capability_names import PREFIX
from caplint.config import Config, Suppression
from caplint.coverage import measure
from caplint.errors import CaplintError
from caplint.facts.harvest import Reading, harvest
from caplint.facts.languages import language_of
from caplint.facts.store import FactStore, is_damage
from caplint.findings import Finding, identify, supersede
from caplint.known_files import KnownFiles
from caplint.link.changes import Loaded
from caplint.link.configurations import Configurations
from caplint.link.project import Scope, link
from caplint.outcome import IGNORED, Outcome, Skipped
from caplint.rules import Rule
from caplint.run_config import machines_of
from caplint.trees.tree import File, Tree

Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Progress that nobody looks at."""


@dataclass
class Session:
    """Linked trees, ready for queries."""

    store: FactStore
    loaded: list[Loaded]
    configurations: Configurations
    deep: bool = False
    """Whether the views that need the call graph are filled."""

    @property
    def connection(self) -> sqlite3.Connection:
        """Where the views are."""
        return self.store.connection

    @property
    def trees(self) -> list[Tree]:
        """The trees of the run, in the order they were given."""
        return [entry.tree for entry in self.loaded]

    @property
    def roles(self) -> dict[str, str]:
        """Tree → role."""
        return {tree.name: tree.role for tree in self.trees}


def open_session(
    trees: list[Tree], config: Config, progress: Progress = silent, *, narrow: str | None = None
) -> Session:
    """Read what is not known yet and fill the views.

    A narrow session has the views of capabilities only, from the files that speak of some or hold the name that is
    given. Where the store turns out to be damaged half-way, it is put aside and everything is read anew.
    """
    path = config.store_path
    store = FactStore(path)
    try:
        return _open(trees, config, store, progress, narrow)
    except (sqlite3.Error, ValueError) as error:
        store.close()
        if path is None:
            raise
        # Damage may first show as a text that is no JSON or a number that is none.
        return _open(trees, config, FactStore.instead(path, error), progress, narrow)
    except BaseException:
        store.close()
        raise


def _open(trees: list[Tree], config: Config, store: FactStore, progress: Progress, narrow: str | None) -> Session:
    def spoken_for(tree: Tree | None, found: list[File]) -> list[File]:
        if tree is None or narrow is None:
            return found
        # Whatever speaks of capabilities is read for them; only an ioctl may stand in other files alone.
        name = b"" if narrow.startswith(PREFIX) else narrow.encode()
        return [
            file
            for file in found
            if file.speaks or language_of(file.path) != "c" or (name and name in tree.read(file.path))
        ]

    sides = [(tree, *tree.with_base(store)) for tree in trees]
    loaded = [Loaded(tree, spoken_for(tree, now), spoken_for(tree.base, base)) for tree, now, base in sides]
    wanted = [
        (tree, file)
        for entry in loaded
        for tree, files in ((entry.tree, entry.files), (entry.tree.base, entry.base_files))
        if tree is not None
        for file in files
    ]
    reading = Reading(config.repairs, config.jobs)
    rows = harvest(store, wanted, reading, progress)
    configurations = link(
        store, loaded, rows, reading, Scope(tuple(config.vendor_range), narrow is not None, machines_of(config))
    )
    return Session(store, loaded, configurations)


def check(
    trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = silent, *, deep: bool = False
) -> Outcome:
    """Run the rules over the trees as they are; deep: with those that need the call graph."""

    def run(sessions: list[Session]) -> list[Outcome]:
        if deep:
            from caplint.graph.deep import link_deep  # noqa: PLC0415 - it costs what most runs need not pay

            link_deep(sessions[0], Reading(config.repairs, config.jobs))
            sessions[0].deep = True
        return [judge(sessions[0], rules, config)]

    return in_sessions([trees], config, progress, run)[0]


def in_sessions(
    groups: list[list[Tree]], config: Config, progress: Progress, run: Callable[[list[Session]], list[Outcome]]
) -> list[Outcome]:
    """What a function makes of some groups of trees, each linked for itself; again, where the store fails half-way."""
    begun = time.monotonic()
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
    return [replace(outcome, seconds=time.monotonic() - begun) for outcome in outcomes]


def _close(sessions: list[Session]) -> None:
    while sessions:
        sessions.pop().store.close()


def judge(session: Session, rules: list[Rule], config: Config) -> Outcome:
    """What the rules find in linked trees."""
    coverage = measure(session.connection)  # first: rules leave functions of SQLite slower behind
    found, skipped = find(session, rules, config)
    kept, unused = suppress(found, config.suppress)
    return Outcome(
        trees=session.trees,
        sizes={entry.tree.name: (len(entry.files), sum(file.size for file in entry.files)) for entry in session.loaded},
        findings=identify(kept, session.roles),
        suppressed=len(found) - len(kept),
        unused_suppressions=_of_rules_that_ran(unused, rules, skipped),
        skipped=skipped,
        coverage=coverage,
        rules=rules,
        passing=is_passing(session),
    )


def is_passing(session: Session) -> bool:
    """Whether what a session shows depends on what happened to processes, or on time."""
    return session.store.incomplete or session.store.late


def find(
    session: Session, rules: list[Rule], config: Config, *, valid: bool = False
) -> tuple[list[Finding], list[Skipped]]:
    """What the rules find in the views, suppressed or not, and which of them did not run.

    `valid`: their queries have been held against the same views before.
    """
    trees = session.trees
    roles = {tree.role for tree in trees} | ({"patch"} if any(tree.base for tree in trees) else set())
    if session.deep:
        roles.add("deep")
    if machines_of(config):
        roles.add("machine")
    places = {entry.tree.name: KnownFiles(entry) for entry in session.loaded}
    skipped: list[Skipped] = []
    found: list[Finding] = []
    for rule in rules:
        if not valid:
            rule_pages.validate(session.connection, rule)
        if reason := _reason_to_skip(rule, roles, config):
            skipped.append(Skipped(rule.code, reason))
        else:
            found.extend(_known_places(rule, rule_pages.run(session.connection, rule), places))
    return supersede(found, {rule.code: list(rule.supersedes) for rule in rules}), skipped


def _known_places(rule: Rule, findings: Iterable[Finding], places: dict[str, KnownFiles]) -> Iterator[Finding]:
    """The findings, each in a file of its tree. Raises `CaplintError` for a page whose query names another."""
    for finding in findings:
        for place in (finding.place, *(entry.place for entry in finding.related)):
            if place.tree not in places:
                raise CaplintError(f"{rule.path}: query: a row names {place.tree!r:.100}, which is no tree of this run")
            if not places[place.tree].has(place.path):
                where = f"{place.path!r:.100}, which is no file of {place.tree}"
                raise CaplintError(f"{rule.path}: query: a row names {where}")
        yield finding


_NEEDS = {
    "kernel": "a kernel tree (--kernel or CAPLINT_KERNEL)",
    "vmm": "a VMM tree (--qemu or CAPLINT_QEMU)",
    "manager": "a libvirt tree (--libvirt or CAPLINT_LIBVIRT)",
    "reference": "a reference kernel (--tree NAME=reference:DIR)",
    "patch": "a patch",
    "machine": "a machine's answers (--probe)",
    "deep": "the call graph, which --deep builds",
}


def _reason_to_skip(rule: Rule, roles: set[str], config: Config) -> str | None:
    if any(rule.is_called(word) for word in config.ignore):
        return IGNORED
    missing = [_NEEDS[role] for role in rule.needs if role not in roles]
    return f"needs {' and '.join(missing)}" if missing else None


def suppress(findings: list[Finding], suppressions: Iterable[Suppression]) -> tuple[list[Finding], list[Suppression]]:
    """The findings that are left, and the suppressions that match none."""
    kept = list(findings)
    unused = []
    for entry in suppressions:
        remaining = [finding for finding in kept if not _matches(entry, finding)]
        if len(remaining) == len(kept):
            unused.append(entry)
        kept = remaining
    return kept, unused


def _of_rules_that_ran(entries: list[Suppression], rules: list[Rule], skipped: list[Skipped]) -> list[Suppression]:
    idle = {entry.code for entry in skipped}
    ran = [rule for rule in rules if rule.code not in idle]
    return [entry for entry in entries if any(rule.is_called(entry.code) for rule in ran)]


def _matches(entry: Suppression, finding: Finding) -> bool:
    return (
        entry.subject == finding.subject
        and entry.arch in {None, finding.arch}
        and (entry.code.upper() == finding.code or entry.code.lower() == finding.name)
    )
