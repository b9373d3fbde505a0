"""Call paths of each capability: from a VMM's check or enable, over the ioctl, to the kernel's case label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caplint.facts.harvest import ExtractionSettings
from caplint.graph.path_cache import Question, cache_key, packed, unpacked
from caplint.graph.path_model import Path, Step
from caplint.session import Session

if TYPE_CHECKING:
    from caplint.graph.bridges import Bridges
    from caplint.graph.call_graph import Programs
    from caplint.graph.entry_paths import Starts
    from caplint.graph.rust_ways import RustWays
    from caplint.graph.vmm_sites import VmmSite

# Limit for the paths of one capability; it has at most one per verb and architecture.
MOST = 8


def chains(session: Session, reading: ExtractionSettings, *, deep: bool) -> dict[str, list[Path]]:
    """Return capability → its best paths per verb and architecture; with `deep` from the program's entry.

    The result is cached per state of the trees: the first search takes seconds, a deep one minutes.
    """
    if not any(tree.role == "vmm" for tree in session.trees):
        return {}
    question = Question("deep inventory" if deep else "inventory", None, None, MOST)
    key = cache_key(question, session.trees, session.store, reading)
    cached = session.store.recall(key)
    if cached is not None:
        return {cap: unpacked(text) for cap, text in json.loads(cached).items()}
    ways = dict(_search(session, reading, deep=deep))
    session.store.retain(key, json.dumps({cap: packed(paths) for cap, paths in ways.items()}))
    return ways


def _search(session: Session, reading: ExtractionSettings, *, deep: bool) -> Iterator[tuple[str, list[Path]]]:
    from caplint.graph.bridges import Bridges  # noqa: PLC0415 - needed only without a cached result
    from caplint.graph.call_graph import Programs  # noqa: PLC0415

    programs = Programs(session, reading)
    ways = _Ways(programs, Bridges(programs), deep=deep)
    query = "SELECT DISTINCT cap FROM all_vmm_use WHERE side = 'now' ORDER BY 1"
    for (cap,) in session.connection.execute(query).fetchall():
        best: dict[tuple[str, str | None], Path] = {}
        for path in ways.of(cap):
            previous = best.get((path.verb, path.arch))
            if previous is None or _worth(path) > _worth(previous):
                best[path.verb, path.arch] = path
        yield cap, list(best.values())[:MOST]


def _worth(path: Path) -> tuple[bool, bool, int]:
    """Return a sort key: complete paths are better than broken ones, short paths better than long ones."""
    return not path.below, not path.above, -len(path.steps)


class _Ways:
    def __init__(self, programs: Programs, bridges: Bridges, *, deep: bool) -> None:
        self._programs = programs
        self._bridges = bridges
        self._starts = _starts(programs) if deep else None
        self._rust = _rust_ways(programs) if deep else None

    def of(self, cap: str) -> Iterator[Path]:
        from caplint.graph.rust_paths import rust_paths  # noqa: PLC0415
        from caplint.graph.vmm_sites import uses_of  # noqa: PLC0415

        for use in uses_of(self._programs, cap):
            for arch in [use.arch] if use.arch else self._bridges.architectures(cap, use.verb, use.tree):
                for above, broken in self._above(use, arch):
                    for kernel in self._programs.of_role("kernel"):
                        below = self._bridges.into_kernel(use, kernel, arch, cap)
                        yield Path(use.verb, arch, (*above, *use.calls, *below.steps), broken, below.broken)
        yield from rust_paths(self._programs, self._bridges, self._rust, (cap, None))

    def _above(self, use: VmmSite, arch: str) -> Iterator[tuple[tuple[Step, ...], str]]:
        if self._starts is not None:
            for way in self._starts.ways(self._programs.tree(use.tree), use.holder, arch):
                yield way.steps, way.broken
        else:
            holder = use.holder
            yield (Step(use.tree, holder.name, holder.path, holder.line, "entry"),), ""


def _starts(programs: Programs) -> Starts:
    from caplint.graph.entry_paths import Starts  # noqa: PLC0415

    return Starts(programs, None, 1)


def _rust_ways(programs: Programs) -> RustWays:
    from caplint.graph.rust_ways import RustWays  # noqa: PLC0415

    return RustWays(programs, None, 1)
