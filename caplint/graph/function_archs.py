"""Rows of `function_arch`: the architectures whose code leads to a VMM's generic functions that check capabilities.

A function in generic code may have callers for some architectures only. The callers come from the call graph, as those
of `caplint path` do; only direct calls are followed, and a function that is called otherwise may run anywhere.
"""

from __future__ import annotations

import json

from caplint.facts.harvest import ExtractionSettings
from caplint.graph.call_graph import Programs
from caplint.graph.path_cache import Question, cache_key
from caplint.graph.path_model import ProgramFunction
from caplint.link.core.rows import FunctionArchRow, insert
from caplint.session import Session
from caplint.trees.tree import Tree

# Functions after which a search gives up: what so many lead to is not for a few architectures.
_MOST = 40
_KEY = "architectures of functions"

# Functions of generic code that ask the system for a capability which some, but not all, handlers answer by the VM.
_ASKED = """
    SELECT DISTINCT v.tree, v.path, v.function FROM vmm_check v JOIN cap_check c ON c.cap = v.cap
    JOIN tree t ON t.name = v.tree AND t.complete
    WHERE v.arch IS NULL AND v.scope = 'system' AND v.verb = 'check' AND c.reads_vm = 1 AND c.arch <> 'generic'
    ORDER BY 1, 2, 3
"""


def link_function_archs(session: Session, reading: ExtractionSettings) -> None:
    """Fill `function_arch` for the functions in question, each once; answers about known trees come from the cache."""
    asked = [place for place in session.connection.execute(_ASKED).fetchall() if place not in session.placed]
    if not asked:
        return
    session.placed.update(asked)
    named = {name for name, _, _ in asked}
    trees = [tree for tree in session.trees if tree.name in named]  # callers are of the same program
    key = cache_key(Question(f"{_KEY} {asked}", None, None, 1), trees, session.store, reading)
    cached = session.store.recall(key)
    rows = _rows(Programs(session, reading), asked) if cached is None else json.loads(cached)
    if cached is None:
        session.store.retain(key, json.dumps(rows))
    insert(session.connection, "function_arch", map(FunctionArchRow._make, rows))


def _rows(programs: Programs, asked: list[tuple[str, str, str]]) -> list[tuple[str, str, str, str]]:
    rows = []
    for name, path, function in asked:
        tree = programs.tree(name)
        targets = programs.find(tree, [function], [path])
        found = [_architectures(programs, tree, target) for target in targets]
        if found and None not in found:
            archs = sorted({arch for entry in found for arch in entry or ()})
            rows += [(name, path, function, arch) for arch in archs]
    return rows


def _architectures(programs: Programs, tree: Tree, target: ProgramFunction) -> set[str] | None:
    """Return the architectures whose code leads to a function; None if generic code or a pointer may lead to it."""
    callers, archs = programs.callers(tree), set[str]()
    program = callers.program
    pending, seen = [target], {target}
    while pending:
        function = pending.pop()
        program.look([function.name])
        if any(function.name in table for table in (program.kept, program.handed, program.registered, program.aliases)):
            return None
        callers.prepare([function])
        found = callers.of(function)
        if not found or len(seen) > _MOST:
            return None
        for caller, _ in found:
            definition = program.defined(caller)
            arch = definition.arch if definition is not None else None
            if arch is not None and definition is not None and not definition.macro:
                archs.add(arch)
            elif caller not in seen:
                seen.add(caller)
                pending.append(caller)
    return archs
