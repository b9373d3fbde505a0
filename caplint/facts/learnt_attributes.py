"""Attribute macros of a tree's own, learnt from its definitions: `#define NORETURN __attribute__((__noreturn__))`.

The repair tables have the attribute macros of known projects. A file that is not understood completely is read again
with those that its tree defines, if more of it is understood then.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from caplint.c.tables import Repairs, Tables, tables
from caplint.facts.harvest import ExtractionSettings, harvest
from caplint.facts.store.store import BlobKey, FactStore
from caplint.knowledge.languages import language_of
from caplint.trees.tree import File, Tree
from caplint.util.patterns import compiled

_MOST_WORDS = 500
# How often a macro may stand for another one that stands for an attribute.
_ROUNDS = 3
_NESTED = r"(?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*+\))*+\))*+\))*+"
_ATTRIBUTE = rf"__attribute(?:__)?\s*+\({_NESTED}\)|__declspec\s*+\({_NESTED}\)|\[\[[^\[\]]*+\]\]|_Noreturn\b"
_PART = compiled(rf"\s*+(?:({_ATTRIBUTE})|([A-Za-z_]\w*+)(?:\s*+\({_NESTED}\))?+)")
# Specifiers that may stand beside an attribute; a macro of these alone is none.
_BESIDE = frozenset({"inline", "__inline", "__inline__"})
_NAME = re.compile(r"[A-Za-z_]\w{0,99}\Z", re.ASCII)

_Files = dict[str, list[tuple[Tree, File]]]
"""Name of a tree → its C files, of both sides."""


def read_with_own_attributes(
    store: FactStore, wanted: Iterable[tuple[Tree, File]], rows: dict[BlobKey, int], settings: ExtractionSettings
) -> dict[BlobKey, int]:
    """Return the rows, with better ones for files that their tree's own attribute macros make understood."""
    files: _Files = {}
    for tree, file in wanted:
        if language_of(file.path) == "c":
            files.setdefault(tree.name, []).append((tree, file))
    improved: dict[BlobKey, int] = {}
    for name in sorted(files):
        blind = _blind(store.connection, {rows[file.oid, "c"] for _, file in files[name]})
        if not blind:
            continue
        words = learnt(store.connection, {rows[file.oid, "c"] for _, file in files[name]}, settings.repairs)
        if words:
            again = [(tree, file) for tree, file in files[name] if rows[file.oid, "c"] in blind]
            improved |= _better(store, again, rows, _with(settings, words))
    return rows | improved


def _with(settings: ExtractionSettings, words: tuple[str, ...]) -> ExtractionSettings:
    repairs = Repairs((*settings.repairs.attributes, *words), settings.repairs.iterators)
    return replace(settings, repairs=repairs)


def _better(
    store: FactStore, files: list[tuple[Tree, File]], rows: dict[BlobKey, int], settings: ExtractionSettings
) -> dict[BlobKey, int]:
    """Return new rows of the files of which more is understood with these settings, and no function is lost."""
    again = harvest(store, files, settings, _silent)
    keys = {(file.oid, "c") for _, file in files}
    before = _damage(store.connection, {rows[key] for key in keys})
    after = _damage(store.connection, {again[key] for key in keys})
    return {key: again[key] for key in keys if _is_better(after[again[key]], before[rows[key]])}


def _silent(done: int, total: int) -> None:
    """Ignore progress: these files are few."""


def _is_better(after: tuple[int, int], before: tuple[int, int]) -> bool:
    return after[0] < before[0] and after[1] >= before[1]


def _blind(connection: sqlite3.Connection, blobs: set[int]) -> set[int]:
    """Return the blobs with code that the grammar does not know, as opposed to files that took too long."""
    query = "SELECT DISTINCT blob FROM blind_spot WHERE reason GLOB 'syntax *' OR reason GLOB '`*'"
    return blobs.intersection(blob for (blob,) in connection.execute(query))


def _damage(connection: sqlite3.Connection, blobs: set[int]) -> dict[int, tuple[int, int]]:
    """Map each blob to the bytes not understood, at least one for each blind spot, and the number of its functions."""
    query = """SELECT coalesce((SELECT sum(max(1, stop - start)) FROM blind_spot WHERE blob = b.id), 0), b.functions
               FROM blob b WHERE b.id = ?"""
    return {blob: connection.execute(query, (blob,)).fetchone() for blob in sorted(blobs)}


def learnt(connection: sqlite3.Connection, blobs: Iterable[int], repairs: Repairs) -> tuple[str, ...]:
    """Return the attribute macros that some files define and the tables lack, by name; `NAME()` takes arguments.

    A macro counts if each of its definitions consists of attributes or is empty, and one is not empty.
    """
    table = tables(repairs.attributes, repairs.iterators)
    definitions = {name: entry for name, entry in _definitions(connection, blobs).items() if not _kind(table, name)}
    found: dict[str, bool] = {}
    for _ in range(_ROUNDS):
        for name, (bodies, called) in definitions.items():
            if name not in found and _is_attribute(table, bodies, found):
                found[name] = called
    return tuple(f"{name}()" if called else name for name, called in sorted(found.items()))[:_MOST_WORDS]


def _kind(table: Tables, word: str) -> str | None:
    """Return the kind of a word in the tables: `attribute` or another; None for a word that they lack."""
    match = table.words.fullmatch(word.encode())
    if match is None:
        return None
    return table.kinds[match.group(2)] if match.group(2) else "attribute"


def _definitions(connection: sqlite3.Connection, blobs: Iterable[int]) -> dict[str, tuple[set[str], bool]]:
    """Map each macro that may be an attribute to its bodies, and whether it takes arguments."""
    definitions: dict[str, tuple[set[str], bool]] = {}
    for blob in sorted(blobs):
        query = "SELECT name, parameters, body FROM macro WHERE blob = ? ORDER BY line"
        for name, parameters, body in connection.execute(query, (blob,)):
            bodies, called = definitions.setdefault(name, (set(), parameters is not None))
            # A macro that is defined both with and without parameters is none.
            bodies.add(body.strip() if called == (parameters is not None) else "0")
    return {name: definitions[name] for name in sorted(definitions) if _NAME.match(name)}


def _is_attribute(table: Tables, bodies: set[str], found: dict[str, bool]) -> bool:
    written = [body for body in bodies if body]
    return bool(written) and all(_consists_of_attributes(table, body, found) for body in written)


def _consists_of_attributes(table: Tables, body: str, found: dict[str, bool]) -> bool:
    place, attributes = 0, 0
    while place < len(body):
        match = _PART.match(body, place)
        if match is None:
            return False
        attribute, word = match.groups()
        if attribute or word in found or _kind(table, word) == "attribute":
            attributes += 1
        elif word not in _BESIDE:
            return False
        place = match.end()
    return attributes > 0
