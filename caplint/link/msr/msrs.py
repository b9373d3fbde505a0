"""MSRs: their numbers, handlers, save lists, and state."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import count

from caplint.facts.store.store import FactStore
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.buildconfig.file_conditions import conjoin, file_conditions
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.narrowing import narrow_key, narrowed
from caplint.link.core.rows import insert
from caplint.link.functions.body import insert_cuts
from caplint.link.functions.callees import Helpers
from caplint.link.functions.member_uses import POINTED, Members, members_of
from caplint.link.msr.access_tables import AccessTables, SiteConditions
from caplint.link.msr.arch_state import State
from caplint.link.msr.msr_handlers import MsrHandlers, MsrSite, MsrValue, gate, gates, leaving, returned, sites, value
from caplint.link.msr.msr_lists import msr_lists
from caplint.link.msr.passthrough import link_passthrough
from caplint.link.msr.rows import (
    MsrFactRow,
    MsrGateRow,
    MsrRow,
    MsrSavedRow,
    MsrSiteRow,
    MsrStateRow,
    VcpuFieldRow,
)
from caplint.link.msr.vendors import MsrRegisters
from caplint.values.macro_text import LookedUp
from caplint.values.numbers import Definition, Numbers, UnknownValueError

_LAST = 0xFFFFFFFF
_KIN = re.compile(r"HV_X64_MSR_|HV_MSR_|MSR_[A-Za-z0-9]+_")


_TABLES = ("all_msr", "all_vcpu_field")
_ACCESS_TABLES = (
    "all_cut", "all_msr_site", "all_msr_gate", "all_msr_state", "all_msr_saved",
    "all_msr_passthrough", "all_msr_service", "all_msr_gating",
)  # fmt: skip
"""Tables of what code does with registers, which sees the files of the MSR architecture only."""


ACCESSES = ("all_msr_service", "all_msr_gating")
"""Tables of which accesses succeed, which take most of the time."""


def link_msrs(store: FactStore, extractor: str, *, accesses: bool = True) -> None:
    """Fill all tables of MSRs; those of `ACCESSES` only if asked for."""
    connection, msr_knowledge = store.connection, knowledge().msr
    insert(
        connection,
        "msr_fact",
        [
            MsrFactRow(kind=kind, msr=name, source=source)
            for kind, facts in (
                *msr_knowledge.directions.items(),
                ("elsewhere", msr_knowledge.elsewhere),
                ("by_vmm", msr_knowledge.by_vmm),
                ("companion", msr_knowledge.companions),
                ("everywhere", msr_knowledge.everywhere),
            )
            for name, source in facts.items()
        ],
    )
    trees = connection.execute("SELECT DISTINCT side, tree, role FROM temp.all_file ORDER BY 1, 2").fetchall()
    arch = msr_knowledge.architecture
    for side, tree, role in trees:
        key = f"msrs {tree} {role} {snapshot_key(connection, side, tree, extractor)}"
        remembered(store, key, _TABLES, (side, tree), partial(_fill, store, side, tree, role))
        if role == "kernel":
            members = _capability_members(connection, side, tree)
            kind = "accesses of msrs" if accesses else "sites of msrs"
            key = f"{kind} {tree} {sorted(members)} {narrow_key(connection, side, tree, extractor, arch)}"
            fill = partial(_fill_accesses, store, side, tree, members, accesses=accesses)
            remembered(store, key, _ACCESS_TABLES, (side, tree), fill)


def _fill(store: FactStore, side: str, tree: str, role: str) -> None:
    _definitions(store.connection, side, tree, _MsrNumbers(store.connection, side, tree))
    if role == "kernel":
        _fields(store.connection, side, tree, members_of(store, side, tree))


def _fill_accesses(
    store: FactStore, side: str, tree: str, capability_members: frozenset[str], *, accesses: bool
) -> None:
    with narrowed(store.connection, side, tree, knowledge().msr.architecture):
        _kernel(store, side, tree, capability_members, accesses=accesses)


class _MsrNumbers:
    """Values of expressions, with the tree's headers for the MSR architecture."""

    def __init__(self, connection: sqlite3.Connection, side: str, tree: str) -> None:
        self._connection = connection
        self._where = (side, tree, knowledge().msr.architecture, GENERIC)
        self._numbers = Numbers(LookedUp(self._definition))

    def _definition(self, name: str) -> Definition | None:
        """Return the first definition that is not empty."""
        row = self._connection.execute(
            """SELECT m.parameters, m.body FROM temp.all_file f JOIN main.macro m ON m.blob = f.blob
               WHERE f.side = ? AND f.tree = ? AND (f.arch IS NULL OR f.arch IN (?, ?)) AND NOT f.expanded
                 AND m.body <> '' AND m.name = ? ORDER BY f.path, m.line LIMIT 1""",
            (*self._where, name),
        ).fetchone()
        return Definition.of(*row) if row else None

    def of(self, expression: str) -> int | None:
        """Return the value, None if it cannot be computed or is not a valid MSR number."""
        try:
            number = self._numbers.of(expression)
        except UnknownValueError:
            return None
        return number if 0 <= number <= _LAST else None


def _definitions(connection: sqlite3.Connection, side: str, tree: str, numbers: _MsrNumbers) -> None:
    all_knowledge = knowledge()
    headers = {project.name: project.msrs for project in all_knowledge.projects}
    named = " OR ".join("m.name GLOB ? || '*'" for _ in all_knowledge.msr.prefixes)
    rows = connection.execute(
        f"""SELECT t.project, f.role, f.path, m.line, m.column, m.name, m.body
            FROM temp.all_file f JOIN temp.tree t ON t.name = f.tree CROSS JOIN main.macro m ON m.blob = f.blob
            WHERE f.side = ? AND f.tree = ? AND NOT f.expanded AND m.parameters IS NULL AND m.body <> '' AND ({named})
            ORDER BY f.path, m.line""",  # noqa: S608
        (side, tree, *all_knowledge.msr.prefixes),
    ).fetchall()
    insert(
        connection,
        "all_msr",
        [
            MsrRow(
                side=side, tree=tree, role=role, path=path, line=line, column=column, name=name, number=numbers.of(body)
            )
            for project, role, path, line, column, name, body in rows
            if headers[project].fullmatch(path)
        ],
    )


def _kernel(store: FactStore, side: str, tree: str, capability_members: frozenset[str], *, accesses: bool) -> None:
    connection = store.connection
    numbers = _MsrNumbers(connection, side, tree)
    state = State.of(connection, side, tree, members_of(store, side, tree))
    files = file_conditions(connection)
    ids = count()
    conditions: dict[str, SiteConditions] = {}
    helpers = Helpers(connection, side, tree)
    registers = MsrRegisters(helpers, numbers.of, capability_members)
    for verb, body in list(MsrHandlers(connection, side, tree).bodies()):
        whole = files.get((side, tree, body.handler.path), "1")
        for site in sites(verb, body):
            condition = conjoin(site.condition, whole)
            access = _Access(site, f"{side} {tree} {next(ids)}", condition, value(site, state), gates(site), registers)
            _insert_site(access, numbers)
            _insert_state(access, state)
            conditions[access.id] = SiteConditions(tuple(access.gates), tuple(leaving(site)), tuple(returned(site)))
        insert_cuts(body)
    _saved(connection, side, tree, numbers)
    link_passthrough(connection, side, tree)
    if accesses:
        AccessTables(helpers, registers, conditions).fill()


def _capability_members(connection: sqlite3.Connection, side: str, tree: str) -> frozenset[str]:
    """Return the members of the VM's state that enabling a capability sets."""
    rows = connection.execute(_CAPABILITY_MEMBERS, (side, tree, knowledge().msr.architecture))
    return frozenset(member.rpartition(".")[2] for (member,) in rows)


_CAPABILITY_MEMBERS = """
    SELECT DISTINCT member FROM temp.all_cap_state WHERE side = ? AND tree = ? AND arch = ? AND target LIKE '%arch%'
"""


@dataclass(frozen=True, slots=True)
class _Access:
    """Data for one row of `all_msr_site`."""

    site: MsrSite
    id: str
    condition: str
    value: MsrValue
    gates: list[str]
    """Conditions on which the access succeeds."""
    registers: MsrRegisters


def _insert_site(access: _Access, numbers: _MsrNumbers) -> None:
    site, handler = access.site, access.site.body.handler
    insert(site.body.connection, "all_msr_site", [MsrSiteRow(
        id=access.id, side=handler.side, tree=handler.tree, path=handler.path, line=site.line, column=site.column,
        verb=site.verb, msr=site.low, high=site.high, number=numbers.of(site.low), last=numbers.of(site.high),
        function=handler.function, kind=site.kind, condition=access.condition, value_kind=access.value.kind,
        value=access.value.text, gated=int(bool(gate(access.gates))), gate=gate(access.gates),
        by_feature=int(any(map(access.registers.mentions_features, access.gates)))
    )])  # fmt: skip


def _insert_state(access: _Access, state: State) -> None:
    handler, connection = access.site.body.handler, access.site.body.connection
    names = {name for text in [*access.gates, access.value.text] for name in POINTED.findall(text)}
    insert(
        connection,
        "all_msr_gate",
        [MsrGateRow(side=handler.side, tree=handler.tree, site=access.id, member=name) for name in sorted(names)],
    )
    for place in access.value.places:
        last = place.members[-1] if place.members else None
        insert(connection, "all_msr_state", [MsrStateRow(
            side=handler.side, tree=handler.tree, site=access.id, owner=place.owner, member=place.member,
            unknown=place.unknown, outside=int(place.outside), written=int(state.is_written(place)),
            path=last.path if last else None, line=last.line if last else None
        )])  # fmt: skip


def _saved(connection: sqlite3.Connection, side: str, tree: str, numbers: _MsrNumbers) -> None:
    filtered = _filtered(connection, side, tree, numbers)
    for listed in msr_lists(connection, side, tree):
        rows = connection.execute(
            """SELECT f.path, e.line, e.column, e.value, c.text FROM temp.all_file f
               JOIN main.element e ON e.blob = f.blob JOIN main.condition c ON c.id = e.condition
               WHERE f.side = ? AND f.tree = ? AND e.variable = ? ORDER BY f.path, e.start""",
            (side, tree, listed.name),
        ).fetchall()
        for path, line, column, text, condition in rows:
            number = numbers.of(text)
            decided = number is not None and any(low <= number <= high for low, high in filtered)
            row = MsrSavedRow(
                side=side,
                tree=tree,
                path=path,
                line=line,
                column=column,
                list=listed.name,
                feature=int(listed.feature),
                by_vendor=int(listed.by_vendor),
                msr=text,
                number=number,
                condition=condition,
                filtered=int(decided),
                family=_family_of(text),
            )
            insert(connection, "all_msr_saved", [row])


def _family_of(msr: str) -> str:
    """Return a pattern for the register and its kin: `MSR_K7_*`, `HV_X64_MSR_*`; a lone word for itself."""
    match = _KIN.match(msr)
    return f"{match.group()}*" if match else msr


def _filtered(connection: sqlite3.Connection, side: str, tree: str, numbers: _MsrNumbers) -> list[tuple[int, int]]:
    """Return the registers in a filter's case labels, as inclusive ranges."""
    rows = connection.execute(
        """SELECT DISTINCT l.low, l.high FROM code_function d
           JOIN main.case_label l ON l.blob = d.blob AND l.function = d.name
           WHERE d.side = ? AND d.tree = ? AND l.low IS NOT NULL AND d.name IN (SELECT value FROM json_each(?))""",
        (side, tree, json.dumps(knowledge().msr.filters)),
    ).fetchall()
    bounds = [(numbers.of(low), numbers.of(high)) for low, high in rows]
    return [(low, high) for low, high in bounds if low is not None and high is not None]


def _fields(connection: sqlite3.Connection, side: str, tree: str, members: list[tuple[str | None, Members]]) -> None:
    """Fill `all_vcpu_field` with the members of the state structures, for every architecture."""
    counts = _counts(members)
    shared = counts.get(GENERIC, (Counter(), Counter()))
    for owner in sorted({owner for owner, _ in knowledge().msr.roots}):
        rows = connection.execute(
            """SELECT f.side, f.tree, f.arch, m.owner, m.name, m.type, m.array, f.path, m.line, c.text
               FROM temp.all_file f JOIN main.member m ON m.blob = f.blob JOIN main.condition c ON c.id = m.condition
               WHERE f.side = ? AND f.tree = ? AND m.owner = ? ORDER BY f.arch, f.path, m.line""",
            (side, tree, owner),
        ).fetchall()
        for row in rows:
            name = row[4].rpartition(".")[2]
            both = (counts[row[2]], shared) if row[2] != GENERIC and row[2] in counts else (shared,)
            reads, writes = (sum(counter[mode][name] for counter in both) for mode in (0, 1))
            insert(connection, "all_vcpu_field", [VcpuFieldRow._make((*row, reads, writes))])


def _counts(members: list[tuple[str | None, Members]]) -> dict[str, tuple[Counter[str], Counter[str]]]:
    """Count reads and writes of members per architecture, by the members' names."""
    counts: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for arch, file in members:
        if arch is not None:
            reads, writes = counts.setdefault(arch, (Counter(), Counter()))
            for name, (read, written) in file.counts.items():
                reads[name] += read
                writes[name] += written
    return counts
