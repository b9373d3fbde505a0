"""Blind spots grouped by cause: the reason, and the word that most likely confused the parser."""

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

# Blind spots per file for which the words are searched; a file with more is not C.
MAX_NAMED = 2000


class Cause(NamedTuple):
    """Blind spots of one cause; the example is the first of them."""

    reason: str
    token: str | None
    """Word that confused the parser; None if no word is the cause."""
    spots: int
    bytes: int
    files: int
    example: tuple[str, str, int]
    """Tree, path and line of the first blind spot."""


class Spot(NamedTuple):
    """Blind spot, with the word that confused the parser; start and stop are byte offsets."""

    tree: str
    path: str
    line: int
    start: int
    stop: int
    reason: str
    token: str | None


def blind_spots(connection: sqlite3.Connection, trees: Iterable[Tree], tables: Tables) -> list[Spot]:
    """Return all blind spots, in file order. Only files with a blind spot are read."""
    rows = connection.execute("""
        SELECT b.tree, b.path, b.line, b.start, b.stop, b.reason FROM blind b ORDER BY b.tree, b.path, b.start, b.stop
    """).fetchall()
    by_name = {tree.name: tree for tree in trees}
    return [spot for _, group in groupby(rows, lambda row: row[:2]) for spot in _named(by_name, list(group), tables)]


def _named(trees: dict[str, Tree], rows: list[tuple[str, str, int, int, int, str]], tables: Tables) -> Iterator[Spot]:
    code: bytes | None = None
    for number, (tree, path, line, start, stop, reason) in enumerate(rows):
        token = None
        if number < MAX_NAMED and SYNTAX_REASONS.match(reason):
            code = code_of(lex(trees[tree].read(path))) if code is None else code
            words = suspects(code, start, stop, tables)
            token = words[0].word if words else None
        yield Spot(tree, path, line, start, stop, reason, token)


def causes(spots: Iterable[Spot]) -> list[Cause]:
    """Return all causes, the worst first: by bytes, then by spots."""
    groups: dict[tuple[str, str | None], list[Spot]] = {}
    for spot in spots:
        groups.setdefault((spot.reason, spot.token), []).append(spot)
    grouped = [
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
    return sorted(grouped, key=lambda cause: (-cause.bytes, -cause.spots, cause.reason, cause.token or ""))
