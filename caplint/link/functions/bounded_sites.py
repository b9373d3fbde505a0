"""Sites of a handler that hold a bounded number of facts together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import Field, replace
from operator import attrgetter
from typing import Any, ClassVar, Protocol, TypeVar

from caplint.link.functions.body import Body

# Facts that all sites of a handler may hold together, where one runs into the next: these, and a few times its own.
MOST_FACTS, MOST_TIMES = 10_000, 4


class _Placed(Protocol):
    """A dataclass of something in a handler's body."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def line(self) -> int:
        """Line in the file."""

    @property
    def start(self) -> int:
        """Where it begins."""

    @property
    def stop(self) -> int:
        """Where the code that runs for it ends."""


_S = TypeVar("_S", bound=_Placed)


def bounded(body: Body, found: Iterable[_S]) -> Iterator[_S]:
    """The sites of a handler, of which all together hold a bounded number of facts.

    Where the sites run into one another so often that together they hold far more than the handler does, each ends
    where the next label begins.
    """
    whole = body.weight(body.handler.start, body.handler.stop)
    left = [MOST_FACTS + MOST_TIMES * whole] * 2
    for site in found:
        stop = _stop(body, site, left)
        yield site if stop == site.stop else replace(site, stop=stop)


def _stop(body: Body, site: _Placed, left: list[int]) -> int:
    """Where a site ends, with what is left to look at: for whole sites, and for parts of them."""
    following = bisect_left(body.labels, site.start + 1, key=attrgetter("start"))
    part = min((row.start for row in body.labels[following : following + 1]), default=site.stop)
    for at, stop in enumerate((site.stop, min(part, site.stop))):
        weight = body.weight(site.start, stop)
        if weight <= left[at]:
            left[at] -= weight
            return stop
        body.cut(site.line, site.start, "cases that run into so many others that they are followed to the next label")
    return site.start + 1
