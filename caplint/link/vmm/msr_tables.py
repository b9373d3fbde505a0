"""Tables of a VMM's MSRs: `all_vmm_msr` and `all_vmm_msr_count`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial

from caplint.facts.store.store import FactStore
from caplint.link.core.memo import remembered, snapshot_key
from caplint.link.core.rows import CutRow, insert
from caplint.link.functions.code_function import CodeFunction
from caplint.link.vmm.msr_code import FEATURE, MsrCode, MsrIoctl
from caplint.link.vmm.msr_counts import UNKNOWN as UNKNOWN_USE
from caplint.link.vmm.msr_counts import count_uses
from caplint.link.vmm.msr_guards import LIST, UNKNOWN, MsrGuards
from caplint.link.vmm.msr_places import MsrPlace, RegisterTaker, places_of, takers_of
from caplint.link.vmm.msr_registers import LISTED, Register, VmmRegisters
from caplint.link.vmm.msr_state import MsrState, written_kind
from caplint.link.vmm.msr_verbs import MsrVerbs
from caplint.link.vmm.rows import VmmMsrCountRow, VmmMsrRow
from caplint.link.vmm.value_text import bare

_TABLES = ("all_cut", "all_vmm_msr", "all_vmm_msr_count")


def link_vmm_msrs(store: FactStore, extractor: str) -> None:
    """Fill the tables for every VMM."""
    connection = store.connection
    for side, tree in connection.execute(
        "SELECT DISTINCT side, tree FROM temp.all_file WHERE role = 'vmm' ORDER BY 1, 2"
    ).fetchall():
        cache_key = f"vmm msrs {tree} {snapshot_key(connection, side, tree, extractor)}"
        remembered(store, cache_key, _TABLES, (side, tree), partial(_fill, connection, side, tree))


def _fill(connection: sqlite3.Connection, side: str, tree: str) -> None:
    code = MsrCode.of(connection, side, tree)
    if not code.code.functions:
        return
    takers = takers_of(code)
    wider = code.including(takers)
    if wider is not code:
        code, takers = wider, takers_of(wider)
    rows = _Rows(code, takers)
    insert(connection, "all_vmm_msr", dict.fromkeys(rows.registers()))
    insert(connection, "all_vmm_msr_count", dict.fromkeys(rows.counts()))
    insert(connection, "all_cut", dict.fromkeys(rows.blind))
    if code.code.budget.left < 0:
        rows.blind[:] = [rows.cut(code.code.functions[0], 1, "MSRs that values lead to in too many ways to follow")]
        insert(connection, "all_cut", rows.blind)


class _Rows:
    """Rows of one side of a VMM."""

    def __init__(self, code: MsrCode, takers: dict[str, RegisterTaker]) -> None:
        self._code, self._takers = code, takers
        self._where = (code.side, code.tree)
        self._verbs, self._registers = MsrVerbs(code, takers), VmmRegisters(code)
        self._guards, self._state = MsrGuards(code, takers), MsrState(code)
        self.blind: list[CutRow] = []
        """Places of which the register, or what is done to it, is not known."""

    def cut(self, function: CodeFunction, line: int, reason: str, start: int = 0) -> CutRow:
        """Return a blind spot at an offset."""
        return CutRow(*self._where, function.path, line, start, start, reason)

    def registers(self) -> Iterator[VmmMsrRow]:
        """Yield a row for each register that a place reads or writes."""
        for place in places_of(self._code, self._takers):
            if bare(place.register) in place.function.parameters and place.function.name in self._takers:
                continue
            verbs = self._verbs.of(place) - {FEATURE}
            if not verbs:
                continue
            registers = self._registers.of(place.function, place.start, place.register)
            if not registers:
                reason = f"an MSR that is not known: `{place.register[:80]}`"
                self.blind.append(self.cut(place.function, place.line, reason, place.start))
            for register in registers or [Register(place.register, None, None)]:
                for verb in sorted(verbs):
                    yield self._row(place, register, verb)

    def _row(self, place: MsrPlace, register: Register, verb: str) -> VmmMsrRow:
        asked = self._guards.of(place, register)
        if register.text == LISTED:
            asked = LIST
        if asked == UNKNOWN and verb == "put":
            reason = f"a question before {register.text[:80]} is written that is not understood"
            self.blind.append(self.cut(place.function, register.line or place.line, reason, place.start))
        return VmmMsrRow(
            *self._where, place.function.path, register.line or place.line, place.column, place.function.name, verb,
            register.text, register.first, register.last, int(asked == LIST), asked,
            written_kind(place.value) if verb == "put" else "none",
            self._state.keeps(place, register) if verb == "get" else None,
        )  # fmt: skip

    def counts(self) -> Iterator[VmmMsrCountRow]:
        """Yield a row for each function in which the number of registers ends up."""
        for function in self._code.code.functions:
            for ioctl in self._code.ioctls(function):
                yield from self._uses(function, ioctl)

    def _uses(self, function: CodeFunction, ioctl: MsrIoctl) -> Iterator[VmmMsrCountRow]:
        for use in count_uses(self._code.code, function, ioctl.call):
            yield VmmMsrCountRow(
                *self._where, use.function.path, use.call.line, use.call.column, use.function.name, use.call.callee,
                " or ".join(ioctl.requests), use.kind, function.path, ioctl.call.line
            )  # fmt: skip
            if use.kind == UNKNOWN_USE:
                reason = f"what becomes of the number of registers that {use.call.callee}() returns"
                self.blind.append(self.cut(use.function, use.call.line, reason, use.call.start))
