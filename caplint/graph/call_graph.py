"""Programs of a run, one per tree, with the searches for paths to their functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from caplint.facts.harvest import ExtractionSettings
from caplint.graph.callers import Callers, namesakes
from caplint.graph.ioctl_receivers import IoctlReceivers
from caplint.graph.kept_views import LinkedTrees
from caplint.graph.mentions import is_constructor, mention
from caplint.graph.outlines import Outlines
from caplint.graph.path_model import Edge, ProgramFunction, Step
from caplint.graph.program_index import FunctionDefinition, Program, definitions_of
from caplint.graph.search import Admits, Cone, search
from caplint.graph.search_work import Work, WorkSpentError
from caplint.graph.tree_files import code_of
from caplint.knowledge.load import GENERIC, knowledge
from caplint.trees.tree import Tree

_Way = list[tuple[ProgramFunction, Edge | None]]


@dataclass(frozen=True, slots=True)
class Way:
    """Steps to a function; only the last part of them if the search did not reach an entry."""

    steps: tuple[Step, ...]
    broken: str = ""
    """Reason why it does not begin at an entry; empty if it does."""
    certain: bool = False
    """Whether the sources show that the function is unreachable; False if the search only found no caller."""


class Programs:
    """Programs of one session."""

    def __init__(self, session: LinkedTrees, reading: ExtractionSettings) -> None:
        self.session = session
        self.reading = reading
        self._callers: dict[str, Callers] = {}
        self.work = Work()
        self.receivers = IoctlReceivers(session.connection)
        """Who receives the ioctls of a VMM's functions."""

    def of_role(self, role: str) -> list[Tree]:
        """Return the trees of a role, in the order of the command line."""
        return [tree for tree in self.session.trees if tree.role == role]

    def tree(self, name: str) -> Tree:
        """Return the tree of a name. Raises `StopIteration` for an unknown name."""
        return next(tree for tree in self.session.trees if tree.name == name)

    def callers(self, tree: Tree) -> Callers:
        """Return the call graph of a tree, as far as it has been read."""
        if tree.name not in self._callers:
            store = self.session.store
            files = code_of(tree, store)
            self._callers[tree.name] = Callers(Program(Outlines(store, tree, files, self.reading)), self.work)
        return self._callers[tree.name]

    def program(self, tree: Tree) -> Program:
        """Return the index of a tree's program, as far as it has been read."""
        return self.callers(tree).program

    def find(self, tree: Tree, names: list[str], files: list[str] | None = None) -> list[ProgramFunction]:
        """Return the live definitions of functions, sorted; `files` limits them to these paths."""
        program = self.program(tree)
        program.look(names)
        return sorted(definitions_of(program, names, files))

    def ways(
        self, tree: Tree, target: ProgramFunction, entries: list[ProgramFunction], admits: Admits, most: int = 1
    ) -> list[Way]:
        """Return the cheapest ways from entries to a function; a single broken way if there is none."""
        return self._found(tree, self._search(tree, target, entries, admits, most), most)

    def ways_from_entry(
        self, tree: Tree, target: ProgramFunction, entries: list[ProgramFunction], admits: Admits, most: int = 1
    ) -> list[Way]:
        """Return the same for the entries of a program; constructors, which run before them, are entries as well."""
        cone = self._search(tree, target, entries, admits, most)
        early = () if cone.reached or cone.stopped else self._from_constructor(tree, cone)
        return [Way(early)] if early else self._found(tree, cone, most)

    def _search(
        self, tree: Tree, target: ProgramFunction, entries: list[ProgramFunction], admits: Admits, most: int
    ) -> Cone:
        return search(self.callers(tree), target, entries, admits, beyond=3.0 if most > 1 else 0.0)

    def _found(self, tree: Tree, cone: Cone, most: int) -> list[Way]:
        if cone.reached:
            return [Way(self.route(tree, cone))] if most == 1 else list(self._routes(tree, cone, most))
        way, broken, certain = self._why_not(self.callers(tree), cone)
        return [Way(self._steps(tree, way), broken, certain)]

    def _from_constructor(self, tree: Tree, cone: Cone) -> tuple[Step, ...]:
        """Return the cheapest way from a constructor; nothing if none was found."""
        program = self.program(tree)
        for way in cone.tops():
            if is_constructor(program, way[0][0]):
                first, *steps = self._steps(tree, way)
                return (replace(first, why="a constructor, which runs before the entry"), *steps)
        return ()

    def route(self, tree: Tree, cone: Cone) -> tuple[Step, ...]:
        """Return the cheapest way of a search that reached an entry."""
        return self._steps(tree, cone.path())

    def _routes(self, tree: Tree, cone: Cone, most: int) -> Iterator[Way]:
        """Yield at most `most` ways; a broken one at the end says that the work was spent before all were found."""
        count = 0
        try:
            for way in cone.paths(most, self.work):
                count += 1
                yield Way(self._steps(tree, way))
        except WorkSpentError:
            if not count:
                yield Way(self.route(tree, cone))
            target = self._steps(tree, [(cone.target, None)])
            yield Way(target, f"{cone.target.name}: {self.work.reason}; there may be further paths")

    def _steps(self, tree: Tree, way: _Way) -> tuple[Step, ...]:
        return tuple(self._step(tree, *part) for part in way)

    def _step(self, tree: Tree, function: ProgramFunction, edge: Edge | None) -> Step:
        why = self._why_this(tree, function)
        if edge is None:
            definition = f"{function.path}:{function.line}"
            return Step(tree.name, function.name, function.path, function.line, "entry", why=why, defined=definition)
        return Step(
            tree.name, function.name, edge.path, edge.line, edge.kind, _label(edge.labels), edge.condition, edge.via,
            edge.sure, why, f"{function.path}:{function.line}",
        )  # fmt: skip

    def _why_this(self, tree: Tree, function: ProgramFunction) -> str:
        """Return the reason why this definition is chosen among its namesakes."""
        program = self.program(tree)
        definition = program.defined(function)
        if definition is None:
            return ""
        entries = knowledge().entries.get(tree.project.name)
        if entries and function.name in entries["functions"] and function.path in entries["files"]:
            others = program.outlines.count(function.name) - 1
            mentions = f"; {others} other file{'s' * (others > 1)} mention{'s' * (others == 1)} {function.name}()"
            return f"paths.toml's entry of {tree.project.title}" + mentions * (others > 0)
        reasons = {_reason(definition, other) for other in namesakes(program, definition)}
        return "; ".join(sorted(reasons - {""})[:2])

    @staticmethod
    def _why_not(callers: Callers, cone: Cone) -> tuple[_Way, str, bool]:
        """Return the most informative chain of callers, the reason why it ends, and whether that is certain."""
        alone: _Way = [(cone.target, None)]
        if cone.stopped:
            return alone, f"{cone.target.name}: {cone.stopped}", False
        tops = cone.tops()
        if not tops:
            return alone, f"{cone.target.name}: its callers form a cycle", False
        for explain in (_registered, _generated, _made, _kept, _expanded, _elsewhere, _named):
            for way in tops:
                if reason := explain(callers, way[0][0]):
                    return way, f"{_place(way[0][0])}: {reason}", False
        return tops[0], f"{_place(tops[0][0][0])}: no caller found", True

    def fits(self, tree: Tree, arch: str | None) -> Admits:
        """Return a predicate that admits edges between functions compiled for an architecture (None: any)."""
        program = self.program(tree)

        def admits(caller: ProgramFunction, _edge: Edge, callee: ProgramFunction) -> bool:
            if arch is None:
                return True
            holder, definition = program.defined(caller), program.defined(callee)
            if holder is not None and holder.arch not in {None, GENERIC, arch}:
                return False
            return definition is None or not program.is_replaced(definition, arch)

        return admits


def _place(function: ProgramFunction) -> str:
    return f"{function.name} ({function.path}:{function.line})"


def _registered(callers: Callers, top: ProgramFunction) -> str:
    macro = callers.registered(top)
    return f"registered by {macro}()" if macro else ""


def _generated(_callers: Callers, top: ProgramFunction) -> str:
    return next((why for prefix, why in knowledge().generated.items() if top.name.startswith(prefix)), "")


def _made(callers: Callers, top: ProgramFunction) -> str:
    method = callers.made_through(top)
    calls = ", ".join(f"{call}()" for call in sorted(knowledge().made.calls.get(method, ()))[:2])
    return f"called for objects of any type ({method}), and no {calls} names this one" if method else ""


def _kept(callers: Callers, top: ProgramFunction) -> str:
    for kept in callers.program.kept.get(top.name, ()):
        return f"assigned at {kept.file.path}:{kept.line}, but no call through that pointer found"
    return ""


def _expanded(callers: Callers, top: ProgramFunction) -> str:
    definition = callers.program.defined(top)
    if definition is None or not definition.macro:
        return ""
    uses = (use.macro for named in callers.program.registered.values() for use in named)
    if top.name not in uses:
        return ""  # an expression or statements that nothing uses
    return "a macro that expands to code outside functions, which is not expanded here"


def _elsewhere(callers: Callers, top: ProgramFunction) -> str:
    """Return a reason that names a caller which the question excludes; '' without one."""
    for caller, edge in callers.of(top):
        definition = callers.program.defined(caller)
        arch = definition.arch if definition is not None else None
        return (
            f"only code of {arch} calls it ({edge.path}:{edge.line})" if arch else f"called at {edge.path}:{edge.line}"
        )
    return ""


def _named(callers: Callers, top: ProgramFunction) -> str:
    location = mention(callers.program, top)
    return f"mentioned at {location} in a form that is not followed" if location else ""


def _label(labels: str) -> str | None:
    """Return the ioctls and capabilities among a call's case labels, else the first two labels, else None."""
    words = labels.split()
    return " ".join([label for label in words if label.startswith("KVM_")] or words[:2]) or None


def _reason(chosen: FunctionDefinition, other: FunctionDefinition) -> str:
    location = f"{other.function.path}:{other.function.line}"
    if not other.live:
        return f"not the one at {location}, which is compiled only if {other.condition}"
    if other.static and other.function.path != chosen.function.path:
        return f"not the one at {location}, which is private to its file"
    if other.arch != chosen.arch and other.arch not in {None, GENERIC}:
        return f"not the one at {location}, which is for {other.arch}"
    return ""
