"""Ways over the edges of a search are those that networkx finds, of equal ones the same."""

from __future__ import annotations

import random

import networkx as nx
import pytest

from caplint.graph.cone_edges import ConeEdges
from caplint.graph.path_model import Edge, ProgramFunction

EDGE = Edge("direct", "a.c", 1, "1")


def _function(number: int) -> ProgramFunction:
    return ProgramFunction("t", "a.c", f"f{number}", number)


def _made(seed: int) -> tuple[ConeEdges, nx.DiGraph]:
    """Edges as a search finds them: from the target, function 0, to callers of what is known."""
    choose = random.Random(seed)
    edges, graph = ConeEdges(_function(0)), nx.DiGraph()
    graph.add_node(_function(0))
    known = [0]
    for _ in range(60):
        caller, callee, cost = choose.randrange(25), choose.choice(known), choose.choice([1.0, 1.5, 2.0])
        if caller == callee:
            continue
        known.append(caller)
        edges.offer(_function(caller), _function(callee), EDGE, cost)
        present = graph.get_edge_data(_function(caller), _function(callee))
        if present is None or cost < present["cost"]:
            graph.add_edge(_function(caller), _function(callee), cost=cost)
    return edges, graph


@pytest.mark.parametrize("seed", range(60))
def test_the_same_ways_as_networkx(seed: int) -> None:
    edges, graph = _made(seed)
    for entry in graph:
        assert edges.cheapest(entry) == nx.dijkstra_path(graph, entry, _function(0), weight="cost")
    assert edges.uncalled() == [function for function, degree in graph.in_degree() if degree == 0]
    costs, ways = nx.single_source_dijkstra(graph.reverse(copy=False), _function(0), weight="cost")
    tops = sorted((costs[function], function) for function in edges.uncalled())
    assert edges.from_uncalled() == [ways[function][::-1] for _, function in tops]


def test_the_cheaper_edge_of_a_pair_stays() -> None:
    edges = ConeEdges(_function(0))
    for line, cost in ((1, 2.0), (2, 1.0), (3, 1.0)):
        edges.offer(_function(1), _function(0), EDGE._replace(line=line), cost)
    assert edges.edge(_function(1), _function(0)).line == 2
    with pytest.raises(KeyError):
        edges.edge(_function(0), _function(1))
