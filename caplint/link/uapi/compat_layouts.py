"""Ioctls that a 32-bit program passes with another layout, as rows: those of one copy of the headers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from caplint.facts.store.store import FactStore
from caplint.link.uapi.rows import CompatIoctlRow


def compat_rows(store: FactStore, key: str, units: str, place: tuple[str, str, str]) -> Iterator[CompatIoctlRow]:
    """Yield the ioctls of evaluated headers.

    `key` is the cache key of their layouts, `units` their JSON, and `place` the side, tree and architecture.
    """
    cache_key = f"compat {key}"
    recalled = store.recall(cache_key)
    if recalled is None:
        recalled = json.dumps(_of_units(units))
        store.retain(cache_key, recalled)
    for ioctl, abi, renumbers, nr, names, change, path, line in json.loads(recalled):
        yield CompatIoctlRow(*place, ioctl, abi, renumbers, nr, json.dumps(names), change, path, line)


def _of_units(units: str) -> list[tuple[object, ...]]:
    from caplint.abi.compat import compat_ioctls  # noqa: PLC0415 - most runs compare nothing anew
    from caplint.abi.evaluation_pool import unit_of  # noqa: PLC0415

    by_abi = {abi: unit_of(data) for abi, data in json.loads(units).items() if abi != "any"}
    return [tuple(entry) for entry in compat_ioctls(by_abi)]
