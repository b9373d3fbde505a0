"""Summary of a series: for each capability the places that it touches, what it owes, and what the trees still lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caplint.config.settings import Config
from caplint.engine.check import run_rules, with_sessions
from caplint.engine.outcome import Outcome
from caplint.findings.finding import Finding
from caplint.inventory.collect import collect
from caplint.inventory.difference import difference
from caplint.inventory.model import Capability, Inventory, SourceLine
from caplint.knowledge.capability_names import is_capability
from caplint.session import Progress, Session, no_progress
from caplint.trees.tree import Tree

_ANSWER, _SECTION, _SELFTEST, _COPY, _USE = (
    "an answer of any architecture", "a section of api.rst", "a self-test", "the number in a VMM's header",
    "a use by a VMM",
)  # fmt: skip
# Rules whose findings already say that a place is missing.
_SAID = {"CAP202": _ANSWER, "CAP501": _SECTION, "CAP506": _SELFTEST, "CAP103": _COPY, "CAP602": _COPY}


@dataclass(frozen=True, slots=True)
class TouchedCapability:
    """Capability that a series touches, or about which the series brings findings."""

    name: str
    number: int | None
    state: str
    """`new`, `removed` or `changed`."""
    touches: tuple[str, ...]
    """Places that the series adds or changes, then those that it removes; without any, properties that it changes."""
    owes: tuple[Finding, ...]
    """Findings about it, or about an MSR that belongs to it, that the series brings."""
    absent: tuple[str, ...]
    """Places of a new capability that no tree in view has, and about which no finding says so."""


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """Capabilities of one series, by number, and the findings that it brings about other subjects."""

    capabilities: tuple[TouchedCapability, ...]
    others: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Changes:
    """Lines and files that patches change; of self-tests, the facts have files only."""

    lines: set[tuple[str, str, int]]
    files: set[tuple[str, str]]

    def has(self, label: str, place: SourceLine) -> bool:
        """Tell whether the patches touch a place."""
        if label == "self-test":
            return (place.tree, place.path) in self.files
        return (place.tree, place.path, place.line) in self.lines


def summary_of(
    trees: list[Tree], findings: Iterable[Finding], config: Config, progress: Progress = no_progress
) -> SeriesSummary:
    """Return the summary of patched trees; `findings` are those that the patches add."""
    changes = _Changes(set(), {(tree.name, file.path) for tree in trees for file in tree.patch_files})
    now = _inventory(trees, config, progress, changes.lines)
    before = _inventory([tree.base or tree for tree in trees], config, progress)
    added = list(findings)
    capabilities = tuple(_touched(before, now, changes, added))
    told = {id(found) for cap in capabilities for found in cap.owes}
    return SeriesSummary(capabilities, tuple(found for found in added if id(found) not in told))


def _inventory(
    trees: list[Tree], config: Config, progress: Progress, lines: set[tuple[str, str, int]] | None = None
) -> Inventory:
    """Return the inventory of trees; add the lines that patches change to `lines`."""
    inventories: list[Inventory] = []

    def run(sessions: list[Session]) -> list[Outcome]:
        inventories[:] = [collect(sessions[0], ())]
        if lines is not None:
            lines.update(sessions[0].connection.execute("SELECT tree, path, line FROM changed_line"))
        return [run_rules(sessions[0], [], config)]

    with_sessions([trees], config, progress, run)
    return inventories[0]


def _touched(
    before: Inventory, now: Inventory, changes: _Changes, findings: list[Finding]
) -> Iterator[TouchedCapability]:
    old = {cap.name: cap for cap in before.capabilities}
    new = {cap.name: cap for cap in now.capabilities}
    details = {change.name: change.details for change in difference(before, now).of("changed")}
    roles = {role for _, role, *_ in now.trees}
    for name in [*new, *(name for name in old if name not in new), *_unknown(findings, {*old, *new})]:
        cap = new.get(name)
        subjects = {name, *(msr.name for msr in cap.msrs)} if cap else {name}
        owes = tuple(found for found in findings if found.subject in subjects)
        touches = tuple(_touches(old.get(name), cap, changes, details.get(name, [])))
        if touches or any(found.subject == name for found in owes):
            is_new = cap is not None and name not in old
            said = {_SAID[found.code] for found in owes if found.code in _SAID}
            absent = tuple(place for place in _absent(cap, roles) if place not in said) if is_new and cap else ()
            state = "new" if is_new else "removed" if cap is None and name in old else "changed"
            number = (cap or old[name]).number if cap or name in old else None
            yield TouchedCapability(name, number, state, touches, owes, absent)


def _unknown(findings: Iterable[Finding], known: set[str]) -> Iterator[str]:
    """Yield the capabilities of findings that no header defines."""
    subjects = dict.fromkeys(found.subject for found in findings)
    yield from (name for name in subjects if is_capability(name) and name not in known)


def _touches(old: Capability | None, new: Capability | None, changes: _Changes, details: list[str]) -> Iterator[str]:
    before = dict.fromkeys(label for label, _ in _places(old)) if old else {}
    after: dict[str, bool] = {}
    for label, place in _places(new) if new else ():
        after[label] = after.get(label, False) or changes.has(label, place)
    touched = [label for label, is_touched in after.items() if is_touched]
    removed = [f"{label} (removed)" for label in before if label not in after]
    yield from [*touched, *removed] or details


def _places(cap: Capability) -> Iterator[tuple[str, SourceLine]]:
    """Yield every place of a capability with a short name for its kind."""
    for definition in cap.definitions:
        tree = definition.place.tree
        names = {"uapi": "number", "copy": "copy of the header in tools/"}
        yield names.get(definition.header, f"number in {tree}"), definition.place
    for arch, support in cap.architectures.items():
        yield from ((f"answer on {arch}", answer.place) for answer in support.answers)
        yield from ((f"enable ({enable.scope}) on {arch}", enable.place) for enable in support.enables)
    for section in cap.documentation:
        kind = "section of" if section.heading else "mention in"
        yield f"{kind} {section.place.path.rpartition('/')[2]}", section.place
    yield from (("self-test", place) for place in cap.selftests)
    yield from ((f"{use.verb} in {use.place.tree}", use.place) for use in cap.vmm)


def _absent(cap: Capability, roles: set[str]) -> Iterator[str]:
    """Yield the places that a capability lacks, of those that the trees in view could have."""
    if "kernel" in roles:
        if not any(support.advertised for support in cap.architectures.values()):
            yield _ANSWER
        if cap.section is None:
            yield _SECTION
        if not cap.selftests:
            yield _SELFTEST
    if "vmm" in roles:
        if not any(definition.header == "vmm" for definition in cap.definitions):
            yield _COPY
        if not cap.vmm:
            yield _USE
