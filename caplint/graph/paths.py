"""Complete paths of a capability, ioctl or MSR, from a program's entry down to the kernel's case label."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs
from caplint.graph.entry_paths import Starts
from caplint.graph.function_paths import Reach
from caplint.graph.kernel_paths import kernel_paths
from caplint.graph.msr_names import is_msr
from caplint.graph.msr_paths import MsrPaths
from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path
from caplint.graph.rust_paths import rust_paths
from caplint.graph.rust_ways import RustWays
from caplint.graph.vmm_sites import VmmSite, uses_of
from caplint.knowledge.load import knowledge
from caplint.util.errors import CaplintError
from caplint.util.suggest import hint


class Paths:
    """Answers to questions about the trees of one session."""

    def __init__(self, programs: Programs, start: str | None = None, most: int = 1) -> None:
        self._programs = programs
        self._bridges = Bridges(programs)
        self._starts = Starts(programs, start or _managers_entry(programs), most)
        self._rust = RustWays(programs, start, most)

    def answer(self, question: Question) -> list[Path]:
        """Return the paths of a question (see `of` and `caplint.graph.function_paths`). Raises `CaplintError`."""
        if question.reach:
            return Reach(self._programs, self._bridges, (self._starts, self._rust), question).paths()
        if is_msr(question.name):
            return MsrPaths(self._programs, self._bridges, self._starts, question.most).of(question.name)
        return self.of(question.name, question.arch)

    def of(self, name: str, arch: str | None) -> list[Path]:
        """Return the best paths per use and architecture. Raises `CaplintError` if no tree contains the name."""
        paths = [path for use in uses_of(self._programs, name) for path in self._of_use(use, name, arch)]
        paths += rust_paths(self._programs, self._bridges, self._rust, (name, arch))
        if not paths:
            self._require_definition(name)
            paths = list(kernel_paths(self._programs, self._bridges, name, arch))
        return paths

    def _require_definition(self, name: str) -> None:
        """Raise `CaplintError` if no tree contains the name."""
        connection = self._programs.session.connection
        query = "SELECT EXISTS (SELECT 1 FROM cap WHERE name = ?1) OR EXISTS (SELECT 1 FROM token_use WHERE name = ?1)"
        if not connection.execute(query, (name,)).fetchone()[0]:
            (near,) = connection.execute("SELECT nearest_cap(?)", (name,)).fetchone()
            raise CaplintError(f"no tree defines {name}{hint(near, '`caplint inventory` lists the capabilities')}")

    def _of_use(self, use: VmmSite, name: str, arch: str | None) -> Iterator[Path]:
        if arch is not None and use.arch not in {None, arch}:
            return
        tree = self._programs.tree(use.tree)
        wanted = [arch] if arch else [use.arch] if use.arch else self._bridges.architectures(name, use.verb, use.tree)
        kernels = self._programs.of_role("kernel")
        for target_arch in wanted or (None,):
            for way in self._starts.ways(tree, use.holder, target_arch):
                if not kernels or not wanted:
                    why = "no kernel is in view" if not kernels else "no kernel answers for it"
                    yield Path(use.verb, arch or use.arch, (*way.steps, *use.calls), way.broken, why)
                for kernel in kernels if wanted else ():
                    below = self._bridges.into_kernel(use, kernel, str(target_arch), name)
                    yield Path(use.verb, target_arch, (*way.steps, *use.calls, *below.steps), way.broken, below.broken)


def _managers_entry(programs: Programs) -> str | None:
    """Return the function in which a manager in view begins to start a VM; None without one."""
    for tree in programs.of_role("manager"):
        entry = knowledge().entries.get(tree.project.name)
        if entry and programs.find(tree, entry["functions"], entry["files"]):
            return entry["functions"][0]
    return None
