"""Edges that one search has found, and the cheapest ways over them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count, islice

from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.search_work import Work

_Neighbours = dict[ProgramFunction, list[tuple[ProgramFunction, float]]]


class ConeEdges:
    """Edges from callers to functions, in the order in which they were found; the cheapest of each pair."""

    def __init__(self, target: ProgramFunction) -> None:
        self._target = target
        self._edges: dict[tuple[ProgramFunction, ProgramFunction], tuple[float, Edge]] = {}

    def offer(self, caller: ProgramFunction, function: ProgramFunction, edge: Edge, cost: float) -> None:
        """Add an edge, unless a cheaper one of the same pair is known."""
        known = self._edges.get((caller, function))
        if known is None or cost < known[0]:
            self._edges[caller, function] = cost, edge

    def edge(self, caller: ProgramFunction, function: ProgramFunction) -> Edge:
        """Return the edge of a pair. Raises `KeyError` if there is none."""
        return self._edges[caller, function][1]

    def uncalled(self) -> list[ProgramFunction]:
        """Return the functions without a known caller, in the order in which they were found."""
        called = {function for _, function in self._edges}
        found = dict.fromkeys([self._target, *(caller for caller, _ in self._edges)])
        return [function for function in found if function not in called]

    def cheapest(self, entry: ProgramFunction) -> list[ProgramFunction]:
        """Return the cheapest way from an entry to the target; of equal ones the first found."""
        callees: _Neighbours = {}
        for (caller, function), (cost, _) in self._edges.items():
            callees.setdefault(caller, []).append((function, cost))
        return _way(_cheapest(callees, entry, self._target)[1], entry, self._target)

    def from_uncalled(self) -> list[list[ProgramFunction]]:
        """Return the ways from functions without a known caller, the cheapest first."""
        callers: _Neighbours = {}
        for (caller, function), (cost, _) in self._edges.items():
            callers.setdefault(function, []).append((caller, cost))
        costs, before = _cheapest(callers, self._target, None)
        tops = sorted((costs[function], function) for function in self.uncalled())
        return [_way(before, self._target, function)[::-1] for _, function in tops]

    def ways(self, entry: ProgramFunction, most: int, work: Work) -> Iterator[list[ProgramFunction]]:
        """Yield at most `most` ways from an entry to the target, the cheapest first. Raises `WorkSpentError`."""
        import networkx as nx  # noqa: PLC0415 - most questions are for one way

        graph = nx.DiGraph()
        graph.add_node(self._target)
        graph.add_edges_from((*pair, {"cost": cost}) for pair, (cost, _) in self._edges.items())
        yield from islice(nx.shortest_simple_paths(graph, entry, self._target, weight=work.length), most)


_Before = dict[ProgramFunction, ProgramFunction]


def _cheapest(
    neighbours: _Neighbours, start: ProgramFunction, goal: ProgramFunction | None
) -> tuple[dict[ProgramFunction, float], _Before]:
    """Return the costs of the functions reached until the goal, and the function before each (Dijkstra's algorithm)."""
    costs: dict[ProgramFunction, float] = {}
    seen = {start: 0.0}
    before: _Before = {}
    order = count()
    heap = [(0.0, next(order), start)]
    while heap:
        cost, _, function = heapq.heappop(heap)
        if function in costs:
            continue
        costs[function] = cost
        if function == goal:
            break
        for neighbour, length in neighbours.get(function, ()):
            reached = cost + length
            if neighbour not in costs and (neighbour not in seen or reached < seen[neighbour]):
                seen[neighbour] = reached
                before[neighbour] = function
                heapq.heappush(heap, (reached, next(order), neighbour))
    return costs, before


def _way(before: _Before, start: ProgramFunction, end: ProgramFunction) -> list[ProgramFunction]:
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]
