"""Where a handler speaks of a capability: its cases, and its comparisons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caplint.capability_names import is_capability
from caplint.link.bodies import Body

# Capabilities that the ranges of one handler may stand for; of further ranges only the ends are known.
_MOST_EXPANDED = 2_000


@dataclass(frozen=True, slots=True)
class Site:
    """A capability that a handler speaks of, with the extent of what runs for it."""

    capability: str
    kind: str
    """`case` or `comparison`."""
    line: int
    column: int
    start: int
    stop: int
    condition: str


def sites(body: Body) -> Iterator[Site]:
    """Every capability that the handler speaks of, in file order of its cases and then of its comparisons."""
    handler = body.handler
    expanded = 0
    extent = (handler.blob, handler.function, handler.start, handler.stop)
    for low, high, *place in body.connection.execute(
        """SELECT l.low, l.high, l.line, l.column, l.start, l.stop, c.text
           FROM main.case_label l JOIN main.condition c ON c.id = l.condition
           WHERE l.blob = ? AND l.function = ? AND l.start >= ? AND l.start < ? AND l.low IS NOT NULL
           ORDER BY l.start""",
        extent,
    ).fetchall():
        names = _named(body, low.strip("() "), high.strip("() "), expanded < _MOST_EXPANDED)
        expanded += len(names) if low != high else 0
        for name in names:
            yield Site(name, "case", *place)
    for constant, line, column, start, condition in body.connection.execute(
        """SELECT p.constant, p.line, p.column, p.start, c.text
           FROM main.comparison p JOIN main.condition c ON c.id = p.condition
           WHERE p.blob = ? AND p.function = ? AND p.start >= ? AND p.start < ? AND p.operator = '=='
           ORDER BY p.start""",
        extent,
    ).fetchall():
        if is_capability(constant) and (found := _decided(body, constant, start)):
            yield Site(constant, "comparison", line, column, *found, condition)


def _named(body: Body, low: str, high: str, within: bool) -> list[str]:
    """The capabilities of a label; of a range its ends, and `within` it those that the tree's own header numbers so."""
    if low == high:
        return [low] if is_capability(low) else []
    ends = [name for name in (low, high) if is_capability(name)]
    if not within:
        return ends
    rows = body.connection.execute(
        """SELECT DISTINCT c.name FROM temp.all_cap c, temp.all_cap low, temp.all_cap high
           WHERE c.side = ?1 AND c.tree = ?2 AND c.header = 'uapi'
             AND low.side = ?1 AND low.tree = ?2 AND low.header = 'uapi' AND low.name = ?3
             AND high.side = ?1 AND high.tree = ?2 AND high.header = 'uapi' AND high.name = ?4
             AND c.number BETWEEN low.number AND high.number ORDER BY c.number, c.name""",
        (body.handler.side, body.handler.tree, low, high),
    ).fetchall()
    return [name for (name,) in rows] or ends


def _decided(body: Body, constant: str, offset: int) -> tuple[int, int] | None:
    """What a comparison at the offset decides: the `if` around it, or the `return` that it is part of."""
    for test in body.tests:
        if test.start <= offset < test.stop and test.extra[0] == "if" and constant in test.text:
            return test.start, test.stop
    for value in reversed(body.returns):
        if value.start <= offset and constant in value.text:
            return value.start, value.start + 1
    return None
