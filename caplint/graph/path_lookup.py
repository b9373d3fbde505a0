"""Answers a question about paths: from memory where the same was asked of the same sources, else from these."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from caplint.config import Config
from caplint.facts.harvest import Reading
from caplint.facts.store import FactStore
from caplint.graph.answers import Question, name_of, packed, unpacked
from caplint.graph.steps import Path
from caplint.trees.tree import Tree

if TYPE_CHECKING:
    import networkx as nx

    from caplint.check import Progress


def find_paths(
    question: Question, trees: list[Tree], config: Config, progress: Callable[[], AbstractContextManager[Progress]]
) -> list[Path]:
    """Return the paths, the best first; progress is shown only if sources are read. Raises `CaplintError`."""
    store = FactStore(config.store_path)
    try:
        key = name_of(question, trees, store, Reading(config.repairs, config.jobs))
        known = store.recall(key)
        if known is not None:
            return unpacked(known)
    finally:
        store.close()
    with progress() as show:
        return _searched(question, trees, config, key, show)


def _searched(question: Question, trees: list[Tree], config: Config, key: str, show: Progress) -> list[Path]:
    from caplint.check import open_session  # noqa: PLC0415 - only where the answer is not known
    from caplint.graph.paths import Paths  # noqa: PLC0415
    from caplint.graph.programs import Programs  # noqa: PLC0415

    session = open_session(trees, config, show, narrow=question.name)
    try:
        programs = Programs(session, Reading(config.repairs, config.jobs))
        found = Paths(programs, question.start, question.most).answer(question)
        session.store.retain(key, packed(found))
    finally:
        session.store.close()
    return found


def whole_graphs(trees: list[Tree], config: Config, arch: str | None) -> list[tuple[str, nx.DiGraph]]:
    """Return the call graph of each tree, by the tree's name."""
    from caplint.graph.whole import graphs  # noqa: PLC0415 - networkx

    store = FactStore(config.store_path)
    try:
        return list(graphs(trees, store, Reading(config.repairs, config.jobs), arch))
    finally:
        store.close()
