"""Lists by name that grow as files are read, and whose items are made when a name is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from caplint.graph.outlines import FileOutline

T = TypeVar("T")
Make = Callable[[FileOutline, list[Any]], Iterable[T]]
"""Function that makes the items of one name in a file from the rows of its outline."""


class Gathered(Mapping[str, list[T]]):
    """Name → items, in the order in which they were added; a search asks for few of the names that it reads."""

    def __init__(self) -> None:
        self._made: dict[str, list[T]] = {}
        self._pending: dict[str, list[tuple[Make[T], FileOutline, list[Any]]]] = {}

    def add(self, make: Make[T], file: FileOutline, rows: dict[str, list[Any]]) -> None:
        """Add the items that will be made from the rows of each name."""
        made, pending = self._made, self._pending
        for name, own in rows.items():
            if name not in made:
                made[name] = []
            pending.setdefault(name, []).append((make, file, own))

    def append(self, name: str, item: T) -> None:
        """Add one item."""
        if name in self._made:
            self[name].append(item)
        else:
            self._made[name] = [item]

    def __getitem__(self, name: str) -> list[T]:
        items = self._made[name]
        for make, file, rows in self._pending.pop(name, ()):
            items += make(file, rows)
        return items

    def get(self, name: str, default: Any = None) -> Any:
        """Return the items of a name, the default without any."""
        return self[name] if name in self._made else default

    def __contains__(self, name: object) -> bool:
        return name in self._made

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
