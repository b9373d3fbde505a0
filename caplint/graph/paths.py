"""Whole paths of a capability: from a program's entry over the VMM's call into the kernel, down to the case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx

from caplint.check import Session
from caplint.errors import CaplintError
from caplint.facts.harvest import Reading
from caplint.graph.callers import MAX_FUNCTIONS, Callers
from caplint.graph.kernel import Kernel, requests_of
from caplint.graph.steps import Function, Step
from caplint.graph.texts import Texts
from caplint.knowledge import knowledge
from caplint.trees.tree import Tree


@dataclass(frozen=True, slots=True)
class Use:
    """A place in a VMM that checks or enables a capability."""

    tree: str
    path: str
    line: int
    function: str
    verb: str
    callee: str
    arch: str | None
    condition: str
    arguments: str
    """JSON array."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, or as much of one as could be found."""

    use: Use
    arch: str | None
    steps: tuple[Step, ...]
    above: str = ""
    """Why it does not begin at the program's entry; empty where it does."""
    below: str = ""
    """Why it does not end at a case of the kernel; empty where it does."""

    @property
    def whole(self) -> bool:
        """Whether it leads from the entry to the case."""
        return not (self.above or self.below)


class Paths:
    """Answers for the trees of one session."""

    def __init__(self, session: Session, reading: Reading, start: str | None = None) -> None:
        self._session = session
        self._reading = reading
        self._start = start
        self._callers: dict[str, Callers] = {}
        self._texts: dict[str, Texts] = {}

    def of(self, cap: str, arch: str | None) -> list[Path]:
        """One path for each use and architecture. Raises `CaplintError` for what no tree knows."""
        found = [path for use in self._uses(cap) for path in self._of_use(cap, use, arch)]
        if not found:
            self._known(cap)
        return found

    def _known(self, cap: str) -> None:
        rows = self._session.connection.execute("SELECT count(*) FROM cap WHERE name = ?", (cap,))
        if not rows.fetchone()[0]:
            (near,) = self._session.connection.execute("SELECT nearest_cap(?)", (cap,)).fetchone()
            hint = f"; did you mean {near}?" if near else ""
            raise CaplintError(f"no tree defines {cap}{hint}")

    def _uses(self, cap: str) -> list[Use]:
        rows = self._session.connection.execute(
            """SELECT tree, path, line, function, verb, callee, arch, condition, arguments FROM all_vmm_use
               WHERE side = 'now' AND cap = ? AND function IS NOT NULL ORDER BY verb <> 'check', tree, path, line""",
            (cap,),
        )
        return [Use(*row) for row in rows]

    def _of_use(self, cap: str, use: Use, arch: str | None) -> Iterator[Path]:
        if arch is not None and use.arch not in {None, arch}:
            return
        above, broken = self._above(use)
        call = Step(use.tree, use.callee, use.path, use.line, "direct", None, use.condition, cap)
        wanted = [arch] if arch else [use.arch] if use.arch else self._architectures(cap, use.verb)
        kernels = [tree for tree in self._session.trees if tree.role == "kernel"]
        if not kernels or not wanted:
            why = "no kernel is in view" if not kernels else "no kernel answers for it"
            yield Path(use, arch or use.arch, (*above, call), broken, why)
        for name in wanted:
            for tree in kernels:
                below, why = self._below(use, tree, name, cap)
                yield Path(use, name, (*above, call, *below), broken, why)

    def _architectures(self, cap: str, verb: str) -> list[str]:
        table = "cap_enable" if verb == "enable" else "cap_answer"
        rows = self._session.connection.execute(f"SELECT DISTINCT arch FROM {table} WHERE cap = ? ORDER BY 1", (cap,))  # noqa: S608
        return [arch for (arch,) in rows]

    def _above(self, use: Use) -> tuple[tuple[Step, ...], str]:
        """From where the path begins to the function that holds the use."""
        tree = self._tree(use.tree)
        entries = knowledge().entries.get(tree.project.name, {"functions": [], "files": []})
        manager = self._manager()
        if self._start and manager is None:
            return self._reached(tree, (use.path, use.function), [self._start], None)
        steps, broken = self._reached(tree, (use.path, use.function), entries["functions"], entries["files"])
        if manager is None or broken:
            return steps, broken
        before, broken = self._executed(manager, str(self._start))
        first = replace(steps[0], edge="exec", note="the VMM is executed")
        return (*before, first, *steps[1:]), broken

    def _manager(self) -> Tree | None:
        """The tree of a manager that holds the function to start from."""
        for tree in self._session.trees:
            if tree.role == "manager" and self._start:
                texts = self._text(tree)
                texts.load([self._start])
                if any(self._caller(tree).definition(path, self._start) for path in texts.blobs):
                    return tree
        return None

    def _executed(self, tree: Tree, start: str) -> tuple[tuple[Step, ...], str]:
        """In a manager: from its function to what executes the VMM, past what starts one."""
        through, last = knowledge().execution["through"], knowledge().execution["function"]
        self._text(tree).load([through, last])
        first, broken = self._reached(tree, self._place(tree, through), [start], None)
        second, why = self._reached(tree, self._place(tree, last), [through], None)
        return (*first, *second[1:]), broken or why

    def _place(self, tree: Tree, name: str) -> tuple[str, str]:
        callers = self._caller(tree)
        paths = (path for path in sorted(self._text(tree).blobs) if callers.definition(path, name))
        return next(paths, ""), name

    def _text(self, tree: Tree) -> Texts:
        if tree.name not in self._texts:
            self._texts[tree.name] = Texts(self._session, tree, self._reading)
        return self._texts[tree.name]

    def _caller(self, tree: Tree) -> Callers:
        if tree.name not in self._callers:
            self._callers[tree.name] = Callers(self._text(tree))
        return self._callers[tree.name]

    def _reached(
        self, tree: Tree, place: tuple[str, str], names: list[str], files: list[str] | None
    ) -> tuple[tuple[Step, ...], str]:
        """The shortest and most certain way from one of some functions to the one at a place."""
        texts, callers = self._text(tree), self._caller(tree)
        path, name = place
        texts.load([name, *names])
        target = callers.definition(path, name) if path in texts.blobs else None
        if target is None:
            return (), f"{name}: its definition is not in view"
        entries = [
            found
            for file in sorted(texts.blobs)
            if files is None or file in files
            for entry in names
            if (found := callers.definition(file, entry))
        ]
        complete = callers.extend(target, entries)
        graph = callers.graph
        ways = [
            nx.dijkstra_path(graph, entry, target, weight="cost")
            for entry in entries
            if entry in graph and nx.has_path(graph, entry, target)
        ]
        if ways:
            return tuple(_steps(callers, min(ways, key=len))), ""
        if not entries:
            broken = f"{' and '.join(names) or 'its entry'}: not in view"
        elif complete:
            broken = _why_not(callers, target)
        else:
            broken = f"{target.name}: given up after {MAX_FUNCTIONS:,} functions that may lead to it"
        return (Step(tree.name, target.name, target.path, target.line, "entry"),), broken

    def _below(self, use: Use, tree: Tree, arch: str, cap: str) -> tuple[tuple[Step, ...], str]:
        """From the wrapper over the ioctl to the case."""
        connection = self._session.connection
        kernel = Kernel(connection, tree.name, arch)
        verb = "enable" if use.verb == "enable" else "check"
        targets = kernel.targets(cap, verb)
        calls = requests_of(connection, use.tree, use.callee, json.loads(use.arguments))
        for callee, request in calls:
            entry = knowledge().ioctls.get(callee)
            for target in targets if entry else ():
                if steps := kernel.path(str(entry), request, target):
                    bridge = Step(use.tree, callee, use.path, use.line, "direct", None, "1", request)
                    return tuple(steps) if callee == use.callee else (bridge, *steps), ""
        if not targets:
            return (), f"no {verb} handler of {arch} answers for it"
        return (), f"{use.callee}: no ioctl is seen in it" if not calls else f"no path in {tree.name} leads to the case"

    def _tree(self, name: str) -> Tree:
        return next(tree for tree in self._session.trees if tree.name == name)


def _steps(callers: Callers, way: list[Function]) -> Iterator[Step]:
    first = way[0]
    yield Step(first.tree, first.name, first.path, first.line, "entry")
    for caller, callee in pairwise(way):
        edge = callers.graph.edges[caller, callee]["edge"]
        yield Step(callee.tree, callee.name, edge.path, edge.line, edge.kind, None, edge.condition, edge.via)


def _why_not(callers: Callers, target: Function) -> str:
    """At which function the nearest chain of callers ends, and why."""
    ancestors = {target, *nx.ancestors(callers.graph, target)}
    tops = sorted(function for function in ancestors if callers.graph.in_degree(function) == 0)
    if not tops:
        return f"{target.name}: its callers lead in a circle"
    registered = next((function for function in tops if function in callers.rooted), None)
    if registered is not None:
        return f"{registered.name} ({registered.path}:{registered.line}): registered by {callers.rooted[registered]}()"
    return f"{tops[0].name} ({tops[0].path}:{tops[0].line}): no caller found"
