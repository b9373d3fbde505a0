"""Rows of `function_arch`: the architectures whose code leads to a VMM's generic functions that check capabilities.

A function in generic code may have callers for some architectures only. Only direct calls are followed; a function
that is called otherwise may run anywhere. Few functions are asked for, and few files mention them, so a search of the
program's text finds the files: it costs less than the index of all names that `caplint path` makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from caplint.facts.harvest import ExtractionSettings
from caplint.graph.callers import Callers
from caplint.graph.outlines import Outlines
from caplint.graph.path_model import ProgramFunction
from caplint.graph.program_index import Program, definitions_of
from caplint.graph.search_work import Work
from caplint.knowledge.load import knowledge
from caplint.link.core.rows import FunctionArchRow, insert
from caplint.session import Session
from caplint.trees.text_search import mentioning
from caplint.trees.tree import File, Tree, object_id

# Functions after which a search gives up: what so many lead to is not for a few architectures.
_MOST = 40
# Files that mention the names of one step, after which it gives up as well.
_MOST_FILES = 100

# Functions of generic code that ask the system for a capability which some, but not all, handlers answer by the VM.
_ASKED = """
    SELECT DISTINCT v.tree, v.path, v.function FROM vmm_check v JOIN cap_check c ON c.cap = v.cap
    JOIN tree t ON t.name = v.tree AND t.complete
    WHERE v.arch IS NULL AND v.scope = 'system' AND v.verb = 'check' AND c.reads_vm = 1 AND c.arch <> 'generic'
    ORDER BY 1, 2, 3
"""


def link_function_archs(session: Session, reading: ExtractionSettings) -> None:
    """Fill `function_arch` for the functions in question, each once."""
    asked = [place for place in session.connection.execute(_ASKED).fetchall() if place not in session.placed]
    session.placed.update(asked)
    for tree in session.trees:
        searches = [_CallerSearch(path, function) for name, path, function in asked if name == tree.name]
        if searches:
            _follow(searches, _MentioningFiles(tree, session, reading))
            rows = [(tree.name, s.path, s.function, arch) for s in searches for arch in sorted(s.archs or ())]
            insert(session.connection, "function_arch", map(FunctionArchRow._make, rows))


@dataclass
class _CallerSearch:
    """Search for the architectures whose code leads to one function."""

    path: str
    function: str
    archs: set[str] | None = field(default_factory=set)
    """None if generic code or a pointer may lead to it."""
    pending: list[ProgramFunction] = field(default_factory=list)
    seen: set[ProgramFunction] = field(default_factory=set)

    def begin(self, program: Program) -> None:
        """Begin at the definitions of the function."""
        self.go_on(definitions_of(program, [self.function], [self.path]))

    def go_on(self, functions: Iterable[ProgramFunction]) -> None:
        fresh = set(functions) - self.seen
        self.pending = sorted(fresh)
        self.seen |= fresh
        if len(self.seen) > _MOST:
            self.give_up()

    def give_up(self) -> None:
        self.archs, self.pending = None, []


class _MentioningFiles:
    """Part of one tree's program: the files that mention the names in question."""

    def __init__(self, tree: Tree, session: Session, reading: ExtractionSettings) -> None:
        self._tree = tree
        self._store = session.store
        self._reading = reading
        self._files: dict[str, File] = {}
        self._names: set[str] = set()

    def add(self, names: Iterable[str]) -> bool:
        """Take in the files that mention further names; return whether they are few enough to be read."""
        fresh = set(names) - self._names
        self._names |= fresh
        paths = mentioning(self._tree, fresh, self._store)
        found = [path for path in paths if not knowledge().dead_files.fullmatch(path)]
        for path in set(found) - self._files.keys():
            content = self._tree.read(path)
            self._files[path] = File(path, object_id(content), len(content))
        return len(found) <= _MOST_FILES

    def callers(self) -> Callers:
        """Return the call graph of the files so far."""
        files = [self._files[path] for path in sorted(self._files)]
        program = Program(Outlines(self._store, self._tree, files, self._reading))
        program.look_at_all()
        return Callers(program, Work())


def _follow(searches: list[_CallerSearch], files: _MentioningFiles) -> None:
    """Follow the callers step by step, all searches at once, since each step reads the whole program's text."""
    few = files.add(search.function for search in searches)
    callers = files.callers()
    for search in searches:
        search.begin(callers.program)
        if not search.pending:
            search.give_up()
    while few and any(search.pending for search in searches):
        for search in searches:
            _stop_at_pointers(search, callers.program)
            _step(search, callers)
        if pending := [function.name for search in searches for function in search.pending]:
            few = files.add(pending)
            callers = files.callers()
    for search in searches:
        if search.pending:
            search.give_up()


def _step(search: _CallerSearch, callers: Callers) -> None:
    """Replace the pending functions by their callers; note the architectures of callers that have one."""
    program, found = callers.program, set[ProgramFunction]()
    callers.prepare(search.pending)
    for function in search.pending:
        called = callers.of(function)
        if not called or search.archs is None:
            search.give_up()
            return
        for caller, _ in called:
            definition = program.defined(caller)
            if definition is not None and definition.arch is not None and not definition.macro:
                search.archs.add(definition.arch)
            else:
                found.add(caller)
    search.go_on(found)
    _stop_at_pointers(search, program)


def _stop_at_pointers(search: _CallerSearch, program: Program) -> None:
    """Give up, before any text is searched for it, if a pending function is called otherwise than by its name."""
    tables = (program.kept, program.handed, program.registered, program.aliases)
    if any(function.name in table for table in tables for function in search.pending):
        search.give_up()
