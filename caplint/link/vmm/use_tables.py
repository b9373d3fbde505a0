"""Tables of a VMM's checks and enables: `all_vmm_use` and those that follow from it."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from caplint.facts.store.store import FactStore
from caplint.knowledge.load import knowledge
from caplint.link.buildconfig.file_conditions import conjoin, file_conditions
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import CutRow, insert
from caplint.link.core.values import bits_column, number_column
from caplint.link.functions.call_sites import Code
from caplint.link.functions.constants import Constants
from caplint.link.vmm.argument_bits import Answers, bits_of, constant_value
from caplint.link.vmm.asked_ioctls import AskedIoctls
from caplint.link.vmm.capability_uses import CapabilityUse, checks_of, uses_in
from caplint.link.vmm.dominating_checks import AnswerCarriers, Check, CheckTracker, PrecedingCheck
from caplint.link.vmm.ioctl_uses import IoctlUse, ioctl_uses
from caplint.link.vmm.refusals import Reliance, fails, reliance
from caplint.link.vmm.rows import (
    CheckedBeforeRow,
    VmmAnswerRow,
    VmmArgumentRow,
    VmmAskedRow,
    VmmFeatureRow,
    VmmIoctlRow,
    VmmLossRow,
    VmmUnresolvedRow,
    VmmUseRow,
)
from caplint.link.vmm.tree_values import TreeValues
from caplint.link.vmm.vcpu_features import feature_bits
from caplint.rust.spelling import as_rust

_TABLES = (
    "all_cut", "all_vmm_use", "all_vmm_ioctl", "all_vmm_feature", "all_vmm_unresolved", "all_vmm_answer",
    "all_vmm_asked", "all_vmm_argument", "all_vmm_loss", "all_checked_before",
)  # fmt: skip
UNKNOWN = "unknown check"
_OF_OTHERS = re.compile(r"(?!KVM_)[A-Z][A-Z0-9_]+\Z")
"""Requests that are constants of other drivers."""

_Site = tuple[str, int, int, str]
"""Path, line, column, capability."""


def link_vmm(store: FactStore, extractor: str) -> None:
    """Fill `all_vmm_use` and the tables that follow from it; of a manager only `all_vmm_ioctl`."""
    connection = store.connection
    for side, tree, role in connection.execute(
        "SELECT DISTINCT side, tree, role FROM temp.all_file WHERE role IN ('vmm', 'manager') ORDER BY 1, 2"
    ).fetchall():
        cache_key = f"vmm {tree} {snapshot_key(connection, side, tree, extractor)}"
        remembered(store, cache_key, _TABLES, (side, tree), partial(_fill, connection, side, tree, role))


def _fill(connection: sqlite3.Connection, side: str, tree: str, role: str) -> None:
    code = Code.of(connection, side, tree)
    values = TreeValues(connection, side, tree, code)
    ioctls = ioctl_uses(connection, side, tree, code, values)
    _insert_ioctls(connection, (side, tree), ioctls)
    bits = knowledge().vcpu_features
    features = (
        VmmFeatureRow(side, tree, set_.function.path, set_.line, set_.bit, bits[set_.bit], set_.function.arch,
                      set_.function.name, set_.text)
        for set_ in feature_bits(code)
    )  # fmt: skip
    insert(connection, "all_vmm_feature", features)
    if role == "vmm":
        _fill_uses(connection, (side, tree), code, values, ioctls)


def _fill_uses(
    connection: sqlite3.Connection, where: tuple[str, str], code: Code, values: TreeValues, ioctls: list[IoctlUse]
) -> None:
    side, tree = where
    uses, unresolved = uses_in(connection, side, tree, code, values)
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
    tracker, answers = CheckTracker(code), Answers(code)
    _insert(connection, (side, tree), code, uses, _only_tested(tracker, answers, uses))
    carriers = {cap: tracker.carriers(checks) for cap, checks in checks_of(uses, {use.cap for use in uses}).items()}
    _insert_answers(connection, where, carriers, answers, uses)
    _insert_asked(connection, where, AskedIoctls(code, carriers), ioctls)
    _insert_required(connection, side, tree)
    following = _following(tracker, uses, unresolved)
    _insert_checked(connection, (side, tree), following)
    _insert_losses(connection, (side, tree), code, uses)
    checked = _asked(answers, tracker, uses, [use for use, preceding in following if preceding.found_by != UNKNOWN])
    _insert_arguments(connection, side, tree, uses, checked)
    if code.budget.left < 0:
        _insert_cut(connection, side, tree, [*uses, *unresolved])
    _insert_blind(connection, side, tree, unresolved)
    connection.execute(
        """INSERT INTO temp.all_checked_before (side, tree, path, line, column, cap, found_by, check_path, check_line)
           SELECT e.side, e.tree, e.path, e.line, e.column, e.cap, 'required', r.path, r.line
           FROM temp.all_vmm_use e JOIN temp.all_vmm_use r ON r.side = e.side AND r.tree = e.tree AND r.cap = e.cap
           WHERE e.side = ? AND e.tree = ? AND e.verb = 'enable' AND r.verb = 'require'
             AND (r.arch IS NULL OR r.arch IS e.arch)""",
        (side, tree),
    )


def _insert_ioctls(connection: sqlite3.Connection, where: tuple[str, str], uses: list[IoctlUse]) -> None:
    files, (side, tree) = file_conditions(connection), where
    insert(
        connection,
        "all_vmm_ioctl",
        [
            VmmIoctlRow(
                side, tree, *use.place, use.ioctl, use.function.arch, use.function.name, use.scope, use.call.callee,
                json.dumps(use.call.arguments), conjoin(use.call.condition, files[side, tree, use.function.path]),
                use.resolved_via
            )
            for use in uses
            if use.ioctl
        ],
    )  # fmt: skip
    unknown: dict[tuple[str, str], list[IoctlUse]] = {}
    for use in uses:
        if not use.ioctl and not _OF_OTHERS.match(use.expression.strip()):
            unknown.setdefault((use.function.path, use.call.callee), []).append(use)
    insert(
        connection,
        "all_cut",
        [
            CutRow(side, tree, path, first.call.line, first.call.start, first.call.start,
                   "{}() issues an ioctl whose request is not known: `{:.80}`".format(
                       *_as_written(path, callee, first.expression))
                   + (f", and {len(others)} more" if others else ""))
            for (path, callee), (first, *others) in unknown.items()
        ],
    )  # fmt: skip


def _as_written(path: str, *texts: str) -> list[str]:
    """Return texts of a file for a message: those of a Rust file are of its lowered text."""
    return [as_rust(text) if path.endswith(".rs") else text for text in texts]


def _following(
    tracker: CheckTracker, uses: list[CapabilityUse], unresolved: list[CapabilityUse]
) -> list[tuple[CapabilityUse, PrecedingCheck]]:
    """Return the enables that follow a check of their capability, or of an unknown one."""
    enables = [use for use in uses if use.wrapper.verb == "enable"]
    checks = checks_of(uses, {use.cap for use in enables})
    carriers = {cap: tracker.carriers(checks_of_cap) for cap, checks_of_cap in checks.items()}
    checked = list(_checked(tracker, enables, carriers))
    known = {(use.place, use.cap) for use, _ in checked}
    unknown = [Check(use.function, use.call, use.written) for use in unresolved if use.wrapper.verb == "check"]
    others = [use for use in enables if (use.place, use.cap) not in known]
    return [*checked, *_maybe_checked(tracker, others, unknown)]


def _insert_checked(
    connection: sqlite3.Connection, where: tuple[str, str], following: list[tuple[CapabilityUse, PrecedingCheck]]
) -> None:
    insert(
        connection,
        "all_checked_before",
        [
            CheckedBeforeRow(
                where[0], where[1], *use.place, use.cap, preceding.found_by, preceding.check.function.path,
                preceding.check.call.line
            )
            for use, preceding in following
        ],
    )  # fmt: skip


def _insert_answers(
    connection: sqlite3.Connection,
    where: tuple[str, str],
    carriers_of: dict[str, AnswerCarriers],
    answers: Answers,
    uses: list[CapabilityUse],
) -> None:
    """Fill `all_vmm_answer`: what is done with an answer, of all checks of the capability together."""
    side, tree = where
    for cap, carriers in carriers_of.items():
        checks = [use for use in uses if use.cap == cap and use.wrapper.verb == "check"]
        tested = bool(checks) and answers.are_yes_or_no(carriers)
        elsewhere = answers.compared_elsewhere(carriers) if checks and not tested else None
        for use in checks:
            used, text = _use_of_answer(answers, carriers, use, tested=tested)
            if used == "value" and elsewhere:
                used, text = "whole", elsewhere
            row = VmmAnswerRow(side, tree, *use.place, cap, use.arch, use.function.name, used, text)
            insert(connection, "all_vmm_answer", [row])


def _insert_asked(
    connection: sqlite3.Connection, where: tuple[str, str], asked: AskedIoctls, ioctls: list[IoctlUse]
) -> None:
    """Fill `all_vmm_asked`."""
    rows = [
        VmmAskedRow(*where, check.function.path, check.call.line, check.call.column, cap, "required")
        for cap, check in asked.required()
    ]
    for use in {use.place: use for use in ioctls if use.ioctl}.values():
        caps = asked.of(use.function, use.call)
        found = [("", "unknown")] if caps is None else [(cap, "guard") for cap in sorted(caps)]
        rows += [VmmAskedRow(where[0], where[1], *use.place, cap, way) for cap, way in found]
    insert(connection, "all_vmm_asked", rows)


def _use_of_answer(
    answers: Answers, carriers: AnswerCarriers, use: CapabilityUse, *, tested: bool
) -> tuple[str, str | None]:
    """Return the use of a check's answer, and the expression that uses it."""
    if whole := answers.compared_whole(carriers, use.function):
        return "whole", whole
    if (replaced := answers.replaced(carriers, use.function)) or tested:
        alone = all(check.call.use == "tested" for check in carriers.checks)
        return "replaced" if replaced else "tested" if alone else "yes or no", replaced
    number = answers.calculated(carriers, use.function, use.call)
    return ("number", number) if number else ("value", None)


def _only_tested(tracker: CheckTracker, answers: Answers, uses: list[CapabilityUse]) -> dict[str, int]:
    """Return for each capability that the VMM checks in the system's scope whether it only tests the answers."""
    checks = [use for use in uses if use.wrapper.verb == "check" and use.scope == "system"]
    by_cap = checks_of(checks, {use.cap for use in checks})
    return {cap: int(answers.are_yes_or_no(tracker.carriers(of_cap))) for cap, of_cap in by_cap.items()}


def _maybe_checked(
    tracker: CheckTracker, enables: list[CapabilityUse], unknown: list[Check]
) -> Iterator[tuple[CapabilityUse, PrecedingCheck]]:
    """Yield the enables that follow only a check of an unknown capability, which may be theirs."""
    if not unknown:
        return
    carriers = tracker.carriers(unknown)
    for use in enables:
        if preceding := tracker.preceding(use.function, use.call, carriers):
            yield use, replace(preceding, found_by=UNKNOWN)


def _insert_losses(
    connection: sqlite3.Connection, where: tuple[str, str], code: Code, uses: list[CapabilityUse]
) -> None:
    """Fill `all_vmm_loss`: one row per place, whatever the number of enables behind it."""
    rows: dict[tuple[str, int, int, str], VmmLossRow] = {}
    for use in uses:
        for loss in use.lost.places if use.wrapper.verb == "enable" else ():
            relied = reliance(code, loss.function, loss.call, use.cap) or Reliance(None, None, None)
            row = VmmLossRow(
                where[0], where[1], loss.function.path, loss.call.line, loss.call.column, use.cap, loss.function.arch,
                loss.function.name, loss.call.callee, loss.kind, *use.place, *relied
            )  # fmt: skip
            rows.setdefault((row.path, row.line, row.column, row.cap), row)
    insert(connection, "all_vmm_loss", list(rows.values()))


def _insert_cut(connection: sqlite3.Connection, side: str, tree: str, uses: list[CapabilityUse]) -> None:
    """Record in `all_cut`, at the first use, that the tree's budget was spent before all uses were resolved."""
    first = min(uses, key=lambda use: use.place).function
    reason = "uses of capabilities that values lead to in too many ways to follow"
    insert(connection, "all_cut", [CutRow(side, tree, first.path, first.line, first.start, first.stop, reason)])


def _insert_blind(connection: sqlite3.Connection, side: str, tree: str, unresolved: list[CapabilityUse]) -> None:
    """Record in `all_cut` every site of which not all capabilities are known."""
    rows = []
    for use in unresolved:
        start, verb = use.call.start, "checks" if use.wrapper.verb == "check" else "enables"
        callee, expression = _as_written(use.function.path, use.call.callee, use.expression)
        reason = f"{callee}() {verb} a capability that is not known: `{expression[:80]}`"
        rows.append(CutRow(side, tree, use.function.path, use.call.line, start, start, reason))
    insert(connection, "all_cut", rows)


def _insert(
    connection: sqlite3.Connection,
    where: tuple[str, str],
    code: Code,
    uses: list[CapabilityUse],
    tested: dict[str, int],
) -> None:
    files = file_conditions(connection)
    side, tree = where
    insert(
        connection,
        "all_vmm_use",
        [
            VmmUseRow(
                side, tree, *use.place, use.cap, use.arch, use.function.name, use.wrapper.verb, use.scope,
                use.call.callee, json.dumps(use.call.arguments), use.call.use,
                conjoin(use.call.condition, files[side, tree, use.function.path]), use.resolved_via, use.flags,
                None if use.arguments_written is None else json.dumps(use.arguments_written), use.lost.ignored,
                int(fails(use.function, use.call)) if use.wrapper.verb == "enable" else None,
                tested.get(use.cap) if use.wrapper.verb == "check" and use.scope == "system" else None,
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
                number_column(constant_value(constants, use.arch, text)),
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
            condition, resolved_via, flags, arguments_written, ignored, fails, only_tested, callers_known
        )
        SELECT DISTINCT u.side, u.tree, u.path, u.line, u.column, u.cap, u.arch, NULL, 'require', 'system', k.callee,
               '[]', 'value', w.condition, 'pasted', NULL, NULL, '', NULL, NULL, 0
        FROM temp.all_cap_use u
        JOIN temp.all_file f ON f.side = u.side AND f.tree = u.tree AND f.path = u.path AND NOT f.expanded
        JOIN main.call k ON k.blob = f.blob AND k.line = u.line AND k.callee IN (SELECT value FROM json_each(?3))
        JOIN temp.all_file_condition w ON w.side = u.side AND w.tree = u.tree AND w.path = u.path
        WHERE u.kind IN ('pasted', 'argument') AND u.role = 'vmm' AND u.side = ?1 AND u.tree = ?2
        """,
        (side, tree, json.dumps(sorted(knowledge().requirements))),
    )


def _checked(
    tracker: CheckTracker, uses: list[CapabilityUse], carriers: dict[str, AnswerCarriers]
) -> Iterator[tuple[CapabilityUse, PrecedingCheck]]:
    """Yield enable sites that follow a check, with that check."""
    for use in uses:
        if use.cap in carriers:
            preceding = tracker.preceding(use.function, use.call, carriers[use.cap])
            if preceding is not None:
                yield use, preceding


def _asked(
    answers: Answers, tracker: CheckTracker, uses: list[CapabilityUse], checked: list[CapabilityUse]
) -> dict[_Site, int]:
    """Return for enable sites that follow a check whether (1 or 0) the VMM has checked for the bits that it passes."""
    caps = sorted({use.cap for use in checked})
    carriers = {cap: tracker.carriers(checks) for cap, checks in checks_of(uses, set(caps)).items()}
    asked = {cap: int(not answers.are_yes_or_no(carriers[cap])) for cap in caps}
    return {
        (*use.place, use.cap): int(
            asked[use.cap] or any(carriers[use.cap].find(use.function, text) for text in use.arguments_written or ())
        )
        for use in checked
    }
