"""Rows of the view `enable_way`: paths on which a VMM enables a capability without checking it before.

The search of callers stops at a caller whose check decides whether control reaches the call, so a path from the
program's entry is one without a check. Callers in files that do not mention KVM are read on demand.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field

from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.graph.call_graph import Programs
from caplint.graph.path_cache import Found, Question, cache_key, rows_within
from caplint.graph.path_model import Edge, ProgramFunction, Step
from caplint.graph.search import Cone, search
from caplint.graph.tree_files import code_of
from caplint.knowledge.languages import language_of
from caplint.knowledge.load import knowledge
from caplint.link.core.rows import EnableWayRow, insert
from caplint.link.functions.call_sites import Code
from caplint.link.functions.code_function import CodeFunction, symbols
from caplint.link.functions.function_facts import CallSite
from caplint.link.vmm.capability_uses import CapabilityUse, checks_of, uses_in
from caplint.link.vmm.dominating_checks import AnswerCarriers, CheckTracker
from caplint.link.vmm.tree_values import TreeValues
from caplint.session import Session, no_progress
from caplint.trees.tree import Tree

# Steps that the examination of one call counts as: it takes several times as long as any other step of a search.
_EXAMINATION = 4
# Seconds for all searches; a search that has begun is finished.
BUDGET = 60.0

_Answer = tuple[int | None, str, str, str]
"""Whether every path has a check (None: unknown), why, and a path without one: its functions, its places as JSON."""
_Row = tuple[str, str, int, int, str, int | None, str, str, str]

# Enables that need the call graph: their result is ignored, and no check in the same function precedes them.
_OPEN = """
    SELECT DISTINCT e.tree, e.path, e.line, e.column, e.cap FROM vmm_enable e
    WHERE (e.ignored IN ('dropped', 'unread') OR e.result = 'void') AND NOT EXISTS (
        SELECT 1 FROM checked_before b WHERE b.tree = e.tree AND b.path = e.path AND b.line = e.line
            AND b.column = e.column AND b.cap = e.cap AND b.found_by <> 'every caller')
    ORDER BY 1, 2, 3, 4, 5
"""


def link_enable_ways(
    session: Session, reading: ExtractionSettings, programs: Programs, budget: float | None = None
) -> None:
    """Fill `enable_way`; rows of unchanged trees come from the cache. `budget` is in seconds."""
    key = cache_key(Question("enable ways", None, None, 1), session.trees, session.store, reading)
    budget = BUDGET if budget is None else budget
    rows = rows_within(session.store, key, budget, lambda end: _rows(session, reading, programs, end))
    insert(session.connection, "enable_way", map(EnableWayRow._make, rows))


def _rows(session: Session, reading: ExtractionSettings, programs: Programs, end: float) -> Found:
    rows: list[_Row] = []
    late = 0
    programs.work.restart()  # so that the result does not depend on whether `reaches` came from the cache
    open_enables = session.connection.execute(_OPEN).fetchall()
    for tree in programs.of_role("vmm"):
        wanted = {tuple(position) for name, *position in open_enables if name == tree.name}
        if not wanted:
            continue
        callers = _Callers(session, reading, programs, tree)
        for use in callers.uses:
            if (*use.place, use.cap) in wanted:
                wanted.discard((*use.place, use.cap))
                in_time = time.monotonic() <= end
                late += not in_time
                answer = callers.way(use) if in_time else _unknown("the time was up")
                rows.append((tree.name, *use.place, use.cap, *answer))
    return rows, late, "callers of {} enables"


@dataclass
class _SearchRecord:
    """Callers at which one search stopped."""

    asking: dict[ProgramFunction, str] = field(default_factory=dict)
    """Callee → a caller that checks the capability before the call."""
    unknown: bool = False
    """Whether the code of a caller could not be examined."""


class _Callers:
    """Search of the callers of all enables in one tree."""

    def __init__(self, session: Session, reading: ExtractionSettings, programs: Programs, tree: Tree) -> None:
        self._session, self._reading, self._programs, self._tree = session, reading, programs, tree
        code = Code.of(session.connection, "now", tree.name)
        values = TreeValues(session.connection, "now", tree.name, code)
        self.uses: list[CapabilityUse] = uses_in(session.connection, "now", tree.name, code, values)[0]
        self._tracker = CheckTracker(code)
        self._checks = checks_of(self.uses, {use.cap for use in self.uses})
        self._carriers: dict[str, AnswerCarriers] = {}
        self._files = {file.path: file for file in code_of(tree, session.store)}
        self._functions: dict[str, dict[str, list[CodeFunction]]] = {}
        for function in code.functions:
            self._functions.setdefault(function.path, {}).setdefault(function.name, []).append(function)

    def way(self, use: CapabilityUse) -> _Answer:
        """Return whether the callers of an enable check the capability."""
        entry_names = knowledge().entries.get(self._tree.project.name)
        entries = self._programs.find(self._tree, entry_names["functions"], entry_names["files"]) if entry_names else []
        target = next(iter(self._programs.find(self._tree, [use.function.name], [use.function.path])), None)
        if not entries or target is None:
            return _unknown("the program's entry is not in view")
        fits = self._programs.fits(self._tree, use.function.arch)
        seen = _SearchRecord()

        def admits(caller: ProgramFunction, edge: Edge, callee: ProgramFunction) -> bool:
            return fits(caller, edge, callee) and not self._asks(use.cap, caller, edge, callee, seen)

        cone = search(self._programs.callers(self._tree), target, entries, admits)
        if cone.reached:
            steps = self._programs.route(self._tree, cone)
            route = ", ".join(f"{step.function}()" for step in steps)
            return 0, "", route, json.dumps([_related(step) for step in steps])
        return _verdict(cone, seen)

    def _asks(
        self, cap: str, caller: ProgramFunction, edge: Edge, callee: ProgramFunction, seen: _SearchRecord
    ) -> bool:
        """Return whether a check guards the call, or the assignment of the pointer that is called through."""
        definition = self._programs.program(self._tree).defined(caller)
        if definition is not None and definition.macro:
            return False
        self._programs.work.done += _EXAMINATION
        holder = self._function(caller)
        calls = _calls(holder, edge, callee) if holder is not None else []
        if holder is None or not calls:
            seen.unknown = True
            return True
        carriers = self._carriers_of(cap)
        if all(self._tracker.preceding(holder, call, carriers, depth=0) for call in calls) or (
            edge.kind == "table" and self._set_behind_check(callee, carriers)
        ):
            seen.asking[callee] = f"{caller.name} ({edge.path}:{edge.line})"
            return True
        return False

    def _set_behind_check(self, callee: ProgramFunction, carriers: AnswerCarriers) -> bool:
        for kept in self._programs.program(self._tree).kept.get(callee.name, ()):
            holder = self._function(kept.holder) if kept.holder is not None else None
            if holder is None:
                continue
            stores = [store for store in holder.stores if callee.name in symbols(store.value)]
            if any(self._tracker.guarding(holder, store.start, carriers) for store in stores):
                return True
        return False

    def _carriers_of(self, cap: str) -> AnswerCarriers:
        if cap not in self._carriers:
            self._carriers[cap] = self._tracker.carriers(self._checks.get(cap, []))
        return self._carriers[cap]

    def _function(self, function: ProgramFunction) -> CodeFunction | None:
        if function.path not in self._functions:
            by_name = self._functions.setdefault(function.path, {})
            for other in self._read(function.path):
                by_name.setdefault(other.name, []).append(other)
        namesakes = self._functions[function.path].get(function.name, [])
        return min(namesakes, key=lambda other: abs(other.line - function.line), default=None)

    def _read(self, path: str) -> list[CodeFunction]:
        """Return the functions of a file that does not mention KVM; empty if the file is not in view."""
        file = self._files.get(path)
        if file is None:
            return []
        rows = harvest(self._session.store, [(self._tree, file)], self._reading, no_progress)
        arch = knowledge().architecture_of(self._tree.project, path)
        functions = Code.of_file(self._session.connection, path, arch, rows[file.oid, language_of(path) or "c"])
        self._tracker.include(functions)
        self._carriers.clear()
        return functions


def _calls(holder: CodeFunction, edge: Edge, callee: ProgramFunction) -> list[CallSite]:
    """Return the calls of an edge: several if its line has several, or if only one of them is compiled."""
    names = {callee.name, edge.via.rpartition(".")[2]}
    on_line = [call for call in holder.calls if call.line == edge.line]
    return [call for call in on_line if names & set(re.findall(r"\w+", call.callee))] or on_line


def _unknown(reason: str) -> _Answer:
    return None, reason, "", "[]"


def _verdict(cone: Cone, seen: _SearchRecord) -> _Answer:
    """Return the answer for a search that reached no entry."""
    if cone.stopped:
        return _unknown(cone.stopped)
    tops = cone.edges.uncalled()
    if tops and not seen.unknown and all(function in seen.asking for function in tops):
        return 1, ", ".join(sorted(set(seen.asking.values()))), "", "[]"
    return _unknown("not all callers are known")


def _related(step: Step) -> dict[str, object]:
    return {"tree": step.tree, "path": step.path, "line": step.line, "message": f"{step.function}()"}
