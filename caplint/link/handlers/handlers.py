"""Kernel functions that answer and enable capabilities."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from caplint.c.expression import parse
from caplint.c.formula import satisfiable, text
from caplint.facts.store.store import FactStore
from caplint.knowledge.load import GENERIC
from caplint.link.buildconfig.file_conditions import conjoin, file_conditions
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import insert
from caplint.link.core.values import bits_column
from caplint.link.functions.abstract_values import NEGATIVE, POSITIVE
from caplint.link.functions.body import Body, insert_cuts
from caplint.link.functions.callees import Helpers
from caplint.link.functions.cap_argument import CapArgument
from caplint.link.functions.constants import Constants, Mask
from caplint.link.handlers import effects, exits, fall_through, masks, vcpu_lock
from caplint.link.handlers.argument_checks import hands_on, highest_argument, used
from caplint.link.handlers.capability_tables import CapabilityTables
from caplint.link.handlers.creation_reads import CreationReads
from caplint.link.handlers.decisions import Decisions, line_of
from caplint.link.handlers.late_enable import asking, heeds_vcpus, late, written
from caplint.link.handlers.leads import handlers
from caplint.link.handlers.null_vm import NullVm, Untested
from caplint.link.handlers.request_exits import flags_checked
from caplint.link.handlers.request_tests import Readers
from caplint.link.handlers.rows import (
    CapArgumentRow,
    CapCheckRow,
    CapEnableRow,
    CapLateRow,
    CapMaskRow,
    CapOrderRow,
    EnableConditionRow,
    HandlerRow,
    VcpuWalkRow,
    VmDereferenceRow,
)
from caplint.link.handlers.run_time_conditions import RunTimeConditions
from caplint.link.handlers.run_time_masks import RunTimeMasks
from caplint.link.handlers.simulation_state import Facts
from caplint.link.handlers.sites import Numbered, Site, sites
from caplint.link.handlers.supported_sets import SupportedSets
from caplint.link.handlers.unasked_conditions import UnaskedConditions
from caplint.link.handlers.verdicts import Verdicts
from caplint.link.handlers.vm_dependence import reads_vm

# Maximum number of cases of one capability in a handler; Linux has at most three.
_MOST_SITES = 64
# Maximum number of statements that are simulated in one tree. Linux 6.12 needs some 7,000.
_MOST_STEPS = 120_000


_TABLES = (
    "all_handler",
    "all_cap_check",
    "all_cap_enable",
    "all_vm_dereference",
    "all_cap_argument",
    "all_vcpu_walk",
    "all_cap_mask",
    "all_enable_condition",
    "all_cap_fall_through",
    "all_cap_late",
    "all_cap_order",
    "all_cap_subset",
    "all_cap_supported",
    "all_cut",
)
ENABLING = ("all_enable_condition", "all_cap_late", "all_cap_order")
"""Tables of when enabling is refused or comes too late, which take half of the time."""


def link_handlers(store: FactStore, extractor: str, *, enabling: bool = True) -> None:
    """Fill `all_handler` and the other tables of the handlers' cases; those of `ENABLING` only if asked for."""
    connection = store.connection
    for side, tree in connection.execute(
        "SELECT DISTINCT side, tree FROM temp.all_file WHERE role = 'kernel' ORDER BY 1, 2"
    ).fetchall():
        kind = "handlers" if enabling else "handlers' answers"
        cache_key = f"{kind} {tree} {snapshot_key(connection, side, tree, extractor)}"
        fill = partial(_fill, connection, side, tree, enabling=enabling)
        remembered(store, cache_key, _TABLES, (side, tree), fill)


def _fill(connection: sqlite3.Connection, side: str, tree: str, *, enabling: bool) -> None:
    files = file_conditions(connection)
    helpers = Helpers(connection, side, tree)
    constants = Constants(connection, side, tree)
    numbered = Numbered(connection, side, tree)
    bodies = list(handlers(connection, side, tree))
    decisions = Decisions(_facts(helpers, constants, numbered, bodies), bodies)
    readers = Readers(helpers, constants, decisions.reach)
    subsets = RunTimeMasks(helpers, constants, SupportedSets(helpers))
    reads = CreationReads(helpers, frozenset(body.handler.function for body in bodies), written(bodies))
    null_vm = NullVm(helpers, frozenset(body.handler.function for body in bodies if body.handler.verb == "check"))
    untested = Untested(null_vm, bodies)
    unasked = UnaskedConditions(decisions, RunTimeConditions(helpers))
    named: set[tuple[tuple[int, int], str]] = set()
    for body in bodies:
        handler = body.handler
        sites_of_body = [
            replace(site, condition=conjoin(site.condition, files[side, tree, handler.path]))
            for site in _at_most(body, sites(body, numbered))
        ]
        named.update(((handler.blob, handler.start), site.capability) for site in sites_of_body)
        _insert_handler(decisions, body)
        for site in sites_of_body:
            where = decisions.where_it_runs(body, site) if handler.found_by == "delegation" else (body, site)
            _insert_site(readers, subsets, decisions, *where)
            if enabling:
                _insert_unasked(unasked, body, site)
                _insert_late(readers, reads, decisions, *where)
        if handler.verb == "check" and untested.may_get_null(body):
            _insert_dereferences(null_vm, body, sites_of_body)
        insert_cuts(body)
    insert(connection, "all_cap_fall_through", list(fall_through.loss_rows(decisions, numbered)))
    for body, site in decisions.further(named):
        handler = body.handler
        if decisions.is_new(body):
            _insert_handler(decisions, body)
        condition = conjoin(site.condition, files[side, tree, handler.path])
        further = replace(site, condition=condition)
        _insert_site(readers, subsets, decisions, body, further)
        if enabling:
            _insert_unasked(unasked, body, further)
            _insert_late(readers, reads, decisions, body, further)
    insert(connection, "all_cap_subset", list(subsets.rows()))
    insert(connection, "all_cap_supported", list(subsets.supported.rows()))


def _facts(helpers: Helpers, constants: Constants, numbered: Numbered, bodies: list[Body]) -> Facts:
    connection, side, tree = helpers.connection, helpers.side, helpers.tree
    conditions = {place[2]: text for place, text in file_conditions(connection).items() if place[:2] == (side, tree)}
    named = {
        verb: frozenset(
            body.handler.function
            for body in bodies
            if body.handler.verb == verb and body.handler.found_by in {"name", "ioctl"}
        )
        for verb in ("check", "enable")
    }
    return Facts(helpers, constants, numbered, CapabilityTables(connection, side, tree), named, conditions, _MOST_STEPS)


def _insert_handler(decisions: Decisions, body: Body) -> None:
    """Insert a handler; if it is not understood, it is a blind spot too."""
    handler, reason = body.handler, decisions.reason(body)
    insert(body.connection, "all_handler", [HandlerRow(
        side=handler.side, tree=handler.tree, path=handler.path, function=handler.function, arch=handler.arch,
        verb=handler.verb, scope=handler.scope, found_by=handler.found_by, understood=int(not reason),
        negative_condition=text(decisions.unnamed(body).when(NEGATIVE))
    )])  # fmt: skip
    if reason and handler.found_by != "delegation":
        body.cut(line_of(body), handler.start, reason)


def _insert_site(readers: Readers, subsets: RunTimeMasks, decisions: Decisions, body: Body, site: Site) -> None:
    constants = readers.constants
    outcome = decisions.outcome(body, site.capability)
    if body.handler.verb == "check":
        _insert_check(readers.helpers, body, site, outcome)
        _insert_mask(body, site, "check", 0, masks.advertised(constants, readers.helpers, body, site))
        subsets.check(body, site)
        return
    for argument in _insert_enable(readers, body, site, outcome):
        if argument.mask:
            accepted = masks.accepted(constants, body, site, argument.mask)
            _insert_mask(body, site, "enable", argument.position, accepted)
            subsets.enable(body, site, argument.position, accepted)


def _insert_unasked(unasked: UnaskedConditions, body: Body, site: Site) -> None:
    """Insert the conditions that enabling needs and the check does not ask for."""
    handler = body.handler
    where = (handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch)
    found = unasked.of(body, site) if handler.verb == "enable" else ()
    insert(body.connection, "all_enable_condition", [
        EnableConditionRow(*where, handler.function, one.text, one.refused, one.kind, ", ".join(one.lacking), one.path,
                           one.line, one.condition, one.partial, one.certain)
        for one in found
    ])  # fmt: skip


def _insert_late(readers: Readers, reads: CreationReads, decisions: Decisions, body: Body, site: Site) -> None:
    """Insert an enable case of a VM that comes too late for vCPUs that exist."""
    handler = body.handler
    if (handler.verb, handler.scope) != ("enable", "vm"):
        return
    if exits.succeeds(readers.helpers, body, decisions.outcome(body, site.capability), site) == 0:
        return
    region = readers.region(body, site)
    first_line = body.first_lines.get(site.start, site.line)
    asks, reader = asking(reads, body, region)
    insert(body.connection, "all_cap_order", [CapOrderRow(
        handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
        handler.function, int(heeds_vcpus(reads, body, region)), int(asks), reader, first_line
    )])  # fmt: skip
    found = late(reads, body, region)
    if found is not None:
        insert(body.connection, "all_cap_late", [CapLateRow(
            handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
            handler.function, found.target, found.use.function, found.use.path, found.use.line, first_line, found.copy
        )])  # fmt: skip


def _at_most(body: Body, sites_of_body: Iterable[Site]) -> Iterator[Site]:
    """Yield the sites, at most `_MOST_SITES` for each capability."""
    seen: Counter[str] = Counter()
    for site in sites_of_body:
        seen[site.capability] += 1
        if seen[site.capability] <= _MOST_SITES:
            yield site
        else:
            body.cut(site.line, site.start, f"more than {_MOST_SITES} cases of one capability in a handler")


def _insert_check(helpers: Helpers, body: Body, site: Site, outcome: Verdicts) -> None:
    handler = body.handler
    within = parse(site.condition)
    nonzero = outcome.success(within)
    insert(body.connection, "all_cap_check", [CapCheckRow(
        side=handler.side, tree=handler.tree, path=handler.path, line=site.line, column=site.column,
        cap=site.capability, arch=handler.arch, function=handler.function, kind=site.kind, condition=site.condition,
        reads_vm=reads_vm(helpers, body, site), answer=effects.answer(body, site),
        returns_condition=exits.always_returns(outcome, site), nonzero_condition=text(nonzero),
        positive=int(satisfiable(nonzero)), certain_condition=text(outcome.only(POSITIVE, within)),
        negative_condition=text(outcome.when(NEGATIVE, within))
    )])  # fmt: skip


def _insert_mask(body: Body, site: Site, verb: str, position: int, mask: Mask) -> None:
    handler = body.handler
    insert(body.connection, "all_cap_mask", [CapMaskRow(
        side=handler.side, tree=handler.tree, path=handler.path, line=site.line, column=site.column,
        cap=site.capability, arch=handler.arch, function=handler.function, verb=verb, position=position,
        text=mask.text, value=bits_column(mask.value)
    )])  # fmt: skip


def _insert_dereferences(null_vm: NullVm, body: Body, sites_of_body: list[Site]) -> None:
    """Insert the first dereference of each case; one above the switch goes to KVM_CHECK_EXTENSION itself."""
    handler = body.handler
    scope = null_vm.scope(body)
    begin = min((site.start for site in sites_of_body), default=handler.stop)
    above = Site("KVM_CHECK_EXTENSION", "above", 0, 1, handler.start, begin, "1")
    for site in (above, *sites_of_body):
        first = next(null_vm.within(scope, site.start, site.stop), None)
        if first is not None:
            arch = first.arch if handler.arch == GENERIC else handler.arch
            insert(body.connection, "all_vm_dereference", [VmDereferenceRow(
                side=handler.side, tree=handler.tree, path=handler.path, line=site.line or first.line,
                column=site.column, cap=site.capability, arch=arch, function=handler.function, text=first.text,
                at_path=first.path, at_line=first.line, condition=conjoin(site.condition, first.condition)
            )])  # fmt: skip


def _insert_enable(readers: Readers, body: Body, site: Site, outcome: Verdicts) -> list[CapArgument]:
    handler, helpers = body.handler, readers.helpers
    accepting = outcome.success(parse(site.condition))
    first_line = body.first_lines.get(site.start, site.line)
    flags = flags_checked(readers, body, site)
    if flags is None:
        body.doubts[f"whether the flags of a request for {site.capability} are tested"] = (site.line, site.start)
    insert(body.connection, "all_cap_enable", [CapEnableRow(
        side=handler.side, tree=handler.tree, path=handler.path, line=site.line, column=site.column,
        cap=site.capability, arch=handler.arch, function=handler.function, scope=handler.scope, kind=site.kind,
        condition=site.condition, flags_checked=flags,
        stores=effects.lasting_stores(body, site), calls=effects.working_calls(body, site),
        succeeds=exits.succeeds(helpers, body, outcome, site), max_argument=highest_argument(readers, body, site),
        returns_condition=exits.always_returns(outcome, site), accept_condition=text(accepting),
        guarded=int(exits.guarded(helpers, body, outcome, site)), first_line=first_line,
        hands_on=hands_on(readers, body, site)
    )])  # fmt: skip
    if exits.succeeds(helpers, body, outcome, site) == 0:
        return []  # nothing happens to the arguments of a request that is always refused
    where = (handler.side, handler.tree, handler.path, site.line, site.column, site.capability, handler.arch,
             handler.function, handler.scope)  # fmt: skip
    arguments = list(used(readers, body, site))
    for argument in arguments:
        if argument.validated is None:
            what = f"args[{argument.position}] of {site.capability}"
            body.doubts[f"whether {what} is tested before it is used"] = (site.line, site.start)
    insert(
        body.connection, "all_cap_argument", [CapArgumentRow(*where, *argument, first_line) for argument in arguments]
    )
    walk = vcpu_lock.walk(readers.helpers, body, site)
    if walk is not None:
        writes = int(vcpu_lock.writes(body, site))
        row = VcpuWalkRow(*where, walk.text, walk.line, int(walk.locked), writes, int(walk.missed))
        insert(body.connection, "all_vcpu_walk", [row])
    return arguments
