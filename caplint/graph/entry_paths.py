"""Paths from a start to a VMM's functions: from a program's entry or a given function, of the VMM or its manager."""

from __future__ import annotations

from dataclasses import replace

from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import ProgramFunction, Step
from caplint.knowledge.load import knowledge
from caplint.trees.tree import Tree


class Starts:
    """Ways from one start to functions of a VMM, cached."""

    def __init__(self, programs: Programs, start: str | None, most: int) -> None:
        self._programs = programs
        self._start = start
        self._most = most
        self._known: dict[tuple[str, ProgramFunction, str | None], list[Way]] = {}

    def ways(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        """Return the ways to a function of a VMM, through the manager if it contains the start."""
        key = (tree.name, target, arch)
        if key not in self._known:
            self._known[key] = self._found(tree, target, arch)
        return self._known[key]

    def manager(self) -> Tree | None:
        """Return the manager's tree that defines the start function, None if there is none."""
        if self._start is None:
            return None
        managers = self._programs.of_role("manager")
        return next((tree for tree in managers if self._programs.find(tree, [self._start])), None)

    def _found(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        manager = self.manager()
        if self._start and manager is None:
            ways = self._reached(tree, target, [self._start], None, arch)
            # The reason why the chain of callers ends says nothing about the given start.
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
        admits = self._programs.fits(tree, arch)
        # Constructors precede the program's own entries, not a start that the user names.
        ways = self._programs.ways if files is None else self._programs.ways_from_entry
        return ways(tree, target, entries, admits, self._most)

    def _executed(self, tree: Tree, start: str) -> Way:
        """Return the manager's steps from `start` to the function that executes the VMM, through the one in between."""
        through, last = (self._programs.find(tree, [knowledge().execution[part]]) for part in ("through", "function"))
        if not through or not last:
            return Way((), f"{knowledge().execution['through']}: not in view")
        admits = self._programs.fits(tree, None)
        first = self._programs.ways(tree, through[0], self._programs.find(tree, [start]), admits)[0]
        second = self._programs.ways(tree, last[0], [through[0]], admits)[0]
        return Way((*first.steps, *second.steps[1:]), first.broken or second.broken)


def _behind(before: Way, way: Way) -> Way:
    """Return the manager's way followed by that of the VMM which it executes."""
    first = replace(way.steps[0], edge="exec", note="executes the VMM")
    return Way((*before.steps, first, *way.steps[1:]), before.broken)
