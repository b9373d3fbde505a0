"""The order in which links are made: each after all that fill what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Run = TypeVar("Run")


@dataclass(frozen=True)
class Link(Generic[Run]):
    """A step that fills tables from facts and from other tables."""

    name: str
    run: Callable[[Run], None]
    fills: tuple[str, ...]
    """Its tables, and what else it leaves to others."""
    needs: tuple[str, ...] = ()
    """The tables that it reads, and what else others leave to it."""
    wanted: Callable[[Run], bool] = lambda _: True
    """Whether a run has it at all."""


def in_order(links: Iterable[Link[Run]]) -> list[Link[Run]]:
    """Sort links by their needs; of those that are ready the one that is given first comes first.

    Raises `ValueError` where links need each other, or where something is needed that nothing fills.
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
