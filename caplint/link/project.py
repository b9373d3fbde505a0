"""Lays a run's trees over the store: the snapshot, and every link in its order."""

from __future__ import annotations

import difflib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from caplint.c.expression import parse
from caplint.c.formula import equivalent, implies, satisfiable
from caplint.facts.harvest import Reading
from caplint.facts.languages import language_of
from caplint.facts.store import BlobKey, FactStore
from caplint.knowledge import knowledge
from caplint.link.answers import link_answers
from caplint.link.build import conjoin, link_build
from caplint.link.cap_msrs import link_cap_msrs
from caplint.link.cap_states import link_cap_states
from caplint.link.capabilities import link_capabilities
from caplint.link.documentation import link_documentation
from caplint.link.handlers import link_handlers
from caplint.link.kconfig import link_kconfig
from caplint.link.layouts import link_layouts
from caplint.link.made import link_made
from caplint.link.msrs import link_msrs
from caplint.link.vmm import link_vmm
from caplint.trees.overlay import OverlayTree
from caplint.trees.tree import File, Tree


@dataclass(frozen=True)
class Loaded:
    """A tree with the files that matter, and those of its base where a patch lies over it."""

    tree: Tree
    files: list[File]
    base_files: list[File]


@cache
def views() -> str:
    """The text of views.sql."""
    return resources.files(__package__).joinpath("views.sql").read_text("utf-8")


def link(
    store: FactStore,
    loaded: list[Loaded],
    rows: dict[BlobKey, int],
    reading: Reading,
    vendor_ranges: Iterable[tuple[int, int]] = (),
) -> None:
    """Fill the views of one run. `rows` says where the store holds each blob."""
    connection = store.connection
    connection.create_function("implies", 2, _implies, deterministic=True)
    connection.create_function("equivalent", 2, _equivalent, deterministic=True)
    connection.create_function("satisfiable", 1, _satisfiable, deterministic=True)
    connection.create_function("symbols", 1, _symbols, deterministic=True)
    for statement in views().split(";\n"):
        connection.execute(statement)
    for entry in loaded:
        _snapshot(connection, entry, rows)
        for side, tree in (("now", entry.tree), ("base", entry.tree.base)):
            if tree is not None:
                link_made(store, side, tree, reading)
    connection.executemany("INSERT INTO temp.retired VALUES (?, ?)", knowledge().retired.items())
    connection.executemany("INSERT INTO temp.vendor_range VALUES (?, ?)", vendor_ranges)
    connection.create_function("conjoin", 2, conjoin, deterministic=True)
    link_capabilities(connection)
    configurations = link_kconfig(connection, link_build(connection))
    connection.create_function("possible", -1, configurations.possible, deterministic=True)
    connection.create_function("consistent", -1, configurations.consistent, deterministic=True)
    connection.create_function("certain", -1, configurations.certain, deterministic=True)
    link_handlers(connection)
    link_answers(connection, configurations)
    link_vmm(connection)
    link_documentation(connection)
    link_cap_states(store, reading.extractor)
    link_msrs(store, reading.extractor)
    link_cap_msrs(connection)
    link_layouts(store, [entry.tree for entry in loaded], reading.jobs)


def _snapshot(connection: sqlite3.Connection, loaded: Loaded, rows: dict[BlobKey, int]) -> None:
    tree = loaded.tree
    connection.execute(
        "INSERT INTO temp.tree VALUES (?, ?, ?, ?, ?)",
        (tree.name, tree.role, tree.project.name, tree.location, int(tree.base is not None)),
    )
    sides = [("now", loaded.files)]
    if tree.base is not None:
        sides.append(("base", loaded.base_files))
    for side, files in sides:
        connection.executemany(
            "INSERT INTO temp.all_file VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [
                (
                    side,
                    tree.name,
                    tree.role,
                    file.path,
                    knowledge().architecture_of(tree.project, file.path),
                    tree.project.header_kind(file.path),
                    int(bool(tree.project.documentation.fullmatch(file.path))),
                    rows[file.oid, language_of(file.path) or "c"],
                )
                for file in files
            ],
        )
    if isinstance(tree, OverlayTree):
        connection.executemany("INSERT INTO temp.changed_line VALUES (?, ?, ?)", _changed(tree))


def _changed(tree: OverlayTree) -> Iterator[tuple[str, str, int]]:
    assert tree.base is not None
    for path, content in tree.changes.items():
        if content is None:
            continue
        try:
            before = tree.base.read(path).splitlines()
        except Exception:  # noqa: BLE001 - a file that the base does not have or cannot show is all new
            before = []
        for line in _new_lines(before, content.splitlines()):
            yield tree.name, path, line


def _new_lines(before: list[bytes], after: list[bytes]) -> Iterator[int]:
    """Lines of `after`, from 1, that `before` does not have. What both begin and end with is not compared."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    matcher = difflib.SequenceMatcher(None, before[head : len(before) - tail], after[head : len(after) - tail])
    for tag, _, _, start, stop in matcher.get_opcodes():
        if tag in {"insert", "replace"}:
            yield from range(head + start + 1, head + stop + 1)


def _implies(stronger: str, weaker: str) -> bool:
    return implies(parse(stronger), parse(weaker))


def _equivalent(left: str, right: str) -> bool:
    return equivalent(parse(left), parse(right))


def _symbols(expression: str) -> str:
    """JSON array of the identifiers in an expression, in order of their first appearance."""
    return json.dumps(list(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", expression))))


def _satisfiable(condition: str) -> bool:
    return satisfiable(parse(condition))
