"""Sites of capabilities in a handler: its case labels and comparisons."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from caplint.knowledge.capability_names import is_capability
from caplint.link.core.extents import last_before
from caplint.link.functions.body import Body
from caplint.link.functions.bounded_sites import bounded

# Most capabilities expanded from the ranges of one handler; of further ranges only the ends count.
_MOST_EXPANDED = 2_000
# Maximum number of returns that are searched for the one that holds a comparison.
_MOST_STEPS = 1_000


@dataclass(frozen=True, slots=True)
class Site:
    """Capability in a handler, with the extent of the code that runs for it."""

    capability: str
    kind: str
    """`case` or `comparison`."""
    line: int
    column: int
    start: int
    stop: int
    condition: str


@dataclass
class Numbered:
    """Capabilities of a tree's own UAPI header, by number."""

    connection: sqlite3.Connection
    side: str
    tree: str

    @cached_property
    def _names(self) -> list[list[str]]:
        """Names of each number, the lowest number first."""
        names: dict[int, list[str]] = {}
        for name, rank in self.connection.execute(
            """SELECT DISTINCT name, dense_rank() OVER (ORDER BY number) FROM temp.all_cap
               WHERE side = ? AND tree = ? AND header = 'uapi' AND number IS NOT NULL ORDER BY 2, 1""",
            (self.side, self.tree),
        ):
            names.setdefault(rank, []).append(name)
        return list(names.values())

    @cached_property
    def _ranks(self) -> dict[str, list[int]]:
        """Map of each name to its indices in `_names`."""
        ranks: dict[str, list[int]] = {}
        for rank, names in enumerate(self._names):
            for name in names:
                ranks.setdefault(name, []).append(rank)
        return ranks

    def between(self, low: str, high: str) -> list[str]:
        """Return the capabilities numbered from `low` to `high`; empty if the header lacks an end."""
        if low not in self._ranks or high not in self._ranks:
            return []
        entries = self._names[self._ranks[low][0] : self._ranks[high][-1] + 1]
        return list(dict.fromkeys(name for names in entries for name in names))


def sites(body: Body, numbered: Numbered) -> Iterator[Site]:
    """Yield every capability that the handler names: its cases in file order, then its comparisons."""
    yield from bounded(body, _sites(body, numbered))


def _sites(body: Body, numbered: Numbered) -> Iterator[Site]:
    handler = body.handler
    cases: dict[str, list[tuple[int, int]]] = {}
    expanded = 0
    extent = (handler.blob, handler.function, handler.start, handler.stop)
    for low, high, *location in body.connection.execute(
        """SELECT l.low, l.high, l.line, l.column, l.start, l.stop, c.text
           FROM main.case_label l JOIN main.condition c ON c.id = l.condition
           WHERE l.blob = ? AND l.function = ? AND l.start >= ? AND l.start < ? AND l.low IS NOT NULL
           ORDER BY l.start""",
        extent,
    ).fetchall():
        names = _named(numbered, low.strip("() "), high.strip("() "), expanded < _MOST_EXPANDED)
        if low != high:
            if expanded >= _MOST_EXPANDED:
                reason = f"ranges of cases beyond {_MOST_EXPANDED:,} capabilities: only their ends are known"
                body.cut(location[0], location[2], reason)
            expanded += len(names)
        for name in names:
            cases.setdefault(name, []).append((location[2], location[3]))
            yield Site(name, "case", *location)
    for constant, line, column, start, condition in body.connection.execute(
        """SELECT p.constant, p.line, p.column, p.start, c.text
           FROM main.comparison p JOIN main.condition c ON c.id = p.condition
           WHERE p.blob = ? AND p.function = ? AND p.start >= ? AND p.start < ? AND p.operator = '=='
           ORDER BY p.start""",
        extent,
    ).fetchall():
        if any(begin <= start < end for begin, end in cases.get(constant, ())):
            continue  # it tells apart the labels of one case
        if is_capability(constant) and (decided := _decided(body, constant, start)):
            yield Site(constant, "comparison", line, column, *decided, condition)


def _named(numbered: Numbered, low: str, high: str, within: bool) -> list[str]:
    """Return the capabilities of a label; for a range its ends and, if `within`, those numbered between them."""
    if low == high:
        return [low] if is_capability(low) else []
    ends = [name for name in (low, high) if is_capability(name)]
    return (numbered.between(low, high) if within else []) or ends


def _decided(body: Body, constant: str, offset: int) -> tuple[int, int] | None:
    """Return the extent that a comparison decides: the `if` around it, or the `return` that holds it; else None."""
    for test in body.ifs.at(offset):
        if constant in test.text:
            return test.start, test.stop
    for value in islice(last_before(body.returns, offset + 1), _MOST_STEPS):
        if constant in value.text:
            return value.start, value.start + 1
    return None
