"""Remembers paths: the same question about the same sources is answered without looking at any."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass

from caplint.code_identity import code_identity
from caplint.facts.harvest import Reading
from caplint.facts.store import FactStore
from caplint.graph.steps import Path, Step
from caplint.trees.tree import Tree

Found = tuple[Sequence[tuple[object, ...]], int, str]
"""Rows, how many things the time did not suffice for, and what they are, such as `{} places`."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person wants to know."""

    name: str
    """A capability, an ioctl, or the function that is to be reached."""
    arch: str | None
    start: str | None
    most: int
    reach: bool = False
    """Whether the name is a function's."""


def name_of(question: Question, trees: list[Tree], store: FactStore, reading: Reading) -> str:
    """Names the question, everything that its answer depends on included."""
    digest = hashlib.sha256(json.dumps([code_identity(), astuple(reading.repairs), *astuple(question)]).encode())
    for tree in trees:
        # Of a kernel what matters is all; what it is asked first is listed once for both.
        code = [] if tree.role in {"kernel", "reference"} else tree.code(store)
        digest.update(json.dumps([tree.name, tree.role, tree.project.name]).encode())
        for file in (*code, *tree.files(store)):
            digest.update(f"{file.path}\0{file.oid}\0".encode())
    return f"path {digest.hexdigest()}"


def rows_within(store: FactStore, name: str, budget: float, work: Callable[[float], Found]) -> list[tuple[object, ...]]:
    """The rows that are remembered under a name, else those that `work` finds.

    It is told until when (`time.monotonic`) it may look, and says what it had no time for: then a warning tells that,
    and nothing is remembered. `budget` is in seconds.
    """
    known = store.recall(name)
    if known is not None:
        return [tuple(row) for row in json.loads(known)]
    rows, late, what = work(time.monotonic() + budget)
    if late:
        store.late = True
        sys.stderr.write(f"caplint: warning: --deep: {what.format(late)} were not looked at within {budget:g} s\n")
    else:
        store.retain(name, json.dumps(rows))
    return [*rows]


def packed(found: list[Path]) -> str:
    """Paths as text."""
    return json.dumps([[p.verb, p.arch, [astuple(step) for step in p.steps], p.above, p.below] for p in found])


def unpacked(text: str) -> list[Path]:
    """Paths from their text. Raises `ValueError` or `TypeError` for what is none."""
    return [
        Path(verb, arch, tuple(Step(*step) for step in steps), above, below)
        for verb, arch, steps, above, below in json.loads(text)
    ]
