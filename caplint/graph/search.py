"""Walks callers backwards from a function, the most certain first, until an entry is reached."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import networkx as nx

from caplint.graph.callers import Callers
from caplint.graph.path_model import Edge, ProgramFunction

# Functions that one search looks at before it gives up.
MAX_FUNCTIONS = 6_000
# Functions whose callers are looked for at once cost at most so much more than the nearest.
_BATCH = 1.0

Admits = Callable[[ProgramFunction, Edge, ProgramFunction], bool]
"""Whether an edge (caller, edge, callee) may be part of the path."""


@dataclass
class Cone:
    """What was looked at: everything that may lead to the target, as far as the search went."""

    target: ProgramFunction
    graph: nx.DiGraph
    reached: list[ProgramFunction]
    """The entries from which the target is reached, the nearest first."""
    complete: bool
    """False: the search was given up."""

    def path(self) -> list[tuple[ProgramFunction, Edge | None]]:
        """The cheapest way from an entry to the target, each function with the edge that leads to it."""
        return self._edges(nx.dijkstra_path(self.graph, self.reached[0], self.target, weight="cost"))

    def paths(self, most: int) -> list[list[tuple[ProgramFunction, Edge | None]]]:
        """So many ways at most, the cheapest first."""
        found = []
        for way in nx.shortest_simple_paths(self.graph, self.reached[0], self.target, weight="cost"):
            found.append(self._edges(way))
            if len(found) == most:
                break
        return found

    def _edges(self, way: list[ProgramFunction]) -> list[tuple[ProgramFunction, Edge | None]]:
        edges = [None, *(self.graph.edges[pair]["edge"] for pair in pairwise(way))]
        return list(zip(way, edges, strict=True))

    def tops(self) -> list[list[tuple[ProgramFunction, Edge | None]]]:
        """The ways from functions that nothing leads to, as far as was looked; the cheapest first."""
        costs, ways = nx.single_source_dijkstra(self.graph.reverse(copy=False), self.target, weight="cost")
        found = sorted((costs[function], function) for function, degree in self.graph.in_degree() if degree == 0)
        return [self._edges(ways[function][::-1]) for _, function in found]


def search(
    callers: Callers, target: ProgramFunction, entries: Iterable[ProgramFunction], admits: Admits, beyond: float = 0.0
) -> Cone:
    """Look for ways from entries to the target; `beyond` is how much dearer ones are looked for as well."""
    graph = nx.DiGraph()
    graph.add_node(target)
    goals = set(entries)
    costs = {target: 0.0}
    heap = [(0.0, target)]
    settled: set[ProgramFunction] = set()
    reached: list[ProgramFunction] = []
    bound = float("inf")
    while heap and heap[0][0] <= bound and len(settled) < MAX_FUNCTIONS:
        batch = _batch(heap, settled, min(bound, heap[0][0] + _BATCH))
        callers.prepare(function for _, function in batch if function not in goals)
        for cost, function in batch:
            settled.add(function)
            if function in goals:
                reached.append(function)
                bound = min(bound, cost + beyond)
                continue
            for caller, edge in callers.of(function):
                if not admits(caller, edge, function):
                    continue
                known = graph.get_edge_data(caller, function)
                if known is None or edge.cost < known["cost"]:
                    graph.add_edge(caller, function, edge=edge, cost=edge.cost)
                if caller not in settled and cost + edge.cost < costs.get(caller, float("inf")):
                    costs[caller] = cost + edge.cost
                    heapq.heappush(heap, (costs[caller], caller))
    reached.sort(key=lambda function: (costs[function], function))
    return Cone(target, graph, reached, complete=bool(reached) or not heap)


def _batch(
    heap: list[tuple[float, ProgramFunction]], settled: set[ProgramFunction], bound: float
) -> list[tuple[float, ProgramFunction]]:
    batch: dict[ProgramFunction, float] = {}
    while heap and heap[0][0] <= bound:
        cost, function = heapq.heappop(heap)
        if function not in settled:
            batch.setdefault(function, cost)
    return [(cost, function) for function, cost in batch.items()]
