"""Whole call graphs as a summary, as data and for Graphviz."""

from __future__ import annotations

import io
import json

import networkx as nx

from caplint.graph.path_model import Edge, ProgramFunction
from caplint.report.graph import write_dot, write_json, write_text
from caplint.report.style import Style

F, G = ProgramFunction("q", "a.c", "f", 1), ProgramFunction("q", 'b".c', "g", 2)
SLOT, ANY = ("ops", "run"), (None, "run")


def _graph() -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_edge(F, SLOT, edge=Edge("table", "a.c", 4, "1", "KVM_RUN", "ops.run", "type"))
    graph.add_edge(SLOT, G, edge=Edge("table", "b.c", 5, "CONFIG_A", "", "g"))
    graph.add_edge(ANY, SLOT, edge=Edge("table", "b.c", 5, "1", "", "g", "field"))
    graph.add_edge(G, F, edge=Edge("direct", "b.c", 6, "1"))
    return graph


def _written(write: object, graphs: list[tuple[str, nx.DiGraph]]) -> str:
    out = io.StringIO()
    assert callable(write)
    write(graphs, out, Style())
    return out.getvalue()


def test_the_summary_counts_by_kind_and_certainty() -> None:
    assert _written(write_text, [("q\x1b", _graph()), ("k", nx.DiGraph())]).splitlines() == [
        "q\\x1b: 2 functions and macros, 2 pointers that are called through",
        "          1 direct",
        "          1 table",
        "          1 table (by field)",
        "          1 table (by type)",
        "k: 0 functions and macros, 0 pointers that are called through",
    ]


def test_edges_as_data_are_sorted() -> None:
    found = json.loads(_written(write_json, [("q", _graph()), ("k", nx.DiGraph())]))
    assert [tree["name"] for tree in found["trees"]] == ["q", "k"]
    assert found["trees"][1]["edges"] == []
    edges = found["trees"][0]["edges"]
    assert [(edge["from"], edge["to"]) for edge in edges] == [
        ("?.run", "ops.run"), ("a.c:f", "ops.run"), ('b".c:g', "a.c:f"), ("ops.run", 'b".c:g'),
    ]  # fmt: skip
    assert edges[1] == {
        "from": "a.c:f", "to": "ops.run", "kind": "table", "path": "a.c", "line": 4, "case": "KVM_RUN",
        "condition": "1", "note": "ops.run", "sure": "type",
    }  # fmt: skip
    assert edges[3]["case"] is None


def test_no_graph_at_all() -> None:
    assert json.loads(_written(write_json, [])) == {"version": 1, "trees": []}
    assert _written(write_text, []) == ""


def test_indirect_calls_are_dashed() -> None:
    found = _written(write_dot, [("q", _graph())]).splitlines()
    assert '  "q:a.c:f" -> "q:ops.run" [style=dashed];' in found
    assert '  "q:b\\".c:g" -> "q:a.c:f" [style=solid];' in found
    assert (found[0], found[-1], len(found)) == ("digraph calls {", "}", 7)
