"""Where paths begin: at a program's entry, or where a person says, in a VMM or in the manager that executes it."""

from __future__ import annotations

from dataclasses import replace

from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import ProgramFunction, Step
from caplint.knowledge.load import knowledge
from caplint.trees.tree import Tree


class Starts:
    """Ways to functions of a VMM, from one start."""

    def __init__(self, programs: Programs, start: str | None, most: int) -> None:
        self._programs = programs
        self._start = start
        self._most = most
        self._known: dict[tuple[str, ProgramFunction, str | None], list[Way]] = {}

    def ways(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        """The ways to a function of a VMM, over the manager where it holds the start."""
        key = (tree.name, target, arch)
        if key not in self._known:
            self._known[key] = self._found(tree, target, arch)
        return self._known[key]

    def manager(self) -> Tree | None:
        """The tree of a manager that holds the function to start from."""
        if self._start is None:
            return None
        managers = self._programs.of_role("manager")
        return next((tree for tree in managers if self._programs.find(tree, [self._start])), None)

    def _found(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        manager = self.manager()
        if self._start and manager is None:
            ways = self._reached(tree, target, [self._start], None, arch)
            # Where a chain of callers ends says nothing of a start that is somewhere else in it.
            return [
                replace(way, broken=f"not reached from {self._start}; {way.broken}") if way.broken else way
                for way in ways
            ]
        entries = knowledge().entries.get(tree.project.name, {"functions": [], "files": []})
        ways = self._reached(tree, target, entries["functions"], entries["files"], arch)
        if manager is None:
            return ways
        before = self._executed(manager, str(self._start))
        return [way if way.broken else _behind(before, way) for way in ways]

    def _reached(
        self, tree: Tree, target: ProgramFunction, names: list[str], files: list[str] | None, arch: str | None
    ) -> list[Way]:
        entries = self._programs.find(tree, names, files)
        if not entries:
            only = Step(tree.name, target.name, target.path, target.line, "entry")
            return [Way((only,), f"{' or '.join(names) or 'where the program begins'}: not in view")]
        return self._programs.ways(tree, target, entries, self._programs.fits(tree, arch), self._most)

    def _executed(self, tree: Tree, start: str) -> Way:
        """In a manager: from a function to what executes the VMM, past what starts one."""
        through, last = (self._programs.find(tree, [knowledge().execution[part]]) for part in ("through", "function"))
        if not through or not last:
            return Way((), f"{knowledge().execution['through']}: not in view")
        admits = self._programs.fits(tree, None)
        first = self._programs.ways(tree, through[0], self._programs.find(tree, [start]), admits)[0]
        second = self._programs.ways(tree, last[0], [through[0]], admits)[0]
        return Way((*first.steps, *second.steps[1:]), first.broken or second.broken)


def _behind(before: Way, way: Way) -> Way:
    """The way of a VMM behind that of the manager which executes it."""
    first = replace(way.steps[0], edge="exec", note="executes the VMM")
    return Way((*before.steps, first, *way.steps[1:]), before.broken)
