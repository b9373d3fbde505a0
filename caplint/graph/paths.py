"""Whole paths of a capability or ioctl: from a program's entry over the VMM's call down to the kernel's case."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.errors import CaplintError
from caplint.graph.answers import Question
from caplint.graph.bridges import Bridges
from caplint.graph.programs import Programs
from caplint.graph.reach import Reach
from caplint.graph.starts import Starts
from caplint.graph.steps import Path
from caplint.graph.uses import Use, uses_of
from caplint.util.suggest import hint


class Paths:
    """Answers for the trees of one session."""

    def __init__(self, programs: Programs, start: str | None = None, most: int = 1) -> None:
        self._programs = programs
        self._bridges = Bridges(programs)
        self._starts = Starts(programs, start, most)

    def answer(self, question: Question) -> list[Path]:
        """See `of` and `caplint.graph.reach`."""
        if question.reach:
            return Reach(self._programs, self._bridges, self._starts, question).paths()
        return self.of(question.name, question.arch)

    def of(self, name: str, arch: str | None) -> list[Path]:
        """For each use and architecture the best path, or some. Raises `CaplintError` for what no tree knows."""
        found = [path for use in uses_of(self._programs, name) for path in self._of_use(use, name, arch)]
        if not found:
            self._known(name)
        return found

    def _known(self, name: str) -> None:
        connection = self._programs.session.connection
        query = "SELECT EXISTS (SELECT 1 FROM cap WHERE name = ?1) OR EXISTS (SELECT 1 FROM token_use WHERE name = ?1)"
        if not connection.execute(query, (name,)).fetchone()[0]:
            (near,) = connection.execute("SELECT nearest_cap(?)", (name,)).fetchone()
            raise CaplintError(f"no tree defines {name}{hint(near)}")

    def _of_use(self, use: Use, name: str, arch: str | None) -> Iterator[Path]:
        if arch is not None and use.arch not in {None, arch}:
            return
        tree = self._programs.tree(use.tree)
        wanted = [arch] if arch else [use.arch] if use.arch else self._bridges.architectures(name, use.verb)
        kernels = self._programs.of_role("kernel")
        for one in wanted or (None,):
            for way in self._starts.ways(tree, use.holder, one):
                if not kernels or not wanted:
                    why = "no kernel is in view" if not kernels else "no kernel answers for it"
                    yield Path(use.verb, arch or use.arch, (*way.steps, *use.calls), way.broken, why)
                for kernel in kernels if wanted else ():
                    below = self._bridges.into_kernel(use, kernel, str(one), name)
                    yield Path(use.verb, one, (*way.steps, *use.calls, *below.steps), way.broken, below.broken)
