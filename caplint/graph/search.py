"""Search from a function backwards through its callers, the most certain first, until an entry is reached."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from caplint.graph.cone_edges import ConeEdges
from caplint.graph.path_model import Edge, ProgramFunction
from caplint.graph.search_work import Work

# Functions after which a search stops.
MAX_FUNCTIONS = 6_000
_STOPPED = f"search stopped after {MAX_FUNCTIONS:,} possible callers"
# Cost range of one batch: functions at most this much dearer than the nearest are expanded together.
_BATCH = 1.0

Admits = Callable[[ProgramFunction, Edge, ProgramFunction], bool]
"""Predicate: whether an edge (caller, edge, callee) may be part of the path."""


class Calling(Protocol):
    """Call graph that is searched backwards."""

    work: Work

    def prepare(self, functions: Iterable[ProgramFunction]) -> None:
        """Read the files in which callers of these functions may be."""

    def of(self, function: ProgramFunction) -> list[tuple[ProgramFunction, Edge]]:
        """Return the callers of a function with the cheapest edge of each."""


@dataclass
class Cone:
    """Result of a search: all functions found that may lead to the target."""

    target: ProgramFunction
    edges: ConeEdges
    reached: list[ProgramFunction]
    """Entries from which the target is reached, the nearest first."""
    stopped: str
    """Reason why the search stopped without a result (`MAX_FUNCTIONS` or `MAX_WORK`); empty if it did not."""

    def path(self) -> list[tuple[ProgramFunction, Edge | None]]:
        """Return the cheapest way from an entry to the target, each function with the edge that leads to it."""
        return self._edges(self.edges.cheapest(self.reached[0]))

    def paths(self, most: int, work: Work) -> Iterator[list[tuple[ProgramFunction, Edge | None]]]:
        """Yield at most `most` ways, the cheapest first. Raises `WorkSpentError`."""
        yield from map(self._edges, self.edges.ways(self.reached[0], most, work))

    def _edges(self, way: list[ProgramFunction]) -> list[tuple[ProgramFunction, Edge | None]]:
        edges = [None, *(self.edges.edge(*pair) for pair in pairwise(way))]
        return list(zip(way, edges, strict=True))

    def tops(self) -> list[list[tuple[ProgramFunction, Edge | None]]]:
        """Return the ways from functions without a known caller, the cheapest first."""
        return [self._edges(way) for way in self.edges.from_uncalled()]


def search(
    callers: Calling, target: ProgramFunction, entries: Iterable[ProgramFunction], admits: Admits, beyond: float = 0.0
) -> Cone:
    """Search for ways from entries to the target; ways up to `beyond` dearer than the cheapest are included."""
    work = callers.work
    edges = ConeEdges(target)
    goals = set(entries)
    costs = {target: 0.0}
    heap = [(0.0, target)]
    settled: set[ProgramFunction] = set()
    reached: list[ProgramFunction] = []
    bound = float("inf")
    while heap and heap[0][0] <= bound and len(settled) < MAX_FUNCTIONS and not work.spent:
        batch = _batch(heap, settled, min(bound, heap[0][0] + _BATCH))
        callers.prepare(function for _, function in batch if function not in goals)
        for cost, function in batch:
            if work.spent:
                break
            settled.add(function)
            work.done += 1
            if function in goals:
                reached.append(function)
                bound = min(bound, cost + beyond)
                continue
            for caller, edge in callers.of(function):
                work.done += 1
                if not admits(caller, edge, function):
                    continue
                length = edge.cost
                edges.offer(caller, function, edge, length)
                if caller not in settled and cost + length < costs.get(caller, float("inf")):
                    costs[caller] = cost + length
                    heapq.heappush(heap, (costs[caller], caller))
    reached.sort(key=lambda function: (costs[function], function))
    stopped = work.reason if work.spent else _STOPPED if heap else ""
    return Cone(target, edges, reached, "" if reached else stopped)


def _batch(
    heap: list[tuple[float, ProgramFunction]], settled: set[ProgramFunction], bound: float
) -> list[tuple[float, ProgramFunction]]:
    batch: dict[ProgramFunction, float] = {}
    while heap and heap[0][0] <= bound:
        cost, function = heapq.heappop(heap)
        if function not in settled:
            batch.setdefault(function, cost)
    return [(cost, function) for function, cost in batch.items()]
