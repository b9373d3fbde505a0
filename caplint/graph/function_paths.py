"""Paths from one function to another, within one program or across programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caplint.graph.bridges import Bridges
from caplint.graph.call_graph import Programs, Way
from caplint.graph.entry_paths import Starts
from caplint.graph.path_cache import Question
from caplint.graph.path_model import Path, ProgramFunction, Step
from caplint.graph.program_index import FunctionDefinition
from caplint.graph.rust_ways import RustWays
from caplint.graph.vmm_sites import is_request, issuers
from caplint.knowledge.load import GENERIC, knowledge
from caplint.trees.tree import Tree
from caplint.util.errors import CaplintError


class Reach:
    """Answer to one question about a function."""

    def __init__(
        self, programs: Programs, bridges: Bridges, starts: tuple[Starts, RustWays], question: Question
    ) -> None:
        self._programs = programs
        self._bridges = bridges
        self._starts, self._rust = starts
        self._question = question

    def paths(self) -> list[Path]:
        """Return paths to every definition of the function. Raises `CaplintError` if no tree defines it."""
        paths: list[Path] = []
        for tree in self._programs.session.trees:
            for target in self._targets(tree):
                arch = self._question.arch or (target.arch if target.arch != GENERIC else None)
                ways = self._ways(tree, target.function, arch)
                paths += [Path("reach", arch, _with_location(way.steps, target.function), way.broken) for way in ways]
            paths += self._in_rust(tree) if tree.role == "vmm" else ()
        if not paths:
            architecture = f" for {self._question.arch}" if self._question.arch else ""
            raise CaplintError(f"no tree in view defines {self._question.name}(){architecture}; name a tree that does")
        # A definition that is not reached may be an unrelated namesake in another tree.
        return [path for path in paths if path.whole] or paths

    def _in_rust(self, tree: Tree) -> Iterator[Path]:
        """Yield the paths to the definitions in Rust."""
        for target in self._rust.defined(tree, self._question.name):
            arch = self._question.arch
            if arch is None or target.arch in {None, arch}:
                for way in self._rust.to(tree, target, arch or target.arch):
                    steps = _with_location(way.steps, target.function)
                    yield Path("reach", arch or target.arch, steps, way.broken)

    def _targets(self, tree: Tree) -> list[FunctionDefinition]:
        """Return the definitions in question; weak definitions and stubs only if there is no other."""
        program, arch = self._programs.program(tree), self._question.arch
        definitions = [program.defined(function) for function in self._programs.find(tree, [self._question.name])]
        candidates = [
            definition
            for definition in definitions
            if definition is not None and (arch is None or definition.arch in {None, GENERIC, arch})
        ]
        strong = [definition for definition in candidates if not definition.weak and not _is_stub(definition)]
        return strong or candidates

    def _ways(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        if tree.role == "vmm":
            return self._starts.ways(tree, target, arch)
        vmms = self._programs.of_role("vmm")
        if tree.role == "kernel" and vmms and self._is_outside():
            return self._over_ioctl(tree, target, arch, vmms)
        return self._inside(tree, target, arch)

    def _is_outside(self) -> bool:
        """Return whether the way begins in user space: always, unless only the kernel defines the start."""
        start = self._question.start
        trees = [*self._programs.of_role("manager"), *self._programs.of_role("vmm")]
        return start is None or any(self._programs.find(tree, [start]) for tree in trees)

    def _inside(self, tree: Tree, target: ProgramFunction, arch: str | None) -> list[Way]:
        entry_names = knowledge().entries.get(tree.project.name, {"functions": [], "files": []})
        start = self._question.start
        entries = (
            self._programs.find(tree, [start])
            if start
            else self._programs.find(tree, entry_names["functions"], entry_names["files"])
        )
        if not entries:
            only = Step(tree.name, target.name, target.path, target.line, "entry")
            return [Way((only,), f"{start or 'where the program begins'}: not in view")]
        return self._programs.ways(tree, target, entries, self._programs.fits(tree, arch), self._question.most)

    def _over_ioctl(self, tree: Tree, target: ProgramFunction, arch: str | None, vmms: list[Tree]) -> list[Way]:
        """Return the way through a VMM's ioctl whose case leads to the kernel function; broken if there is none."""
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
        if not requests:
            return [Way(below.steps, f"{first.function}: no case label of an ioctl on the path from it")]
        work = self._programs.work
        why = work.reason if work.spent else "no function reached from the start issues it"
        return [Way(below.steps, f"{' and '.join(requests)}: {why}")]


def _is_stub(definition: FunctionDefinition) -> bool:
    """Return whether a definition is a stub for a component that is not built."""
    path = definition.function.path
    return path.startswith("stubs/") or "/stubs/" in path or path.endswith(("-stub.c", "_stub.c"))


def _with_location(steps: tuple[Step, ...], target: ProgramFunction) -> tuple[Step, ...]:
    last = steps[-1]
    note = "; ".join(part for part in (last.note, f"defined at {target.path}:{target.line}") if part)
    return (*steps[:-1], replace(last, note=note))
