"""Cache of paths: a repeated question about unchanged sources is answered without reading them."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from caplint.facts.harvest import ExtractionSettings
from caplint.facts.store.store import FactStore
from caplint.graph.path_model import Path, Step
from caplint.graph.tree_files import content_of
from caplint.trees.tree import Tree
from caplint.util.code_identity import code_identity

Found = tuple[Sequence[tuple[object, ...]], int, str]
"""Rows, the number of items left out for want of time, and a text for them, such as `{} places`."""


@dataclass(frozen=True, slots=True)
class Question:
    """Question about paths."""

    name: str
    """Capability, ioctl, or the function to reach."""
    arch: str | None
    start: str | None
    most: int
    reach: bool = False
    """Whether `name` is a function."""


def cache_key(
    question: Question, trees: list[Tree], store: FactStore, reading: ExtractionSettings, *more: object
) -> str:
    """Return the cache key over the question and all inputs of its answer; `more` are further inputs."""
    inputs = [code_identity(), astuple(reading.repairs), *astuple(question), *more]
    digest = hashlib.sha256(json.dumps(inputs).encode())
    for tree in trees:
        digest.update(json.dumps([tree.name, tree.role, tree.project.name, content_of(tree, store)]).encode())
    return f"path {digest.hexdigest()}"


def rows_within(store: FactStore, key: str, budget: float, work: Callable[[float], Found]) -> list[tuple[object, ...]]:
    """Return the rows cached under a key, else the result of `work`.

    `work` receives its deadline (`time.monotonic`) and returns how many items it left out. If there are any, a warning
    is printed and nothing is cached. `budget` is in seconds.
    """
    cached = store.recall(key)
    if cached is not None:
        return [tuple(row) for row in json.loads(cached)]
    rows, late, items = work(time.monotonic() + budget)
    if late:
        store.late = True
        sys.stderr.write(f"caplint: warning: --deep: {items.format(late)} were not examined within {budget:g} s\n")
    else:
        store.retain(key, json.dumps(rows))
    return [*rows]


def packed(paths: list[Path]) -> str:
    """Return paths as JSON."""
    return json.dumps([[p.verb, p.arch, [astuple(step) for step in p.steps], p.above, p.below] for p in paths])


def unpacked(text: str) -> list[Path]:
    """Return paths from the JSON of `packed`. Raises `ValueError` or `TypeError` for other text."""
    return [
        Path(verb, arch, tuple(Step(*step) for step in steps), above, below)
        for verb, arch, steps, above, below in json.loads(text)
    ]
