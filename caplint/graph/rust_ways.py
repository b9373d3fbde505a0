"""Ways from the entry of a VMM in Rust to the functions around its sites."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from caplint.facts.harvest import harvest
from caplint.graph.call_graph import Programs, Way
from caplint.graph.path_model import Edge, ProgramFunction, Step
from caplint.graph.rust_callers import RustCallers, is_built, shown_condition
from caplint.graph.rust_crates import Crates
from caplint.graph.rust_program import RustFunction, RustProgram
from caplint.graph.search import Cone, search
from caplint.graph.search_work import WorkSpentError
from caplint.knowledge.languages import MANIFEST, RUST, RUST_OUTLINE, language_of
from caplint.knowledge.load import GENERIC, knowledge
from caplint.link.functions.condition_arch import condition_arch
from caplint.trees.tree import File, Tree

_Part = tuple[ProgramFunction, Edge | None]
_ROWS = 500


class RustWays:
    """Ways within the Rust programs of one session, cached."""

    def __init__(self, programs: Programs, start: str | None, most: int) -> None:
        self._programs = programs
        self._start = start
        self._most = most
        self._callers: dict[str, RustCallers | None] = {}
        self._known: dict[tuple[ProgramFunction, str | None], list[Way]] = {}

    def callers(self, tree: Tree) -> RustCallers | None:
        """Return the call graph of a tree's Rust; None for a tree without any."""
        if tree.name not in self._callers:
            self._callers[tree.name] = _read(self._programs, tree)
        return self._callers[tree.name]

    def defined(self, tree: Tree, name: str) -> list[RustFunction]:
        """Return the definitions of a function with this name that a program on Linux may have."""
        callers = self.callers(tree)
        known = callers.program.by_name.get(name, ()) if callers is not None else ()
        return [one for one in known if one.has_body and is_built(one.condition, None)]

    def to_place(self, tree: Tree, path: str, line: int, arch: str | None) -> list[Way]:
        """Return the ways to the function around a place; none if no function is around it."""
        callers = self.callers(tree)
        function = callers.program.around(path, line) if callers is not None else None
        return self.to(tree, function, arch) if function is not None else []

    def to(self, tree: Tree, target: RustFunction, arch: str | None) -> list[Way]:
        """Return the ways to a function; one that does not begin at an entry says why."""
        key = (target.function, arch)
        if key not in self._known:
            callers = self.callers(tree)
            self._known[key] = list(self._found(tree, callers, target, arch)) if callers is not None else []
        return self._known[key]

    def _found(self, tree: Tree, callers: RustCallers, target: RustFunction, arch: str | None) -> Iterator[Way]:
        entries = self._entries(tree, callers.program)
        beyond = 3.0 if self._most > 1 else 0.0
        cone = search(callers, target.function, entries, _admits(callers.program, arch), beyond)
        if not cone.reached:
            way, why = _why_not(callers, cone, entries)
            not_from = f"not reached from {self._start}; " if self._start and entries else ""
            yield Way(_steps(callers.program, way), not_from + why)
            return
        yield Way(_steps(callers.program, cone.path()))
        try:
            for way in list(cone.paths(self._most, callers.work))[1:] if self._most > 1 else ():
                yield Way(_steps(callers.program, way))
        except WorkSpentError:
            return

    def _entries(self, tree: Tree, program: RustProgram) -> list[ProgramFunction]:
        """Return the functions in which the program begins, or that the user names."""
        if self._start is not None:
            return [one.function for one in self.defined(tree, self._start)]
        entry = knowledge().entries.get(tree.project.name)
        names = entry["functions"] if entry else ["main"]
        return [
            one.function
            for name in names
            for one in program.by_name.get(name, ())
            if one.has_body and not one.owner and is_built(one.condition, None)
            and (one.function.path in entry["files"] if entry else program.crates.is_program(one.function.path))
        ]  # fmt: skip


def _read(programs: Programs, tree: Tree) -> RustCallers | None:
    store = programs.session.store
    code = tree.code_files(store)
    files = [file for file in code if language_of(file.path) == RUST]
    if not files:
        return None
    outlines = dict(_outlines(programs, tree, files))
    manifests = [file for file in code if language_of(file.path) == MANIFEST]
    program = RustProgram(tree.name, Crates(tree, manifests))
    _place_modules(program, outlines)
    around = _conditions(program, outlines)
    for path, tables in outlines.items():
        arch = knowledge().architecture_of(tree.project, path)
        program.add(path, None if arch == GENERIC else arch, tables, around.get(path, "1"))
    return RustCallers(program, programs.work)


def _outlines(programs: Programs, tree: Tree, files: list[File]) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """Yield path and tables of each file that can be read."""
    store, reading = programs.session.store, programs.reading
    rows = harvest(store, [(tree, file) for file in files], reading, _quietly, RUST_OUTLINE)
    wanted = sorted({rows[file.oid, RUST_OUTLINE] for file in files})
    texts: dict[int, str] = {}
    for begin in range(0, len(wanted), _ROWS):
        some = wanted[begin : begin + _ROWS]
        marks = ", ".join("?" * len(some))
        query = f"SELECT blob, text FROM main.outline WHERE blob IN ({marks})"  # noqa: S608
        texts.update(store.connection.execute(query, some).fetchall())
    for file in files:
        if (text := texts.get(rows[file.oid, RUST_OUTLINE])) is not None:
            yield file.path, json.loads(text)


def _place_modules(program: RustProgram, outlines: dict[str, dict[str, list[Any]]]) -> None:
    """Record the module of each file that a `#[path]` attribute names."""
    for path, tables in outlines.items():
        for module, name, _condition, file in tables["modules"]:
            if file and not module:
                above = program.modules.of_file(path)
                place = f"{path.rpartition('/')[0]}/{file}".lstrip("/")
                if place in outlines:
                    program.modules.moved[place] = above._replace(path=(*above.path, name))


def _conditions(program: RustProgram, outlines: dict[str, dict[str, list[Any]]]) -> dict[str, str]:
    """Return file → condition under which its module and those around it are declared."""
    declared: dict[tuple[str, tuple[str, ...]], str] = {}
    for path, tables in outlines.items():
        base = program.modules.of_file(path)
        for module, name, condition, _file in tables["modules"]:
            key = (base.crate, (*base.path, *filter(None, module.split("::")), name))
            text = tables["texts"][condition]
            known = declared.get(key)
            declared[key] = text if known is None else "1" if "1" in {text, known} else f"({known}) || ({text})"
    found = {}
    for path in outlines:
        place = program.modules.of_file(path)
        parts = [declared.get((place.crate, place.path[: size + 1]), "1") for size in range(len(place.path))]
        found[path] = " && ".join(f"({part})" for part in dict.fromkeys(parts) if part != "1") or "1"
    return found


def _quietly(_done: int, _total: int) -> None:
    pass


def _admits(program: RustProgram, arch: str | None) -> Any:
    """Return a predicate: whether an edge can exist on Linux, on an architecture (None: any)."""

    def admits(caller: ProgramFunction, edge: Edge, callee: ProgramFunction) -> bool:
        return is_built(edge.condition, arch) and all(
            is_built(one.condition, arch) and (arch is None or one.arch in {None, arch})
            for one in (program.by_function[caller], program.by_function[callee])
        )

    return admits


def _steps(program: RustProgram, way: Iterable[_Part]) -> tuple[Step, ...]:
    steps = []
    for function, edge in way:
        defined = f"{function.path}:{function.line}"
        if edge is None:
            steps.append(Step(program.tree, function.name, function.path, function.line, "entry", defined=defined))
        else:
            condition = shown_condition(edge.condition)
            steps.append(
                Step(
                    program.tree, function.name, edge.path, edge.line, edge.kind, None, condition, edge.via, edge.sure,
                    defined=defined,
                )
            )  # fmt: skip
    return tuple(steps)


def _why_not(callers: RustCallers, cone: Cone, entries: list[ProgramFunction]) -> tuple[list[_Part], str]:
    """Return the most informative chain of callers, and the reason why it ends."""
    alone: list[_Part] = [(cone.target, None)]
    if cone.stopped:
        return alone, f"{cone.target.name}: {cone.stopped}"
    tops = cone.tops()
    if not tops:
        return alone, f"{cone.target.name}: its callers form a cycle"
    missing = "" if entries else "; no `fn main` of a program is in view"
    for explain in (_unclear, _foreign, _elsewhere, _uncalled):
        for way in tops:
            if reason := explain(callers, callers.program.by_function[way[0][0]]):
                return way, f"{_place(way[0][0])}: {reason}{missing}"
    top = tops[-1] if not entries else tops[0]
    return top, f"{_place(top[0][0])}: no caller found{missing}"


def _unclear(callers: RustCallers, top: RustFunction) -> str:
    place = callers.unclear(top)
    return f"called at {place} on a value whose type is not known" if place else ""


def _foreign(callers: RustCallers, top: RustFunction) -> str:
    trait = callers.types.implemented(top)
    return f"a method of {trait}, a trait of another crate, through which calls are not followed" if trait else ""


def _elsewhere(callers: RustCallers, top: RustFunction) -> str:
    """Return a reason that names a caller that the query excludes; '' if there is none."""
    for caller, edge in callers.of(top.function):
        other = callers.program.by_function[caller]
        arch = other.arch or condition_arch(edge.condition) or condition_arch(other.condition)
        return (
            f"only code of {arch} calls it ({edge.path}:{edge.line})" if arch else f"called at {edge.path}:{edge.line}"
        )
    return ""


def _uncalled(_callers: RustCallers, top: RustFunction) -> str:
    trait = top.trait.rpartition("::")[2]
    return f"a method of the trait {trait}; no call through it is understood" if trait else ""


def _place(function: ProgramFunction) -> str:
    return f"{function.name} ({function.path}:{function.line})"
