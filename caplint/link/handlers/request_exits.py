"""Level to which a request is tested on every way through a case on which it succeeds."""

from __future__ import annotations

from collections.abc import Iterator

from caplint.link.functions.body import Body
from caplint.link.functions.code_function import between
from caplint.link.handlers.conditions import Place, Region
from caplint.link.handlers.request_callers import level_at_callers
from caplint.link.handlers.request_names import Part
from caplint.link.handlers.request_tests import Readers, RequestTests
from caplint.link.handlers.sites import Site
from caplint.link.handlers.value_tests import ConditionResult, Level
from caplint.values.expression_tree import tree_of

FLAGS: Part = ("flags",)


def flags_checked(readers: Readers, body: Body, site: Site) -> int | None:
    """Return 1 if the request's flags are tested on every way to success, else 0.

    Return None if code that is not in view, or not understood, may test them.
    """
    if not body.selector:
        return None
    reader = readers.at_handler(body, FLAGS, site.capability)
    level = level_on_success(reader, readers.region(body, site))
    if level < Level.TESTED:
        level = max(level, level_at_callers(readers, body, FLAGS))
    return 1 if level >= Level.TESTED else None if level is Level.UNKNOWN else 0


def level_on_success(reader: RequestTests, region: Region) -> Level:
    """Return the lowest level of all exits of a region that may succeed."""
    body = reader.body
    levels = [
        max(
            reader.implied(tree_of(row.text), ConditionResult.GOOD, Place(row.start, region)),
            reader.level(row.start, region),
        )
        for row in between(body.returns, region.start, region.stop)
        if region.holds(row.start)
    ]
    levels += [_behind(reader, region, offset) for offset in _breaks(reader, region)]
    if _falls_out(reader, region):
        levels.append(_behind(reader, region, region.stop))
    return min(levels, default=reader.level(region.stop - 1, region))


def _breaks(reader: RequestTests, region: Region) -> Iterator[int]:
    """Yield the offsets of the `break` statements that leave the case's switch: `if (x) { r = 0; break; }`.

    None is behind a macro's loop that was taken for a call, because it does not begin a line: there is a blind spot,
    and the end of the loop is not known.
    """
    body = reader.body
    heads = [row.start for row in between(body.calls, region.start, region.stop) if "for_each" in row.callee]
    stop = min(heads, default=region.stop)
    inside = between(body.returns, region.start, region.stop)
    for offset, left in body.breaks if region.head < region.start else ():
        if left < region.start <= offset < stop and region.holds(offset):
            before = (row for row in inside if row.start < offset)
            if not any(_is_certain(reader, region, row.start, offset) for row in before):
                yield offset


def _falls_out(reader: RequestTests, region: Region) -> bool:
    """Tell whether control may leave a region other than by a `return`."""
    body = reader.body
    if region.stop >= body.handler.stop:
        return False
    inside = between(body.returns, region.start, region.stop)
    return not any(_is_certain(reader, region, row.start, region.stop) for row in inside)


def _is_certain(reader: RequestTests, region: Region, offset: int, end: int) -> bool:
    """Tell whether control comes through an offset on every way to an end."""
    return not any(True for _ in reader.conditions.deciding(offset, end, region))


def _behind(reader: RequestTests, region: Region, end: int) -> Level:
    """Return the level where a case is left at an offset, if what follows its switch then succeeds."""
    body = reader.body
    switch = max((row.stop for row in body.switches.at(region.start) if row.start == region.head), default=region.stop)
    results = [row for row in body.returns if row.start >= switch]
    held = reader.level(min(end, region.stop - 1), region)
    levels = [max(held, reader.implied(tree_of(row.text), ConditionResult.GOOD, Place(end, region))) for row in results]
    return min(levels, default=held)
