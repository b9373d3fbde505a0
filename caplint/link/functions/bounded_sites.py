"""Limit on the facts that all sites of one handler contain together."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import Field, replace
from operator import attrgetter
from typing import Any, ClassVar, Protocol, TypeVar

from caplint.link.functions.body import Body

# Maximum number of facts in all sites of a handler, counted once per site that contains them (a case that falls through
# contains the next): MOST_FACTS + MOST_TIMES * the facts of the handler.
MOST_FACTS, MOST_TIMES = 10_000, 4


class _Placed(Protocol):
    """Dataclass with a location in a handler's body."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def line(self) -> int:
        """Line in the file."""

    @property
    def start(self) -> int:
        """Offset of the site."""

    @property
    def stop(self) -> int:
        """Offset after the code that runs for the site."""


_S = TypeVar("_S", bound=_Placed)


def bounded(body: Body, sites: Iterable[_S]) -> Iterator[_S]:
    """Yield the sites of a handler, shortened so that together they contain a bounded number of facts.

    Sites overlap if cases fall through. Once the bound is reached, each further site ends at the next label, and a cut
    is recorded.
    """
    whole = body.weight(body.handler.start, body.handler.stop)
    left = [MOST_FACTS + MOST_TIMES * whole] * 2
    for site in sites:
        stop = _stop(body, site, left)
        yield site if stop == site.stop else replace(site, stop=stop)


def _stop(body: Body, site: _Placed, left: list[int]) -> int:
    """Return the end of a site; `left` counts the facts that whole sites, and shortened ones, may still contain."""
    following = bisect_left(body.labels, site.start + 1, key=attrgetter("start"))
    part = min((row.start for row in body.labels[following : following + 1]), default=site.stop)
    for at, stop in enumerate((site.stop, min(part, site.stop))):
        weight = body.weight(site.start, stop)
        if weight <= left[at]:
            left[at] -= weight
            return stop
        body.cut(site.line, site.start, "cases that run into so many others that they are followed to the next label")
    return site.start + 1
