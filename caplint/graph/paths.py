"""Whole paths of a capability or ioctl: from a program's entry over the VMM's call down to the kernel's case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caplint.errors import CaplintError
from caplint.graph.answers import Question
from caplint.graph.bridges import Bridges
from caplint.graph.programs import Programs, Way
from caplint.graph.reach import Reach
from caplint.graph.steps import Function, Path, Step
from caplint.graph.uses import Use, uses_of
from caplint.knowledge import knowledge
from caplint.trees.tree import Tree


class Paths:
    """Answers for the trees of one session."""

    def __init__(self, programs: Programs, start: str | None = None, most: int = 1) -> None:
        self._programs = programs
        self._bridges = Bridges(programs)
        self._start = start
        self._most = most
        self._above_of: dict[tuple[str, Function, str | None], list[Way]] = {}

    def answer(self, question: Question) -> list[Path]:
        """See `of` and `caplint.graph.reach`."""
        if question.reach:
            return Reach(self._programs, self._bridges, question).paths()
        return self.of(question.name, question.arch)

    def of(self, name: str, arch: str | None) -> list[Path]:
        """For each use and architecture the best path, or some. Raises `CaplintError` for what no tree knows."""
        found = [path for use in uses_of(self._programs, name) for path in self._of_use(use, name, arch)]
        if not found:
            self._known(name)
        return found

    def _known(self, name: str) -> None:
        connection = self._programs.session.connection
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM cap WHERE name = ?1) + (SELECT count(*) FROM token_use WHERE name = ?1)",
            (name,),
        )
        if not rows.fetchone()[0]:
            (near,) = connection.execute("SELECT nearest_cap(?)", (name,)).fetchone()
            hint = f"; did you mean {near}?" if near else ""
            raise CaplintError(f"no tree defines {name}{hint}")

    def _of_use(self, use: Use, name: str, arch: str | None) -> Iterator[Path]:
        if arch is not None and use.arch not in {None, arch}:
            return
        wanted = [arch] if arch else [use.arch] if use.arch else self._bridges.architectures(name, use.verb)
        kernels = self._programs.of_role("kernel")
        for one in wanted or (None,):
            for way in self._above(use, one):
                if not kernels or not wanted:
                    why = "no kernel is in view" if not kernels else "no kernel answers for it"
                    yield Path(use.verb, arch or use.arch, (*way.steps, *use.calls), way.broken, why)
                for tree in kernels if wanted else ():
                    below = self._bridges.into_kernel(use, tree, str(one), name)
                    yield Path(use.verb, one, (*way.steps, *use.calls, *below.steps), way.broken, below.broken)

    def _above(self, use: Use, arch: str | None) -> list[Way]:
        """From where the path begins to the function that holds the use."""
        key = (use.tree, use.holder, arch)
        if key not in self._above_of:
            self._above_of[key] = self._found_above(use, arch)
        return self._above_of[key]

    def _found_above(self, use: Use, arch: str | None) -> list[Way]:
        tree = self._programs.tree(use.tree)
        manager = self._manager()
        if self._start and manager is None:
            return self._reached(tree, use.holder, [self._start], None, arch)
        entries = knowledge().entries.get(tree.project.name, {"functions": [], "files": []})
        ways = self._reached(tree, use.holder, entries["functions"], entries["files"], arch)
        if manager is None:
            return ways
        (before,) = self._executed(manager, str(self._start))
        return [
            way
            if way.broken
            else Way(
                (*before.steps, replace(way.steps[0], edge="exec", note="executes the VMM"), *way.steps[1:]),
                before.broken,
            )
            for way in ways
        ]

    def _reached(
        self, tree: Tree, target: Function, names: list[str], files: list[str] | None, arch: str | None
    ) -> list[Way]:
        entries = self._programs.find(tree, names, files)
        if not entries:
            only = Step(tree.name, target.name, target.path, target.line, "entry")
            return [Way((only,), f"{' and '.join(names) or 'its entry'}: not in view")]
        return self._programs.ways(tree, target, entries, self._programs.fits(tree, arch), self._most)

    def _manager(self) -> Tree | None:
        """The tree of a manager that holds the function to start from."""
        if self._start is None:
            return None
        return next(
            (tree for tree in self._programs.of_role("manager") if self._programs.find(tree, [self._start])), None
        )

    def _executed(self, tree: Tree, start: str) -> list[Way]:
        """In a manager: from a function to what executes the VMM, past what starts one."""
        through, last = (self._programs.find(tree, [knowledge().execution[part]]) for part in ("through", "function"))
        if not through or not last:
            return [Way((), f"{knowledge().execution['through']}: not in view")]
        admits = self._programs.fits(tree, None)
        first = self._programs.ways(tree, through[0], self._programs.find(tree, [start]), admits)[0]
        second = self._programs.ways(tree, last[0], [through[0]], admits)[0]
        return [Way((*first.steps, *second.steps[1:]), first.broken or second.broken)]
