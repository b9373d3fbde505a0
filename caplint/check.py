"""One run: trees to facts to links to rules to findings."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from caplint import rules as rule_pages
from caplint.config import Config, Suppression
from caplint.coverage import Coverage, measure
from caplint.errors import CaplintError
from caplint.facts.harvest import Reading, harvest
from caplint.facts.store import FactStore, is_damage
from caplint.findings import Finding, difference, identify, supersede
from caplint.link.changes import Loaded
from caplint.link.configurations import Configurations
from caplint.link.project import link, unpatched
from caplint.rules import Rule
from caplint.trees.tree import Tree

Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    pass


@dataclass(frozen=True)
class Skipped:
    """A rule that could not run, with the reason."""

    code: str
    reason: str


@dataclass
class Session:
    """Linked trees, ready for queries."""

    store: FactStore
    loaded: list[Loaded]
    configurations: Configurations

    @property
    def connection(self) -> sqlite3.Connection:
        """Where the views are."""
        return self.store.connection

    @property
    def trees(self) -> list[Tree]:
        """The trees of the run, in the order they were given."""
        return [entry.tree for entry in self.loaded]


@dataclass(frozen=True)
class Outcome:
    """What a run found."""

    trees: list[Tree]
    sizes: dict[str, tuple[int, int]]
    """Per tree: files read and their bytes."""
    findings: list[Finding]
    suppressed: int
    unused_suppressions: list[Suppression]
    skipped: list[Skipped]
    coverage: Coverage
    rules: list[Rule]
    seconds: float = field(compare=False, default=0.0)
    resolved: list[Finding] | None = None
    """Of a comparison, what was found before and no more; `findings` are then those that came anew."""


def open_session(trees: list[Tree], config: Config, progress: Progress = _silent) -> Session:
    """Read what is not known yet and fill the views.

    Where the store turns out to be damaged half-way, it is put aside and everything is read anew.
    """
    path = config.store_path
    store = FactStore(path)
    try:
        return _open(trees, config, store, progress)
    except (sqlite3.Error, ValueError) as error:
        store.close()
        if path is None:
            raise
        # Damage may first show as a text that is no JSON or a number that is none.
        return _open(trees, config, FactStore.instead(path, error), progress)
    except BaseException:
        store.close()
        raise


def _open(trees: list[Tree], config: Config, store: FactStore, progress: Progress) -> Session:
    loaded = [
        Loaded(tree, tree.files(store), tree.base.files(store) if tree.base is not None else []) for tree in trees
    ]
    wanted = [
        (tree, file)
        for entry in loaded
        for tree, files in ((entry.tree, entry.files), (entry.tree.base, entry.base_files))
        if tree is not None
        for file in files
    ]
    rows = harvest(store, wanted, config.repairs, config.jobs, progress)
    configurations = link(store, loaded, rows, Reading(config.repairs, config.jobs), config.vendor_range)
    return Session(store, loaded, configurations)


def check(trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = _silent) -> Outcome:
    """Run the rules over the trees as they are."""
    return _run(trees, config, progress, lambda session: _judge(session, rules, config))


def compare(trees: list[Tree], rules: list[Rule], config: Config, progress: Progress = _silent) -> Outcome:
    """Run the rules over the trees and over what they are compared with: findings added and resolved."""
    return _run(trees, config, progress, lambda session: _compare(session, rules, config))


def _run(trees: list[Tree], config: Config, progress: Progress, judge: Callable[[Session], Outcome]) -> Outcome:
    begun = time.monotonic()
    session = open_session(trees, config, progress)
    try:
        outcome = judge(session)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        session.store.close()
        if config.store_path is None or not is_damage(error):
            raise
        FactStore.discard(config.store_path, error)
        session = open_session(trees, config, progress)
        outcome = judge(session)
    finally:
        session.store.close()
    return replace(outcome, seconds=time.monotonic() - begun)


def _compare(session: Session, rules: list[Rule], config: Config) -> Outcome:
    outcome = _judge(session, rules, config)
    unpatched(session.connection, session.configurations)
    before, _, roles = _findings(session, rules, config)
    kept, _ = _suppress(before, config.suppress)
    added, resolved = difference(outcome.findings, identify(kept, roles))
    return replace(outcome, findings=added, resolved=resolved)


def _judge(session: Session, rules: list[Rule], config: Config) -> Outcome:
    found, skipped, kinds = _findings(session, rules, config)
    kept, unused = _suppress(found, config.suppress)
    return Outcome(
        trees=session.trees,
        sizes={entry.tree.name: (len(entry.files), sum(file.size for file in entry.files)) for entry in session.loaded},
        findings=identify(kept, kinds),
        suppressed=len(found) - len(kept),
        unused_suppressions=unused,
        skipped=skipped,
        coverage=measure(session.connection),
        rules=rules,
    )


def _findings(
    session: Session, rules: list[Rule], config: Config
) -> tuple[list[Finding], list[Skipped], dict[str, str]]:
    """What the rules find in the views, which of them did not run, and the role of each tree."""
    trees = session.trees
    roles = {tree.role for tree in trees} | ({"patch"} if any(tree.base for tree in trees) else set())
    skipped: list[Skipped] = []
    found: list[Finding] = []
    for rule in rules:
        rule_pages.validate(session.connection, rule)
        if reason := _reason_to_skip(rule, roles, config):
            skipped.append(Skipped(rule.code, reason))
        else:
            found.extend(_known_places(rule, rule_pages.run(session.connection, rule), trees))
    superseded = supersede(found, {rule.code: list(rule.supersedes) for rule in rules})
    return superseded, skipped, {tree.name: tree.role for tree in trees}


def _known_places(rule: Rule, findings: Iterable[Finding], trees: list[Tree]) -> Iterator[Finding]:
    names = {tree.name for tree in trees}
    for finding in findings:
        if finding.place.tree not in names:
            raise CaplintError(f"{rule.path}: query: a row names {finding.place.tree!r}, which is no tree of this run")
        yield finding


_NEEDS = {
    "kernel": "a kernel tree (--kernel)",
    "vmm": "a VMM tree (--qemu)",
    "manager": "a libvirt tree (--libvirt)",
    "reference": "a reference kernel (--tree NAME=reference:DIR)",
    "patch": "a patch",
}


def _reason_to_skip(rule: Rule, roles: set[str], config: Config) -> str | None:
    if any(rule.is_called(word) for word in config.ignore):
        return "ignored by the configuration"
    missing = [_NEEDS[role] for role in rule.needs if role not in roles]
    return f"needs {' and '.join(missing)}" if missing else None


def _suppress(findings: list[Finding], suppressions: Iterable[Suppression]) -> tuple[list[Finding], list[Suppression]]:
    kept = list(findings)
    unused = []
    for entry in suppressions:
        remaining = [finding for finding in kept if not _matches(entry, finding)]
        if len(remaining) == len(kept):
            unused.append(entry)
        kept = remaining
    return kept, unused


def _matches(entry: Suppression, finding: Finding) -> bool:
    return (
        entry.subject == finding.subject
        and entry.arch in {None, finding.arch}
        and (entry.code.upper() == finding.code or entry.code.lower() == finding.name)
    )
