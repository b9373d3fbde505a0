"""Whole call graphs: a summary, JSON, and a graph for Graphviz."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TextIO

import networkx as nx

from caplint.graph.steps import Edge, Function
from caplint.report.style import Style, safe

_Graphs = list[tuple[str, nx.DiGraph]]
_STYLES = {"table": "dashed", "callback": "dashed"}


def write_text(graphs: _Graphs, out: TextIO, _: Style) -> None:
    """Write how many functions, pointers and calls each tree has."""
    out.writelines(line + "\n" for line in _text(graphs))


def write_json(graphs: _Graphs, out: TextIO, _: Style) -> None:
    """Write every edge, one on a line."""
    out.writelines(line + "\n" for line in _json(graphs))


def write_dot(graphs: _Graphs, out: TextIO, _: Style) -> None:
    """Write the graphs for Graphviz."""
    out.writelines(line + "\n" for line in _dot(graphs))


def _text(graphs: _Graphs) -> Iterator[str]:
    for name, graph in graphs:
        functions = sum(isinstance(node, Function) for node in graph)
        pointers = len(graph) - functions
        yield f"{safe(name)}: {functions:,} functions and macros, {pointers:,} pointers that are called through"
        found = Counter((edge.kind, edge.sure) for _, _, edge in graph.edges.data("edge"))
        for (kind, sure), count in sorted(found.items()):
            yield f"  {count:>9,} {kind}" + (f" (by {sure})" if sure != "exact" else "")


def _json(graphs: _Graphs) -> Iterator[str]:
    """One line for each edge, so that half a million of them can be read as they come."""
    yield '{"version": 1, "trees": ['
    for index, (name, graph) in enumerate(graphs):
        yield f'{{"name": {json.dumps(name)}, "edges": ['
        separator = ""
        for source, sink, edge in _sorted(graph):
            yield separator + json.dumps(
                {"from": _label(source), "to": _label(sink), "kind": edge.kind, "path": edge.path, "line": edge.line,
                 "case": edge.labels or None, "condition": edge.condition, "note": edge.via, "sure": edge.sure}
            )  # fmt: skip
            separator = ","
        yield "]}" + ("," if index + 1 < len(graphs) else "")
    yield "]}"


def _dot(graphs: _Graphs) -> Iterator[str]:
    yield "digraph calls {"
    yield '  rankdir=LR; node [shape=box, fontname="monospace"];'
    for name, graph in graphs:
        for source, sink, edge in _sorted(graph):
            ends = (json.dumps(f"{name}:{_label(end)}") for end in (source, sink))
            yield f"  {' -> '.join(ends)} [style={_STYLES.get(edge.kind, 'solid')}];"
    yield "}"


def _sorted(graph: nx.DiGraph) -> list[tuple[object, object, Edge]]:
    return sorted(graph.edges.data("edge"), key=lambda row: (_label(row[0]), _label(row[1])))


def _label(node: object) -> str:
    if isinstance(node, Function):
        return f"{node.path}:{node.name}"
    assert isinstance(node, tuple)
    return f"{node[0] or '?'}.{node[1]}"
