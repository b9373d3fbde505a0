"""Collection of the views' rows per capability."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator

from caplint.findings.finding import Finding
from caplint.inventory.model import (
    ALWAYS,
    BY_VM,
    CONDITIONALLY,
    AnnouncedIoctl,
    Capability,
    CapabilityDefinition,
    CheckAnswer,
    Enable,
    EnableArgument,
    Found,
    Inventory,
    MachineAnswer,
    Msr,
    Section,
    SourceLine,
    Support,
    VmmPlace,
)
from caplint.knowledge.load import knowledge
from caplint.link.core.values import number_of
from caplint.link.docs.selftest_code import SelftestCode
from caplint.rust.spelling import as_cfg
from caplint.session import Session
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError

_DEFINED = """
    SELECT name, number, alias, condition, comment, header, arch, tree, path, line FROM cap WHERE role <> 'reference'
    ORDER BY name, header = 'uapi' DESC, header = 'copy' DESC, tree, path, line
"""
_SERVED = """
    SELECT DISTINCT h.arch FROM handler h JOIN tree t ON t.name = h.tree
    WHERE t.role = 'kernel' AND h.arch <> 'generic' UNION
    SELECT DISTINCT a.arch FROM cap_answer a JOIN tree t ON t.name = a.tree WHERE t.role = 'kernel'
"""
_ANSWERS = """
    SELECT a.cap, a.arch, certain(a.arch, a.condition, a.tree), a.condition, c.answer, c.reads_vm,
           a.tree, a.path, a.line, a.function
    FROM cap_answer a JOIN tree t ON t.name = a.tree
    LEFT JOIN cap_check c ON c.tree = a.tree AND c.path = a.path AND c.line = a.line AND c.cap = a.cap
    WHERE t.role = 'kernel' ORDER BY a.cap, a.arch, a.path, a.line
"""
_ENABLES = """
    SELECT e.cap, e.arch, e.scope, e.condition, e.flags_checked, e.tree, e.path, e.line, e.function
    FROM cap_enable e JOIN tree t ON t.name = e.tree WHERE t.role = 'kernel' ORDER BY e.cap, e.arch, e.path, e.line
"""
_ARGUMENTS = """
    SELECT tree, path, line, cap, position, use, validated, mask FROM cap_argument
    ORDER BY tree, path, line, cap, position, use
"""
_IOCTLS = """
    SELECT cap, ioctl, type, tree, path, line FROM ioctl_capability ORDER BY cap, ioctl, type IS NULL, path, line
"""
_MSRS = "SELECT cap, msr, number, evidence FROM cap_msr ORDER BY cap, msr, evidence"
_DOCUMENTED = """
    SELECT cap, section, title, heading, type, architectures, parameters, tree, path, line FROM doc_cap
    WHERE NOT pattern ORDER BY cap, heading DESC, api DESC, path, line
"""
_USES = """
    SELECT cap, verb, scope, arch, result, condition, tree, path, line, function FROM all_vmm_use WHERE side = 'now'
    ORDER BY cap, verb <> 'check', verb = 'enable', tree, path, line
"""
_MACHINES = """
    SELECT c.name, a.machine, a.arch, a.release, a.system, a.vm, d.why
    FROM machine_answer a
    JOIN (SELECT DISTINCT name, number FROM cap WHERE role <> 'reference') c ON c.number = a.number
    LEFT JOIN machine_difference d ON d.machine = a.machine AND d.number = a.number ORDER BY c.name, a.machine
"""
# An expression of numbers and header constants: its value does not depend on the machine or the VM.
_CONSTANT = re.compile(r"(?:[A-Z0-9_\s|&+*<>()~ulUL-]|\bsizeof\s*\([^()]*\))+")


def collect(session: Session, findings: Iterable[Finding]) -> Inventory:
    """Return the inventory of linked trees. Raises `CaplintError` for two kernels, whose answers would mix."""
    kernels = [tree for tree in session.trees if tree.role == "kernel"]
    if len(kernels) > 1:
        names = " and ".join(tree.name for tree in kernels)
        raise CaplintError(f"an inventory has one kernel, but {names} are given; compare them with --compare")
    connection = session.connection
    capabilities = _capabilities(connection)
    served = {arch for (arch,) in connection.execute(_SERVED)}
    architectures = knowledge().ordered(served)
    _support(connection, capabilities, architectures)
    _lists(connection, capabilities)
    _say(capabilities, "findings", ((finding.subject, _found(finding)) for finding in findings))
    for tree in kernels:
        _say(capabilities, "selftests", _selftests(tree))
    ordered = sorted(capabilities.values(), key=lambda cap: (cap.number is None, cap.number or 0, cap.name))
    return Inventory(
        ordered, architectures, [(tree.name, tree.role, tree.location, tree.revision) for tree in session.trees]
    )


def _lists(connection: sqlite3.Connection, capabilities: dict[str, Capability]) -> None:
    for attribute, query, make in _LISTS:
        _say(capabilities, attribute, ((cap, make(row)) for cap, *row in connection.execute(query)))
    for capability in capabilities.values():
        capability.msrs = list(_merged(capability.msrs))
        first: dict[str, AnnouncedIoctl] = {}
        for ioctl in capability.ioctls:
            first.setdefault(ioctl.name, ioctl)
        capability.ioctls = list(first.values())


def _selftests(tree: Tree) -> Iterator[tuple[str, SourceLine]]:
    """Yield each capability that a self-test's file names, with the line of its first mention."""
    code = SelftestCode(tree)
    for path in code.built:
        first: dict[str, int] = {}
        for name in code.names(path):
            first.setdefault(name.cap, name.line)
        yield from ((cap, SourceLine(tree.name, path, line)) for cap, line in first.items())


def _say(capabilities: dict[str, Capability], attribute: str, entries: Iterable[tuple[str, object]]) -> None:
    """Add entries to the lists of capabilities; names that no header defines are left to the rules."""
    for cap, entry in entries:
        if cap in capabilities:
            getattr(capabilities[cap], attribute).append(entry)


def _capabilities(connection: sqlite3.Connection) -> dict[str, Capability]:
    capabilities: dict[str, Capability] = {}
    for name, number, alias, condition, comment, header, arch, *location in connection.execute(_DEFINED):
        definition = CapabilityDefinition(header, number_of(number), condition, arch, SourceLine(*location))
        if name in capabilities:
            capabilities[name].definitions.append(definition)
        else:
            since = knowledge().since(name, definition.number)
            capabilities[name] = Capability(name, definition.number, alias, condition, comment, [definition], since)
    return capabilities


def _support(connection: sqlite3.Connection, capabilities: dict[str, Capability], architectures: list[str]) -> None:
    answers: dict[tuple[str, str], list[tuple[bool, CheckAnswer]]] = defaultdict(list)
    for cap, arch, certain, condition, answer, reads_vm, *place in connection.execute(_ANSWERS):
        row = CheckAnswer(condition, answer, None if reads_vm is None else bool(reads_vm), SourceLine(*place))
        answers[cap, arch].append((bool(certain), row))
    answered = {cap for cap, _ in answers}
    enables: dict[tuple[str, str], list[Enable]] = defaultdict(list)
    for cap, arch, enable in _enables(connection):
        for enabling in architectures if arch == "generic" else [arch]:
            # A generic case applies to the architectures that answer the capability, or to all if none answers it.
            if arch != "generic" or (
                ((cap, enabling) in answers or cap not in answered) and _possible(connection, enabling, enable)
            ):
                enables[cap, enabling].append(enable)
    for name, capability in capabilities.items():
        for arch in architectures:
            answered_by, accepted = answers.get((name, arch), []), enables.get((name, arch), [])
            if answered_by or accepted:
                rows = [answer for _, answer in answered_by]
                capability.architectures[arch] = Support(_advertised(answered_by), rows, accepted)


def _possible(connection: sqlite3.Connection, arch: str, enable: Enable) -> bool:
    query = "SELECT possible(?, ?, ?)"
    return bool(connection.execute(query, (arch, enable.condition, enable.place.tree)).fetchone()[0])


def _enables(connection: sqlite3.Connection) -> Iterator[tuple[str, str, Enable]]:
    arguments: dict[tuple[str, str, int, str], dict[int, EnableArgument]] = defaultdict(dict)
    for tree, path, line, cap, position, use, validated, mask in connection.execute(_ARGUMENTS):
        checked = None if validated is None else bool(validated)
        arguments[tree, path, line, cap].setdefault(position, EnableArgument(position, use, checked, mask))
    for cap, arch, scope, condition, flags, tree, path, line, function in connection.execute(_ENABLES).fetchall():
        read = list(arguments[tree, path, line, cap].values())
        place = SourceLine(tree, path, line, function)
        yield cap, arch, Enable(scope, condition, None if flags is None else bool(flags), read, place)


def _advertised(answers: list[tuple[bool, CheckAnswer]]) -> str | None:
    """Return under which condition it is advertised, the weakest of several cases; None without an answer."""
    if not answers:
        return None
    ranks = [ALWAYS, CONDITIONALLY, BY_VM]
    return ranks[min(_rank(certain, answer) for certain, answer in answers)]


def _rank(certain: bool, answer: CheckAnswer) -> int:
    if answer.reads_vm:
        return 2
    return int(not (certain and answer.answer is not None and _CONSTANT.fullmatch(answer.answer) is not None))


def _ioctl(row: list[object]) -> AnnouncedIoctl:
    name, kind, *place = row
    return AnnouncedIoctl(name, kind, SourceLine(*place))  # type: ignore[arg-type]


def _msr(row: list[object]) -> Msr:
    name, number, evidence = row
    return Msr(name, number, [evidence])  # type: ignore[arg-type, list-item]


def _section(row: list[object]) -> Section:
    section, title, heading, kind, architectures, parameters, *place = row
    return Section(section, title, bool(heading), kind, architectures, parameters, SourceLine(*place))  # type: ignore[arg-type]


def _use(row: list[object]) -> VmmPlace:
    verb, scope, arch, result, condition, tree, path, line, function = row
    shown = as_cfg(str(condition)) if str(path).endswith(".rs") else condition
    return VmmPlace(verb, scope, arch, result, shown, SourceLine(tree, path, line, function))  # type: ignore[arg-type]


def _machine(row: list[object]) -> MachineAnswer:
    return MachineAnswer(*row)  # type: ignore[arg-type]


_LISTS = (
    ("ioctls", _IOCTLS, _ioctl),
    ("msrs", _MSRS, _msr),
    ("documentation", _DOCUMENTED, _section),
    ("vmm", _USES, _use),
    ("machines", _MACHINES, _machine),
)


def _merged(msrs: list[Msr]) -> Iterator[Msr]:
    """Yield one entry per MSR, with all evidence for it."""
    by_name: dict[str, Msr] = {}
    for msr in msrs:
        entry = by_name.setdefault(msr.name, Msr(msr.name, msr.number, []))
        entry.evidence.extend(word for word in msr.evidence if word not in entry.evidence)
    yield from by_name.values()


def _found(finding: Finding) -> Found:
    place = SourceLine(finding.place.tree, finding.place.path, finding.place.line, finding.function)
    return Found(finding.code, finding.name, finding.severity, finding.arch, finding.message, place)
