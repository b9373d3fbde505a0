"""Rows of the view `reaches`: whether the programs' entries lead to VMM uses and kernel handlers."""

from __future__ import annotations

import time

from caplint.facts.harvest import ExtractionSettings
from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs
from caplint.graph.path_cache import Found, Question, cache_key, rows_within
from caplint.graph.path_model import ProgramFunction
from caplint.graph.vmm_sites import VmmSite, uses_of
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.core.rows import ReachesRow, insert
from caplint.session import Session

# Seconds for all searches. Places left out after that are reported as unknown.
BUDGET = 120.0

_Row = tuple[str, str, str, int, str, str, str | None, int | None, str]


def link_reaches(
    session: Session, reading: ExtractionSettings, budget: float | None = None, programs: Programs | None = None
) -> None:
    """Fill `reaches`; rows of unchanged trees come from the cache. `budget` is in seconds."""
    key = cache_key(Question("reaches", None, None, 1), session.trees, session.store, reading)
    budget = BUDGET if budget is None else budget

    def work(end: float) -> Found:
        search = _Search(session, programs or Programs(session, reading), end)
        return [*search.uses(), *search.handlers()], search.late, "{} places"

    rows = rows_within(session.store, key, budget, work)
    insert(session.connection, "reaches", map(ReachesRow._make, rows))


class _Search:
    def __init__(self, session: Session, programs: Programs, end: float) -> None:
        self._connection = session.connection
        self._programs = programs
        self._bridges = Bridges(self._programs)
        self._end = end
        self._known: dict[tuple[ProgramFunction, str | None], tuple[int | None, str]] = {}
        self.late = 0

    def uses(self) -> list[_Row]:
        """Return a row per use in a VMM, with whether the program's entry leads to it."""
        caps = self._connection.execute("SELECT DISTINCT cap FROM all_vmm_use WHERE side = 'now' ORDER BY 1").fetchall()
        rows: list[_Row] = []
        for tree in self._programs.of_role("vmm") if caps else ():
            self._programs.program(tree).outlines.prepare_all()
        for (cap,) in caps:
            for use in uses_of(self._programs, cap):
                reached, reason = self._reached(use)
                site = use.calls[-1]
                rows.append(("use", use.tree, site.path, site.line, use.holder.name, cap, use.arch, reached, reason))
        return rows

    def _reached(self, use: VmmSite) -> tuple[int | None, str]:
        key = use.holder, use.arch
        if key not in self._known:
            self._known[key] = self._searched(use)
        return self._known[key]

    def _searched(self, use: VmmSite) -> tuple[int | None, str]:
        tree = self._programs.tree(use.tree)
        entry_names = knowledge().entries.get(tree.project.name)
        entries = self._programs.find(tree, entry_names["functions"], entry_names["files"]) if entry_names else []
        if not entries:
            return None, "the program's entry is not in view"
        return self._way(tree.name, use.holder, entries, use.arch)

    def _way(
        self, name: str, target: ProgramFunction, entries: list[ProgramFunction], arch: str | None
    ) -> tuple[int | None, str]:
        if time.monotonic() > self._end:
            self.late += 1
            return None, "the time was up"
        tree = self._programs.tree(name)
        ways = self._programs.ways_from_entry if tree.role == "vmm" else self._programs.ways
        way = ways(tree, target, entries, self._programs.fits(tree, arch))[0]
        if not way.broken:
            return 1, ""
        return 0 if way.certain else None, way.broken

    def handlers(self) -> list[_Row]:
        """Return a row per handler of the kernel, with whether its ioctl leads to it."""
        rows: list[_Row] = []
        for tree, path, function, arch, verb, scope in self._connection.execute(
            "SELECT DISTINCT tree, path, function, arch, verb, scope FROM handler ORDER BY 1, 2, 3, 5, 6"
        ).fetchall():
            request = "KVM_ENABLE_CAP" if verb == "enable" else "KVM_CHECK_EXTENSION"
            for target in self._programs.find(self._programs.tree(tree), [function], [path]):
                target_arch = None if arch == GENERIC else arch
                entries = self._entries(tree, verb, scope)
                reached, reason = (
                    self._way(tree, target, entries, target_arch) if entries else (None, "no ioctl's entry is in view")
                )
                rows.append(("handler", tree, path, target.line, function, request, arch, reached, reason))
        return rows

    def _entries(self, tree: str, verb: str, scope: str | None) -> list[ProgramFunction]:
        """Return the kernel functions that receive the ioctl on the descriptors of a handler's scope."""
        receivers = knowledge().ioctls["ioctl"]
        in_scope = {"vm": ["kvm_vm_ioctl"], "vcpu": ["kvm_vcpu_ioctl"]}.get(scope or "", receivers)
        return self._programs.find(self._programs.tree(tree), in_scope if verb == "enable" else receivers)
