"""Answers to questions about paths: from the cache if the sources are unchanged, else from the sources."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.path_cache import Question, cache_key, packed, unpacked
from caplint.graph.path_model import Path
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    import networkx as nx

    from caplint.session import Progress


def find_paths(
    question: Question, trees: list[Tree], config: Config, progress: Callable[[], AbstractContextManager[Progress]]
) -> list[Path]:
    """Return the paths, the best first; progress is shown only if sources are read. Raises `CaplintError`."""
    store = FactStore(config.store_path)
    try:
        key = cache_key(question, trees, store, ExtractionSettings(config.repairs, config.jobs))
        cached = store.recall(key)
        if cached is not None:
            return unpacked(cached)
    finally:
        store.close()
    with progress() as show:
        return _searched(question, trees, config, key, show)


def _searched(question: Question, trees: list[Tree], config: Config, key: str, show: Progress) -> list[Path]:
    from caplint.graph.call_graph import Programs  # noqa: PLC0415
    from caplint.graph.paths import Paths  # noqa: PLC0415
    from caplint.session import open_session  # noqa: PLC0415 - needed only if the answer is not cached

    session = open_session(trees, config, show, narrow=question.name)
    try:
        programs = Programs(session, ExtractionSettings(config.repairs, config.jobs))
        paths = Paths(programs, question.start, question.most).answer(question)
        session.store.retain(key, packed(paths))
    finally:
        session.store.close()
    return paths


def whole_graphs(trees: list[Tree], config: Config, arch: str | None) -> list[tuple[str, nx.DiGraph]]:
    """Return name and call graph of each tree."""
    from caplint.graph.full_graph import graphs  # noqa: PLC0415 - networkx

    store = FactStore(config.store_path)
    try:
        return list(graphs(trees, store, ExtractionSettings(config.repairs, config.jobs), arch))
    finally:
        store.close()
