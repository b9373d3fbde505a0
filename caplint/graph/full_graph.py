"""Complete call graph of a tree: all functions, calls, and calls through pointers."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.outlines import Outlines
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.program_index import Kept, Program, edge_of, is_live, static_slot
from caplint.graph.receivers import Receivers, Slot
from caplint.graph.tree_files import code_of
from caplint.knowledge.load import GENERIC, knowledge
from caplint.trees.tree import Tree


def graphs(
    trees: list[Tree], store: FactStore, reading: ExtractionSettings, arch: str | None
) -> list[tuple[str, nx.DiGraph]]:
    """Return name and call graph of each tree."""
    named_graphs = []
    for tree in trees:
        program = Program(Outlines(store, tree, code_of(tree, store), reading))
        program.look_at_all()
        named_graphs.append((tree.name, whole(program, arch)))
    return named_graphs


def whole(program: Program, arch: str | None = None) -> nx.DiGraph:
    """Return the graph of all edges of a program that has been read.

    Nodes are `ProgramFunction`s and slots. A slot is a pair of structure (or None) and member through which functions
    are called. A call leads to its slot and a slot to the functions stored in it, so that a thousand calls through a
    member with a thousand candidates are two thousand edges. Each edge has an attribute `edge`, an `Edge`.
    """
    graph = nx.DiGraph()
    graph.add_nodes_from(
        definition.function
        for definitions in program.definitions.values()
        for definition in definitions
        if definition.live
        and (arch is None or definition.arch in {None, GENERIC, arch})
        and not program.is_replaced(definition, arch)
    )
    receivers = Receivers(program)
    for caller, callee, edge in (
        *_direct(program),
        *_handed(program),
        *_through(program, receivers),
        *_through_variables(program),
        *_kept(program, receivers),
    ):
        if (caller in graph or not isinstance(caller, ProgramFunction)) and (
            callee in graph or not isinstance(callee, ProgramFunction)
        ):
            present = graph.get_edge_data(caller, callee)
            if present is None or edge.cost < present["edge"].cost:
                graph.add_edge(caller, callee, edge=edge)
    return graph


_Node = ProgramFunction | Slot
_Found = Iterator[tuple[_Node, _Node, Edge]]


def _direct(program: Program) -> _Found:
    for name, calls in program.calls.items():
        for call in calls:
            if is_live(call.condition):
                for definition in program.meant(name, call.file):
                    yield call.caller, definition.function, edge_of("macro" if definition.macro else "direct", call)
    for name, aliases in program.aliases.items():
        for alias in aliases:
            for definition in program.definitions.get(name, ()):
                holder = alias.function
                yield holder, definition.function, Edge("direct", holder.path, holder.line, alias.condition)


def _handed(program: Program) -> _Found:
    for name, calls in program.handed.items():
        if name in program.definitions:
            for handed in calls:
                for target in program.meant(name, handed.call.file) if is_live(handed.call.condition) else ():
                    if target.function != handed.call.caller:
                        yield handed.call.caller, target.function, edge_of("callback", handed.call, handed.call.callee)
    registrars = knowledge().registrars
    for name, uses in program.registered.items():
        for use in uses:
            for runner in program.meant(registrars[use.macro], use.file) if use.macro in registrars else ():
                for target in program.meant(name, use.file):
                    edge = Edge("callback", use.file.path, use.line, "1", via=use.macro)
                    yield runner.function, target.function, edge


def _through(program: Program, receivers: Receivers) -> _Found:
    for member, calls in program.through.items():
        for call in calls:
            if is_live(call.condition):
                slot = receivers.called(call.file, call.owner, call.callee) or (None, member)
                sure = (
                    "exact"
                    if static_slot(call.callee) or (slot[0] or "").startswith("=")
                    else "type"
                    if slot[0]
                    else "field"
                )
                yield call.caller, slot, edge_of("table", call, f"{slot[0] or '?'}.{slot[1]}", sure)


def _through_variables(program: Program) -> _Found:
    """Yield the calls of functions that a variable holds, such as `hook(1)` after `hook = function`."""
    stored = (kept.variable for name in program.definitions for kept in program.kept.get(name, ()) if not kept.path)
    for name in dict.fromkeys(stored):
        for call in program.calls.get(name, ()):
            if is_live(call.condition) and not program.meant(name, call.file):
                yield call.caller, (f"={name}", ""), edge_of("table", call, name)


def _kept(program: Program, receivers: Receivers) -> _Found:
    for name, places in program.kept.items():
        for kept in places if name in program.definitions else ():
            holder = program.defined(kept.holder) if kept.holder is not None else None
            if is_live(kept.condition) and (holder is None or name not in holder.parameters):
                for definition in program.meant(name, kept.file):
                    for slot in receivers.kept(kept):
                        yield from _put(slot, definition.function, kept)
    yield from _copied(program, receivers)


def _put(slot: Slot, function: ProgramFunction, kept: Kept) -> _Found:
    sure = "type" if slot[0] else "field"
    edge = Edge("table", kept.file.path, kept.line, kept.condition, via=kept.name, sure=sure)
    yield slot, function, edge
    if slot[0] is not None and not slot[0].startswith("="):
        yield (None, slot[1]), slot, edge._replace(sure="field")


def _copied(program: Program, receivers: Receivers) -> _Found:
    for copies in program.copied.values():
        for file, owner, left, right in copies:
            target, source = receivers.target(file, owner, left), receivers.target(file, owner, right)
            if target and source and target != source:
                yield target, source, Edge("table", file.path, 0, "1", via=f"copied: {left} = {right}", sure="type")
