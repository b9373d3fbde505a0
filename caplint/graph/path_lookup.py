"""Answers to questions about paths: from the cache if the sources are unchanged, else from the sources."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from caplint.config.settings import Config
from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
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

    session = open_session(trees, config, show, narrow=None if is_msr(question.name) else question.name)
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
