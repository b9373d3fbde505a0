"""How one function reaches another, in one program or over the boundaries between them."""

from __future__ import annotations

from dataclasses import replace

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs, Way
from caplint.graph.entry_paths import Starts
from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path, ProgramFunction, Step
from caplint.graph.program_index import FunctionDefinition
from caplint.graph.vmm_sites import is_request, issuers
from caplint.knowledge.load import GENERIC, knowledge
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


class Reach:
    """Answers one question."""

    def __init__(self, programs: Programs, bridges: Bridges, starts: Starts, question: Question) -> None:
        self._programs = programs
        self._bridges = bridges
        self._starts = starts
        self._question = question

    def paths(self) -> list[Path]:
        """Ways to every definition of the function. Raises `CaplintError` for a function that no tree has."""
        found: list[Path] = []
        for tree in self._programs.session.trees:
            for target in self._targets(tree):
                arch = self._question.arch or (target.arch if target.arch != GENERIC else None)
                ways = self._ways(tree, target.function, arch)
                found += [Path("reach", arch, _said_where(way.steps, target.function), way.broken) for way in ways]
        if not found:
            raise CaplintError(f"no tree in view defines {self._question.name}() for what was asked")
        # What is reached comes before what is not, which a namesake in another tree may be.
        return [path for path in found if path.whole] or found

    def _targets(self, tree: Tree) -> list[FunctionDefinition]:
        """The definitions that can be meant: one that gives way to another is none."""
        program, arch = self._programs.program(tree), self._question.arch
        definitions = [program.defined(found) for found in self._programs.find(tree, [self._question.name])]
        known = [
            found
            for found in definitions
            if found is not None and (arch is None or found.arch in {None, GENERIC, arch})
        ]
        firm = [found for found in known if not found.weak and not _is_stub(found)]
        return firm or known

    def _ways(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        if tree.role == "vmm":
            return self._starts.ways(tree, target, arch)
        vmms = self._programs.of_role("vmm")
        if tree.role == "kernel" and vmms and self._is_outside():
            return self._over_ioctl(tree, target, arch, vmms)
        return self._inside(tree, target, arch)

    def _is_outside(self) -> bool:
        """Whether the way begins in user space: so it does unless only the kernel has the start."""
        start = self._question.start
        trees = [*self._programs.of_role("manager"), *self._programs.of_role("vmm")]
        return start is None or any(self._programs.find(tree, [start]) for tree in trees)

    def _inside(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        known = knowledge().entries.get(tree.project.name, {"functions": [], "files": []})
        start = self._question.start
        entries = (
            self._programs.find(tree, [start])
            if start
            else self._programs.find(tree, known["functions"], known["files"])
        )
        if not entries:
            only = Step(tree.name, target.name, target.path, target.line, "entry")
            return [Way((only,), f"{start or 'where the program begins'}: not in view")]
        return self._programs.ways(tree, target, entries, self._programs.fits(tree, arch), self._question.most)

    def _over_ioctl(self, tree: Tree, target: ProgramFunction, arch: str | None, vmms: list[Tree]) -> list[Way]:
        """From a VMM: to what issues the ioctl under whose case the kernel reaches the function."""
        names = sorted({name for entries in knowledge().ioctls.values() for name in entries})
        entries = self._programs.find(tree, names)
        below = self._programs.ways(tree, target, entries, self._programs.fits(tree, arch))[0]
        if below.broken:
            return [below]
        first = below.steps[0]
        requests = list(
            dict.fromkeys(label for step in below.steps for label in (step.case or "").split() if is_request(label))
        )
        for request in requests:
            for vmm in vmms:
                for use in issuers(self._programs, vmm, request, first.function, arch):
                    above = self._starts.ways(vmm, use.holder, arch or use.arch)[0]
                    if not above.broken:
                        why = self._bridges.operations(tree, first.function)
                        bridge = replace(first, edge="ioctl", note=request, why=why)
                        return [Way((*above.steps, *use.calls, bridge, *below.steps[1:]))]
        said = " and ".join(requests) or f"{first.function}: no ioctl's case leads on from it"
        return [Way(below.steps, f"{said}: nothing that is reached from the start issues it" if requests else said)]


def _is_stub(definition: FunctionDefinition) -> bool:
    """Whether a definition stands in for a part that is not built."""
    path = definition.function.path
    return path.startswith("stubs/") or "/stubs/" in path or path.endswith(("-stub.c", "_stub.c"))


def _said_where(steps: tuple[Step, ...], target: ProgramFunction) -> tuple[Step, ...]:
    last = steps[-1]
    note = "; ".join(part for part in (last.note, f"defined at {target.path}:{target.line}") if part)
    return (*steps[:-1], replace(last, note=note))
