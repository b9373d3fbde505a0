"""Bridge over the ioctl boundary, which no call crosses: from a VMM into the kernel and down to the case label."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product

from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import Edge, ProgramFunction, Step
from caplint.graph.vmm_sites import VmmSite, is_request
from caplint.knowledge.load import GENERIC, knowledge
from caplint.trees.tree import Tree

_TARGETS = """
    SELECT path, function, line, condition, answer FROM (
        SELECT path, function, line, condition, coalesce(answer, '') AS answer, arch FROM cap_check
        WHERE ?1 <> 'enable' AND tree = ?2 AND cap = ?3 AND arch IN (?4, ?5)
        UNION ALL
        SELECT path, function, line, condition, '', arch FROM cap_enable
        WHERE ?1 = 'enable' AND tree = ?2 AND cap = ?3 AND arch IN (?4, ?5)
    ) ORDER BY arch = ?5, path, line
"""
_LABELS = """
    SELECT f.path, l.function, l.line, c.text, '' FROM file f JOIN main.case_label l ON l.blob = f.blob
    JOIN main.condition c ON c.id = l.condition
    WHERE f.tree = ?1 AND l.low = ?2 AND l.function IS NOT NULL AND f.arch IN (?3, ?4)
    ORDER BY f.arch = ?3, f.path, l.line
"""
_HANDLING = """
    SELECT DISTINCT f.arch FROM file f JOIN main.case_label l ON l.blob = f.blob
    WHERE f.role = 'kernel' AND l.low = ? AND f.arch <> ? ORDER BY 1
"""
# Scope of a descriptor → function of paths.toml that issues ioctls on such a one.
_ISSUERS = {"system": "kvm_ioctl", "vm": "kvm_vm_ioctl", "vcpu": "kvm_vcpu_ioctl"}
# Architectures for which a VMM has code of its own.
_BUILT = """
    SELECT DISTINCT f.arch FROM file f
    WHERE f.tree = ? AND f.arch IS NOT NULL AND (f.path GLOB '*.c' OR f.path GLOB '*.rs')
      AND EXISTS (SELECT 1 FROM main.function d WHERE d.blob = f.blob)
"""
_ANSWERING = {
    "check": "SELECT DISTINCT arch FROM cap_answer WHERE cap = ? ORDER BY 1",
    "require": "SELECT DISTINCT arch FROM cap_answer WHERE cap = ? ORDER BY 1",
    "enable": "SELECT DISTINCT arch FROM cap_enable WHERE cap = ? ORDER BY 1",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Case label of a handler."""

    path: str
    function: str
    line: int
    condition: str
    answer: str


class Bridges:
    """Paths over ioctls, for the programs of one session."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._built: dict[str, set[str]] = {}
        self._known: dict[tuple[str, str, tuple[str, str], Target, str], tuple[Step, ...]] = {}

    @property
    def _connection(self) -> sqlite3.Connection:
        return self._programs.session.connection

    def architectures(self, name: str, verb: str, vmm: str) -> list[str]:
        """Return the architectures whose kernel code answers a capability, or handles an ioctl (verb `issue`).

        Those for which the VMM has no code are left out, unless that are all.
        """
        if verb == "issue":
            rows = self._connection.execute(_HANDLING, (name, GENERIC)).fetchall()
            if not rows:  # only generic code handles it
                query = "SELECT DISTINCT arch FROM handler WHERE arch <> ? ORDER BY 1"
                rows = self._connection.execute(query, (GENERIC,)).fetchall()
        else:
            rows = self._connection.execute(_ANSWERING[verb], (name,)).fetchall()
        every = [arch for (arch,) in rows]
        built = self._built_for(vmm)
        return [arch for arch in every if arch in built or arch == GENERIC] or every

    def _built_for(self, vmm: str) -> set[str]:
        """Return the architectures for which a VMM has code; an inventory asks for each capability."""
        if vmm not in self._built:
            self._built[vmm] = {arch for (arch,) in self._connection.execute(_BUILT, (vmm,))}
        return self._built[vmm]

    def into_kernel(self, use: VmmSite, tree: Tree, arch: str, name: str) -> Way:
        """Return the steps from the ioctl call of a VMM to the kernel's case label; broken if there are none."""
        verb = use.verb
        if verb == "issue":
            rows = self._connection.execute(_LABELS, (tree.name, name, arch, GENERIC))
        else:
            rows = self._connection.execute(_TARGETS, (verb, tree.name, name, arch, GENERIC))
        targets = [Target(*row) for row in rows.fetchall()]
        calls = self._requests(use.tree, use.callee, list(use.arguments))
        for callee, request in calls:
            descriptor = use.arguments[0] if callee == use.callee and use.arguments else ""
            for entry, target in product(self._programs.receivers.of(use.tree, callee, descriptor), targets):
                key = (tree.name, arch, (entry, request), target, name)
                if key not in self._known:
                    self._known[key] = self._down(tree, arch, (entry, request), target, name)
                if steps := self._known[key]:
                    if callee == use.callee:
                        return Way(steps)
                    last_call = use.calls[-1]
                    return Way(
                        (
                            self._wrapped(use, callee, request)
                            or replace(last_call, function=callee, edge="direct", note=request),
                            *steps,
                        )
                    )
        if not targets:
            missing = (
                "handles it"
                if verb == "issue"
                else f"has a case for it in its {'enable' if verb == 'enable' else 'check'} handlers"
            )
            return Way((), f"no code of {arch} {missing}")
        if not calls:
            return Way((), f"{use.callee}: no ioctl call found in it")
        work = self._programs.work
        no_path = work.reason if work.spent else "no path from the ioctl to its case found"
        return Way((), f"{targets[0].function} ({targets[0].path}:{targets[0].line}): {no_path}")

    def serving(self, verb: str, name: str) -> list[str]:
        """Return the architectures whose kernel code answers, enables or handles it; the shared code is `generic`."""
        query, values = (_HANDLING, (name, "")) if verb == "issue" else (_ANSWERING[verb], (name,))
        return [arch for (arch,) in self._connection.execute(query, values)]

    def from_ioctl(self, verb: str, tree: Tree, arch: str, name: str, scope: str = "") -> Iterator[Way]:
        """Yield the way from each kernel function that may receive the ioctl down to its case; a broken one if none.

        A scope leaves only the function that receives the ioctls on such a descriptor.
        """
        if verb == "issue":
            rows, request = self._connection.execute(_LABELS, (tree.name, name, arch, GENERIC)), name
        else:
            rows = self._connection.execute(_TARGETS, (verb, tree.name, name, arch, GENERIC))
            request = "KVM_ENABLE_CAP" if verb == "enable" else "KVM_CHECK_EXTENSION"
        targets = [Target(*row) for row in rows.fetchall()]
        found = False
        every = dict.fromkeys(entry for names in knowledge().ioctls.values() for entry in names)
        for receiver in knowledge().ioctls[_ISSUERS[scope]] if scope in _ISSUERS else every:
            ways = (self._down(tree, arch, (receiver, request), target, name) for target in targets)
            if steps := next((steps for steps in ways if steps), ()):
                found = True
                yield Way(steps)
                if verb == "check":
                    return  # every descriptor asks the same case
        if targets and not found:
            only = Step(tree.name, targets[0].function, targets[0].path, targets[0].line, "case", name)
            yield Way((only,), "no path from an ioctl to its case found")

    def _wrapped(self, use: VmmSite, callee: str, request: str) -> Step | None:
        """Return the step from the wrapper to its ioctl call, None if there is no such call."""
        program = self._programs.program(self._programs.tree(use.tree))
        program.look([callee])
        for call in program.calls.get(callee, ()):
            if call.caller.name == use.callee:
                return Step(use.tree, callee, call.file.path, call.line, "direct", None, call.condition, request)
        return None

    def _down(self, tree: Tree, arch: str, entry: tuple[str, str], target: Target, name: str) -> tuple[Step, ...]:
        """Return the steps from the kernel function that receives an ioctl down to a case; empty without a path."""
        function, request = entry
        entries = self._programs.find(tree, [function])
        ends = [end for end in self._programs.find(tree, [target.function], [target.path]) if end.line <= target.line]
        if not entries or not ends:
            return ()
        fits = self._programs.fits(tree, arch)
        wanted = {request, name}

        def admits(caller: ProgramFunction, edge: Edge, callee: ProgramFunction) -> bool:
            labels = {label for label in edge.labels.split() if label.startswith("KVM_")}
            return fits(caller, edge, callee) and (not labels or not labels.isdisjoint(wanted))

        way = self._programs.ways(tree, max(ends, key=lambda end: end.line), entries, admits)[0]
        if way.broken:
            return ()
        first = replace(way.steps[0], edge="ioctl", note=request, why=self.operations(tree, function))
        note = f"returns {target.answer}" if target.answer else ""
        case = Step(tree.name, target.function, target.path, target.line, "case", name, target.condition, note)
        # Of the labels, only that of the request or of the capability decides.
        steps = [replace(step, case=_decisive(step.case, wanted)) for step in way.steps[1:]]
        return (first, *steps, case)

    def operations(self, tree: Tree, function: str) -> str:
        """Return the operations table through which the kernel calls the receiver of an ioctl; '' if none is seen."""
        kept = self._programs.program(tree).kept.get(function, ())
        entry = next((entry for entry in kept if entry.path == f".{knowledge().operations}"), None)
        return f"{entry.variable}.{knowledge().operations}, {entry.file.path}:{entry.line}" if entry else ""

    def _requests(self, tree: str, callee: str, arguments: list[str]) -> list[tuple[str, str]]:
        """Return function and request of each ioctl that a VMM's call issues, the most certain first."""
        if self._programs.receivers.of(tree, callee, ""):
            return [(callee, argument) for argument in arguments[1:2] if is_request(argument)]
        rows = self._connection.execute(
            """SELECT k.callee, k.arguments FROM code_function d
               JOIN main.call k ON k.blob = d.blob AND k.function = d.name
               WHERE d.side = 'now' AND d.tree = ? AND d.name = ? ORDER BY k.start""",
            (tree, callee),
        ).fetchall()
        requests = [(name, argument) for name, text in rows for argument in json.loads(text) if is_request(argument)]
        for (body,) in self._connection.execute(
            """SELECT m.body FROM file f JOIN main.macro m ON m.blob = f.blob
               WHERE f.tree = ? AND m.name = ? AND m.parameters IS NOT NULL ORDER BY f.path""",
            (tree, callee),
        ):
            requests += re.findall(r"\b(\w+)\s*\([^()]*?\b(KVM_(?!CAP_)[A-Z_]+)\b", body)
        return list(dict.fromkeys(requests))


def _decisive(labels: str | None, wanted: set[str]) -> str | None:
    return next((label for label in (labels or "").split() if label in wanted), None)
