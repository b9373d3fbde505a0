"""Tables of accesses to MSRs: whether each vendor's module serves what is listed, and on what features that depends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from caplint.c.expression import parse
from caplint.c.formula import Formula, conjunction, disjunction, negation, satisfiable, text
from caplint.knowledge.load import knowledge
from caplint.link.buildconfig.file_conditions import file_conditions
from caplint.link.core.rows import CutRow, insert
from caplint.link.functions.body import Body
from caplint.link.functions.callees import Helpers
from caplint.link.functions.constants import Constants
from caplint.link.handlers.capability_tables import CapabilityTables
from caplint.link.handlers.simulation_state import Facts
from caplint.link.handlers.sites import Numbered
from caplint.link.msr.register_access import AccessRun, access, asked, may_succeed
from caplint.link.msr.rows import MsrGatingRow, MsrServiceRow
from caplint.link.msr.vendors import COMMON, MsrRegisters, vendor_of
from caplint.values.expression_text import stripped

# Maximum number of statements that are simulated in one tree; Linux 6.12 needs some 40,000.
_MOST_STEPS = 100_000
# Maximum number of features of which each is taken from the guest alone; one access in Linux tests up to 3.
_MOST_FEATURES = 16
# Maximum number of registers that are looked at; Linux 6.12 lists 150 and tells 190 apart.
_MOST_REGISTERS = 1_000
# Numbers that no register has. A module that serves one of them serves registers that it does not name.
_UNNAMED = (0xFFFF_FFF1, 0x3FFF0, 0xC001_5555)
_VERBS = ("get", "set")
_ORDINAL = re.compile(r"\d*(?:\s*\+\s*\d+)?\Z")
# The origin of an access in a condition, and a condition that user space may not pass.
_BY_HOST = re.compile(r"\b(?:\w+(?:->|\.))?host(?:_initiated)?\b")
_HOST_ONLY = re.compile(r"(?<!!)(?<![\w>.])(?:\w+(?:->|\.))?host(?:_initiated)?\b")
# Features that documentation joins with registers (cpuid.rst), so that both accesses may ask for the wrong one.
_DOCUMENTED = re.compile(r"\bKVM_FEATURE_\w")
# What an access returns for a register that the guest does not have.
_UNKNOWN_REGISTER = re.compile(r"\bKVM_MSR_RET_\w")
_KIN = re.compile(r"HV_X64_MSR|MSR_(?:IA32_|AMD64_|CORE_)?[A-Za-z0-9]+")


class SiteConditions(NamedTuple):
    """Conditions at a site of `all_msr_site`."""

    texts: tuple[str, ...]
    """All of them, on the way to the access and under its label."""
    leaving: tuple[str, ...]
    """Conditions under the label after which control leaves."""
    returned: tuple[str, ...]
    """Values that the code under the label stores in local variables, or returns."""


class _Site(NamedTuple):
    """Site of `all_msr_site`."""

    id: str
    verb: str
    msr: str
    number: int
    last: int
    path: str
    line: int
    column: int
    function: str
    condition: str
    answers: int
    """1: the site itself reads or writes a value."""


@dataclass
class AccessTables:
    """Filler of `all_msr_service` and `all_msr_gating` for one side of a tree."""

    helpers: Helpers
    registers: MsrRegisters
    conditions: dict[str, SiteConditions]
    """Id of a site → its conditions."""
    _told: set[tuple[str, str, str, int, int, int]] = field(default_factory=set)
    _served: dict[tuple[str, int, str], Formula] = field(default_factory=dict)
    """Verb, number and vendor → condition under which user space's access may succeed."""

    @cached_property
    def _facts(self) -> Facts:
        """Facts for simulations; a vendor's own files count as built, since its module is the one in question."""
        connection, side, tree = self.helpers.connection, self.helpers.side, self.helpers.tree
        conditions = {
            place[2]: condition
            for place, condition in file_conditions(connection).items()
            if place[:2] == (side, tree) and vendor_of(place[2]) == COMMON
        }
        constants, tables = Constants(connection, side, tree), CapabilityTables(connection, side, tree)
        return Facts(self.helpers, constants, Numbered(connection, side, tree), tables, {}, conditions, _MOST_STEPS)

    @cached_property
    def _sites(self) -> list[_Site]:
        rows = self.helpers.connection.execute(_SITES, (self.helpers.side, self.helpers.tree))
        return [_Site(*row) for row in rows]

    @cached_property
    def _ranges(self) -> list[_Site]:
        """Sites that name several registers; of more than there are in Linux, the first."""
        return [site for site in self._sites if site.number < site.last][:_MOST_REGISTERS]

    @cached_property
    def _own(self) -> dict[tuple[str, int], list[_Site]]:
        """Map of verb and number to the sites that name this register alone."""
        sites: dict[tuple[str, int], list[_Site]] = {}
        for site in self._sites:
            if site.number == site.last:
                sites.setdefault((site.verb, site.number), []).append(site)
        return sites

    def fill(self) -> None:
        """Fill both tables."""
        connection = self.helpers.connection
        if self._sites:
            vendors = [vendor for vendor in self.registers.vendors if self._understands(vendor)]
            insert(connection, "all_msr_service", self._services(vendors))
            insert(connection, "all_msr_gating", self._gatings())
            if self._facts.steps < 0:
                entries = [body for verb in _VERBS for body in self.registers.entries(verb, self.registers.vendors[0])]
                self._told.clear()
                self._cut(entries, "accesses to MSRs that take too many statements to follow all of them")

    def _run(
        self, number: int, vendor: str, verb: str, *, host: bool = True, absent: frozenset[str] | None = frozenset()
    ) -> tuple[AccessRun, Formula]:
        """Simulate an access; return the run, and the condition under which the access may succeed."""
        run = AccessRun(
            self._facts, knowledge().msr.architecture, verb, None, registers=self.registers, number=number, host=host,
            vendor=vendor, absent=absent,
        )  # fmt: skip
        outcomes = [may_succeed(access(run, body)) for body in self.registers.entries(verb, vendor)]
        return run, True if run.gave_up or not outcomes else disjunction(outcomes)

    def _understands(self, vendor: str) -> bool:
        """Tell whether a vendor's module serves only registers that it names; otherwise it is a blind spot."""
        for verb in _VERBS:
            for number in _UNNAMED:
                run, outcome = self._run(number, vendor, verb)
                if satisfiable(outcome):
                    self._cut(self.registers.entries(verb, vendor), run.gave_up)
                    return False
        return True

    def _cut(self, entries: Iterable[Body], reason: str) -> None:
        """Record functions as blind spots, each once."""
        for handler in (body.handler for body in entries):
            (line,) = self.helpers.connection.execute(
                "SELECT line FROM main.function WHERE blob = ? AND start = ?", (handler.blob, handler.start)
            ).fetchone()
            why = reason or "an access to MSRs that may serve registers that it does not name"
            place = (self.helpers.side, self.helpers.tree, handler.path, line, handler.start, handler.stop)
            if place not in self._told:
                self._told.add(place)
                insert(self.helpers.connection, "all_cut", [CutRow(*place, why)])

    def _services(self, vendors: list[str]) -> Iterator[MsrServiceRow]:
        side, tree = self.helpers.side, self.helpers.tree
        rows = self.helpers.connection.execute(_LISTED, (side, tree)).fetchall()
        numbers = {(_stem(row[4]), row[5]) for row in rows}
        for path, line, column, name, msr, number, condition, of_vendor in rows[:_MOST_REGISTERS]:
            if self._plain(number, condition, of_vendor) or (not of_vendor and (_stem(msr), number - 1) in numbers):
                continue  # cases of all vendors serve it, or it belongs to a bank whose first register is listed too
            if not of_vendor and vendors != self.registers.vendors:
                continue  # a vendor that is not understood may serve it
            for vendor in vendors:
                passed, function = self._filter(number, vendor) if of_vendor else (True, "")
                listed = conjunction([parse(condition), passed])
                unread, unwritten = (self._refused(number, vendor, verb, listed) for verb in _VERBS)
                yield MsrServiceRow(
                    side=side, tree=tree, path=path, line=line, column=column, list=name, msr=msr, number=number,
                    family=_kin(msr), vendor=vendor, by_vendor=of_vendor, filter=function, listed=text(listed),
                    unread=text(unread), unwritten=text(unwritten),
                )  # fmt: skip
                if unread is False and unwritten is False and not of_vendor:
                    break  # one vendor is enough where the processor decides what is listed

    def _refused(self, number: int, vendor: str, verb: str, listed: Formula) -> Formula:
        """Return the condition under which a register is listed and an access fails whatever else holds."""
        if listed is False:
            return False
        key = (verb, number, COMMON if self._is_common(verb, number) else vendor)
        if key not in self._served:
            self._served[key] = self._run(number, vendor, verb)[1]
        return conjunction([listed, negation(self._served[key])])

    def _is_common(self, verb: str, number: int) -> bool:
        """Tell whether only code of all vendors names a register."""
        own = self._own.get((verb, number), [])
        ranges = [site for site in self._ranges if site.verb == verb and site.number <= number <= site.last]
        return bool(own) and not any(vendor_of(site.path) for site in (*own, *ranges))

    def _plain(self, number: int, condition: str, of_vendor: bool) -> bool:
        """Tell whether cases read and write a register where it is listed: those of all vendors, or some."""
        return all(
            any(self._serves(site, condition, of_vendor) for site in self._own.get((verb, number), ()))
            and not (of_vendor and any(vendor_of(site.path) for site in self._own[verb, number]))
            for verb in _VERBS
        )

    def _serves(self, site: _Site, condition: str, of_vendor: bool) -> bool:
        """Tell whether user space reaches the value at a site, for all that conditions show."""
        if not site.answers or (of_vendor and (site.condition not in {"1", condition} or not self._is_first(site))):
            return False
        return not any(_HOST_ONLY.search(one) or "CONFIG_" in one for one in self.conditions[site.id].texts)

    def _is_first(self, site: _Site) -> bool:
        """Tell whether a site is in a handler that is found by name: no other one has to pass the register to it."""
        return any(site.function in names for names in knowledge().msr.functions.values())

    def _filter(self, number: int, vendor: str) -> tuple[Formula, str]:
        """Return the condition under which a vendor's filter may let a register pass, and the filter's name."""
        arch, registers = knowledge().msr.architecture, self.registers
        run = AccessRun(self._facts, arch, "filter", None, registers=registers, number=number, vendor=vendor)
        filters = registers.filters(vendor)
        passed = disjunction([asked(run, body).true for body in filters])
        return (True if run.gave_up or not filters else passed), "".join(body.handler.function for body in filters[:1])

    def _gatings(self) -> Iterator[MsrGatingRow]:
        both = sorted(number for verb, number in self._own if verb == "get" and ("set", number) in self._own)
        features = {number: [self._features(verb, number) for verb in _VERBS] for number in both[:_MOST_REGISTERS]}
        compared = (
            number
            for number, (get, put) in features.items()
            if get != put or any(_DOCUMENTED.search(one) for one, _ in get) or self._may_refuse_host(number, get)
        )
        for number in compared:
            common = not any(vendor_of(site.path) for verb in _VERBS for site in self._own[verb, number])
            for vendor in self.registers.vendors[:1] if common else self.registers.vendors:
                pair = [self._gating(number, vendor, verb) for verb in _VERBS]
                if any(row.gated for row in pair if row):
                    yield from (row for row in pair if row)

    def _may_refuse_host(self, number: int, features: frozenset[tuple[str, bool]]) -> bool:
        """Tell whether a register is listed for saving, and nothing near its tests of features spares user space.

        A refusal that says that the register is unknown is none for user space: reading then gives 0.
        """
        if number not in self._listed or not any(leaves for _, leaves in features):
            return False  # what only answers whether the register is valid leads to such a refusal, too
        if any(_BY_HOST.search(one) for one, _ in features):
            return False
        own = (site for verb in _VERBS for site in self._own[verb, number])
        return not any(_UNKNOWN_REGISTER.search(one) for site in own for one in self.conditions[site.id].returned)

    @cached_property
    def _listed(self) -> frozenset[int]:
        """Registers that are listed for saving."""
        rows = self.helpers.connection.execute(_LISTED, (self.helpers.side, self.helpers.tree))
        return frozenset(row[5] for row in rows)

    def _features(self, verb: str, number: int) -> frozenset[tuple[str, bool]]:
        """Return the expressions about features at the sites of an access, and whether control leaves after each."""
        own = [self.conditions[site.id] for site in self._own[verb, number]]
        around = [self.conditions[site.id] for site in self._ranges
                  if site.verb == verb and site.number <= number <= site.last]  # fmt: skip
        texts = [(one, site.leaving) for site in (*own, *around) for one in site.texts]
        texts += [(one, ()) for site in own for one in site.returned]
        return frozenset(
            (_BY_HOST.sub("host", stripped(one)), stripped(one) in leaving)
            for one, leaving in texts
            if self.registers.mentions_features(one)
        )

    def _gating(self, number: int, vendor: str, verb: str) -> MsrGatingRow | None:
        """Return on which features of the guest its access depends; None if it is refused anyway, or not followed."""
        run, outcome = self._run(number, vendor, verb, host=False)
        site = next((site for site in self._own[verb, number] if self._entered(run, site)), None)
        if site is None or not satisfiable(outcome):
            return None
        lacking, without = self._run(number, vendor, verb, host=False, absent=None) if run.tested else (run, outcome)
        gated = not satisfiable(without)
        tested = sorted(run.tested)
        each = [
            name
            for name in tested
            if gated and len(tested) <= _MOST_FEATURES and (len(tested) == 1 or self._needs(number, vendor, verb, name))
        ]
        spared = not self._may_refuse_host(number, self._features(verb, number))
        by_host = gated and not spared and not satisfiable(self._run(number, vendor, verb, absent=None)[1])
        others = {_BY_HOST.sub("host", stripped(one)) for one in (run if gated else lacking).undecided}
        others |= {f"{body.handler.function}()" for body in lacking.unread.values()}
        self._cut(lacking.unread.values(), "a function that decides on an access to an MSR, and is not followed")
        return MsrGatingRow(
            side=self.helpers.side, tree=self.helpers.tree, path=site.path, line=site.line, column=site.column,
            function=site.function, vendor=vendor, verb=verb, msr=site.msr, number=number, family=_kin(site.msr),
            gated=int(gated), features=json.dumps(each or tested), each=int(bool(each)),
            by_host=int(by_host),
            undecided=json.dumps(sorted(others)),
        )  # fmt: skip

    def _needs(self, number: int, vendor: str, verb: str, feature: str) -> bool:
        """Tell whether a guest's access fails without one feature."""
        return not satisfiable(self._run(number, vendor, verb, host=False, absent=frozenset({feature}))[1])

    def _entered(self, run: AccessRun, site: _Site) -> bool:
        return any(
            body.handler.path == site.path and body.handler.function == site.function for body in run.entered.values()
        )


def _kin(msr: str) -> str:
    """Return the beginning of the names of a register and its kin: `MSR_KVM`, `MSR_IA32_RTIT`."""
    match = _KIN.match(msr)
    return match[0] if match else msr


def _stem(msr: str) -> str:
    """Return the name of a register's bank: `MSR_F15H_PERF_CTL` for `MSR_F15H_PERF_CTL0` and `… + 1`."""
    return _ORDINAL.sub("", msr)


_SITES = """
    SELECT id, verb, msr, number, last, path, line, column, function, condition,
           value_kind IN ('state', 'other') AND kind = 'case'
    FROM temp.all_msr_site
    WHERE side = ? AND tree = ? AND verb IN ('get', 'set') AND number IS NOT NULL AND last IS NOT NULL
    ORDER BY path, line
"""
_LISTED = """
    SELECT path, line, column, list, msr, number, condition, by_vendor FROM temp.all_msr_saved
    WHERE side = ? AND tree = ? AND NOT feature AND number IS NOT NULL ORDER BY path, line, column
"""
