"""Reader of the places of many states of a tree; each state's result is cached, so that a run can be resumed."""

from __future__ import annotations

from collections.abc import Callable

from caplint.config.settings import Config
from caplint.facts.store.store import FactStore
from caplint.history.model import Point
from caplint.history.places import Places, cache_key, read, recalled
from caplint.trees.detect import UnknownProjectError
from caplint.trees.tree import Tree


class PointReader:
    """Reader of the states of one tree."""

    def __init__(self, config: Config, role: str, name: str, prefix: str) -> None:
        """`prefix`: path of the tree in its repository."""
        self._config = config
        self._role, self._name, self._prefix = role, name, prefix
        self.remarks: list[str] = []
        """States that were left out, with the reason."""

    def read(
        self, points: list[Point], opened: Callable[[Point], Tree], progress: Callable[[int, int], None]
    ) -> dict[Point, Places]:
        """Return the places of each state; `opened` returns its tree. Raises `CaplintError`."""
        keys = {point: self._key(point) for point in points}
        found = self._cached(keys)
        unknown = []
        for done, point in enumerate(points, 1):
            if point not in found:
                try:
                    tree = opened(point)
                except UnknownProjectError:
                    unknown.append(point.label)
                    continue
                found[point] = read(tree, self._config, keys[point])
                progress(done, len(points))
        if unknown:
            some = ", ".join(unknown[:3]) + (", …" if len(unknown) > 3 else "")
            self.remarks.append(f"{len(unknown)} states are older than the layout that caplint reads: {some}")
        return {point: found[point] for point in points if point in found}

    def _key(self, point: Point) -> str | None:
        """Return the cache key of a commit; None for a directory, whose files may change."""
        if point.commit is None:
            return None
        return cache_key(self._name, self._role, self._config, f"{point.commit} {self._prefix}")

    def _cached(self, keys: dict[Point, str | None]) -> dict[Point, Places]:
        wanted = [key for key in keys.values() if key is not None]
        if not wanted:
            return {}
        store = FactStore(self._config.store_path)
        try:
            known = recalled(store, wanted)
        finally:
            store.close()
        return {point: known[key] for point, key in keys.items() if key in known}
