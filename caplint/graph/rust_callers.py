"""Callers of the functions of a Rust program, by the meaning of its calls; a call that is not understood is no edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from caplint.c.expression import parse
from caplint.c.formula import substitute
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.rust_names import is_telling
from caplint.graph.rust_program import RustCall, RustFunction, RustProgram
from caplint.graph.rust_types import CallTarget, RustTypes
from caplint.graph.search_work import Work
from caplint.knowledge.load import knowledge
from caplint.rust.spelling import as_cfg
from caplint.rust.words import words

RustCaller = tuple[ProgramFunction, Edge]


class RustEdge(Edge):
    """Edge of the Rust call graph; an edge that needs a Cargo feature counts as longer."""

    __slots__ = ()

    @property
    def cost(self) -> float:
        """Length for the path search."""
        return super().cost + 0.25 * ("CFG_" in self.condition)


class RustCallers:
    """Callers of the functions of one program, cached."""

    def __init__(self, program: RustProgram, work: Work) -> None:
        self.program = program
        self.types = RustTypes(program)
        self.work = work
        self._known: dict[ProgramFunction, list[RustCaller]] = {}
        self._targets: dict[int, dict[ProgramFunction, tuple[CallTarget, bool]]] = {}

    def prepare(self, functions: Iterable[ProgramFunction]) -> None:
        """Do nothing: the whole program has been read."""

    def of(self, function: ProgramFunction) -> list[RustCaller]:
        """Return the callers of a function with the cheapest edge of each."""
        if function not in self._known:
            best: dict[ProgramFunction, Edge] = {}
            for call, target, named in self._calls(self.program.by_function[function]):
                caller, edge = call.caller.function, _edge(call, target, named=named)
                if caller != function and (caller not in best or edge.cost < best[caller].cost):
                    best[caller] = edge
            self._known[function] = sorted(best.items())
        return self._known[function]

    def _calls(self, function: RustFunction) -> Iterator[tuple[RustCall, CallTarget, bool]]:
        for call in self.program.calls.get(function.name, ()):
            self.work.done += 1
            found = self.targets(call).get(function.function)
            if found is not None:
                yield call, *found

    def targets(self, call: RustCall) -> dict[ProgramFunction, tuple[CallTarget, bool]]:
        """Return the functions that a call may mean, and whether only the method's name tells."""
        if id(call) not in self._targets:
            found = self._meant(call)
            by_name = call.kind == "m" and not found and not self._has_type(call)
            if by_name:
                found = self._only_one(call)
            chosen = [target for target in found if _fits(call, target.function)]
            self._targets[id(call)] = {target.function.function: (target, by_name) for target in chosen}
        return self._targets[id(call)]

    def _meant(self, call: RustCall) -> list[CallTarget]:
        if call.kind != "m":
            return self.types.path_targets(call.path, call.caller)
        uses = self.types.of(call.receiver, call.caller)
        return list(dict.fromkeys(target for use in uses for target in self.types.methods(use, call.name)))

    def _has_type(self, call: RustCall) -> bool:
        return bool(self.types.of(call.receiver, call.caller))

    def unclear(self, function: RustFunction) -> str:
        """Return the place of a call that may mean a method but whose receiver is not understood; '' without one."""
        for call in self.program.calls.get(function.name, ()):
            if call.kind == "m" and function.has_self and call.arguments == function.parameters:
                sees = self.program.crates.sees(call.caller.module.crate, function.module.crate)
                if sees and not self.targets(call) and not self._has_type(call) and is_telling(call.name):
                    return f"{call.caller.function.path}:{call.line}"
        return ""

    def _only_one(self, call: RustCall) -> list[CallTarget]:
        """Return the method of a name that only one type or trait of the program has, and no library."""
        if not is_telling(call.name):
            return []
        known = [
            one for one in self.program.by_name.get(call.name, ()) if one.has_self and one.parameters == call.arguments
        ]
        if len(known) != 1 or not known[0].has_body:
            return []
        sees = self.program.crates.sees(call.caller.module.crate, known[0].module.crate)
        return [CallTarget(known[0])] if sees else []


def _fits(call: RustCall, function: RustFunction) -> bool:
    """Tell whether a call has the arguments of a function; a path gives a method's receiver as well."""
    if call.kind == "v" or min(call.arguments, function.parameters) < 0 or function.name.endswith("!"):
        return True
    given = call.arguments - (call.kind == "p" and function.has_self)
    return given == function.parameters


def _edge(call: RustCall, target: CallTarget, *, named: bool) -> Edge:
    kind = "callback" if call.kind == "v" else "direct"
    via = ""
    if target.function.name.endswith("!"):
        kind = "macro"
    elif target.trait:
        kind, via = "trait", f"{target.trait}::{target.function.name}"
    path = call.caller.function.path
    sure = "field" if named else "exact"
    return RustEdge(kind, path, call.line, call.condition, via=via, sure=sure)


@lru_cache(maxsize=1 << 14)
def is_built(condition: str, arch: str | None) -> bool:
    """Return whether code under a condition can be part of a VMM on Linux, for an architecture (None: any)."""
    return condition == "1" or substitute(parse(condition), _settled(arch)) is not False


@lru_cache(maxsize=64)
def _settled(arch: str | None) -> dict[str, bool]:
    atoms = dict(knowledge().dead) | {"defined(__linux__)": True, "defined(__unix__)": True}
    if arch is not None:
        for target, macro in words().targets["target_arch"].items():
            if (named := knowledge().architecture(target)) is not None:
                atoms[f"defined({macro})"] = named == arch and macro != "__i386__"
    return atoms


def shown_condition(condition: str) -> str:
    """Return a condition for display, without the terms that are always true on Linux."""
    if condition == "1":
        return "1"
    from caplint.c.formula import text  # noqa: PLC0415 - one import beside the function of the same subject

    return as_cfg(text(substitute(parse(condition), {"defined(__linux__)": True, "defined(__unix__)": True})))
