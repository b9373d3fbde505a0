"""How one function reaches another, in one program or over the boundaries between them."""

from __future__ import annotations

from dataclasses import replace

from caplint.errors import CaplintError
from caplint.graph.answers import Question
from caplint.graph.bridges import Bridges
from caplint.graph.programs import Programs, Way
from caplint.graph.steps import Edge, Function, Path, Step
from caplint.graph.uses import issuers
from caplint.knowledge import knowledge
from caplint.trees.tree import Tree


class Reach:
    """Answers one question."""

    def __init__(self, programs: Programs, bridges: Bridges, question: Question) -> None:
        self._programs = programs
        self._bridges = bridges
        self._question = question

    def paths(self) -> list[Path]:
        """Ways to every definition of the function. Raises `CaplintError` for a function that no tree has."""
        found: list[Path] = []
        for tree in self._programs.session.trees:
            targets = self._programs.find(tree, [self._question.name])
            admits = self._programs.fits(tree, self._question.arch)
            for target in targets:
                if admits(target, Edge("direct", "", 0, "1"), target):
                    found += [
                        Path("reach", self._question.arch, way.steps, way.broken) for way in self._ways(tree, target)
                    ]
        if not found:
            raise CaplintError(f"no tree in view defines {self._question.name}() for what was asked")
        # What is reached comes before what is not, which a namesake in another tree may be.
        return [path for path in found if path.whole] or found

    def _ways(self, tree: Tree, target: Function) -> list[Way]:
        entries = self._entries(tree)
        if entries:
            return self._programs.ways(
                tree, target, entries, self._programs.fits(tree, self._question.arch), self._question.most
            )
        if tree.role == "kernel" and (vmms := self._programs.of_role("vmm")):
            return self._over_ioctl(tree, target, vmms)
        start = self._question.start or "its entry"
        only = Step(tree.name, target.name, target.path, target.line, "entry")
        return [Way((only,), f"{start}: not in view")]

    def _entries(self, tree: Tree) -> list[Function]:
        if self._question.start is not None:
            return self._programs.find(tree, [self._question.start])
        known = knowledge().entries.get(tree.project.name)
        return self._programs.find(tree, known["functions"], known["files"]) if known else []

    def _over_ioctl(self, tree: Tree, target: Function, vmms: list[Tree]) -> list[Way]:
        """From a VMM: to what issues the ioctl under whose case the kernel reaches the function."""
        entries = self._programs.find(tree, sorted(set(knowledge().ioctls.values())))
        below = self._programs.ways(tree, target, entries, self._programs.fits(tree, self._question.arch))[0]
        if below.broken:
            return [below]
        request = next((step.case for step in below.steps if step.case and not step.case.startswith("KVM_CAP_")), None)
        if request is None:
            return [Way(below.steps, f"{below.steps[0].function}: no ioctl's case leads on from it")]
        for vmm in vmms:
            for holder, step in issuers(self._programs, vmm, request, below.steps[0].function):
                entries = self._entries(vmm)
                above = (
                    self._programs.ways(vmm, holder, entries, self._programs.fits(vmm, self._question.arch))[0]
                    if entries
                    else None
                )
                if above is not None and not above.broken:
                    first = replace(below.steps[0], edge="ioctl", note=request)
                    return [Way((*above.steps, step, first, *below.steps[1:]))]
        return [
            Way(
                below.steps,
                f"{request}: nothing that is reached from the start issues it",
            )
        ]
