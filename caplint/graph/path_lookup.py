"""Answers to questions about paths: from the cache if the sources are unchanged, else from the sources."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import astuple
from typing import TYPE_CHECKING

from caplint.config.run import machines_of
from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.kept_views import REGISTERS, RESULTS, LinkedTrees, keep, kept_trees
from caplint.graph.msr_names import is_msr
from caplint.graph.path_cache import Question, cache_key, packed, unpacked
from caplint.graph.path_model import Path
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    import networkx as nx

    from caplint.session import Progress

# Lines of a macro's definition.
_MOST_LINES = 200


def find_paths(
    question: Question, trees: list[Tree], config: Config, progress: Callable[[], AbstractContextManager[Progress]]
) -> list[Path]:
    """Return the paths, the best first; progress is shown only if sources are linked. Raises `CaplintError`."""
    reading = ExtractionSettings(config.repairs, config.jobs)
    store = FactStore(config.store_path)
    try:
        key = cache_key(question, trees, store, reading)
        known = _recalled(store, key)
        if known is not None:
            return known
        views = cache_key(_scope(question), trees, store, reading, *_links_of(config))
        kept = kept_trees(store, trees, views)
        if kept is not None:
            return _answered(question, kept, reading, key)
    finally:
        store.close()
    with progress() as show:
        return _searched(question, trees, config, (key, views), show)


def _recalled(store: FactStore, key: str) -> list[Path] | None:
    """Return the answer retained under a cache key; None without one, or if it is damaged."""
    text = store.recall(key)
    try:
        return unpacked(text) if text is not None else None
    except (ValueError, TypeError):
        return None


def _scope(question: Question) -> Question:
    """Return the question that stands for all that ask the same views."""
    return Question("views of registers" if is_msr(question.name) else "views", None, None, 1)


def _links_of(config: Config) -> tuple[object, ...]:
    """Return the settings that links depend on."""
    return config.vendor_range, config.abis, config.oldest_kernel, [astuple(machine) for machine in machines_of(config)]


def _searched(
    question: Question, trees: list[Tree], config: Config, keys: tuple[str, str], show: Progress
) -> list[Path]:
    from caplint.session import open_session  # noqa: PLC0415 - needed only if the views are not kept

    session = open_session(trees, config, show, results=REGISTERS if is_msr(question.name) else RESULTS)
    try:
        keep(session, keys[1])
        return _answered(question, session, ExtractionSettings(config.repairs, config.jobs), keys[0])
    finally:
        session.store.close()


def _answered(question: Question, linked: LinkedTrees, reading: ExtractionSettings, key: str) -> list[Path]:
    """Return the answer from the sources, and retain it."""
    from caplint.graph.call_graph import Programs  # noqa: PLC0415 - needed only if the answer is not cached
    from caplint.graph.paths import Paths  # noqa: PLC0415

    paths = Paths(Programs(linked, reading), question.start, question.most).answer(question)
    linked.store.retain(key, packed(paths))
    return paths


def whole_graphs(trees: list[Tree], config: Config, arch: str | None) -> list[tuple[str, nx.DiGraph]]:
    """Return name and call graph of each tree."""
    from caplint.graph.full_graph import graphs  # noqa: PLC0415 - networkx

    store = FactStore(config.store_path)
    try:
        return list(graphs(trees, store, ExtractionSettings(config.repairs, config.jobs), arch))
    finally:
        store.close()


def macro_lines(paths: list[Path], trees: list[Tree]) -> dict[tuple[str, str], list[str]]:
    """Return the lines that define the macros on paths, by tree and `path:line`; at most `_MOST_LINES` of each."""
    by_name = {tree.name: tree for tree in trees}
    found: dict[tuple[str, str], list[str]] = {}
    for step in (step for path in paths for step in path.steps if step.edge == "macro" and step.defined):
        path, _, line = step.defined.rpartition(":")
        lines = by_name[step.tree].read(path).decode("utf-8", "replace").split("\n")[int(line) - 1 :]
        ends = (number for number, text in enumerate(lines, 1) if not text.rstrip("\r").endswith("\\"))
        found[step.tree, step.defined] = lines[: min(next(ends, len(lines)), _MOST_LINES)]
    return found
