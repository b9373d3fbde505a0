"""Paths of an MSR: from a guest's instruction, and a VMM's KVM_GET_MSRS or KVM_SET_MSRS, to the code that serves it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs, Way
from caplint.graph.entry_paths import Starts
from caplint.graph.msr_names import is_msr
from caplint.graph.path_model import Edge, Path, ProgramFunction, Step
from caplint.graph.search import Admits
from caplint.graph.vmm_sites import VmmSite, is_request, issuers
from caplint.knowledge.load import knowledge
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError
from caplint.util.suggest import suggestion

_SITES = """
    SELECT tree, path, function, min(line), verb, msr, high, condition, value_kind, value FROM all_msr_site
    WHERE side = 'now' AND (msr = ?1 OR number <= ?2 AND last >= ?2)
    GROUP BY tree, path, function, verb ORDER BY verb = 'feature', verb, tree, path, function
"""
_NAMING = """
    SELECT DISTINCT function, path FROM all_vmm_msr
    WHERE side = 'now' AND tree = ?1 AND verb = ?2 AND (msr = ?3 OR number = ?4) ORDER BY 2, 1
"""
_NUMBER = "SELECT number FROM all_msr WHERE side = 'now' AND name = ? AND number IS NOT NULL ORDER BY role <> 'kernel'"


@dataclass(frozen=True, slots=True)
class _RegisterCode:
    """Code of a handler that serves an MSR."""

    tree: str
    path: str
    function: str
    line: int
    verb: str
    """`get`, `set`, or `feature`: a read on the system's descriptor."""
    low: str
    high: str
    condition: str
    value_kind: str
    value: str

    @property
    def note(self) -> str:
        """Value that the code reads or writes, and the range that the MSR lies in."""
        parts = [f"within {self.low} to {self.high}"] if self.low != self.high else []
        if self.value_kind == "delegated" and self.value:
            parts.append(f"served by {self.value}()")
        elif self.value and self.verb != "set":
            parts.append(f"from {self.value}")
        elif self.value_kind == "state" and "->" in self.value:
            parts.append(f"to {self.value}")
        return ", ".join(parts)


class MsrPaths:
    """Paths of the MSRs of one session."""

    def __init__(self, programs: Programs, bridges: Bridges, starts: Starts, most: int) -> None:
        """`most` above 1: code that all vendors share is reached through the module of each, else of the first."""
        self._most = most
        self._programs = programs
        self._bridges = bridges
        self._starts = starts
        self._above: dict[tuple[str, str, str], tuple[tuple[Step, ...], str]] = {}
        """Steps of VMMs to their ioctls, by register, request and receiver: the same for each vendor's module."""

    def of(self, name: str) -> list[Path]:
        """Return the paths of an MSR. Raises `CaplintError` if no tree defines it and no code serves it."""
        connection = self._programs.session.connection
        number = self._number(name)
        sites = [_RegisterCode(*row) for row in connection.execute(_SITES, (name, number))]
        if not sites:
            known = [known for (known,) in connection.execute("SELECT DISTINCT name FROM all_msr WHERE side = 'now'")]
            if name in known:
                raise CaplintError(f"{name}: no handler of a kernel in view serves it; see `caplint coverage`")
            raise CaplintError(f"no tree defines {name}{suggestion(name, known)}")
        return [path for site in sites for path in self._paths(site, name)]

    def _number(self, name: str) -> int | str | None:
        """Return the number of an MSR as its column holds it, None if no tree tells."""
        found = self._programs.session.connection.execute(_NUMBER, (name,)).fetchone()
        return found[0] if found else None

    def _paths(self, site: _RegisterCode, name: str) -> Iterator[Path]:
        tree = self._programs.tree(site.tree)
        ends = [end for end in self._programs.find(tree, [site.function], [site.path]) if end.line <= site.line]
        if not ends:
            return
        target = max(ends, key=lambda end: end.line)
        last = Step(site.tree, site.function, site.path, site.line, "case", name, site.condition, site.note)
        exits = {_vendor(function.path): function for function in self._programs.find(tree, knowledge().msr.exits)}
        own = _vendor(site.path)
        vendors = [own] if own else sorted(exits, reverse=True)[: self._most] or [""]
        for vendor in vendors:
            if site.verb in knowledge().msr.guest_accesses:
                yield self._from_guest(tree, target, site, last, vendor)
            yield self._from_host(tree, target, site, last, vendor)

    def _from_guest(self, tree: Tree, target: ProgramFunction, site: _RegisterCode, last: Step, vendor: str) -> Path:
        """Return the path from the function that handles exits, over the one that emulates the instruction."""
        instruction, emulation = knowledge().msr.guest_accesses[site.verb]
        exits = self._programs.find(tree, knowledge().msr.exits)
        own = [function for function in exits if _vendor(function.path) == vendor]
        emulate = self._programs.find(tree, [emulation])
        if not emulate:
            return _path(instruction, (last,), f"{emulation}: not in view")
        admits = self._admits(tree, {last.case or ""}, vendor)
        first = self._programs.ways(tree, emulate[0], own or exits, admits)[0]
        second = self._programs.ways(tree, target, emulate, admits)[0]
        if second.broken:
            return _path(instruction, (*second.steps, last), second.broken)
        start = replace(first.steps[0], note=f"the guest executes {instruction}")
        return _path(instruction, (start, *first.steps[1:], *second.steps[1:], last), first.broken)

    def _from_host(self, tree: Tree, target: ProgramFunction, site: _RegisterCode, last: Step, vendor: str) -> Path:
        """Return the path from the function that receives the ioctl, behind a VMM that issues it."""
        request, entry = knowledge().msr.host_accesses[site.verb]
        verb = "feature" if site.verb == "feature" else f"{site.verb}_msrs"
        entries = self._programs.find(tree, [entry])
        way = (
            self._programs.ways(tree, target, entries, self._admits(tree, {request, last.case or ""}, vendor))[0]
            if entries
            else Way((), f"{entry}: not in view")
        )
        if way.broken:
            return _path(verb, (*way.steps, last), way.broken)
        bridge = replace(way.steps[0], edge="ioctl", note=request, why=self._bridges.operations(tree, entry))
        if (key := (last.case or "", request, entry)) not in self._above:
            self._above[key] = self._issued(key[0], "put" if site.verb == "set" else "get", request, entry)
        above, broken = self._above[key]
        return _path(verb, (*above, bridge, *way.steps[1:], last), broken)

    def _issued(self, name: str, verb: str, request: str, entry: str) -> tuple[tuple[Step, ...], str]:
        """Return the steps to a VMM's call that issues a request, and the reason why there are none.

        They lead through code that gets or puts (`verb`) the register; where a VMM has none, the last step says so.
        """
        vmms = self._programs.of_role("vmm")
        for vmm in vmms:
            uses = list(issuers(self._programs, vmm, request, entry, knowledge().msr.architecture))
            for function in self._naming(vmm, name, verb):
                for use in uses:
                    if steps := self._through(vmm, function, use):
                        return steps, ""
            for use in uses:
                way = self._starts.ways(vmm, use.holder, knowledge().msr.architecture)[0]
                if not way.broken:
                    *calls, issued = use.calls
                    note = f"{request} of other registers; no code of {vmm.name} that was understood {verb}s {name}"
                    return (*way.steps, *calls, replace(issued, note=note)), ""
        return (), f"no VMM in view issues {request}" if vmms else "no VMM is in view"

    def _naming(self, vmm: Tree, name: str, verb: str) -> list[ProgramFunction]:
        """Return the functions of a VMM that get or put a register."""
        rows = self._programs.session.connection.execute(_NAMING, (vmm.name, verb, name, self._number(name)))
        return [found for function, path in rows.fetchall() for found in self._programs.find(vmm, [function], [path])]

    def _through(self, vmm: Tree, function: ProgramFunction, use: VmmSite) -> tuple[Step, ...]:
        """Return the steps from a VMM's start through a function to a site; empty if there are none."""
        above = self._starts.ways(vmm, function, knowledge().msr.architecture)[0]
        if above.broken or function == use.holder:
            return () if above.broken else (*above.steps, *use.calls)
        fits = self._programs.fits(vmm, knowledge().msr.architecture)
        below = self._programs.ways(vmm, use.holder, [function], fits)[0]
        return () if below.broken else (*above.steps, *below.steps[1:], *use.calls)

    def _admits(self, tree: Tree, wanted: set[str], vendor: str) -> Admits:
        """Return a predicate that keeps to a vendor, and out of the cases of other requests and registers."""
        fits = self._programs.fits(tree, knowledge().msr.architecture)

        def admits(caller: ProgramFunction, edge: Edge, callee: ProgramFunction) -> bool:
            if vendor and _vendor(caller.path) not in {"", vendor}:
                return False
            labels = {label for label in edge.labels.split() if is_request(label) or is_msr(label)}
            return fits(caller, edge, callee) and (not labels or not labels.isdisjoint(wanted))

        return admits


def _vendor(path: str) -> str:
    """Return the vendor whose module a file belongs to; empty for code that all share."""
    return next((name for name, pattern in knowledge().msr.vendors.items() if pattern.search(path)), "")


def _path(verb: str, steps: tuple[Step, ...], above: str) -> Path:
    return Path(verb, knowledge().msr.architecture, steps, above)
