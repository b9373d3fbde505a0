"""Order of the links: each runs after all links that fill its needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Run = TypeVar("Run")


@dataclass(frozen=True)
class Link(Generic[Run]):
    """Step that fills tables from facts and from other tables."""

    name: str
    run: Callable[[Run], None]
    fills: tuple[str, ...]
    """Tables that it fills, and other results for later links."""
    needs: tuple[str, ...] = ()
    """Tables that it reads, and other results of earlier links."""
    wanted: Callable[[Run], bool] = lambda _: True
    """Predicate: whether a run needs the link."""


def in_order(links: Iterable[Link[Run]]) -> list[Link[Run]]:
    """Sort links by their needs; links that are ready keep their given order.

    Raise `ValueError` for links that need each other, or for a need that no link fills.
    """
    waiting = list(links)
    fillers = {name: {link.name for link in waiting if name in link.fills} for link in waiting for name in link.needs}
    if unknown := sorted(name for name, some in fillers.items() if not some):
        raise ValueError(f"no link fills {', '.join(unknown)}")
    before = {link.name: set().union(*(fillers[name] for name in link.needs)) - {link.name} for link in waiting}
    sorted_links: list[Link[Run]] = []
    done: set[str] = set()
    while waiting:
        ready = next((link for link in waiting if before[link.name] <= done), None)
        if ready is None:
            raise ValueError(f"links need each other: {', '.join(link.name for link in waiting)}")
        waiting.remove(ready)
        sorted_links.append(ready)
        done.add(ready.name)
    return sorted_links


def closure(links: Iterable[Link[Run]], results: Iterable[str]) -> frozenset[str]:
    """Return some tables or other results, and all that the links which fill them need in turn."""
    given = list(links)
    wanted: set[str] = set()
    unseen = set(results)
    while unseen:
        wanted |= unseen
        unseen = {need for link in given if wanted.intersection(link.fills) for need in link.needs} - wanted
    return frozenset(wanted)
