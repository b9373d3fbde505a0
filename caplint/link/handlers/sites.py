"""Sites of capabilities in a handler: its case labels and comparisons."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from caplint.link.functions.body import Body

# Most capabilities expanded from the ranges of one handler; of further ranges only the ends count.
_MOST_EXPANDED = 2_000
_CAPABILITY = re.compile(r"KVM_CAP_\w+\Z")


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


def sites(body: Body) -> Iterator[Site]:
    """Yield every capability that the handler names: its cases in file order, then its comparisons."""
    handler = body.handler
    expanded = 0
    extent = (handler.blob, handler.function, handler.start, handler.stop)
    for low, high, *location in body.connection.execute(
        """SELECT l.low, l.high, l.line, l.column, l.start, l.stop, c.text
           FROM main.case_label l JOIN main.condition c ON c.id = l.condition
           WHERE l.blob = ? AND l.function = ? AND l.start >= ? AND l.start < ? AND l.low IS NOT NULL
           ORDER BY l.start""",
        extent,
    ).fetchall():
        names = _named(body, low.strip("() "), high.strip("() "), expanded < _MOST_EXPANDED)
        expanded += len(names) if low != high else 0
        for name in names:
            yield Site(name, "case", *location)
    for constant, line, column, start, condition in body.connection.execute(
        """SELECT p.constant, p.line, p.column, p.start, c.text
           FROM main.comparison p JOIN main.condition c ON c.id = p.condition
           WHERE p.blob = ? AND p.function = ? AND p.start >= ? AND p.start < ? AND p.operator = '=='
           ORDER BY p.start""",
        extent,
    ).fetchall():
        if _CAPABILITY.match(constant) and (decided := _decided(body, constant, start)):
            yield Site(constant, "comparison", line, column, *decided, condition)


def _named(body: Body, low: str, high: str, within: bool) -> list[str]:
    """Return the capabilities of a label; for a range its ends and, if `within`, those numbered between them."""
    if low == high:
        return [low] if _CAPABILITY.match(low) else []
    ends = [name for name in (low, high) if _CAPABILITY.match(name)]
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
    """Return the extent that a comparison decides: the `if` around it, or the `return` that holds it; else None."""
    for test in body.tests:
        if test.start <= offset < test.stop and test.extra[0] == "if" and constant in test.text:
            return test.start, test.stop
    for value in reversed(body.returns):
        if value.start <= offset and constant in value.text:
            return value.start, value.start + 1
    return None
