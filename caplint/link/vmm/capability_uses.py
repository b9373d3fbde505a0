"""Capability checks and enable requests of a VMM."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from caplint.facts.store.store import FactStore
from caplint.knowledge.load import Wrapper, knowledge
from caplint.link.buildconfig.file_conditions import conjoin, file_conditions
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import CutRow, insert
from caplint.link.core.values import bits_column, number_column
from caplint.link.functions.call_sites import CallSite, Code, CodeFunction
from caplint.link.functions.constants import Constants
from caplint.link.vmm.argument_bits import Answers, bits_of
from caplint.link.vmm.capability_values import Capabilities, handed_on
from caplint.link.vmm.dominating_checks import AnswerCarriers, Check, CheckTracker, PrecedingCheck
from caplint.link.vmm.enable_requests import request_of
from caplint.link.vmm.ignored_results import ignored
from caplint.link.vmm.rows import CheckedBeforeRow, VmmArgumentRow, VmmUnresolvedRow, VmmUseRow

_TABLES = ("all_cut", "all_vmm_use", "all_vmm_unresolved", "all_vmm_argument", "all_checked_before")
_CONSTANT = re.compile(r"[A-Z0-9_xa-fuUlL|&~()<\s]+")
_LAST_NAME = re.compile(r"(\w+)\W*\Z")
_DEPTH = 3

_Site = tuple[str, int, int, str]
"""Path, line, column, capability."""


def link_vmm(store: FactStore, extractor: str) -> None:
    """Fill `all_vmm_use`, `all_vmm_unresolved`, `all_vmm_argument` and `all_checked_before`."""
    connection = store.connection
    for side, tree in connection.execute(
        "SELECT DISTINCT side, tree FROM temp.all_file WHERE role = 'vmm' ORDER BY 1, 2"
    ).fetchall():
        cache_key = f"vmm {tree} {snapshot_key(connection, side, tree, extractor)}"
        remembered(store, cache_key, _TABLES, (side, tree), partial(_fill, connection, side, tree))


@dataclass(frozen=True)
class CapabilityUse:
    """Call that checks for a capability or enables it."""

    function: CodeFunction
    call: CallSite
    wrapper: Wrapper
    scope: str
    expression: str
    """Expression that names the capability."""
    resolved_via: str = "direct"
    cap: str = ""
    flags: str | None = None
    arguments_written: tuple[str, ...] | None = None
    ignored: str = ""
    table_arch: str | None = None
    """Architecture of the file with the table that names the capability, if that is another file."""

    @property
    def arch(self) -> str | None:
        """Architecture on which the use counts; None for any."""
        return self.function.arch or self.table_arch

    @property
    def place(self) -> tuple[str, int, int]:
        """Path, line and column."""
        return self.function.path, self.call.line, self.call.column


def _fill(connection: sqlite3.Connection, side: str, tree: str) -> None:
    code = Code.of(connection, side, tree)
    uses, unresolved = uses_in(connection, side, tree, code)
    insert(
        connection,
        "all_vmm_unresolved",
        [
            VmmUnresolvedRow(
                side=side, tree=tree, path=use.function.path, line=use.call.line, function=use.function.name,
                verb=use.wrapper.verb, callee=use.call.callee, expression=use.expression
            )
            for use in unresolved
        ],
    )  # fmt: skip
    _insert(connection, side, tree, code, uses)
    _insert_required(connection, side, tree)
    tracker = CheckTracker(code)
    checks = checks_of(uses, {use.cap for use in uses if use.wrapper.verb == "enable"})
    carriers = {cap: tracker.carriers(checks_of_cap) for cap, checks_of_cap in checks.items()}
    checked = list(_checked(tracker, uses, carriers))
    _insert_arguments(connection, side, tree, uses, _asked(code, [use for use, _ in checked], carriers))
    for use, preceding in checked:
        check = preceding.check
        insert(connection, "all_checked_before", [
            CheckedBeforeRow(
                side, tree, *use.place, use.cap, preceding.found_by, check.function.path, check.call.line
            )
        ])  # fmt: skip
    if code.budget.left < 0:
        _insert_cut(connection, side, tree, [*uses, *unresolved])
    connection.execute(
        """INSERT INTO temp.all_checked_before (side, tree, path, line, column, cap, found_by, check_path, check_line)
           SELECT e.side, e.tree, e.path, e.line, e.column, e.cap, 'required', r.path, r.line
           FROM temp.all_vmm_use e JOIN temp.all_vmm_use r ON r.side = e.side AND r.tree = e.tree AND r.cap = e.cap
           WHERE e.side = ? AND e.tree = ? AND e.verb = 'enable' AND r.verb = 'require'
             AND (r.arch IS NULL OR r.arch IS e.arch)""",
        (side, tree),
    )


def _insert_cut(connection: sqlite3.Connection, side: str, tree: str, uses: list[CapabilityUse]) -> None:
    """Record in `all_cut`, at the first use, that the tree's budget was spent before all uses were resolved."""
    first = min(uses, key=lambda use: use.place).function
    reason = "uses of capabilities that values lead to in too many ways to follow"
    insert(connection, "all_cut", [CutRow(side, tree, first.path, first.line, first.start, first.stop, reason)])


def uses_in(
    connection: sqlite3.Connection, side: str, tree: str, code: Code
) -> tuple[list[CapabilityUse], list[CapabilityUse]]:
    """Return a tree's uses, one per capability and sorted, and the uses of an unknown capability."""
    capabilities = Capabilities(connection, side, tree, code.budget)
    uses: list[CapabilityUse] = []
    unresolved = []
    for use in _uses(code):
        named = list(_named(code, capabilities, use)) or list(_tabled(capabilities, use))
        uses += named
        if not named and use.function.name not in _wrappers():
            unresolved.append(use)
    return sorted(uses, key=lambda use: (use.place, use.cap, use.arch or "")), unresolved


def _wrappers() -> set[str]:
    return {wrapper.callee for wrapper in knowledge().wrappers}


def _uses(code: Code) -> Iterator[CapabilityUse]:
    """Yield every call of a wrapper, with the expression that names the capability."""
    for wrapper in knowledge().wrappers:
        index = wrapper.capability
        for function, call in code.calling([wrapper.callee]):
            if len(call.arguments) <= index or wrapper.request not in {None, call.arguments[index - 1]}:
                continue
            use = CapabilityUse(function, call, wrapper, _scope(wrapper, call), call.arguments[index])
            if wrapper.verb == "enable" and wrapper.request:
                request = request_of(function, call)
                written = request.arguments_written
                use = replace(use, expression=request.cap, flags=request.flags, arguments_written=written)
            elif wrapper.verb == "enable":
                flags, written = "".join(call.arguments[index + 1 : index + 2]), call.arguments[index + 2 :]
                use = replace(use, flags=flags, arguments_written=written)
            yield replace(use, ignored=ignored(code, function, call))


def _scope(wrapper: Wrapper, call: CallSite) -> str:
    """Return the wrapper's scope, or the scope of the file descriptor by its variable's name."""
    match = _LAST_NAME.search(call.arguments[0]) if wrapper.scope == "unknown" else None
    return knowledge().descriptors.get(match.group(1), wrapper.scope) if match else wrapper.scope


def _named(code: Code, capabilities: Capabilities, use: CapabilityUse, depth: int = _DEPTH) -> Iterator[CapabilityUse]:
    """Yield the use once per capability that it may name; for a parameter, follow the calls that pass one."""
    named_caps = list(capabilities.of(use.function, use.expression, use.call.start))
    resolved_via = "parameter" if depth < _DEPTH else ""
    yield from (replace(use, cap=cap, resolved_via=resolved_via or named) for cap, named in named_caps)
    if named_caps or depth == 0 or use.function.name in _wrappers():
        return
    for caller, call, expression in handed_on(code, use.function, use.expression):
        if not code.budget.spend():
            return
        outer = replace(use, function=caller, call=call, expression=expression, arguments_written=None, flags=None)
        ignored_result = ignored(code, caller, call) if use.call.use == "returned" else use.ignored
        yield from _named(code, capabilities, replace(outer, ignored=ignored_result), depth - 1)


def _tabled(capabilities: Capabilities, use: CapabilityUse) -> Iterator[CapabilityUse]:
    """Yield the use once per capability and architecture of a table that other files define."""
    for cap, arch in capabilities.of_shared_table(use.function, use.expression):
        yield replace(use, cap=cap, resolved_via="table", table_arch=arch)


def _insert(connection: sqlite3.Connection, side: str, tree: str, code: Code, uses: list[CapabilityUse]) -> None:
    files = file_conditions(connection)
    insert(
        connection,
        "all_vmm_use",
        [
            VmmUseRow(
                side, tree, *use.place, use.cap, use.arch, use.function.name, use.wrapper.verb, use.scope,
                use.call.callee, json.dumps(use.call.arguments), use.call.use,
                conjoin(use.call.condition, files[side, tree, use.function.path]), use.resolved_via, use.flags,
                None if use.arguments_written is None else json.dumps(use.arguments_written), use.ignored,
                int(use.function.static or bool(code.callers(use.function)))
            )
            for use in uses
        ],
    )  # fmt: skip


def _insert_arguments(
    connection: sqlite3.Connection, side: str, tree: str, uses: list[CapabilityUse], asked: dict[_Site, int]
) -> None:
    constants = Constants(connection, side, tree)
    insert(
        connection,
        "all_vmm_argument",
        [
            VmmArgumentRow(
                side, tree, *use.place, use.cap, use.arch, use.function.name, position, text,
                number_column(constants.value(use.arch, "", text) if _CONSTANT.fullmatch(text) else None),
                bits_column(bits_of(constants, use.function, text)), asked.get((*use.place, use.cap))
            )
            for use in uses
            for position, text in enumerate(use.arguments_written or ())
        ],
    )  # fmt: skip


def _insert_required(connection: sqlite3.Connection, side: str, tree: str) -> None:
    """Insert the capabilities that a VMM lists as required to start."""
    connection.execute(
        """
        INSERT INTO temp.all_vmm_use (
            side, tree, path, line, column, cap, arch, function, verb, scope, callee, arguments, result,
            condition, resolved_via, flags, arguments_written, ignored, callers_known
        )
        SELECT u.side, u.tree, u.path, u.line, u.column, u.cap, u.arch, NULL, 'require', 'system', 'KVM_CAP_INFO',
               '[]', 'value', w.condition, 'pasted', NULL, NULL, '', 0
        FROM temp.all_cap_use u
        JOIN temp.all_file_condition w ON w.side = u.side AND w.tree = u.tree AND w.path = u.path
        WHERE u.kind = 'pasted' AND u.role = 'vmm' AND u.side = ? AND u.tree = ?
        """,
        (side, tree),
    )


def checks_of(uses: list[CapabilityUse], caps: set[str]) -> dict[str, list[Check]]:
    """Return the checks for some capabilities, by capability."""
    checks: dict[str, list[Check]] = {}
    for use in uses:
        if use.wrapper.verb == "check" and use.cap in caps:
            checks.setdefault(use.cap, []).append(Check(use.function, use.call, use.expression))
    return checks


def _checked(
    tracker: CheckTracker, uses: list[CapabilityUse], carriers: dict[str, AnswerCarriers]
) -> Iterator[tuple[CapabilityUse, PrecedingCheck]]:
    """Yield enable sites that follow a check, with that check."""
    for use in uses:
        if use.wrapper.verb == "enable" and use.cap in carriers:
            preceding = tracker.preceding(use.function, use.call, carriers[use.cap])
            if preceding is not None:
                yield use, preceding


def _asked(code: Code, checked: list[CapabilityUse], carriers: dict[str, AnswerCarriers]) -> dict[_Site, int]:
    """Return for enable sites that follow a check whether (1 or 0) the VMM has checked for the bits that it passes."""
    answers = Answers(code)
    caps = sorted({use.cap for use in checked})
    asked = {cap: int(not answers.are_yes_or_no(carriers[cap])) for cap in caps}
    return {
        (*use.place, use.cap): int(
            asked[use.cap] or any(carriers[use.cap].find(use.function, text) for text in use.arguments_written or ())
        )
        for use in checked
    }
