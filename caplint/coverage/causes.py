"""Blind spots grouped by what caused them: the reason, and the word that most likely troubled the parser."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from caplint.c.lexer import lex
from caplint.c.suspect_words import code_of, suspects
from caplint.c.syntax import SYNTAX_REASONS
from caplint.c.tables import Tables
from caplint.trees.tree import Tree

# Of more blind spots in one file than this, the words are not looked for: it is no C.
MAX_NAMED = 2000


class Cause(NamedTuple):
    """Blind spots of one cause; the example is the first of them."""

    reason: str
    token: str | None
    """None where the reason is no word's fault."""
    spots: int
    bytes: int
    files: int
    example: tuple[str, str, int]
    """Tree, path and line."""


class Spot(NamedTuple):
    """A blind spot, with the word that troubled the parser."""

    tree: str
    path: str
    line: int
    start: int
    stop: int
    reason: str
    token: str | None


def blind_spots(connection: sqlite3.Connection, trees: Iterable[Tree], tables: Tables) -> list[Spot]:
    """Every blind spot, in file order. Only files that have one are read."""
    rows = connection.execute("""
        SELECT b.tree, b.path, b.line, b.start, b.stop, b.reason FROM blind b ORDER BY b.tree, b.path, b.start, b.stop
    """).fetchall()
    known = {tree.name: tree for tree in trees}
    return [spot for _, found in groupby(rows, lambda row: row[:2]) for spot in _named(known, list(found), tables)]


def _named(trees: dict[str, Tree], rows: list[tuple[str, str, int, int, int, str]], tables: Tables) -> Iterator[Spot]:
    code: bytes | None = None
    for number, (tree, path, line, start, stop, reason) in enumerate(rows):
        token = None
        if number < MAX_NAMED and SYNTAX_REASONS.match(reason):
            code = code_of(lex(trees[tree].read(path))) if code is None else code
            found = suspects(code, start, stop, tables)
            token = found[0].word if found else None
        yield Spot(tree, path, line, start, stop, reason, token)


def causes(spots: Iterable[Spot]) -> list[Cause]:
    """All causes, the worst first: by bytes, then by spots."""
    groups: dict[tuple[str, str | None], list[Spot]] = {}
    for spot in spots:
        groups.setdefault((spot.reason, spot.token), []).append(spot)
    found = [
        Cause(
            reason,
            token,
            len(group),
            sum(spot.stop - spot.start for spot in group),
            len({spot[:2] for spot in group}),
            min(group)[:3],
        )
        for (reason, token), group in groups.items()
    ]
    return sorted(found, key=lambda cause: (-cause.bytes, -cause.spots, cause.reason, cause.token or ""))
